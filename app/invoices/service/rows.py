"""Owns the columns of a bill: its head, lines and payments, and what its pieces move in the book of metal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.inventory import service as inventory
from app.invoices.pricing import PricedLine
from app.invoices.service.documents import RENDER_VERSION, party_of, seal_party
from app.invoices.service.drafts import BillDraft, PaymentDraft
from app.invoices.service.priced_from import written
from app.invoices.service.reckoning import Reckoned, Sold
from app.invoices.service.seller import Seller
from app.invoices.service.taking import Moment, Read
from app.kit.ids import new_id
from app.metal import service as metal
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written, by column."""

    head: dict[str, Any]
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]


def rows_of(
    db: ShopSession, draft: BillDraft, bill: Reckoned, found: Read, seller: Seller, *, invoice_id: UUID, moment: Moment
) -> Rows:
    """All columns but the number, the drawer's day and the hash, which packet 2 decides."""
    kinds = {taken.credit_id: taken.kind for taken in found.party.credits}
    return Rows(
        head=_head(db, draft, bill, found, seller, invoice_id=invoice_id, moment=moment),
        lines=[
            _line(db.shop_id, invoice_id, pos, sold, priced)
            for pos, (sold, priced) in enumerate(zip(bill.sold, bill.priced.lines, strict=True), start=1)
        ],
        payments=[
            payment_row(db.shop_id, invoice_id, pos, payment, kinds)
            for pos, payment in enumerate(draft.payments, start=1)
        ],
    )


def metal_of(db: ShopSession, rows: Rows, sold: Sequence[Sold], moment: Moment) -> list[dict[str, Any]]:
    """One entry for each piece and each part of a lot: from the stock, where it lay, to what is sold, to whom."""
    pieces = [one.item for one in sold if one.item is not None]
    portions = [one.portion for one in sold if one.portion is not None]
    entries = [
        *inventory.sale_entries(pieces, customer_id=rows.head["customer_id"]),
        *inventory.portion_entries(portions, customer_id=rows.head["customer_id"]),
    ]
    return metal.rows_of(
        db.shop_id, movement_id=rows.head["id"], kind=inventory.SALE, entries=entries, at=moment.at,
        book_on=rows.head["book_on"] or moment.on, actor_id=db.actor.person_id,
    )  # fmt: skip


def payment_row(
    shop_id: int, invoice_id: UUID, pos: int, payment: PaymentDraft, kinds: Mapping[UUID, str]
) -> dict[str, Any]:
    """A credit says of which kind it was where money says its reference."""
    reference = kinds.get(payment.credit_id) if payment.credit_id else payment.reference
    return {
        "shop_id": shop_id, "invoice_id": invoice_id, "pos": pos, "mode": payment.mode, "paise": payment.paise,
        "reference": reference or None, "credit_id": payment.credit_id, "tendered_paise": payment.tendered_paise,
    }  # fmt: skip


def _head(
    db: ShopSession, draft: BillDraft, bill: Reckoned, found: Read, seller: Seller, *, invoice_id: UUID, moment: Moment
) -> dict[str, Any]:
    priced, place, buyer, key = bill.priced, found.place, found.party.buyer, found.party.key
    sealed = seal_party(party_of(buyer), key, invoice_id) if buyer and key else None
    return {
        "shop_id": db.shop_id, "id": invoice_id, "kind": bill.kind.value, "registration_id": place.registration_id,
        "outlet_id": place.outlet_id, "till_id": place.till_id, "fy_start": moment.year.start_year,
        "issued_at": moment.at, "issued_on": moment.on, "customer_id": draft.customer_id,
        "buyer_registered": buyer is not None and buyer.registered, "buyer_sealed": sealed,
        "seller": seller.written(), "place_of_supply": priced.supply.place.code,
        "inter_state": priced.supply.inter_state, "reverse_charge": False, "taxable_paise": priced.taxable_paise,
        "cgst_paise": priced.cgst_paise, "sgst_paise": priced.sgst_paise, "igst_paise": priced.igst_paise,
        "round_off_paise": priced.round_off_paise, "total_paise": priced.total_paise, "reverses_id": None,
        "reason": None, "occasion": draft.occasion, "book_on": None, "shift_no": None,
        "actor_id": db.actor.person_id, "render_version": RENDER_VERSION,
    }  # fmt: skip


def _line(shop_id: int, invoice_id: UUID, pos: int, sold: Sold, priced: PricedLine) -> dict[str, Any]:
    return {
        "shop_id": shop_id, "id": new_id(), "invoice_id": invoice_id, "pos": pos, "line_kind": sold.kind.value,
        "item_id": sold.item.id if sold.item else None, "reverses_line_id": None, "corrects_line_id": None,
        "description": sold.description, "tag": sold.tag, "huid": sold.huid, "hsn": sold.hsn, "metal": sold.metal,
        "fineness": sold.fineness, "pieces": sold.pieces, "gross_mg": sold.gross_mg, "stone_mg": sold.stone_mg,
        "net_mg": sold.net_mg, "rate_paise_per_g": priced.line.rate_paise_per_g, "metal_paise": priced.metal_paise,
        "wastage_paise": priced.wastage_paise, "making_paise": priced.making_paise,
        "making_discount_paise": priced.making_discount_paise, "stones_paise": priced.stones_paise,
        "hallmark_paise": priced.hallmark_paise, "price_paise": priced.price_paise + priced.agreed_paise,
        "discount_paise": priced.discounts_paise, "taxable_paise": priced.taxable_paise,
        "tax_bp": priced.line.tax_bp, "cgst_paise": priced.cgst_paise, "sgst_paise": priced.sgst_paise,
        "igst_paise": priced.igst_paise, "priced_from": written(priced),
        "lot_id": sold.portion.lot.id if sold.portion else None,
        "stone_mct": sold.portion.taken.stone_mct if sold.portion else None,
    }  # fmt: skip
