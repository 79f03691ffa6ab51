"""Karigars' bills for labour, and paying them: GST and TDS as the law stands on the bill's day, no job billed twice."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.cash import service as cash
from app.cash.service import EntryKind
from app.karigar import repository
from app.karigar.errors import (
    KarigarFactsWrong,
    LabourBilled,
    LabourBillWrong,
    PaymentTooLarge,
)  # fmt: skip
from app.karigar.facts import line as one_line
from app.karigar.labour import labour_tax, tds_on
from app.karigar.models import DueKind, JobState, KarigarBill, KarigarBillJob, KarigarDue
from app.karigar.models import Karigar as KarigarRow
from app.karigar.service.challans import place_here
from app.karigar.service.karigars import karigar_of, locked_karigar
from app.karigar.views import Bill, BillDraft, BilledJob, Due, PaymentDraft
from app.kit import audit, paging
from app.kit.clock import financial_year, ist, today_ist, utc_now
from app.kit.ids import new_id
from app.kit.money import MAX_PAISE, rupees, whole
from app.kit.texts import _
from app.numbering import service as numbering
from app.numbering.numbers import check_number
from app.numbering.service import DocumentKind
from shard_router import ShopSession

MODES = ("cash", "upi", "bank", "cheque")
MOST_JOBS = 100
_BILL = tuple(field.name for field in dataclasses.fields(Bill))[:-1]
_DUE = tuple(field.name for field in dataclasses.fields(Due))


def note_bill(db: ShopSession, *, karigar_id: UUID, draft: BillDraft) -> Bill:
    """Note a karigar's bill for finished jobs. Raises KarigarUnknown, LabourBillWrong, LabourBilled."""
    karigar = locked_karigar(db, karigar_id)
    labour = _check(db, karigar, draft)
    year = financial_year(draft.billed_on)
    place = place_here(db)
    tax = labour_tax(
        labour, charges_gst=karigar_of(karigar).charges_gst, karigar_state=karigar.state_code,
        shop_state=place.state_code, shop_registered=place.gstin is not None, on=draft.billed_on,
    )  # fmt: skip
    before, taxed = repository.billed_in_year(db, karigar.id, year.start_year)
    tds = tds_on(
        labour, pan=karigar.pan, billed_before_paise=before, taxed_before_paise=taxed, on=draft.billed_on
    )  # fmt: skip
    charged = 0 if tax.reverse_charge else tax.heads.total_paise
    now = utc_now()
    row = KarigarBill(
        id=new_id(), karigar_id=karigar.id, number=check_number(draft.number.strip().upper()),
        fy_start=year.start_year, billed_on=draft.billed_on, hsn=tax.hsn, karigar_gstin=karigar.gstin,
        karigar_pan=karigar.pan, labour_paise=labour, tax_bp=tax.rate_bp, cgst_paise=tax.heads.cgst_paise,
        sgst_paise=tax.heads.sgst_paise, igst_paise=tax.heads.igst_paise, reverse_charge=tax.reverse_charge,
        tds_base_paise=tds.base_paise, tds_bp=tds.rate_bp, tds_paise=tds.paise, total_paise=labour + charged,
        noted_at=now, actor_id=db.actor.person_id,
    )  # fmt: skip
    _add_once(db, row, draft.jobs)
    _book(db, karigar.id, DueKind.BILL, row.total_paise, on=draft.billed_on, at=now, bill_id=row.id)
    if row.tds_paise:
        _book(db, karigar.id, DueKind.TDS, -row.tds_paise, on=draft.billed_on, at=now, bill_id=row.id)
    db.flush()
    audit.record(db, "karigar.billed", row.id, {
        "labourPaise": labour, "taxPaise": tax.heads.total_paise, "tdsPaise": row.tds_paise, "tdsSection": tds.section,
        "reverseCharge": tax.reverse_charge, "jobs": [str(one.job_id) for one in draft.jobs],
    })  # fmt: skip
    return _bill(row, draft.jobs)


def pay(db: ShopSession, *, karigar_id: UUID, draft: PaymentDraft) -> Due:
    """Pay a karigar what is owed, or a part of it; cash goes out of the drawer.

    Raises KarigarUnknown, PaymentTooLarge, CashShort."""
    whole(draft.paise, "A payment in paise", least=1, most=MAX_PAISE, field="paise")
    if draft.mode not in MODES:
        raise KarigarFactsWrong(_("A karigar is paid by cash, UPI, bank or cheque."), fields={"mode": "unknown"})
    reference = one_line(draft.reference, 60, "reference")
    karigar = locked_karigar(db, karigar_id)
    owed = sum(int(paise) for _id, paise in repository.dues(db, [karigar.id]))
    if draft.paise > owed:
        message = _("%(name)s is owed %(owed)s.", name=karigar.name, owed=rupees(max(owed, 0)))
        raise PaymentTooLarge(message, fields={"paise": f"above {max(owed, 0)}"})
    now, due_id = utc_now(), new_id()
    on, place = ist(now).date(), place_here(db)
    if draft.mode == "cash":
        cash.post(
            db, till_id=place.till_id, kind=EntryKind.KARIGAR, paise=-draft.paise, document_id=due_id, at=now
        )  # fmt: skip
    year = financial_year(on)
    no = numbering.draw(
        db, registration_id=place.registration_id, year=year, kind=DocumentKind.KARIGAR_PAYMENT, till_id=place.till_id
    )
    number = numbering.written(no, year=year, kind=DocumentKind.KARIGAR_PAYMENT, till_code=place.till_code)
    row = _book(
        db, karigar.id, DueKind.PAYMENT, -draft.paise, on=on, at=now, due_id=due_id, number=number, mode=draft.mode,
        reference=reference,
    )  # fmt: skip
    db.flush()
    audit.record(db, "karigar.paid", row.id, {"number": number, "paise": draft.paise, "mode": draft.mode})
    return due_of(row)


def get_bill(db: ShopSession, bill_id: UUID) -> Bill | None:
    """With its jobs; None where there is none."""
    row = repository.find_bill(db, bill_id)
    return None if row is None else _bill(row, _jobs(db, [row.id]).get(row.id, ()))


def get_payment(db: ShopSession, due_id: UUID) -> Due:
    """An entry of an account that is known to be there."""
    row = repository.find_due(db, due_id)
    assert row is not None
    return due_of(row)


def list_bills(
    db: ShopSession,
    *,
    karigar_id: UUID | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Bill]:
    """A page of bills with their jobs, the newest first, in two statements."""
    found = paging.page(
        db, repository.list_bills(karigar_id=karigar_id), orders=_ORDERS, sort=sort, after=after, limit=limit
    )
    jobs = _jobs(db, [row.id for row in found.items])
    return found.map(lambda row: _bill(row, jobs.get(row.id, ())))


def unbilled(db: ShopSession, job_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the jobs that stand on no bill."""
    return set(job_ids) - repository.billed_jobs(db, job_ids) if job_ids else set()


def due_of(row: KarigarDue) -> Due:
    return Due(*(getattr(row, name) for name in _DUE))


_ORDERS = paging.Orders(tie=KarigarBill.id, default="-billedOn", billedOn=KarigarBill.billed_on)


def _check(db: ShopSession, karigar: KarigarRow, draft: BillDraft) -> int:
    """The labour of all jobs; each is the karigar's, finished, and named once."""
    if not 1 <= len(draft.jobs) <= MOST_JOBS or len({one.job_id for one in draft.jobs}) != len(draft.jobs):
        raise LabourBillWrong(_("A bill names finished jobs, each once."), fields={"jobs": "none, or one twice"})
    if draft.billed_on > today_ist():
        raise LabourBillWrong(_("The bill's day lies in the future."), fields={"billedOn": "in the future"})
    rows = {row.id: row for row in repository.find_jobs(db, [one.job_id for one in draft.jobs])}
    for place, one in enumerate(draft.jobs):
        row = rows.get(one.job_id)
        if row is None or row.karigar_id != karigar.id or row.state != JobState.RECEIVED.value:
            raise LabourBillWrong(
                _("Only finished jobs of %(name)s stand on this bill.", name=karigar.name),
                fields={f"jobs.{place}.jobId": "no finished job of this karigar"},
            )
        whole(one.labour_paise, "Labour in paise", most=MAX_PAISE, field=f"jobs.{place}.labourPaise")
    return whole(sum(one.labour_paise for one in draft.jobs), "Labour in paise", least=1, field="jobs.0.labourPaise")


def _add_once(db: ShopSession, row: KarigarBill, jobs: Sequence[BilledJob]) -> None:
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
            db.add_all(KarigarBillJob(job_id=one.job_id, bill_id=row.id, labour_paise=one.labour_paise) for one in jobs)
    except IntegrityError as taken:
        if "karigar_bill_jobs" in str(taken.orig):
            message = _("The labour of one of these jobs was billed before.")
            raise LabourBilled(message, fields={"jobs": "billed before"}) from taken
        if "karigar_bills" not in str(taken.orig):
            raise
        raise LabourBilled(_("This bill was noted before."), fields={"number": "noted before"}) from taken


def _book(
    db: ShopSession, karigar_id: UUID, kind: DueKind, paise: int, *, on: dt.date, at: dt.datetime,
    due_id: UUID | None = None, **facts: object,
) -> KarigarDue:  # fmt: skip
    row = KarigarDue(
        id=due_id or new_id(), karigar_id=karigar_id, kind=kind.value, paise=paise, booked_on=on, booked_at=at,
        actor_id=db.actor.person_id, **facts,
    )  # fmt: skip
    db.add(row)
    return row


def _jobs(db: ShopSession, bill_ids: Sequence[UUID]) -> dict[UUID, tuple[BilledJob, ...]]:
    found: dict[UUID, tuple[BilledJob, ...]] = {}
    for row in repository.jobs_of_bills(db, bill_ids) if bill_ids else ():
        found[row.bill_id] = (*found.get(row.bill_id, ()), BilledJob(row.job_id, row.labour_paise))
    return found


def _bill(row: KarigarBill, jobs: Sequence[BilledJob]) -> Bill:
    return Bill(**{name: getattr(row, name) for name in _BILL}, jobs=tuple(jobs))
