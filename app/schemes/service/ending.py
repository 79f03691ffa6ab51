"""How schemes end, each once: full and ripe, early by the shop, or on their last lawful day.

What was paid in becomes one credit of the customer's; only a full scheme has a bonus beside it. Locks in the house's
order: customer, credits, the scheme's row, audit head. Whoever comes second finds the scheme ended.
"""

import datetime as dt
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.texts import _
from app.schemes import repository
from app.schemes.errors import SchemeEnded, SchemeNotRipe, SchemeUnknown
from app.schemes.models import Scheme as SchemeRow
from app.schemes.models import SchemeState
from app.schemes.plans import NO_BONUS, Promise, bonus_of
from app.schemes.service.views import Scheme, plan_view, scheme_view
from shard_router import ShopSession


def mature(db: ShopSession, *, scheme_id: UUID, at: dt.datetime | None = None) -> Scheme:
    """End a full scheme whose months are over: a credit of what was paid in, and the bonus that its plan promised.

    Raises SchemeUnknown, SchemeEnded, SchemeNotRipe."""
    now = at or utc_now()
    on = ist(now).date()
    row = lock_open(db, scheme_id)
    if row.next_due_on is not None:
        message = _("Instalment %(no)s is not paid.", no=row.paid_count + 1)
        raise SchemeNotRipe(message)
    if on < row.matures_on:
        raise SchemeNotRipe(_("This scheme matures on %(day)s.", day=f"{row.matures_on:%d-%m-%Y}"))
    return _end(db, row, SchemeState.MATURED, now, _bonus(db, row))


def close_early(db: ShopSession, *, scheme_id: UUID, reason: str, at: dt.datetime | None = None) -> Scheme:
    """End a scheme that is not full: a credit of what was paid in, and no bonus. Raises SchemeUnknown, SchemeEnded, and
    SchemeNotRipe for one that may mature instead."""
    now = at or utc_now()
    row = lock_open(db, scheme_id)
    if scheme_view(row).ripe_on(ist(now).date()):
        raise SchemeNotRipe(_("This scheme is full and ripe."), action=_("Let it mature: it has earned its bonus."))
    return _end(db, row, SchemeState.CLOSED, now, NO_BONUS, reason=reason)


def sweep_scheme(db: ShopSession, *, scheme_id: UUID, on: dt.date) -> str | None:
    """Do to one scheme what a day does to it; what was done, None where nothing was. Done twice, it is done once.

    On its last day it ends, full or not; before that it matures once it is full and ripe, and from its day of warning
    on it stands among the notices."""
    now = utc_now()
    customer_id = repository.customer_of(db, scheme_id)
    if customer_id is None:
        return None
    customers.lock_buyer(db, customer_id)  # also of one who was erased: what was saved is still owed
    row = repository.find_scheme(db, scheme_id, lock=True)
    if row is None or row.state != SchemeState.OPEN.value:
        return None
    if row.next_due_on is None and row.matures_on <= on:
        return _end(db, row, SchemeState.MATURED, now, _bonus(db, row), on=on).state
    if row.stops_on <= on:
        return _end(db, row, SchemeState.STOPPED, now, NO_BONUS, on=on).state
    if row.warned or row.warns_on > on:
        return None
    row.warned, row.version, row.updated_at = True, row.version + 1, now
    db.flush()
    audit.record(db, "scheme.warned", row.id, {"number": row.number, "stopsOn": row.stops_on.isoformat()})
    return "warned"


def to_be_swept(db: ShopSession, on: dt.date, *, after: UUID | None = None, limit: int = 200) -> list[UUID]:
    """Schemes that a day does something to, in the order of their ids."""
    return list(repository.to_be_swept(db, on, after=after, limit=limit))


def lock_open(db: ShopSession, scheme_id: UUID) -> SchemeRow:
    """The scheme's row behind its saver's, for whoever changes it; raises SchemeUnknown, SchemeEnded."""
    customer_id = repository.customer_of(db, scheme_id)
    if customer_id is None:
        raise SchemeUnknown()
    customers.hold(db, customer_id, exclusive=True)
    row = repository.find_scheme(db, scheme_id, lock=True)
    assert row is not None  # schemes are never deleted
    if row.state != SchemeState.OPEN.value:
        raise SchemeEnded(_("%(number)s ended on %(day)s.", number=row.number, day=f"{row.ended_on:%d-%m-%Y}"))
    return row


def _bonus(db: ShopSession, row: SchemeRow) -> Promise:
    (plan,) = repository.find_plans(db, [row.plan_id])
    return bonus_of(plan_view(plan).terms, paid_paise=row.paid_paise, late=row.late_count)


def _end(
    db: ShopSession, row: SchemeRow, state: SchemeState, now: dt.datetime, promise: Promise, *,
    reason: str | None = None, on: dt.date | None = None,
) -> Scheme:  # fmt: skip
    day = on or ist(now).date()
    if row.paid_paise:
        row.credit_id = credits.open_credit(
            db, kind=credits.CreditKind.SCHEME.value, customer_id=row.customer_id, source_id=row.id,
            paise=row.paid_paise, on=day,
        ).id  # fmt: skip
    row.state, row.ended_on, row.end_reason = state.value, day, reason
    row.bonus_paise, row.bonus_making_bp = promise.paise, promise.making_bp
    row.next_due_on, row.version, row.updated_at = None, row.version + 1, now
    db.flush()
    audit.record(db, f"scheme.{state.value}", row.id, {
        "number": row.number, "paidPaise": row.paid_paise, "credit": row.credit_id, "bonusPaise": promise.paise,
        "bonusMakingBp": promise.making_bp,
    })  # fmt: skip
    return scheme_view(row)
