"""Reading schemes: one with its passbook, many in short, what the shop owes by them, and what asks for attention."""

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.kit import paging, sealing_keys
from app.kit.clock import today_ist
from app.kit.sealing import Keyring
from app.schemes import repository
from app.schemes.errors import SchemeUnknown
from app.schemes.models import Scheme as SchemeRow
from app.schemes.models import SchemePlan, SchemeState
from app.schemes.plans import Promise, bonus_of
from app.schemes.service.enrolling import Nominee, nominee_of
from app.schemes.service.views import Instalment, Plan, Scheme, instalment_view, plan_view, scheme_view
from app.schemes.term import Standing, due_on, standing_on
from shard_router import ShopSession

MOST_NOTICES = 20


@dataclass(frozen=True, slots=True)
class Month:
    """One line of a passbook: what was due, and what came. `paid` None: nothing yet."""

    no: int
    due_on: dt.date
    paid: Instalment | None

    def missed_on(self, day: dt.date) -> bool:
        return self.paid is None and self.due_on < day


@dataclass(frozen=True, slots=True)
class Passbook:
    """A scheme whole. `promise` is the bonus it has, or would have if the rest came in time."""

    scheme: Scheme
    plan: Plan
    months: tuple[Month, ...]
    standing: Standing
    promise: Promise
    nominee: Nominee | None
    left_paise: int  # of the credit that it ended in


@dataclass(frozen=True, slots=True)
class SchemeSummary:
    """A scheme as lists show it; `customer_name` is the saver's name today."""

    scheme: Scheme
    plan_name: str
    months: int
    customer_name: str

    @property
    def missed(self) -> int:
        scheme = self.scheme
        if scheme.state != SchemeState.OPEN.value:
            return 0
        return standing_on(scheme.begun_on, self.months, paid=scheme.paid_count, on=today_ist()).missed


@dataclass(frozen=True, slots=True)
class PlanLiability:
    """What the shop owes by one plan's schemes; `bonus_paise` is promised to those that are full, in money."""

    plan: Plan
    savers: int
    paid_paise: int
    grams_mg: int
    bonuses: int
    bonus_paise: int


@dataclass(frozen=True, slots=True)
class MonthLiability:
    """What was paid into the open schemes that mature in a month."""

    first: dt.date
    savers: int
    paise: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What the shop owes its savers: in open schemes, and left in the credits of those that ended."""

    plans: tuple[PlanLiability, ...]
    months: tuple[MonthLiability, ...]
    credits_paise: int

    @property
    def open_paise(self) -> int:
        return sum(plan.paid_paise for plan in self.plans)

    @property
    def bonus_paise(self) -> int:
        return sum(plan.bonus_paise for plan in self.plans)

    @property
    def total_paise(self) -> int:
        return self.open_paise + self.credits_paise


@dataclass(frozen=True, slots=True)
class Notice:
    """A scheme that somebody must see to: near its last day, or ended with money left in it (`left_paise`)."""

    scheme: Scheme
    customer_name: str
    left_paise: int

    @property
    def ended(self) -> bool:
        return self.scheme.state != SchemeState.OPEN.value

    def days_left(self, today: dt.date) -> int:
        return (self.scheme.stops_on - today).days


def get_scheme(db: ShopSession, scheme_id: UUID) -> Scheme:
    """Raises SchemeUnknown."""
    row = repository.find_scheme(db, scheme_id)
    if row is None:
        raise SchemeUnknown()
    return scheme_view(row)


def get_passbook(db: ShopSession, scheme_id: UUID, *, keyring: Keyring) -> Passbook:
    """Raises SchemeUnknown."""
    row = repository.find_scheme(db, scheme_id)
    if row is None:
        raise SchemeUnknown()
    (found,) = repository.find_plans(db, [row.plan_id])
    plan, scheme = plan_view(found), scheme_view(row)
    paid = {one.no: instalment_view(one) for one in repository.instalments_of(db, [scheme_id])}
    months = tuple(
        Month(no, due_on(row.begun_on, no), paid.get(no)) for no in range(1, max(plan.months, len(paid)) + 1)
    )
    return Passbook(
        scheme=scheme, plan=plan, months=months,
        standing=standing_on(row.begun_on, plan.months, paid=row.paid_count, on=today_ist()),
        promise=_promise(scheme, plan), nominee=_nominee(db, row, keyring),
        left_paise=credits.get_credit(db, row.credit_id).left_paise if row.credit_id else 0,
    )  # fmt: skip


def list_schemes(
    db: ShopSession,
    *,
    state: str | None = None,
    plan_id: UUID | None = None,
    customer_id: UUID | None = None,
    number: str | None = None,
    due_by: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[SchemeSummary]:
    """A page of schemes in three statements, the one that was begun last first."""
    people = None if customer_id is None else customers.same_person(db, customer_id)
    statement = repository.list_schemes(state=state, plan_id=plan_id, customer_ids=people, number=number, due_by=due_by)
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return paging.Page(_summaries(db, page.items), page.next_cursor)


def schemes_of(db: ShopSession, customer_id: UUID) -> list[SchemeSummary]:
    """All of a customer's, the newest first: what the counter offers for a phone number."""
    return _summaries(db, repository.schemes_of(db, customers.same_person(db, customer_id), state=None))


def liability(db: ShopSession) -> Liability:
    """Five statements, however many savers there are."""
    open_ = {row[0]: row[1:] for row in repository.open_by_plan(db)}
    bonuses = {row[0]: row[1:] for row in repository.unused_bonuses(db)}
    plans = {row.id: plan_view(row) for row in _plans(db, open_.keys() | bonuses.keys())}
    _count, owed = credits.owed_by_kind(db).get(credits.CreditKind.SCHEME.value, (0, 0))
    return Liability(
        plans=tuple(
            PlanLiability(plan, *map(int, open_.get(plan_id, (0, 0, 0))), *map(int, bonuses.get(plan_id, (0, 0))))
            for plan_id, plan in sorted(plans.items(), key=lambda one: (one[1].code, one[1].valid_from))
        ),
        months=tuple(
            MonthLiability(dt.date(int(year), int(month), 1), int(savers), int(paise))
            for year, month, savers, paise in repository.open_by_month(db)
        ),
        credits_paise=owed,
    )  # fmt: skip


def notices(db: ShopSession, today: dt.date, *, limit: int = MOST_NOTICES) -> list[Notice]:
    """What asks for attention, the most pressing first: schemes from day 330 on, and ended ones with money left."""
    near = repository.near_their_end(db, today, limit=limit)
    page = credits.list_credits(
        db, kind=credits.CreditKind.SCHEME.value, state=credits.CreditState.OPEN.value, sort="madeOn", limit=200
    )
    left = {one.id: one.left_paise for one in page.items}
    ended = repository.with_credits(db, left, limit=limit) if left else []
    names = customers.names_of(db, [row.customer_id for row in (*near, *ended)])
    found = [
        Notice(scheme_view(row), names.get(row.customer_id, ""), left.get(row.credit_id, 0) if row.credit_id else 0)
        for row in (*near, *ended)
    ]
    return sorted(found, key=lambda one: (one.scheme.stops_on, one.scheme.number))[:limit]


def drifted(db: ShopSession) -> tuple[UUID, ...]:
    """Schemes whose sums are not those of their instalments: none, in sound books."""
    return tuple(repository.drifted(db))


def _promise(scheme: Scheme, plan: Plan) -> Promise:
    """What it has once it is full; before that, what it would have with its instalments as agreed."""
    if scheme.state != SchemeState.OPEN.value:
        return scheme.promise
    whole = scheme.paid_paise + scheme.instalment_paise * (plan.months - scheme.paid_count)
    return bonus_of(plan.terms, paid_paise=whole, late=scheme.late_count)


def _nominee(db: ShopSession, row: SchemeRow, keyring: Keyring) -> Nominee | None:
    if row.nominee_sealed is None:
        return None
    return nominee_of(row, sealing_keys.wrapped_keys(db, [row.customer_id]).get(row.customer_id), keyring)


def _plans(db: ShopSession, plan_ids: Set[UUID]) -> Sequence[SchemePlan]:
    return repository.find_plans(db, plan_ids) if plan_ids else []


def _summaries(db: ShopSession, rows: Sequence[SchemeRow]) -> list[SchemeSummary]:
    plans = {plan.id: plan for plan in _plans(db, {row.plan_id for row in rows})}
    names = customers.names_of(db, [row.customer_id for row in rows])
    return [
        SchemeSummary(
            scheme_view(row), plans[row.plan_id].name, plans[row.plan_id].months, names.get(row.customer_id, "")
        )
        for row in rows
    ]


_ORDERS = paging.Orders(
    tie=SchemeRow.id, default="-begunOn", begunOn=SchemeRow.begun_on, stopsOn=SchemeRow.stops_on,
    paidPaise=SchemeRow.paid_paise,
)  # fmt: skip
