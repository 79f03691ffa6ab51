"""Owns the words in which a move is spoken of: its states, its limits, how far it is, and what stands of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select


class MoveState(StrEnum):
    PLANNED = "planned"
    COPYING = "copying"
    CATCHING_UP = "catching_up"
    VERIFYING = "verifying"
    FENCING = "fencing"
    SWITCHED = "switched"  # it trades at its new home; its old rows are kept, so that it can be rolled back
    FINISHED = "finished"  # the old rows are gone
    ABORTED = "aborted"  # undone: it trades where it did before
    ROLLED_BACK = "rolled_back"  # it trades at its old home again, with all that it wrote at the new one

    @property
    def live(self) -> bool:
        """Somebody carries it out, or should."""
        return self in LIVE


LIVE = frozenset({MoveState.PLANNED, MoveState.COPYING, MoveState.CATCHING_UP, MoveState.VERIFYING, MoveState.FENCING})


@dataclass(frozen=True, slots=True)
class Limits:
    """How gently, and for how long. Times are seconds."""

    accept_degraded: bool = False  # move though a commit may be acknowledged by one server alone
    chunk_rows: int = 1000
    chunk_bytes: int = 1_000_000
    share: float = 0.4  # of its time in which the mover lets a server work; 1: it never rests
    rows_per_s: int = 0  # of the copy; 0: as fast as the target's health allows
    target_commit: float = 0.25  # a chunk whose commit took longer makes the copy rest as long as it took
    replica_lag: float = 2.0  # the copy waits while the target's replicas lack what is older than this
    fence_within: float = 60.0  # tries to lock the fence of a busy shop may take so long in all
    frozen: float = 5.0  # a transaction that has held the fence idly for so long is killed
    replica_wait: float = 60.0  # for replicas to catch up, while copying
    lease: float = 5.0  # a runner that has not been heard of for so long may be replaced
    patience: float = 60.0  # for servers that are gone, before the run is interrupted
    keep_source: float = 24 * 3600.0  # old rows are kept, and the move can be rolled back, for so long


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a move is, for whoever watches it."""

    move_id: UUID
    state: MoveState
    rows_copied: int = 0
    rows_expected: int = 0  # by the source's statistics: an estimate
    dirty: int = 0  # rows that changed meanwhile and are not carried over yet
    pause_ms: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class MoveStatus:
    """What the control plane knows of a move. `facts` are seconds, rows and pauses of each phase; moments are UTC."""

    move_id: UUID
    shop_id: int
    source: str
    target: str
    state: MoveState
    epoch: int
    max_pause_ms: int
    facts: Mapping[str, Any] = field(repr=False)
    reason: str | None
    asked_by: str
    runner: str | None
    runner_until: dt.datetime | None
    asked_at: dt.datetime
    updated_at: dt.datetime
    switched_at: dt.datetime | None
    ended_at: dt.datetime | None
    purge_after: dt.datetime | None

    @property
    def progress(self) -> Progress:
        seen = self.facts.get("progress", {})
        return Progress(
            self.move_id, self.state, seen.get("rows_copied", 0), self.facts.get("rows_expected", 0),
            seen.get("dirty", 0), self.facts.get("pause_ms"), seen.get("note", ""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sum:
    """One row of aggregates over one shop's rows; it binds `shop_id`. Both shards must give the same row."""

    name: str
    select: Select[Any]
