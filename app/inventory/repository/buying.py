"""Owns the statements on suppliers, their bills and what they are owed."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from app.inventory.models import Purchase, PurchaseLine, Supplier, SupplierEntry
from app.kit import paging
from app.kit.sums import added_up
from shard_router import ShopSession
from shard_router.moves import Sum

RETURN = "return"


def find_supplier(db: ShopSession, supplier_id: UUID, *, lock: bool = False) -> Supplier | None:
    statement = select(Supplier).where(Supplier.id == supplier_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def list_suppliers(text: str | None) -> Select[Any]:
    statement = select(Supplier)
    if text:
        named = Supplier.name.contains(text, autoescape=True)
        statement = statement.where(named | Supplier.gstin.startswith(text.upper(), autoescape=True))
    return statement


def supplier_names(db: ShopSession, supplier_ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = db.execute(select(Supplier.id, Supplier.name).where(Supplier.id.in_(sorted(supplier_ids)))).all()
    return {row.id: row.name for row in rows}


def find_purchase(db: ShopSession, purchase_id: UUID) -> Purchase | None:
    return db.scalars(select(Purchase).where(Purchase.id == purchase_id)).one_or_none()


def count_returns(db: ShopSession, supplier_id: UUID, fy_start: int) -> int:
    mine = (Purchase.supplier_id == supplier_id, Purchase.fy_start == fy_start, Purchase.kind == RETURN)
    return db.scalar(select(func.count()).select_from(Purchase).where(*mine)) or 0


def lines_of(db: ShopSession, purchase_id: UUID) -> Sequence[PurchaseLine]:
    return db.scalars(
        select(PurchaseLine).where(PurchaseLine.purchase_id == purchase_id).order_by(PurchaseLine.pos)
    ).all()


def returned_lines(db: ShopSession, line_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the lines that went back."""
    found = db.scalars(select(PurchaseLine.reverses_line_id).where(PurchaseLine.reverses_line_id.in_(sorted(line_ids))))
    return {one for one in found if one is not None}


def returned_paise(db: ShopSession, purchase_id: UUID) -> int:
    """What the returns against a bill come to."""
    total = select(func.coalesce(func.sum(Purchase.total_paise), 0))
    return int(db.scalar(total.where(Purchase.reverses_id == purchase_id)) or 0)


def list_purchases(
    *, supplier_id: UUID | None, kind: str | None, first: dt.date | None, last: dt.date | None
) -> Select[Any]:
    statement = paging.only(select(Purchase), [(Purchase.supplier_id, supplier_id), (Purchase.kind, kind)])
    return paging.between(statement, Purchase.bill_on, least=first, most=last)


def owed(db: ShopSession, supplier_ids: Iterable[UUID] | None = None) -> dict[UUID, int]:
    """What each is owed, in paise; who never was is not there. None: everybody."""
    statement = select(SupplierEntry.supplier_id, func.sum(SupplierEntry.owed_paise))
    if supplier_ids is not None:
        statement = statement.where(SupplierEntry.supplier_id.in_(sorted(supplier_ids)))
    return {row[0]: int(row[1]) for row in db.execute(statement.group_by(SupplierEntry.supplier_id)).all()}


def ledger(supplier_id: UUID) -> Select[Any]:
    return select(SupplierEntry).where(SupplierEntry.supplier_id == supplier_id)


def shop_sums() -> tuple[Sum, ...]:
    """Suppliers' bills by kind in paise, their lines in mg, and what is owed."""
    totals = (Purchase.taxable_paise, Purchase.cgst_paise, Purchase.sgst_paise, Purchase.igst_paise,
              Purchase.total_paise, Purchase.tds_paise)  # fmt: skip
    weights = (PurchaseLine.net_mg, PurchaseLine.stone_mg, PurchaseLine.stone_mct, PurchaseLine.taxable_paise)
    return (
        added_up("suppliers", Supplier, of=(Supplier.version,)),
        added_up("purchases", Purchase, by=(Purchase.kind,), of=totals),
        added_up("purchased", PurchaseLine, by=(PurchaseLine.metal, PurchaseLine.fineness), of=weights),
        added_up("owed to suppliers", SupplierEntry, by=(SupplierEntry.kind,), of=(SupplierEntry.owed_paise,)),
    )
