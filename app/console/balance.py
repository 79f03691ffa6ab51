"""Owns how much each shop burdens its shard, and what would even it out: measured on the fleet, planned by the router.

Rows and bytes are counted on replicas. Writes are how much each shop's audit chain grew while we looked: every act that
a shop answers for adds an entry, so it stands for writes, at the cost of one short row a shop and look. Jobs and
pictures are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from time import sleep as pause

from app.kit import audit_reading
from app.kit.db import ShardBase
from shard_router import FleetSession, Router, UnknownShop
from shard_router.moves.loads import weigh
from shard_router.moves.planning import Load, Plan, drain, rebalance

COUNTING_S = 120.0
HOUR_S = 3600
Part = Mapping[int, int]


class Measure(StrEnum):
    ROWS = "rows"
    BYTES = "bytes"
    WRITES = "writes"  # an hour


class ShardsMissing(Exception):
    """A plan over part of the fleet would be wrong."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        told = "; ".join(f"{shard}: {why}" for shard, why in sorted(missing.items()))
        super().__init__(f"Not every shard answers ({told}). Plan again once all do.")


def even_out(router: Router, measure: Measure, *, tolerance: float, watch_s: float) -> Plan:
    """The fewest moves that bring each shard within the tolerance of its share. Raises ShardsMissing."""
    loads = loads_of(router, measure, watch_s=watch_s)
    return rebalance(loads, router.topology.shards.values(), tolerance=tolerance)


def empty(router: Router, shard: str, measure: Measure = Measure.ROWS) -> Plan:
    """The moves that leave nothing on a shard. Raises ShardsMissing, NoRoom."""
    return drain(loads_of(router, measure, watch_s=0), router.topology.shards.values(), shard)


def loads_of(router: Router, measure: Measure, *, watch_s: float) -> list[Load]:
    """What every shop weighs where it is at home."""
    if measure is not Measure.WRITES:
        return _at_home(router, _ask(router, lambda session: _weights(session, measure)))
    before = _ask(router, audit_reading.chain_lengths)
    pause(watch_s)
    after = _ask(router, audit_reading.chain_lengths)
    grown = {
        shard: {shop: max(0, seq - before.get(shard, {}).get(shop, seq)) for shop, seq in part.items()}
        for shard, part in after.items()
    }
    hourly = HOUR_S / watch_s if watch_s else 0
    return _at_home(
        router, {shard: {shop: round(more * hourly) for shop, more in part.items()} for shard, part in grown.items()}
    )


def _weights(session: FleetSession, measure: Measure) -> Part:
    models = [mapper.class_ for mapper in sorted(ShardBase.registry.mappers, key=lambda one: one.class_.__name__)]
    return {
        shop: weight.rows if measure is Measure.ROWS else weight.bytes
        for shop, weight in weigh(session, models).items()
    }


def _ask(router: Router, ask: Callable[[FleetSession], Part]) -> Mapping[str, Part]:
    with router.fleet(reason="what each shop weighs") as fleet:
        found = fleet.each(lambda session, _: ask(session), deadline=COUNTING_S)
    if found.missing:
        raise ShardsMissing(found.missing)
    return found.parts


def _at_home(router: Router, parts: Mapping[str, Part]) -> list[Load]:
    """Around a switch two shards may both name a shop: the directory decides."""
    return [
        Load(shop_id, shard, amount)
        for shard, part in parts.items()
        for shop_id, amount in part.items()
        if _lives_on(router, shop_id, shard)
    ]


def _lives_on(router: Router, shop_id: int, shard: str) -> bool:
    try:
        return router.directory.lookup(shop_id).shard == shard
    except UnknownShop:
        return False  # what an erased shop left behind weighs on nobody's plan
