"""A closed business day as its printed slip says it: what the closing kept, in the words of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.kit.money import grouped
from app.kit.weights import grams, purity_label
from app.printing.day import DaySlip, Paper, Part
from app.reports.service import Export
from app.tenants import service as tenants
from app.tenants.service.places import list_places
from shard_router import ShopSession

DOCUMENTS = {
    "invoice": "Bills", "bill_of_supply": "Bills of supply", "credit_note": "Credit notes", "debit_note": "Debit notes",
}  # fmt: skip
MODES = {"cash": "Cash", "upi": "UPI", "card": "Card", "bank": "Bank", "cheque": "Cheque"}
PURPOSES = {"advance": "Advances", "on_account": "Dues paid", "scheme": "Schemes", "pay_out": "Credits paid out"}
KINDS = {
    "sale": "Sales", "refund": "Refunds", "receipt": "Receipts", "old_gold": "Old gold", "karigar": "Karigars",
    "supplier": "Suppliers", "expense": "Expenses", "income": "Other income", "owner": "Owner",
    "deposit": "To the bank", "withdraw": "From the bank", "transfer": "Transfers", "float": "Float",
    "shortage": "Shortage", "excess": "Excess",
}  # fmt: skip


def day_slip(db: ShopSession, export: Export) -> DaySlip:
    """The slip that an export asks for; raises ClosingUnknown."""
    closing, profile = cash.get_closing(db, export.issued_from), tenants.get_profile(db)
    names = {one.person_id: one.name for one in tenants.list_kept_members(db)}
    place = list_places(db)[0]
    return DaySlip(
        paper=Paper.ROLL_80 if export.kind == "day_slip_80" else Paper.A4, shop_name=profile.name,
        shop_local_name=profile.name_local or "", address=f"{place.address}, {place.city} {place.pin}",
        gstin=place.gstin or "", business_on=closing.business_on, closed_at=closing.closed_at,
        closed_by=names.get(closing.closed_by, "") if closing.closed_by else "", parts=parts_of(closing.figures, names),
        note=closing.note or "", chain_seq=closing.chain_seq, chain_hash=closing.chain_hash.hex(),
        content_hash=closing.content_hash.hex(),
    )  # fmt: skip


def parts_of(figures: Mapping[str, Any], names: Mapping[UUID, str]) -> tuple[Part, ...]:
    """What the closing kept, in the order of the slip; what is empty is left out."""
    return (
        Part("Sales", _sales(figures["sales"]), summed=True),
        Part("Receipts", tuple(
            (PURPOSES.get(purpose, purpose), grouped(paise)) for purpose, paise in figures.get("receipts", {}).items()
        )),
        Part("Paid by", tuple((MODES.get(mode, mode), grouped(paise)) for mode, paise in figures["modes"].items())),
        *(_drawer(one) for one in figures["cash"] if one["byKind"] or one["openingPaise"]),
        *(_count(one, names) for one in figures["counts"] if one["purpose"] == "closing"),
        Part("Metal sold", tuple((_purity(one), f"{grams(one['netMg'])} g") for one in figures["sold"])),
        Part("Stock", tuple(
            (f"{_purity(one)} · {one['pieces']} pieces", f"{grams(one['netMg'])} g") for one in figures["stock"]
        )),
    )  # fmt: skip


def _sales(sales: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    counts = tuple((DOCUMENTS.get(kind, kind), str(many)) for kind, many in sales["counts"].items())
    heads = (
        ("Before tax", "taxablePaise"), ("CGST", "cgstPaise"), ("SGST", "sgstPaise"), ("IGST", "igstPaise"),
        ("Round off", "roundOffPaise"),
    )  # fmt: skip
    sums = tuple((label, grouped(sales[name])) for label, name in heads if sales[name])
    return (*counts, *sums, ("Sold, less what came back", grouped(sales["totalPaise"])))


def _drawer(one: Mapping[str, Any]) -> Part:
    rows = (
        ("Before", grouped(one["openingPaise"])),
        *((KINDS.get(kind, kind), grouped(paise)) for kind, paise in one["byKind"].items()),
        ("Left", grouped(one["closingPaise"])),
    )
    return Part(f"Cash of till {one['code']}" if one["till"] else "The safe", rows, summed=True)


def _count(one: Mapping[str, Any], names: Mapping[UUID, str]) -> Part:
    """How a drawer was counted, note by note, the dearest first."""
    pieces = sorted(((int(paise), many) for paise, many in one["pieces"].items()), reverse=True)
    rows = [(f"{many} × ₹{paise // 100}", grouped(paise * many)) for paise, many in pieces]
    if one["countedPaise"] != one["expectedPaise"]:
        rows.append(
            (f"Differs{': ' + one['note'] if one['note'] else ''}", grouped(one["countedPaise"] - one["expectedPaise"]))
        )
    rows.append(("Counted", grouped(one["countedPaise"])))
    by = names.get(UUID(one["by"]), "") if one["by"] else ""
    return Part(
        f"Till {one['code']}, shift {one['shift']} counted{' by ' + by if by else ''}", tuple(rows), summed=True
    )


def _purity(one: Mapping[str, Any]) -> str:
    return purity_label(one["metal"], one["fineness"]) if one["fineness"] else str(one["metal"]).capitalize()
