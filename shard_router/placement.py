"""Owns the choice of a home for a NEW shop. Once placed, only the directory says where a shop lives."""

from __future__ import annotations

import math
from hashlib import blake2b

from shard_router.topology import Shard, Topology

SCALE = float(1 << 64)


def place(topology: Topology, shop_id: int) -> str:
    """A range that names the shop wins; otherwise weighted rendezvous over the shards that take new shops.

    Rendezvous: adding a shard draws new shops to it and changes nothing between the others.
    """
    for span in topology.ranges:
        if span.first <= shop_id <= span.last:
            return span.shard
    open_shards = [shard for shard in topology.shards.values() if shard.takes_new and shard.weight > 0]
    return max(open_shards, key=lambda shard: (_score(shard, shop_id), shard.name)).name


def _score(shard: Shard, shop_id: int) -> float:
    """-weight / ln(u), u uniform in (0, 1): the highest of them falls to a shard in proportion to its weight."""
    digest = blake2b(f"{shard.name}/{shop_id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest, "big") + 1) / (SCALE + 2)
    return -shard.weight / math.log(uniform)
