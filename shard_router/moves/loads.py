"""Owns what each shop weighs: its rows, and the room they take, counted on the replicas of all shards.

Costs: every row's key is read once, on a replica where one is fit. Bytes are rows times what a row of that table takes
there on the average, indexes included, so a shop of unusually long rows is weighed too light.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import column, func, select, table

from shard_router.sessions import ControlSession, FleetSession, ShopOwned
from shard_router.tables import directory

_SIZES = table(
    "tables", column("table_name"), column("table_schema"), column("table_rows"), column("data_length"),
    column("index_length"), schema="information_schema",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weight:
    """Of one shop on its shard."""

    rows: int
    bytes: int


def weigh(session: FleetSession, models: Sequence[type[ShopOwned]]) -> dict[int, Weight]:
    """Every shop that is open on this shard."""
    sizes = _bytes_a_row(session)
    rows: Counter[int] = Counter()
    room: Counter[int] = Counter()
    for model in models:
        counted = session.execute(select(model.shop_id, func.count().label("rows")).group_by(model.shop_id))
        for shop_id, count in counted:
            rows[shop_id] += count
            room[shop_id] += count * sizes.get(model.__table__.name, 0)  # type: ignore[attr-defined]
    return {shop_id: Weight(count, room[shop_id]) for shop_id, count in rows.items()}


def _bytes_a_row(session: FleetSession) -> dict[str, int]:
    """By table; from the server's own statistics, which may be some hours old."""
    size = _SIZES.c.data_length + _SIZES.c.index_length
    found = session.execute(
        select(_SIZES.c.table_name, _SIZES.c.table_rows, size).where(_SIZES.c.table_schema == func.database())
    )
    return {name: int(taken / rows) if rows else 0 for name, rows, taken in found}


def shops_by_shard(control: ControlSession) -> dict[str, int]:
    """How many shops the directory has at home on each shard that has any."""
    counted = select(directory.c.shard, func.count().label("shops")).group_by(directory.c.shard)
    return {row.shard: row.shops for row in control.execute(counted)}
