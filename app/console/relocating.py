"""Owns moves as the console asks for them: asked for, taken up again, ended, taken back; jobs carry them out.

A move's row is written by the mover, over a connection of its own. Its id follows from the request's Idempotency-Key,
so that a request that was cut off behind it, sent again, finds that row and asks for its job.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.exc import SQLAlchemyError

from app.console import repository
from app.console.errors import MoveNotPossible, MoveServersAway, MovesNotSetUp, MoveUnknown
from app.console.moves import NoMoverAccount, mover_of
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.idempotency import Claim
from app.kit.outbox import enqueue_control
from app.kit.paging import Page
from app.tenants import service as tenants
from shard_router import ControlSession, Router, RouterError
from shard_router.moves import RESTORE, Limits, MoveInterrupted, Mover, MoveRefused, MoveState, Reason

CARRY_OUT = "app.console.jobs.carry_out_move"
RESTORED = (
    "what the shop wrote since its restore would be left behind: `flask shops rollback {shop_id}` lists it, and asks"
)
TIDY_UP = "app.console.jobs.purge_moved"
ASKED = UUID("6d5d6f76-6573-4b6f-8c64-73686f707321")  # the namespace of moves' ids


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and the claim of the request by which they do."""

    person_id: UUID
    name: str
    claim: Claim

    @property
    def move_id(self) -> UUID:
        """The same for the same request, however often it is sent."""
        return uuid5(ASKED, f"{self.person_id} {self.claim.key} {self.claim.request_hash.hex()}")


@dataclass(frozen=True, slots=True)
class MoveView:
    """A move and how far it is. `runs`: a process is at it now. `rolls_back`: the move that this one takes back.
    `restored`: its rows are those of an earlier moment."""

    id: UUID
    shop_id: int
    source: str
    target: str
    state: MoveState
    runs: bool
    rows_copied: int
    rows_expected: int
    changed_rows: int
    pause_ms: float | None
    max_pause_ms: int
    note: str
    reason: str | None
    rolls_back: UUID | None
    restored: bool
    asked_by: str
    asked_at: dt.datetime
    switched_at: dt.datetime | None
    ended_at: dt.datetime | None
    old_rows_until: dt.datetime | None

    @property
    def part(self) -> int:
        """Hundredths of the copy; of a move that is over, all."""
        if not self.state.live:
            return 100
        return min(99, 100 * self.rows_copied // max(self.rows_expected, 1))

    @property
    def stands_still(self) -> bool:
        """Somebody should carry it out, and nobody does."""
        return self.state.live and not self.runs

    @property
    def may_go_back(self) -> bool:
        return self.state is MoveState.SWITCHED and self.old_rows_until is not None


# ---------------------------------------------------------------- looking


def page_of_moves(
    control: ControlSession, *, shop_id: int | None, live: bool, sort: str | None, after: str | None, limit: int
) -> Page[MoveView]:
    """The newest first."""
    found = repository.page_of_moves(control, shop_id=shop_id, live=live, sort=sort, after=after, limit=limit)
    return found.map(_view)


def list_recent(router: Router, *, ended: int) -> tuple[list[MoveView], list[MoveView]]:
    """Those that are under way or wait to be, and the last that ended; none where the control plane has just gone."""
    try:
        with router.control() as control:
            live = [_view(row) for row in repository.live_moves(control)]
            page = page_of_moves(control, shop_id=None, live=False, sort=None, after=None, limit=ended + len(live))
    except (RouterError, SQLAlchemyError):
        return [], []
    return live, [one for one in page.items if not one.state.live][:ended]


def get_move(control: ControlSession, move_id: UUID) -> MoveView:
    """Raises MoveUnknown."""
    row = repository.find_move(control, move_id)
    if row is None:
        raise MoveUnknown()
    return _view(row)


def _view(row: Any) -> MoveView:
    seen, back = row.facts.get("progress", {}), row.facts.get("rolls_back")
    return MoveView(
        id=row.id, shop_id=row.shop_id, source=row.source, target=row.target, state=MoveState(row.state),
        runs=row.runner_until is not None and row.runner_until > utc_now(),
        rows_copied=int(row.facts.get("copy_rows") or seen.get("rows_copied", 0)),
        rows_expected=row.facts.get("rows_expected", 0), changed_rows=seen.get("dirty", 0),
        pause_ms=row.facts.get("pause_ms"), max_pause_ms=row.max_pause_ms, note=seen.get("note", ""),
        reason=row.reason, rolls_back=UUID(back) if back else None, restored=RESTORE in row.facts,
        asked_by=row.asked_by, asked_at=row.asked_at,
        switched_at=row.switched_at, ended_at=row.ended_at, old_rows_until=row.purge_after,
    )  # fmt: skip


# ---------------------------------------------------------------- asking


def ask_move(
    control: ControlSession, router: Router, asker: Asker, *, shop_id: int, target: str, max_pause_ms: int,
    accept_degraded: bool,
) -> MoveView:  # fmt: skip
    """Everything is looked at; then the move waits for its job. Raises ShopUnknown, MoveNotPossible, MovesNotSetUp."""
    tenants.get_shop(control, shop_id)
    with _translated():
        move_id = _mover(router, accept_degraded=accept_degraded).ask(
            shop_id, target, asked_by=asker.name, max_pause_ms=max_pause_ms, move_id=asker.move_id
        )
    return _handed_over(control, asker, "move.asked", get_move(control, move_id), accept_degraded=accept_degraded)


def ask_back(
    control: ControlSession, router: Router, asker: Asker, *, move_id: UUID, accept_degraded: bool
) -> MoveView:  # fmt: skip
    """The way back is a move of its own, without a copy. Raises MoveUnknown, MoveNotPossible, MovesNotSetUp."""
    first = get_move(control, move_id)
    if first.restored:
        raise MoveNotPossible([Reason("restored", RESTORED.format(shop_id=first.shop_id))])
    with _translated():
        back_id = _mover(router, accept_degraded=accept_degraded).ask_back(
            first.id, asked_by=asker.name, back_id=asker.move_id
        )
    return _handed_over(control, asker, "move.rolled_back", get_move(control, back_id), accept_degraded=accept_degraded)


def ask_on(control: ControlSession, asker: Asker, *, move_id: UUID, accept_degraded: bool) -> MoveView:
    """For one that stands still, or was only asked for by a command. Raises MoveUnknown, MoveNotPossible."""
    found = get_move(control, move_id)
    if not found.state.live:
        raise MoveNotPossible([Reason("over", f"the move is {found.state}: there is nothing to go on with")])
    return _handed_over(control, asker, "move.resumed", found, accept_degraded=accept_degraded)


def _handed_over(
    control: ControlSession, asker: Asker, action: str, found: MoveView, *, accept_degraded: bool
) -> MoveView:  # fmt: skip
    params = {"move_id": str(found.id), "accept_degraded": accept_degraded}
    enqueue_control(control, CARRY_OUT, params=params, shop_id=found.shop_id)
    facts = {"move": str(found.id), "to": found.target, "by": asker.name}
    audit.record_platform(control, action, facts, actor_id=asker.person_id, shop_id=found.shop_id)
    return found


# ---------------------------------------------------------------- ending


def abort(control: ControlSession, router: Router, *, move_id: UUID, reason: str, actor_id: UUID) -> MoveView:
    """At once, whoever carries it out; a job clears away what was copied. Raises MoveUnknown, MoveNotPossible."""
    found = get_move(control, move_id)
    with _translated():
        _mover(router).abort(found.id, reason, tidy=False)
    enqueue_control(control, TIDY_UP, params={"on": utc_now().isoformat()})
    facts = {"move": str(found.id), "reason": reason}
    audit.record_platform(control, "move.aborted", facts, actor_id=actor_id, shop_id=found.shop_id)
    return get_move(control, move_id)


def _mover(router: Router, *, accept_degraded: bool = False) -> Mover:
    try:
        return mover_of(router, Limits(accept_degraded=accept_degraded))
    except NoMoverAccount:
        raise MovesNotSetUp() from None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except MoveRefused as why:
        raise MoveNotPossible(why.reasons) from why
    except MoveInterrupted as lost:
        raise MoveServersAway() from lost
