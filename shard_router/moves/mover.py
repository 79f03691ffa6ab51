"""Owns what can be done with moves: ask for one, carry it out, abort it, roll it back, list them, purge behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Table

from shard_router.moves.states import Limits, MoveStatus, Progress, Sum
from shard_router.router import Router

OnProgress = Callable[[Progress], None]


DEFAULTS = Limits()


def silent(progress: Progress) -> None:
    """Nobody watches."""


class Mover:
    """`tables` are all tables of a shard that hold rows of shops, parents first; the router's own two are not among
    them. `sums` are the application's: what a bookkeeper would add up to see that nothing is missing."""

    def __init__(
        self, router: Router, *, tables: Sequence[Table], sums: Sequence[Sum], limits: Limits = DEFAULTS
    ) -> None:
        self._router = router
        self._tables = tuple(tables)
        self._sums = tuple(sums)
        self._limits = limits

    def ask(self, shop_id: int, target: str, *, asked_by: str, max_pause_ms: int = 250) -> UUID:
        """The intent, once everything was looked at. MoveRefused names every reason at once; then nothing was begun."""
        self._not_yet()

    def run(self, move_id: UUID, on_progress: OnProgress = silent) -> MoveStatus:
        """Carries it out, or goes on where another process stopped. MoveBusy; MoveInterrupted; UnknownMove."""
        self._not_yet()

    def abort(self, move_id: UUID, reason: str) -> MoveStatus:
        """Undoes it, whoever carries it out. MoveRefused once it has switched."""
        self._not_yet()

    def roll_back(self, move_id: UUID, *, asked_by: str = "", on_progress: OnProgress = silent) -> MoveStatus:
        """Takes a switched shop back to its old home, with all that it wrote since. MoveRefused."""
        self._not_yet()

    def list_moves(self, *, shop_id: int | None = None, live_only: bool = False) -> list[MoveStatus]:
        """The newest first."""
        self._not_yet()

    def purge(self, *, now: dt.datetime) -> int:
        """Deletes the rows that moves left behind and whose grace is over; returns how many."""
        self._not_yet()

    def _not_yet(self) -> NoReturn:
        raise NotImplementedError("the interface stands before what it does")
