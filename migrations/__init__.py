"""Owns the schema's two histories, control and shard, and what runs them over the fleet; README.md says how to add one."""
