"""A closed business day as its printed slip says it: what the closing kept, in the words of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.kit.money import grouped
from app.kit.weights import fine_mg, grams, purity_label
from app.printing.day import DaySlip, Part
from app.printing.looks import Label
from app.tenants import service as tenants
from app.tenants.service.places import list_places
from shard_router import ShopSession

DOCUMENTS = {
    "invoice": Label("Bills"), "bill_of_supply": Label("Bills of supply"), "credit_note": Label("Credit notes"),
    "debit_note": Label("Debit notes"),
}  # fmt: skip
MODES = {
    "cash": Label("Cash"), "upi": Label("UPI"), "card": Label("Card"), "bank": Label("Bank"), "cheque": Label("Cheque"),
    "credit": Label("Credits used"),
}  # fmt: skip
PURPOSES = {
    "advance": Label("Advances"), "on_account": Label("Dues paid"), "scheme": Label("Schemes"),
    "pay_out": Label("Credits paid out"),
}  # fmt: skip
KINDS = {
    "sale": Label("Sales"), "refund": Label("Refunds"), "receipt": Label("Receipts"), "old_gold": Label("Old gold"),
    "karigar": Label("Karigars"), "supplier": Label("Suppliers"), "expense": Label("Expenses"),
    "income": Label("Other income"), "owner": Label("Owner"), "deposit": Label("To the bank"),
    "withdraw": Label("From the bank"), "transfer": Label("Transfers"), "float": Label("Float"),
    "shortage": Label("Shortage"), "excess": Label("Excess"),
}  # fmt: skip


def day_slip(db: ShopSession, closing: cash.Closing) -> DaySlip:
    """The slip of a closed business day."""
    profile = tenants.get_profile(db)
    names = {one.person_id: one.name for one in tenants.list_kept_members(db)}
    place = list_places(db)[0]
    return DaySlip(
        shop_name=profile.name, shop_local_name=profile.name_local or "",
        address=f"{place.address}, {place.city} {place.pin}",
        gstin=place.gstin or "", business_on=closing.business_on, closed_at=closing.closed_at,
        closed_by=names.get(closing.closed_by, "") if closing.closed_by else "", parts=parts_of(closing.figures, names),
        note=closing.note or "", chain_seq=closing.chain_seq, chain_hash=closing.chain_hash.hex(),
        content_hash=closing.content_hash.hex(),
    )  # fmt: skip


def parts_of(figures: Mapping[str, Any], names: Mapping[UUID, str]) -> tuple[Part, ...]:
    """What the closing kept, in the order of the slip; what is empty is left out."""
    return (
        Part(Label("Sales"), _sales(figures["sales"]), summed=True),
        Part(Label("Receipts"), tuple(
            (PURPOSES.get(purpose, purpose), grouped(paise)) for purpose, paise in figures.get("receipts", {}).items()
        )),
        Part(Label("Paid by"), tuple(
            (MODES.get(mode, mode), grouped(paise)) for mode, paise in figures["modes"].items()
        )),
        *(_drawer(one) for one in figures["cash"] if one["byKind"] or one["openingPaise"]),
        *(_count(one, names) for one in figures["counts"] if one["purpose"] == "closing"),
        Part(Label("Metal sold"), tuple((_purity(one), f"{grams(one['netMg'])} g") for one in figures["sold"])),
        Part(Label("Old gold bought"), tuple(row for one in figures.get("oldGold", ()) for row in _bought(one))),
        Part(Label("Metal and karigars"), tuple(row for one in figures.get("karigars", ()) for row in _worked(one))),
        Part(Label("Stock"), tuple(
            (f"{one['pieces']} × {_purity(one)}", f"{grams(one['netMg'])} g") for one in figures["stock"]
        )),
    )  # fmt: skip


def _sales(sales: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    counts = tuple((DOCUMENTS.get(kind, kind), str(many)) for kind, many in sales["counts"].items())
    heads = (
        (Label("Before tax"), "taxablePaise"), (Label("CGST"), "cgstPaise"), (Label("SGST"), "sgstPaise"),
        (Label("IGST"), "igstPaise"), (Label("Round off"), "roundOffPaise"),
    )  # fmt: skip
    sums = tuple((label, grouped(sales[name])) for label, name in heads if sales[name])
    return (*counts, *sums, (Label("Sold, less what came back"), grouped(sales["totalPaise"])))


def _drawer(one: Mapping[str, Any]) -> Part:
    rows = (
        (Label("Before"), grouped(one["openingPaise"])),
        *((KINDS.get(kind, kind), grouped(paise)) for kind, paise in one["byKind"].items()),
        (Label("Left"), grouped(one["closingPaise"])),
    )
    return Part(Label(f"Cash of till · {one['code']}") if one["till"] else Label("The safe"), rows, summed=True)


def _count(one: Mapping[str, Any], names: Mapping[UUID, str]) -> Part:
    """How a drawer was counted, note by note, the dearest first."""
    pieces = sorted(((int(paise), many) for paise, many in one["pieces"].items()), reverse=True)
    rows = [(f"{many} × ₹{paise // 100}", grouped(paise * many)) for paise, many in pieces]
    if one["countedPaise"] != one["expectedPaise"]:
        why = f": {one['note']}" if one["note"] else ""
        rows.append((Label(f"Differs{why}"), grouped(one["countedPaise"] - one["expectedPaise"])))
    rows.append((Label("Counted"), grouped(one["countedPaise"])))
    by = names.get(UUID(one["by"]), "") if one["by"] else ""
    title = Label(f"Counted, till and shift · {one['code']} / {one['shift']}{' · ' + by if by else ''}")
    return Part(title, tuple(rows), summed=True)


def _bought(one: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    name = str(one["metal"]).capitalize()
    return (
        (Label(f"Gross g · {name}"), grams(one["grossMg"])), (Label(f"Fine g · {name}"), grams(one["fineMg"])),
        (Label(f"Value ₹ · {name}"), grouped(one["valuePaise"])),
    )  # fmt: skip


def _worked(one: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Net, and fine behind it."""
    name = str(one["metal"]).capitalize()
    rows = ((Label(f"Issued · {name}"), "out"), (Label(f"Returned · {name}"), "back"))
    return tuple(
        (label, f"{grams(one[f'{way}Mg'])} g ({grams(fine_mg(one[f'{way}Fine']))})") for label, way in rows
        if one[f"{way}Mg"]
    )  # fmt: skip


def _purity(one: Mapping[str, Any]) -> str:
    return purity_label(one["metal"], one["fineness"]) if one["fineness"] else str(one["metal"]).capitalize()
