"""Owns how a document is written as JSON: straight into bytes, since the bill is the hot reply of the whole product.

A replay writes the same bytes, because everything here comes from immutable columns; `render_version` chooses the
writer, so that a later form never changes what an earlier key is answered.
"""

from typing import Any

import orjson

from app.invoices.service.documents import Document, Line, Party, Payment
from app.invoices.service.priced_from import explained, other_metals
from app.kit.clock import rfc3339


def write_document(document: Document) -> bytes:
    """The document as InvoiceOut describes it."""
    return orjson.dumps(_WRITERS[document.render_version](document))


def _version_1(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "kind": document.kind,
        "number": document.number,
        "issuedAt": rfc3339(document.issued_at),
        "issuedOn": document.issued_on,
        "registrationId": document.registration_id,
        "outletId": document.outlet_id,
        "tillId": document.till_id,
        "customerId": document.customer_id,
        "buyerRegistered": document.buyer_registered,
        "buyer": None if document.buyer is None else _party(document.buyer),
        "seller": document.seller.facts(),
        "placeOfSupply": document.place_of_supply,
        "interState": document.inter_state,
        "reverseCharge": document.reverse_charge,
        "lines": [_line(line) for line in document.lines],
        "payments": [_payment(payment) for payment in document.payments],
        "taxablePaise": document.taxable_paise,
        "cgstPaise": document.cgst_paise,
        "sgstPaise": document.sgst_paise,
        "igstPaise": document.igst_paise,
        "roundOffPaise": document.round_off_paise,
        "totalPaise": document.total_paise,
        "paidPaise": document.paid_paise,
        "reversesId": document.reverses_id,
        "reason": document.reason,
        "contentHash": document.content_hash.hex(),
    }


def _version_2(document: Document) -> dict[str, Any]:
    return {
        **_version_1(document),
        "lines": [_line_2(line) for line in document.lines],
        "payments": [_payment_2(payment) for payment in document.payments],
        "occasion": document.occasion,
        "bookOn": document.book_on,
        "shiftNo": document.shift_no,
    }


def _version_3(document: Document) -> dict[str, Any]:
    return {
        **_version_2(document),
        "lines": [
            {**_line_2(line), "lotId": line.lot_id, "stoneMct": line.stone_mct, **_others(line)}
            for line in document.lines
        ],
    }  # fmt: skip


def _others(line: Line) -> dict[str, Any]:
    """Left out where what was sold is of one metal."""
    parts = other_metals(line)
    if not parts:
        return {}
    return {"otherMetals": [
        {
            "metal": part.metal, "fineness": part.fineness, "netMg": part.net_mg,
            "ratePaisePerG": part.rate_paise_per_g, "metalPaise": part.paise,
        }
        for part in parts
    ]}  # fmt: skip


_WRITERS = {1: _version_1, 2: _version_2, 3: _version_3}


def _party(party: Party) -> dict[str, Any]:
    return {
        "name": party.name, "phone": party.phone, "gstin": party.gstin, "pan": party.pan, "address": party.address,
        "city": party.city, "pin": party.pin, "stateCode": party.state_code,
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id, "pos": line.pos, "itemId": line.item_id, "reversesLineId": line.reverses_line_id,
        "description": line.description, "tag": line.tag, "huid": line.huid, "hsn": line.hsn,
        "purity": {"metal": line.metal, "fineness": line.fineness}, "grossMg": line.gross_mg, "stoneMg": line.stone_mg,
        "netMg": line.net_mg, "ratePaisePerG": line.rate_paise_per_g, "metalPaise": line.metal_paise,
        "wastagePaise": line.wastage_paise, "makingPaise": line.making_paise,
        "makingDiscountPaise": line.making_discount_paise, "stonesPaise": line.stones_paise,
        "hallmarkPaise": line.hallmark_paise, "discountPaise": line.discount_paise,
        "taxablePaise": line.taxable_paise, "taxBp": line.tax_bp, "cgstPaise": line.cgst_paise,
        "sgstPaise": line.sgst_paise, "igstPaise": line.igst_paise, "totalPaise": line.total_paise,
    }  # fmt: skip


def _line_2(line: Line) -> dict[str, Any]:
    return {
        **_line(line), "kind": line.line_kind, "correctsLineId": line.corrects_line_id, "pieces": line.pieces,
        "pricePaise": line.price_paise,
        "explanation": [
            {"rule": step.rule, "text": step.in_english, "paise": step.paise} for step in explained(line)
        ],
    }  # fmt: skip


def _payment_2(payment: Payment) -> dict[str, Any]:
    return {
        **_payment(payment), "creditId": payment.credit_id, "tenderedPaise": payment.tendered_paise,
        "changePaise": payment.change_paise,
    }  # fmt: skip


def _payment(payment: Payment) -> dict[str, Any]:
    return {"mode": payment.mode, "paise": payment.paise, "reference": payment.reference}
