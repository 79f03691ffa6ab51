"""Owns the fence: the row of a shop on its own shard that says whether, and at which epoch, the shop may write there.

A move takes the row exclusively and raises the epoch. Every writing transaction reads it FOR SHARE first, so a worker
with an old map, or one frozen for an hour, cannot write to the old shard.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from shard_router.gtid import run_on
from shard_router.tables import State, shop_fence

READ = f"SELECT epoch, state, moved_to FROM {shop_fence.name} WHERE shop_id = "  # noqa: S608 (an int follows)


@dataclass(frozen=True, slots=True)
class Fence:
    """As it was found; `epoch` 0 where there was no row."""

    epoch: int
    state: str
    moved_to: str | None

    def __str__(self) -> str:
        if not self.epoch:
            return "it has no fence there"
        home = f", moved to {self.moved_to}" if self.moved_to else ""
        return f"its fence says {self.state} at epoch {self.epoch}{home}"


def sql(shop_id: int, *, lock: str = "") -> str:
    return f"{READ}{shop_id:d}{lock}"


def read(connection: Connection, shop_id: int, *, lock: str = "") -> Fence:
    """`lock` is "" for a look, or what keeps a move out until the transaction ends."""
    return of_rows(run_on(connection, [sql(shop_id, lock=lock)])[0].rows)


def of_rows(rows: object) -> Fence:
    if not rows:
        return Fence(0, "", None)
    epoch, state, moved_to = rows[0]  # type: ignore[index]
    return Fence(epoch, state, moved_to)


def admits(fence: Fence, epoch: int) -> bool:
    return fence.epoch == epoch and fence.state == State.OPEN


def shops_open_here(session: Session, *, after: int, limit: int) -> dict[int, int]:
    """The next shops by number that are at home on a fleet session's shard, with their epochs."""
    wanted = select(shop_fence.c.shop_id, shop_fence.c.epoch).where(
        shop_fence.c.state == State.OPEN.value, shop_fence.c.shop_id > after
    )
    return {row.shop_id: row.epoch for row in session.execute(wanted.order_by(shop_fence.c.shop_id).limit(limit))}
