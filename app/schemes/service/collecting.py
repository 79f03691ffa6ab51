"""Taking instalments, against a receipt voucher: each is one row of the passbook, and the scheme's sums are theirs.

Locks in everybody's order: customer, the scheme's row, drawer, series, audit head.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.credits import service as credits
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.rates import service as rates
from app.schemes import repository
from app.schemes.errors import InstalmentsNotLast, SchemePastItsTerm
from app.schemes.models import Scheme as SchemeRow
from app.schemes.models import SchemeInstalment
from app.schemes.plans import grams_bought, parted
from app.schemes.service.ending import lock_open
from app.schemes.service.views import Instalment, Plan, Scheme, instalment_view, plan_view, scheme_view
from app.schemes.term import due_on, is_late
from shard_router import ShopSession

PaymentDraft = credits.Payment


@dataclass(frozen=True, slots=True)
class Collected:
    """What was taken: the scheme as it stands now, its new instalments, and the voucher for them."""

    scheme: Scheme
    instalments: tuple[Instalment, ...]
    receipt_id: UUID
    receipt_number: str


def collect(
    db: ShopSession,
    *,
    scheme_id: UUID,
    payments: Sequence[PaymentDraft],
    keyring: Keyring,
    till_id: UUID | None = None,
    at: dt.datetime | None = None,
) -> Collected:
    """Take money for a scheme.

    Raises SchemeUnknown, SchemeEnded, SchemePastItsTerm, InstalmentsFull, InstalmentAmountWrong, RateMissing for a plan
    that shows grams, and what the credits' `receive` raises (CashOfDayReached, TillUnknown, …)."""
    now = at or utc_now()
    on = ist(now).date()
    row = lock_open(db, scheme_id)
    if on >= row.stops_on:
        message = _("%(number)s had to end on %(day)s.", number=row.number, day=f"{row.stops_on:%d-%m-%Y}")
        raise SchemePastItsTerm(message)
    (found,) = repository.find_plans(db, [row.plan_id])
    plan = plan_view(found)
    paise = sum(payment.paise for payment in payments)
    parts = parted(plan.terms, agreed_paise=row.instalment_paise, paid=row.paid_count, paise=paise)
    rate = _rate(db, plan)
    receipt = credits.receive(
        db, purpose=credits.Purpose.SCHEME.value, customer_id=row.customer_id, about_id=row.id,
        payments=tuple(payments), till_id=till_id, keyring=keyring, at=now, note=row.number,
    )  # fmt: skip
    rows = _instalments(row, plan, parts, rate, receipt=receipt, on=on, now=now)
    db.add_all(rows)
    _add_up(row, plan, rows, now)
    db.flush()
    audit.record(db, "scheme.paid", row.id, {
        "number": row.number, "receipt": receipt.number, "paise": paise, "instalments": [one.no for one in rows],
        "late": sum(one.late for one in rows), "paidPaise": row.paid_paise,
    })  # fmt: skip
    return Collected(scheme_view(row), tuple(map(instalment_view, rows)), receipt.id, receipt.number)


def take_back(
    db: ShopSession, *, scheme_id: UUID, receipt_id: UUID, reason: str, keyring: Keyring, till_id: UUID | None = None
) -> Scheme:
    """Take back what a receipt paid, while the scheme runs: the last instalments only, so that none is missing between.

    Raises SchemeUnknown, SchemeEnded, InstalmentsNotLast, and what the credits' `take_back` raises."""
    row = lock_open(db, scheme_id)
    standing = repository.instalments_of(db, [scheme_id])
    gone = [one for one in standing if one.receipt_id == receipt_id]
    if not gone or standing[-len(gone) :] != gone:
        raise InstalmentsNotLast(fields={"receiptId": "not the last"})
    voucher = credits.take_back(
        db, receipt_id=receipt_id, reason=reason, purpose=credits.Purpose.SCHEME.value, till_id=till_id, keyring=keyring
    )
    for one in gone:
        one.live_no = None
    row.paid_count -= len(gone)
    row.paid_paise -= sum(one.paise for one in gone)
    row.late_count -= sum(one.late for one in gone)
    row.grams_mg -= sum(one.grams_mg for one in gone)
    row.next_due_on = due_on(row.begun_on, row.paid_count + 1)
    row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()
    audit.record(db, "scheme.taken_back", row.id, {
        "number": row.number, "voucher": voucher.number, "instalments": [one.no for one in gone],
        "paidPaise": row.paid_paise,
    })  # fmt: skip
    return scheme_view(row)


def _rate(db: ShopSession, plan: Plan) -> int | None:
    """The board's rate of the plan's purity at this minute, where its passbook shows grams."""
    if plan.metal is None or plan.fineness is None:
        return None
    return rates.rate_of(rates.read_board(db), plan.metal, plan.fineness)


def _instalments(
    row: SchemeRow, plan: Plan, parts: Sequence[int], rate: int | None, *, receipt: credits.Voucher, on: dt.date,
    now: dt.datetime,
) -> list[SchemeInstalment]:  # fmt: skip
    return [
        SchemeInstalment(
            id=new_id(), scheme_id=row.id, no=no, live_no=no, receipt_id=receipt.id, receipt_number=receipt.number,
            due_on=due_on(row.begun_on, no), paid_on=on,
            late=is_late(row.begun_on, no, on, grace_days=plan.grace_days), paise=paise, rate_paise_per_g=rate,
            grams_mg=0 if rate is None else grams_bought(paise, rate), paid_at=now,
        )
        for no, paise in enumerate(parts, start=row.paid_count + 1)
    ]  # fmt: skip


def _add_up(row: SchemeRow, plan: Plan, rows: Sequence[SchemeInstalment], now: dt.datetime) -> None:
    row.paid_count += len(rows)
    row.paid_paise += sum(one.paise for one in rows)
    row.late_count += sum(one.late for one in rows)
    row.grams_mg += sum(one.grams_mg for one in rows)
    row.next_due_on = due_on(row.begun_on, row.paid_count + 1) if row.paid_count < plan.months else None
    row.version, row.updated_at = row.version + 1, now
