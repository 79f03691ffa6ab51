"""Owns deleting what a move left behind: old rows of a shop that lives elsewhere, gently, children first."""

from __future__ import annotations

from collections.abc import Sequence

from shard_router.moves.lines import Line
from shard_router.moves.pacing import Pace

BATCH = 500
GONE = "SELECT epoch FROM shop_fence WHERE shop_id = %s AND state = 'moved'"
GUARD = f"{GONE} AND epoch = %s FOR SHARE"


class StillNeeded(Exception):
    """The shop's fence on this shard does not say that it lives elsewhere: it has come back, or is about to."""


def purge_rows(line: Line, tables: Sequence[str], *, shop_id: int, pace: Pace) -> int:
    """Each transaction first makes sure that the shop is still elsewhere, and keeps it so. StillNeeded if it is not, or
    came and went meanwhile."""
    deleted, epoch = 0, line.scalar(GONE, (shop_id,))
    for table in reversed(tables):
        count = BATCH
        while count:
            with pace.gently():
                count = _purge_some(line, table, shop_id, epoch)
            deleted += count
    return deleted


def _purge_some(line: Line, table: str, shop_id: int, epoch: int | None) -> int:
    with line.transaction():
        if not line.ask(GUARD, (shop_id, epoch)):
            raise StillNeeded(f"shop {shop_id} is not gone from {line.server.name}")
        return line.tell(f"DELETE FROM `{table}` WHERE shop_id = %s LIMIT {BATCH}", (shop_id,))
