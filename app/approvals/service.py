"""What a clerk may not do alone: asked for with its exact facts, allowed or refused by who may, used up once."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals import repository
from app.approvals.askable import askable
from app.approvals.errors import (
    ApprovalDecided,
    ApprovalLapsed,
    ApprovalNeeded,
    ApprovalUnknown,
    OwnApproval,
    RightHeld,
)
from app.approvals.models import Approval as ApprovalRow
from app.approvals.models import ApprovalState
from app.approvals.wants import Want, settled
from app.kit import audit, paging
from app.kit.access import LooksOnly, RightMissing
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from shard_router import Actor, Bound, ShopSession

__all__ = [
    "ASKED_SINCE", "HOLD", "Approval", "ApprovalNeeded", "ApprovalState", "Held", "Want", "ask", "bind_hold",
    "bind_spend", "count_asked", "cover", "decide", "get_approval", "held_of", "list_approvals", "list_open",
    "refuse_uncovered", "require", "shop_sums", "withdraw",
]  # fmt: skip

DECIDE = "approval.decide"
HOLD = repository.HOLD
ASKED_SINCE = repository.ASKED_SINCE
shop_sums = repository.shop_sums


@dataclass(frozen=True, slots=True)
class Approval:
    """A question as it stands now: `state` is lapsed once nobody answered, or used the answer, in time."""

    id: UUID
    kind: str
    right: str
    subject_id: UUID | None
    facts: Mapping[str, Any]
    reason: str | None
    state: str
    asked_by: UUID
    asked_at: dt.datetime
    expires_at: dt.datetime
    decided_by: UUID | None
    decided_at: dt.datetime | None
    note: str | None
    document_id: UUID | None
    spent_at: dt.datetime | None
    version: int

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.state == ApprovalState.ASKED

    @property
    def cost_paise(self) -> int | None:
        """What it costs the shop, where the facts say so."""
        cost = self.facts.get("costPaise")
        return cost if type(cost) is int else None


def ask(
    db: ShopSession, *, kind: str, right: str, subject_id: UUID | None, facts: Mapping[str, Any],
    reason: str | None = None,
) -> Approval:  # fmt: skip
    """Put exact facts before the owner; the same question asked again by the same person is the same one.

    Raises RightHeld, RightNotLent, FactsUnfit.
    """
    want = settled(Want(kind, right, subject_id, facts))
    lent = askable(right, today_ist())
    if db.actor.may(right):
        raise RightHeld()
    now, by = utc_now(), _person(db)
    known = repository.find_asked(db, facts_hash=want.hash, asked_by=by, now=now)
    if known is not None:
        return _approval(known, now)
    row = ApprovalRow(
        id=new_id(), kind=kind, right=right, subject_id=subject_id, facts=want.facts, facts_hash=want.hash,
        reason=reason or None, state=ApprovalState.ASKED.value, asked_by=by, asked_at=now,
        expires_at=now + lent.answer, version=1,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, "approval.asked", row.id, {**_of(row), "factsHash": want.hash, "facts": want.facts})
    return _approval(row, now)


def decide(
    db: ShopSession, *, approval_id: UUID, expected_version: int, grant: bool, note: str | None = None
) -> Approval:
    """Allow or refuse. Only somebody who has the right in question allows it, and nobody what they asked for.

    Raises ApprovalUnknown, RightMissing, LooksOnly, OwnApproval, ApprovalDecided, ApprovalLapsed, PreconditionFailed.
    """
    _check_decider(db.actor, DECIDE)
    if db.actor.acting_for is not None:
        raise LooksOnly()
    row, now = _locked(db, approval_id), utc_now()
    if row.asked_by == db.actor.person_id:
        raise OwnApproval()
    if grant:
        _check_decider(db.actor, row.right)
    _check_waits(row, now, expected_version)
    row.state = (ApprovalState.GRANTED if grant else ApprovalState.REFUSED).value
    row.decided_by, row.decided_at, row.note, row.version = _person(db), now, note or None, row.version + 1
    if grant:
        row.expires_at = now + askable(row.right, today_ist()).spend
    db.flush()
    audit.record(db, "approval.granted" if grant else "approval.refused", row.id, {
        **_of(row), "askedBy": row.asked_by, "factsHash": row.facts_hash,
    })  # fmt: skip
    return _approval(row, now)


def withdraw(db: ShopSession, *, approval_id: UUID, expected_version: int) -> Approval:
    """Take one's own question back, answered or not, while it was not used; raises what `decide` does."""
    row, now = _locked(db, approval_id), utc_now()
    if row.asked_by != db.actor.person_id:
        raise ApprovalUnknown()
    if row.state != ApprovalState.GRANTED.value:
        _check_waits(row, now, expected_version)
    elif row.version != expected_version:
        raise _changed()
    row.state, row.version = ApprovalState.WITHDRAWN.value, row.version + 1
    db.flush()
    audit.record(db, "approval.withdrawn", row.id, _of(row))
    return _approval(row, now)


def get_approval(db: ShopSession, approval_id: UUID) -> Approval:
    """One's own; whoever decides sees all. Raises ApprovalUnknown."""
    row = repository.find_approval(db, approval_id)
    if row is None or not (row.asked_by == db.actor.person_id or db.actor.may(DECIDE)):
        raise ApprovalUnknown()
    return _approval(row, utc_now())


def list_approvals(
    db: ShopSession,
    *,
    state: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Approval]:
    """The newest first; only one's own where one decides none."""
    now = utc_now()
    own = None if db.actor.may(DECIDE) else _person(db)
    statement = repository.list_approvals(state=state, asked_by=own, now=now)
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return page.map(lambda row: _approval(row, now))


def list_open(db: ShopSession, *, after: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> paging.Page[Approval]:
    """What waits for an answer, the oldest first."""
    return list_approvals(db, state=ApprovalState.ASKED.value, sort="askedAt", after=after, limit=limit)


def count_asked(db: ShopSession) -> int:
    """How many questions of the shop wait for an answer."""
    return repository.count_asked(db, utc_now())


# ---------------------------------------------------------------- doing what was allowed


def require(
    db: ShopSession, *, right: str, kind: str, subject_id: UUID | None, facts: Mapping[str, Any],
    approval_id: UUID | None = None, document_id: UUID | None = None,
) -> UUID | None:  # fmt: skip
    """Passes where the actor has the right, else uses up the granted approval of exactly these facts and gives its id.

    Called before any row is locked that stands behind approvals in decision 0040; the id that it gives belongs into the
    caller's own audit entry. `document_id` is what is made by it.
    Raises ApprovalNeeded, with what to ask for.
    """
    if db.actor.may(right):
        return None
    want, now = settled(Want(kind, right, subject_id, facts)), utc_now()
    if approval_id is None:
        raise _needed(want, None, now)
    if not repository.spend(db, approval_id, facts_hash=want.hash, document_id=document_id, now=now):
        row = repository.find_approval(db, approval_id)
        raise _needed(want, None if row is None else _held(row), now)
    return approval_id


@dataclass(frozen=True, slots=True)
class Held:
    """An approval that a hot write's first packet has locked."""

    id: UUID
    facts_hash: bytes
    state: str
    expires_at: dt.datetime

    def fits(self, want: Want, now: dt.datetime) -> bool:
        return self.state == ApprovalState.GRANTED and self.facts_hash == want.hash and self.expires_at > now


def bind_hold(approval_ids: Iterable[UUID]) -> list[Bound]:
    """For packet 1, in front of the customer; nothing where no approval was brought along."""
    ids = sorted(set(approval_ids))
    return [HOLD.bind(ids=ids)] if ids else []


def held_of(rows: Sequence[Any]) -> tuple[Held, ...]:
    """What HOLD gave."""
    return tuple(Held(*row) for row in rows)


def cover(actor: Actor, wants: Iterable[Want], held: Sequence[Held], *, now: dt.datetime) -> list[tuple[Want, Held]]:
    """Which approval each want of the document uses up; wants whose right the actor has need none.

    Pure: called between the packets. Raises ApprovalNeeded for the first that none fits; one approval covers one want.
    """
    used: list[tuple[Want, Held]] = []
    free = list(held)
    for want in (settled(one) for one in wants if not actor.may(one.right)):
        fitting = next((one for one in free if one.fits(want, now)), None)
        if fitting is None:
            near = next((one for one in free if one.facts_hash == want.hash), free[0] if free else None)
            raise _needed(want, near, now)
        free.remove(fitting)
        used.append((want, fitting))
    return used


def refuse_uncovered(actor: Actor, wants: Iterable[Want]) -> None:
    """What `cover` would say with no approval at hand: for quotes, which use none up."""
    cover(actor, wants, (), now=utc_now())


def bind_spend(used: Sequence[tuple[Want, Held]], *, document_id: UUID, now: dt.datetime) -> list[Bound]:
    """For the last packet: each row is locked since packet 1, so none of these can miss."""
    return [
        repository.SPEND.bind(b_id=one.id, b_facts_hash=want.hash, b_document_id=document_id, b_now=now)
        for want, one in used
    ]


# ---------------------------------------------------------------- parts

_ORDERS = paging.Orders(tie=ApprovalRow.id, default="-askedAt", askedAt=ApprovalRow.asked_at)
_WHY = {
    ApprovalState.ASKED: lambda: _("The approval was not answered yet."),
    ApprovalState.REFUSED: lambda: _("The approval was refused."),
    ApprovalState.WITHDRAWN: lambda: _("The approval was taken back."),
    ApprovalState.SPENT: lambda: _("The approval was used already, and it counts once."),
}


def _needed(want: Want, held: Held | None, now: dt.datetime) -> ApprovalNeeded:
    return ApprovalNeeded(
        _why(want, held, now), kind=want.kind, right=want.right, subject_id=want.subject_id, facts=want.facts
    )


def _why(want: Want, held: Held | None, now: dt.datetime) -> str:
    if held is None:
        return ""
    if held.facts_hash != want.hash:
        return _("The approval was given for other facts than these.")
    known = _WHY.get(ApprovalState(held.state))
    return known() if known else _("The approval was not used in time.") if held.expires_at <= now else ""


def _person(db: ShopSession) -> UUID:
    if db.actor.person_id is None:
        raise RuntimeError("the system asks nobody")
    return db.actor.person_id


def _locked(db: ShopSession, approval_id: UUID) -> ApprovalRow:
    row = repository.find_approval(db, approval_id, lock=True)
    if row is None:
        raise ApprovalUnknown()
    return row


def _check_decider(actor: Actor, right: str) -> None:
    if not actor.may(right):
        raise RightMissing(_("Your role in this shop does not include “%(right)s”.", right=right))


def _check_waits(row: ApprovalRow, now: dt.datetime, expected_version: int) -> None:
    if row.state != ApprovalState.ASKED.value:
        raise ApprovalDecided()
    if row.expires_at <= now:
        raise ApprovalLapsed()
    if row.version != expected_version:
        raise _changed()


def _changed() -> PreconditionFailed:
    return PreconditionFailed(_("This was changed since you opened it."), action=_("Look at it again."))


def _of(row: ApprovalRow) -> dict[str, Any]:
    return {"kind": row.kind, "right": row.right, "subject": row.subject_id}


def _held(row: ApprovalRow) -> Held:
    return Held(row.id, row.facts_hash, row.state, row.expires_at)


def _approval(row: ApprovalRow, now: dt.datetime) -> Approval:
    state = ApprovalState(row.state)
    if row.state in repository.LIVE and row.expires_at <= now:
        state = ApprovalState.LAPSED
    return Approval(
        row.id, row.kind, row.right, row.subject_id, row.facts, row.reason, state.value, row.asked_by, row.asked_at,
        row.expires_at, row.decided_by, row.decided_at, row.note, row.document_id, row.spent_at, row.version,
    )  # fmt: skip
