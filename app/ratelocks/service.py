"""Rates that were promised: locked against an advance, taken by a bill gram by gram, given back, given up, run out."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.approvals import service as approvals
from app.credits import service as credits
from app.credits.errors import CreditUnknown
from app.credits.service import Credit, CreditKind, CreditState
from app.customers import service as customers
from app.kit import audit, paging
from app.kit.clock import ist, today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.money import BASIS_POINTS, MAX_PAISE, ratio, round_half_up, rupees, whole
from app.kit.texts import _
from app.kit.weights import MAX_MG, MG_PER_GRAM, grams, purity_label
from app.ratelocks import repository
from app.ratelocks.errors import (
    AdvanceNotFit,
    AdvanceTooSmall,
    LockTooLong,
    RateLockClosed,
    RateLockExpired,
    RateLockNotTheirs,
    RateLockOtherPurity,
    RateLockShort,
    RateLockUnknown,
)
from app.ratelocks.models import LockState, RateLockUse
from app.ratelocks.models import RateLock as LockRow
from app.ratelocks.terms import LockTerms, lock_terms
from app.rates import service as rates
from shard_router import Bound, ShopSession

__all__ = [
    "ASKS", "HOLD", "HeldLock", "LockState", "LockTerms", "LockUse", "RateLock", "bind_hold", "bind_uses", "check_uses",
    "close_lock", "credit_holds", "drifted", "get_lock", "give_back", "held_of", "least_advance_paise", "list_locks",
    "lock_rate", "lock_terms", "look_at", "move_locks", "open_locks", "purity_of", "shop_sums", "stands_on",
]  # fmt: skip

HOLD = repository.HOLD
LOWER = "bill.lower_rate"
ASKS = "ratelock.below_board"
shop_sums, drifted, purity_of = repository.shop_sums, repository.drifted, repository.purity_of
credit_holds = repository.credit_holds


@dataclass(frozen=True, slots=True)
class RateLock:
    """A promise as it stands today: `state` is expired once its last day is over."""

    id: UUID
    customer_id: UUID
    credit_id: UUID
    metal: str
    fineness: int
    paise_per_g: int
    mg: int
    left_mg: int
    state: str
    expires_on: dt.date
    made_at: dt.datetime
    made_by: UUID | None
    version: int

    @property
    def purity(self) -> dict[str, object]:
        return {"metal": self.metal, "fineness": self.fineness}

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)

    @property
    def is_open(self) -> bool:
        return self.state == LockState.OPEN


@dataclass(frozen=True, slots=True)
class LockUse:
    """So many milligrams of a purity are to be taken at a locked rate. `field` is its path in the input."""

    lock_id: UUID
    metal: str
    fineness: int
    mg: int
    field: str = "rateLockId"


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock as a bill sees it: held by its first packet, or looked at for a quote."""

    id: UUID
    customer_id: UUID
    metal: str
    fineness: int
    paise_per_g: int
    left_mg: int
    state: str
    expires_on: dt.date


# ---------------------------------------------------------------- promised


def lock_rate(
    db: ShopSession, *, customer_id: UUID, metal: str, fineness: int, mg: int, expires_on: dt.date, credit_id: UUID,
    paise_per_g: int | None = None, approval_id: UUID | None = None,
) -> RateLock:  # fmt: skip
    """Promise a rate (the board's, unless another is given) for so many milligrams until a day, against an advance.

    A rate below the board takes `bill.lower_rate`, or an approval of exactly this. The advance stays the customer's
    money, to be used on any bill; it holds one lock.
    Raises UnknownPurity, RateMissing, LockTooLong, CustomerUnknown, CreditUnknown, AdvanceNotFit, AdvanceTooSmall,
    ApprovalNeeded.
    """
    today = today_ist()
    rates.check_purity(metal, fineness, today)
    whole(mg, "A weight in mg", least=1, most=MAX_MG, field="mg")
    board = rates.rate_of(rates.read_board(db), metal, fineness)
    rate = board if paise_per_g is None else whole(
        paise_per_g, "A rate in paise per gram", least=1, most=MAX_PAISE, field="paisePerG"
    )  # fmt: skip
    terms = lock_terms(today)
    _check_days(expires_on, today, terms)
    row = LockRow(
        id=new_id(), credit_id=credit_id, metal=metal, fineness=fineness, paise_per_g=rate, mg=mg, left_mg=mg,
        state=LockState.OPEN.value, expires_on=expires_on, made_at=utc_now(), made_by=db.actor.person_id, version=1,
    )  # fmt: skip
    spent = _ask_below_board(db, row, board, customer_id, approval_id)
    row.customer_id = person = customers.hold(db, customer_id)
    _check_advance(db, _credit(db, credit_id), person, least_advance_paise(mg, rate, terms), today)
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise AdvanceNotFit(_("This advance holds another locked rate."), fields={"creditId": "taken"}) from taken
    audit.record(db, "rate.locked", row.id, {
        "customer": person, "credit": credit_id, "metal": metal, "fineness": fineness, "paisePerG": rate,
        "boardPaisePerG": board, "mg": mg, "expiresOn": expires_on.isoformat(),
        **({"approval": spent} if spent else {}),
    })  # fmt: skip
    return _lock(row, today)


def least_advance_paise(mg: int, paise_per_g: int, terms: LockTerms) -> int:
    """The advance that a lock takes: a share of what the grams cost at its rate, to the paisa."""
    return round_half_up(ratio(mg * paise_per_g * terms.least_advance_bp, MG_PER_GRAM * BASIS_POINTS))


def close_lock(db: ShopSession, *, lock_id: UUID, expected_version: int) -> RateLock:
    """Give up what is left of a lock; the advance stays as it is. Raises RateLockUnknown, RateLockClosed."""
    row = repository.find_lock(db, lock_id, hold=True)
    if row is None:
        raise RateLockUnknown()
    if row.state != LockState.OPEN.value:
        raise RateLockClosed()
    if row.version != expected_version:
        raise PreconditionFailed(_("This was changed since you opened it."), action=_("Look at it again."))
    row.state, row.version = LockState.CLOSED.value, row.version + 1
    db.flush()
    audit.record(db, "rate.lock_closed", row.id, {"leftMg": row.left_mg})
    return _lock(row, today_ist())


# ---------------------------------------------------------------- taken


def look_at(db: ShopSession, lock_ids: Iterable[UUID]) -> list[HeldLock]:
    """Locks as they stand, not held: for a quote. One that is not there is left out."""
    return [_held(row) for row in repository.find_locks(db, lock_ids)]


def give_back(db: ShopSession, *, document_id: UUID) -> int:
    """What a cancelled document took is left again: milligrams in all, 0 where it took none or gave back before.

    A lock holds on, or again, only where so much of its advance is still with the shop as what is left of it takes
    then: once it was used up, nothing kept the advance from being paid out, or from keeping an order's rate again.
    Without it the lock is closed."""
    rows = repository.hold_locks(db, repository.used_by(db, document_id))
    taken = repository.used_by(db, document_id)  # again: behind the locks nobody else gives back
    for row in rows:
        if mg := taken.get(row.id, 0):
            row.left_mg, row.version = row.left_mg + mg, row.version + 1
            if row.state in (LockState.USED.value, LockState.OPEN.value):
                row.state = (LockState.OPEN if _may_hold(db, row) else LockState.CLOSED).value
            db.add(_use(db, row.id, document_id, -mg))
    db.flush()
    return sum(taken.values())


def bind_hold(lock_ids: Iterable[UUID]) -> list[Bound]:
    """For packet 1, behind the customer and beside their credits; nothing where no lock is used."""
    ids = sorted(set(lock_ids))
    return [HOLD.bind(ids=ids)] if ids else []


def held_of(rows: Sequence[Any]) -> tuple[HeldLock, ...]:
    """What HOLD gave."""
    return tuple(HeldLock(*row) for row in rows)


def check_uses(uses: Sequence[LockUse], held: Sequence[HeldLock], *, customer_id: UUID, on: dt.date) -> None:
    """Between the packets: raises for the first line that does not fit; several lines may take of one lock.

    RateLockUnknown, RateLockNotTheirs, RateLockOtherPurity, RateLockExpired, RateLockClosed, RateLockShort."""
    known, left = {one.id: one for one in held}, {one.id: one.left_mg for one in held}
    for use in uses:
        lock = known.get(use.lock_id)
        if lock is None:
            raise RateLockUnknown(fields={use.field: "unknown"})
        _check_use(use, lock, customer_id, on, left[lock.id])
        left[lock.id] -= use.mg


def bind_uses(db: ShopSession, uses: Sequence[LockUse], *, document_id: UUID, at: dt.datetime) -> list[Bound]:
    """For the last packet: what was checked is taken, and noted."""
    together: dict[UUID, int] = {}
    for use in uses:
        together[use.lock_id] = together.get(use.lock_id, 0) + use.mg
    if not together:
        return []
    takes = [repository.TAKE.bind(b_id=lock_id, b_mg=mg) for lock_id, mg in sorted(together.items())]
    rows = [
        {
            "shop_id": db.shop_id, "id": new_id(), "lock_id": lock_id, "document_id": document_id, "mg": mg, "at": at,
            "actor_id": db.actor.person_id,
        }
        for lock_id, mg in sorted(together.items())
    ]  # fmt: skip
    return [*takes, repository.INSERT_USE.bind_rows(rows)]


# ---------------------------------------------------------------- looked at


def get_lock(db: ShopSession, lock_id: UUID, *, field: str | None = None) -> RateLock:
    """`field`: where a body named it. Raises RateLockUnknown."""
    row = repository.find_lock(db, lock_id)
    if row is None:
        raise RateLockUnknown(fields={field: "unknown"} if field else None)
    return _lock(row, today_ist())


def list_locks(
    db: ShopSession,
    *,
    customer_id: UUID | None = None,
    state: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[RateLock]:
    """The newest first."""
    today = today_ist()
    statement = repository.list_locks(customer_id=customer_id, state=state, today=today)
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return page.map(lambda row: _lock(row, today))


def stands_on(db: ShopSession, credit_id: UUID) -> str:
    """What the credits' room asks before it gives an advance back: the lock that it still holds, in words."""
    row = repository.holding(db, credit_id, today_ist())
    if row is None:
        return ""
    return _("This advance holds the rate of %(left)s g of %(purity)s.", left=grams(row.left_mg),
             purity=purity_label(row.metal, row.fineness))  # fmt: skip


def open_locks(db: ShopSession, customer_id: UUID) -> list[RateLock]:
    """What the counter offers a customer."""
    return list_locks(db, customer_id=customer_id, state=LockState.OPEN.value, limit=paging.MAX_LIMIT).items


def move_locks(db: ShopSession, *, loser_id: UUID, winner_id: UUID) -> int:
    """Where a customer was entered twice: the locks are the one's who counts. How many there were."""
    return repository.move_locks(db, loser_id, winner_id)


# ---------------------------------------------------------------- parts

_ORDERS = paging.Orders(tie=LockRow.id, default="-madeAt", madeAt=LockRow.made_at)


def _check_days(expires_on: dt.date, today: dt.date, terms: LockTerms) -> None:
    last = today + dt.timedelta(days=terms.most_days)
    if not today <= expires_on <= last:
        raise LockTooLong(
            _("A rate is locked for %(days)s days at most.", days=terms.most_days), fields={"expiresOn": "out of range"}
        )


def _ask_below_board(
    db: ShopSession, row: LockRow, board: int, customer_id: UUID, approval_id: UUID | None
) -> UUID | None:
    """The approval that was used up; None where the rate is the board's, or the actor may lower it. It was given for
    this customer, and until this day."""
    if row.paise_per_g >= board:
        return None
    facts = {
        "metal": row.metal, "fineness": row.fineness, "netMg": row.mg, "fromPaisePerG": board,
        "toPaisePerG": row.paise_per_g, "expiresOn": row.expires_on.isoformat(),
        "costPaise": round_half_up(ratio((board - row.paise_per_g) * row.mg, MG_PER_GRAM)),
    }  # fmt: skip
    return approvals.require(
        db, right=LOWER, kind=ASKS, subject_id=customer_id, facts=facts, approval_id=approval_id, document_id=row.id
    )


def _credit(db: ShopSession, credit_id: UUID) -> Credit:
    try:
        return credits.get_credit(db, credit_id)
    except CreditUnknown:
        raise CreditUnknown(fields={"creditId": "unknown"}) from None


def _check_advance(db: ShopSession, credit: Credit, person: UUID, least: int, today: dt.date) -> None:
    """Behind the customer's lock. An advance is money that was paid for this, and it keeps one rate, an order's too."""
    over = credit.expires_on is not None and credit.expires_on < today
    theirs = credit.customer_id == person and credit.kind == CreditKind.ADVANCE.value
    if not theirs or credit.state != CreditState.OPEN.value or over:
        raise AdvanceNotFit(_("This advance can't hold a locked rate."), fields={"creditId": "not fit"})
    if stands := credits.stands_on(db, credit.id):
        raise AdvanceNotFit(stands, fields={"creditId": "taken"})
    if credit.left_paise < least:
        raise AdvanceTooSmall(
            _("This lock takes an advance of %(least)s; %(left)s is there.", least=rupees(least),
              left=rupees(credit.left_paise)),
            fields={"creditId": "too small"},
        )  # fmt: skip


def _may_hold(db: ShopSession, row: LockRow) -> bool:
    """Whether its advance is there for a lock whose grams come back: behind the customer's lock, by the terms of the
    day on which the rate was promised."""
    if row.state == LockState.USED.value and credits.stands_on(db, row.credit_id):
        return False
    least = least_advance_paise(row.left_mg, row.paise_per_g, lock_terms(ist(row.made_at).date()))
    return credits.kept_of(db, [row.credit_id])[row.credit_id] >= least


def _check_use(use: LockUse, lock: HeldLock, customer_id: UUID, on: dt.date, left_mg: int) -> None:
    if lock.customer_id != customer_id:
        raise RateLockNotTheirs(fields={use.field: "not theirs"})
    if (lock.metal, lock.fineness) != (use.metal, use.fineness):
        raise RateLockOtherPurity(fields={use.field: "other purity"})
    if lock.state != LockState.OPEN:
        raise RateLockClosed(fields={use.field: "closed"})
    if lock.expires_on < on:
        raise RateLockExpired(fields={use.field: "expired"})
    if left_mg < use.mg:
        raise RateLockShort(
            _("%(left)s g are left at this rate, %(asked)s g are asked.", left=grams(left_mg), asked=grams(use.mg)),
            fields={use.field: "short"},
        )


def _use(db: ShopSession, lock_id: UUID, document_id: UUID, mg: int) -> RateLockUse:
    return RateLockUse(
        id=new_id(), lock_id=lock_id, document_id=document_id, mg=mg, at=utc_now(), actor_id=db.actor.person_id
    )


def _held(row: LockRow) -> HeldLock:
    return HeldLock(
        row.id, row.customer_id, row.metal, row.fineness, row.paise_per_g, row.left_mg, row.state, row.expires_on
    )


def _lock(row: LockRow, today: dt.date) -> RateLock:
    over = row.state == LockState.OPEN.value and row.expires_on < today
    return RateLock(
        row.id, row.customer_id, row.credit_id, row.metal, row.fineness, row.paise_per_g, row.mg, row.left_mg,
        LockState.EXPIRED.value if over else row.state, row.expires_on, row.made_at, row.made_by, row.version,
    )  # fmt: skip
