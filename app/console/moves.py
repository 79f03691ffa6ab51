"""Owns moves of shops as the platform's people ask for them: what a mover is given, who asked, and many at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals import service as approvals
from app.cash import service as cash
from app.console import restores
from app.credits import service as credits
from app.customers import service as customers
from app.estimates import service as estimates
from app.imports import service as imports
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.karigar import service as karigar
from app.kit import audit
from app.kit.db import ShardBase, tables_of
from app.kit.sums import shop_sums
from app.kit.transactions import write_control
from app.metal import service as metal
from app.numbering import service as numbering
from app.oldgold import service as oldgold
from app.orders import service as orders
from app.ratelocks import service as ratelocks
from app.rates import service as rates
from app.schemes import service as schemes
from app.stocktake import service as stocktake
from shard_router import Router, RouterError
from shard_router.moves import (
    RESTORE,
    Limits,
    MoveInterrupted,
    Mover,
    MoveRefused,
    MoveState,
    MoveStatus,
    Progress,
    Reason,
    Sum,
)

MOVER = "mover"
SAFE_TO_LEAVE = frozenset({MoveState.PLANNED, MoveState.COPYING, MoveState.CATCHING_UP, MoveState.VERIFYING})
"""States in which the shop trades at its old home, so that a run may end and be taken up again later."""


class NoMoverAccount(Exception):
    """This process was not given the account that moves shops."""

    def __init__(self) -> None:
        super().__init__("Moves need the database account mover: set BOOLA_MYSQL_MOVER_PASSWORD.")


class SeveralRefused(Exception):
    """Of several moves that were asked for together, some were refused; then none was begun."""

    def __init__(self, reasons: dict[int, list[Reason]]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Wish:
    """One shop and where it should go."""

    shop_id: int
    target: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one move: where it stands, or why its run ended before it did."""

    move_id: UUID
    shop_id: int
    status: MoveStatus | None
    error: Exception | None


OnProgress = Callable[[int, Progress], None]


def all_sums() -> tuple[Sum, ...]:
    """What a shop's rows add up to, of every domain: both homes must say the same."""
    domains = (
        customers,
        credits,
        rates,
        metal,
        inventory,
        numbering,
        invoices,
        approvals,
        ratelocks,
        oldgold,
        schemes,
        cash,
        karigar,
        orders,
        stocktake,
        imports,
        estimates,
    )  # one a line: rooms come side by side
    return (*shop_sums(), *(one for domain in domains for one in domain.shop_sums()))


def shop_tables() -> list[Any]:
    """Every table that goes with a shop, parents first."""
    return tables_of(ShardBase)


def mover_of(router: Router, limits: Limits = Limits()) -> Mover:  # noqa: B008 (frozen)
    """Raises NoMoverAccount."""
    if MOVER not in router.config.accounts:
        raise NoMoverAccount()
    return Mover(router, tables=shop_tables(), sums=all_sums(), limits=limits, settle=restores.settle)


def look(mover: Mover, wishes: Sequence[Wish], *, max_pause_ms: int) -> None:
    """What `ask_for` would refuse by now: SeveralRefused names each shop's reasons. Changes nothing."""
    refused: dict[int, list[Reason]] = {}
    for wish in wishes:
        try:
            mover.check(wish.shop_id, wish.target, max_pause_ms=max_pause_ms)
        except MoveRefused as why:
            refused[wish.shop_id] = why.reasons
    if refused:
        raise SeveralRefused(refused)


def ask_for(
    router: Router, mover: Mover, wishes: Sequence[Wish], *, asked_by: str, max_pause_ms: int
) -> dict[int, UUID]:
    """The intents of all, or of none: SeveralRefused names each shop's reasons. Noted in the platform's audit log."""
    asked: dict[int, UUID] = {}
    refused: dict[int, list[Reason]] = {}
    for wish in wishes:
        try:
            asked[wish.shop_id] = mover.ask(wish.shop_id, wish.target, asked_by=asked_by, max_pause_ms=max_pause_ms)
        except MoveRefused as why:
            refused[wish.shop_id] = why.reasons
        except RouterError:
            _take_back(mover, asked.values())
            raise
    if refused:
        _take_back(mover, asked.values())
        raise SeveralRefused(refused)
    for wish in wishes:
        note(router, "move.asked", wish.shop_id, {"to": wish.target, "by": asked_by, "move": str(asked[wish.shop_id])})
    return asked


def _take_back(mover: Mover, move_ids: Iterable[UUID]) -> None:
    for move_id in move_ids:
        mover.abort(move_id, "asked for together with a move that was refused")


def note(router: Router, action: str, shop_id: int, facts: dict[str, Any]) -> None:
    """One entry in the platform's audit log; commands are given by whoever may use the host, so by name."""
    write_control(router, lambda control: audit.record_platform(control, action, facts, actor_id=None, shop_id=shop_id))


class Crew:
    """Carries out several moves beside each other: so many in all, and so many upon each shard, coming or going."""

    def __init__(self, mover: Mover, *, at_once: int, per_shard: int) -> None:
        self._mover = mover
        self._at_once = at_once
        self._per_shard = per_shard
        self._busy: Counter[str] = Counter()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Begin no more; those under way are left while their shop is at its old home: a switch is finished first."""
        self._stopping.set()

    def run(self, moves: Iterable[MoveStatus], on_progress: OnProgress) -> list[Ended]:
        """Returns when every move has ended or was left; those that `stop` kept from beginning are told as left."""
        waiting, running, ended = list(moves), dict[Future[Ended], MoveStatus](), list[Ended]()
        with ThreadPoolExecutor(self._at_once, "move") as pool:
            while running or (waiting and not self._stopping.is_set()):
                for move in self._startable(waiting, len(running)):
                    waiting.remove(move)
                    running[pool.submit(self._one, move, on_progress)] = move
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    move = running.pop(future)
                    self._busy.subtract((move.source, move.target))
                    ended.append(future.result())
        left = MoveInterrupted("not begun")
        return [*ended, *(Ended(move.move_id, move.shop_id, move, left) for move in waiting)]

    def _startable(self, waiting: Sequence[MoveStatus], running: int) -> list[MoveStatus]:
        chosen: list[MoveStatus] = []
        for move in () if self._stopping.is_set() else waiting:
            full = any(self._busy[shard] >= self._per_shard for shard in (move.source, move.target))
            if not full and running + len(chosen) < self._at_once:
                self._busy.update((move.source, move.target))
                chosen.append(move)
        return chosen

    def _one(self, move: MoveStatus, on_progress: OnProgress) -> Ended:
        def heard(progress: Progress) -> None:
            on_progress(move.shop_id, progress)
            leave = RESTORE not in move.facts and progress.state in SAFE_TO_LEAVE  # one that is restored is shut
            if self._stopping.is_set() and leave:
                raise MoveInterrupted("told to stop")

        try:
            return Ended(move.move_id, move.shop_id, self._mover.run(move.move_id, heard), None)
        except Exception as error:  # noqa: BLE001 (one move's trouble is told at the end; the others go on)
            return Ended(move.move_id, move.shop_id, None, error)
