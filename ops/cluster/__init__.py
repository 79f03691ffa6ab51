"""The local cluster: control MySQL, two shards of a primary and a replica each, Redis; no containers, no root."""
