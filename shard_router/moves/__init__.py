"""Moves a shop from one shard to another while it trades. Knows tables, sums and shards, and no domain."""

from shard_router.moves.errors import MoveBusy, MoveEnded, MoveInterrupted, MoveRefused, Reason, UnknownMove
from shard_router.moves.mover import Mover
from shard_router.moves.restoring import RESTORE, Origin, compare, executed
from shard_router.moves.settling import Restoring, Settle, Side
from shard_router.moves.states import Limits, MoveState, MoveStatus, Progress, Sum

__all__ = [
    "RESTORE",
    "Limits",
    "MoveBusy",
    "MoveEnded",
    "MoveInterrupted",
    "MoveRefused",
    "MoveState",
    "MoveStatus",
    "Mover",
    "Origin",
    "Progress",
    "Reason",
    "Restoring",
    "Settle",
    "Side",
    "Sum",
    "UnknownMove",
    "compare",
    "executed",
]
