"""Owns the super-admin's pages and API: shops with plan and shard, opening one, its people, sweeps; all audited."""
