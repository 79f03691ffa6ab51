"""Owns the statements on karigars, their jobs, challans, bills and dues."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select

from app.karigar.models import (
    Karigar,
    KarigarBill,
    KarigarBillJob,
    KarigarChallan,
    KarigarDue,
    KarigarJob,
    KarigarLine,
    KarigarWastage,
    Why,
)
from app.kit.sums import added_up
from shard_router import ShopSession
from shard_router.moves import Sum

# Above zero: lies with the karigar.
_SIGNED = case((KarigarLine.why == Why.ISSUED.value, 1), else_=-1)
FINE = func.sum(_SIGNED * KarigarLine.fine)
STONES = func.sum(_SIGNED * KarigarLine.stones)
CARATS = func.sum(_SIGNED * KarigarLine.weight_mct)


# ---------------------------------------------------------------- karigars


def find_karigar(db: ShopSession, karigar_id: UUID, *, lock: bool = False) -> Karigar | None:
    statement = select(Karigar).where(Karigar.id == karigar_id)
    if lock:  # what an earlier look kept is read anew
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def list_karigars(*, text: str | None, active: bool | None) -> Select[Any]:
    statement = select(Karigar)
    if active is not None:
        statement = statement.where(Karigar.active.is_(active))
    if text:
        found = Karigar.name.contains(text, autoescape=True)
        statement = statement.where(or_(found, Karigar.code.startswith(text.upper(), autoescape=True)))
    return statement


def list_wastages(db: ShopSession, karigar_id: UUID) -> Sequence[KarigarWastage]:
    return db.scalars(
        select(KarigarWastage)
        .where(KarigarWastage.karigar_id == karigar_id)
        .order_by(KarigarWastage.work, KarigarWastage.valid_from.desc())
    ).all()


def wastage_on(db: ShopSession, karigar_id: UUID, work: str, on: dt.date) -> int | None:
    return db.scalars(
        select(KarigarWastage.allowed_bp)
        .where(
            KarigarWastage.karigar_id == karigar_id, KarigarWastage.work == work, KarigarWastage.valid_from <= on
        )
        .order_by(KarigarWastage.valid_from.desc())
        .limit(1)
    ).first()  # fmt: skip


# ---------------------------------------------------------------- what lies with them, what they are owed


def balances(db: ShopSession, karigar_ids: Iterable[UUID], *, before: dt.date | None = None) -> Sequence[Any]:
    """Karigar, metal, fine units, of many karigars; `before` a day, or now."""
    statement = (
        select(KarigarLine.karigar_id, KarigarLine.metal, FINE)
        .where(KarigarLine.karigar_id.in_(sorted(karigar_ids)), KarigarLine.metal.is_not(None))
        .group_by(KarigarLine.karigar_id, KarigarLine.metal)
    )
    return db.execute(statement if before is None else statement.where(KarigarLine.moved_on < before)).all()


def dues(db: ShopSession, karigar_ids: Iterable[UUID], *, before: dt.date | None = None) -> Sequence[Any]:
    """Karigar and what the shop owes them in paise, below zero: what they owe."""
    statement = (
        select(KarigarDue.karigar_id, func.sum(KarigarDue.paise))
        .where(KarigarDue.karigar_id.in_(sorted(karigar_ids)))
        .group_by(KarigarDue.karigar_id)
    )
    return db.execute(statement if before is None else statement.where(KarigarDue.booked_on < before)).all()


def open_jobs(db: ShopSession, karigar_ids: Iterable[UUID], today: dt.date) -> Sequence[Any]:
    """Karigar, how many jobs are open, and how many of them should have come back before today."""
    late = func.sum(case((KarigarJob.due_on < today, 1), else_=0))
    return db.execute(
        select(KarigarJob.karigar_id, func.count(), late)
        .where(KarigarJob.karigar_id.in_(sorted(karigar_ids)), KarigarJob.state == "open")
        .group_by(KarigarJob.karigar_id)
    ).all()


def balances_by_metal(db: ShopSession) -> Sequence[Any]:
    """Karigar, metal, fine units of the whole shop: what the metal book must say too."""
    return db.execute(
        select(KarigarLine.karigar_id, KarigarLine.metal, FINE)
        .where(KarigarLine.metal.is_not(None))
        .group_by(KarigarLine.karigar_id, KarigarLine.metal)
    ).all()


# ---------------------------------------------------------------- jobs


def find_job(db: ShopSession, job_id: UUID, *, lock: bool = False) -> KarigarJob | None:
    statement = select(KarigarJob).where(KarigarJob.id == job_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def find_jobs(db: ShopSession, job_ids: Iterable[UUID]) -> Sequence[KarigarJob]:
    return db.scalars(select(KarigarJob).where(KarigarJob.id.in_(sorted(job_ids))).order_by(KarigarJob.id)).all()


def list_jobs(
    *, state: str | None, karigar_id: UUID | None, order_id: UUID | None, due_before: dt.date | None
) -> Select[Any]:
    """Jobs with their karigars' names."""
    tie = (Karigar.shop_id == KarigarJob.shop_id) & (Karigar.id == KarigarJob.karigar_id)
    statement: Any = select(KarigarJob, Karigar.name).join(Karigar, tie)
    for column, value in (
        (KarigarJob.state, state), (KarigarJob.karigar_id, karigar_id), (KarigarJob.order_id, order_id),
    ):  # fmt: skip
        if value is not None:
            statement = statement.where(column == value)
    found: Select[Any] = statement if due_before is None else statement.where(KarigarJob.due_on < due_before)
    return found


def metal_of_jobs(db: ShopSession, job_ids: Iterable[UUID]) -> Sequence[Any]:
    """Job, why, and the sums of gross, net, fine, value and labour of its lines of metal."""
    sums = (KarigarLine.gross_mg, KarigarLine.net_mg, KarigarLine.fine, KarigarLine.value_paise,
            KarigarLine.labour_paise)  # fmt: skip
    return db.execute(
        select(KarigarLine.job_id, KarigarLine.why, *(func.sum(column) for column in sums), func.count())
        .where(KarigarLine.job_id.in_(sorted(job_ids)), KarigarLine.metal.is_not(None))
        .group_by(KarigarLine.job_id, KarigarLine.why)
    ).all()


def stones_of_job(db: ShopSession, job_id: UUID) -> Sequence[Any]:
    """Kind, why, count, thousandths of a carat, value, and how many lines are of a lot."""
    return db.execute(
        select(
            KarigarLine.stone_kind, KarigarLine.why, func.sum(KarigarLine.stones), func.sum(KarigarLine.weight_mct),
            func.sum(KarigarLine.value_paise), func.count(KarigarLine.lot_id),
        )
        .where(KarigarLine.job_id == job_id, KarigarLine.stone_kind.is_not(None))
        .group_by(KarigarLine.stone_kind, KarigarLine.why)
    ).all()  # fmt: skip


def lots_of_stones(db: ShopSession, job_id: UUID) -> Sequence[tuple[str, UUID]]:
    """Kind and lot of each issue of stones that came out of one, the last one last."""
    rows = db.execute(
        select(KarigarLine.stone_kind, KarigarLine.lot_id)
        .where(
            KarigarLine.job_id == job_id, KarigarLine.stone_kind.is_not(None), KarigarLine.why == Why.ISSUED.value,
            KarigarLine.lot_id.is_not(None),
        )
        .order_by(KarigarLine.challan_id, KarigarLine.pos)
    ).all()  # fmt: skip
    return [(kind, lot_id) for kind, lot_id in rows if kind is not None and lot_id is not None]


def stones_of_karigar(db: ShopSession, karigar_id: UUID) -> Sequence[Any]:
    """Kind, count, thousandths of a carat that lie with a karigar."""
    return db.execute(
        select(KarigarLine.stone_kind, STONES, CARATS)
        .where(KarigarLine.karigar_id == karigar_id, KarigarLine.stone_kind.is_not(None))
        .group_by(KarigarLine.stone_kind)
    ).all()


# ---------------------------------------------------------------- challans


def find_challan(db: ShopSession, challan_id: UUID) -> KarigarChallan | None:
    return db.scalars(select(KarigarChallan).where(KarigarChallan.id == challan_id)).one_or_none()


def challans_of_job(db: ShopSession, job_id: UUID) -> Sequence[KarigarChallan]:
    return db.scalars(select(KarigarChallan).where(KarigarChallan.job_id == job_id).order_by(KarigarChallan.id)).all()


def lines_of(db: ShopSession, challan_ids: Iterable[UUID]) -> Sequence[KarigarLine]:
    return db.scalars(
        select(KarigarLine)
        .where(KarigarLine.challan_id.in_(sorted(challan_ids)))
        .order_by(KarigarLine.challan_id, KarigarLine.pos)
    ).all()


def moved_between(db: ShopSession, karigar_id: UUID, first: dt.date, last: dt.date) -> Sequence[Any]:
    """The lines of a karigar's challans in a period, with the challan's kind and number and the job's, oldest first."""
    return db.execute(
        select(KarigarLine, KarigarChallan.kind, KarigarChallan.number, KarigarChallan.moved_at, KarigarJob.number)
        .join(
            KarigarChallan,
            (KarigarChallan.shop_id == KarigarLine.shop_id) & (KarigarChallan.id == KarigarLine.challan_id),
        )
        .join(KarigarJob, (KarigarJob.shop_id == KarigarLine.shop_id) & (KarigarJob.id == KarigarLine.job_id))
        .where(KarigarLine.karigar_id == karigar_id, KarigarLine.moved_on.between(first, last))
        .order_by(KarigarChallan.moved_at, KarigarLine.challan_id, KarigarLine.pos)
    ).all()  # fmt: skip


# ---------------------------------------------------------------- bills and dues


def dues_between(db: ShopSession, karigar_id: UUID, first: dt.date, last: dt.date) -> Sequence[KarigarDue]:
    return db.scalars(
        select(KarigarDue)
        .where(KarigarDue.karigar_id == karigar_id, KarigarDue.booked_on.between(first, last))
        .order_by(KarigarDue.booked_at, KarigarDue.id)
    ).all()


def find_due(db: ShopSession, due_id: UUID) -> KarigarDue | None:
    return db.scalars(select(KarigarDue).where(KarigarDue.id == due_id)).one_or_none()


def find_bill(db: ShopSession, bill_id: UUID) -> KarigarBill | None:
    return db.scalars(select(KarigarBill).where(KarigarBill.id == bill_id)).one_or_none()


def list_bills(*, karigar_id: UUID | None) -> Select[Any]:
    statement = select(KarigarBill)
    return statement if karigar_id is None else statement.where(KarigarBill.karigar_id == karigar_id)


def jobs_of_bills(db: ShopSession, bill_ids: Iterable[UUID]) -> Sequence[KarigarBillJob]:
    return db.scalars(
        select(KarigarBillJob).where(KarigarBillJob.bill_id.in_(sorted(bill_ids))).order_by(KarigarBillJob.job_id)
    ).all()


def billed_jobs(db: ShopSession, job_ids: Iterable[UUID]) -> set[UUID]:
    return set(db.scalars(select(KarigarBillJob.job_id).where(KarigarBillJob.job_id.in_(sorted(job_ids)))))


def billed_in_year(db: ShopSession, karigar_id: UUID, fy_start: int) -> tuple[int, int]:
    """Labour billed in a financial year, and how much of it bore TDS."""
    row = db.execute(
        select(
            func.coalesce(func.sum(KarigarBill.labour_paise), 0), func.coalesce(func.sum(KarigarBill.tds_base_paise), 0)
        ).where(KarigarBill.karigar_id == karigar_id, KarigarBill.fy_start == fy_start)
    ).one()
    return int(row[0]), int(row[1])


def payment_numbers(db: ShopSession) -> Sequence[str]:
    """Of all that was paid, as they were written."""
    return db.scalars(select(KarigarDue.number).where(KarigarDue.number.is_not(None))).all()  # type: ignore[return-value]


def shop_sums() -> tuple[Sum, ...]:
    """Fine metal and stones by what became of them, labour and dues in paise, jobs by state."""
    line = (KarigarLine.fine, KarigarLine.gross_mg, KarigarLine.stones, KarigarLine.weight_mct,
            KarigarLine.labour_paise, KarigarLine.value_paise)  # fmt: skip
    bill = (KarigarBill.labour_paise, KarigarBill.total_paise, KarigarBill.tds_paise)
    return (
        added_up("karigars", Karigar, of=(Karigar.version, Karigar.last_job)),
        added_up("wastages of karigars", KarigarWastage, by=(KarigarWastage.work,), of=(KarigarWastage.allowed_bp,)),
        added_up("jobs of karigars", KarigarJob, by=(KarigarJob.state,), of=(KarigarJob.version,)),
        added_up("challans of karigars", KarigarChallan, by=(KarigarChallan.kind,), of=(KarigarChallan.value_paise,)),
        added_up("metal with karigars", KarigarLine, by=(KarigarLine.why,), of=line),
        added_up("bills of karigars", KarigarBill, by=(KarigarBill.fy_start,), of=bill),
        added_up("jobs on karigars' bills", KarigarBillJob, of=(KarigarBillJob.labour_paise,)),
        added_up("dues of karigars", KarigarDue, by=(KarigarDue.kind,), of=(KarigarDue.paise,)),
    )
