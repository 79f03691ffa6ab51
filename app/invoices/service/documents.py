"""Owns an issued document as others see it, and the one byte form of it that its hash covers.

The hash is over every immutable column of the document, its lines and its payments, the buyer's ciphertext included, so
that a byte changed anywhere is found, also after a customer was erased. It stands in the audit chain.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct

from app.customers.service import Buyer
from app.invoices.service.seller import Seller
from app.kit.sealing import DataKey

Columns = Mapping[str, Any]
RENDER_VERSION = 3
"""What a document's columns mean and how its reply is written; a row keeps the version it was issued under."""


class Party(Struct, frozen=True):
    """The buyer as the document names them."""

    name: str
    phone: str | None
    gstin: str | None
    pan: str | None
    address: str | None
    city: str | None
    pin: str | None
    state_code: str | None


class Line(Struct, frozen=True):
    """One line as it was priced. (A Struct: a frozen dataclass takes twenty times as long to make.)"""

    id: UUID
    pos: int
    line_kind: str
    item_id: UUID | None
    reverses_line_id: UUID | None
    corrects_line_id: UUID | None
    description: str
    tag: str
    huid: str | None
    hsn: str
    metal: str
    fineness: int
    pieces: int
    gross_mg: int
    stone_mg: int
    net_mg: int
    rate_paise_per_g: int
    metal_paise: int
    wastage_paise: int
    making_paise: int
    making_discount_paise: int
    stones_paise: int
    hallmark_paise: int
    price_paise: int
    discount_paise: int
    taxable_paise: int
    tax_bp: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    priced_from: bytes | None
    lot_id: UUID | None
    stone_mct: int | None

    @property
    def of_line_id(self) -> UUID | None:
        """Of a note's line: the bill's line that it changes, whole or by an amount."""
        return self.reverses_line_id or self.corrects_line_id

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise


class Payment(Struct, frozen=True):
    """Money taken with a bill, or given back with a credit note; or a credit that was used up."""

    pos: int
    mode: str
    paise: int
    reference: str | None
    credit_id: UUID | None
    tendered_paise: int | None

    @property
    def change_paise(self) -> int:
        """What was handed over in cash and given back."""
        return 0 if self.tendered_paise is None else self.tendered_paise - self.paise


class Document(Struct, frozen=True):
    """An issued bill or note. `buyer` is None for a cash sale, and once the buyer's key was destroyed."""

    id: UUID
    kind: str
    number: str
    no: int
    fy_start: int
    issued_at: dt.datetime
    issued_on: dt.date
    registration_id: UUID
    outlet_id: UUID
    till_id: UUID
    customer_id: UUID | None
    buyer_registered: bool
    buyer: Party | None
    seller: Seller
    place_of_supply: str
    inter_state: bool
    reverse_charge: bool
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    reverses_id: UUID | None
    reason: str | None
    occasion: str | None
    book_on: dt.date | None
    shift_no: int | None
    render_version: int
    content_hash: bytes
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]

    @property
    def paid_paise(self) -> int:
        return sum(payment.paise for payment in self.payments)


def document_of(
    head: Columns, lines: Iterable[Columns], payments: Iterable[Columns], *, seller: Seller, party: Party | None
) -> Document:
    """A document of its columns: just written, or read back; both give the same."""
    return Document(
        **{name: head[name] for name in _DOCUMENT},
        seller=seller,
        buyer=party,
        lines=tuple(Line(*(line[name] for name in LINE_COLUMNS)) for line in lines),
        payments=tuple(Payment(*(payment[name] for name in PAYMENT_COLUMNS)) for payment in payments),
    )


# ---------------------------------------------------------------- the hash

_HEAD_1 = (
    "id", "kind", "registration_id", "outlet_id", "till_id", "fy_start", "no", "number", "issued_at", "issued_on",
    "customer_id", "buyer_registered", "buyer_sealed", "seller", "place_of_supply", "inter_state", "reverse_charge",
    "taxable_paise", "cgst_paise", "sgst_paise", "igst_paise", "round_off_paise", "total_paise", "reverses_id",
    "reason", "actor_id", "render_version",
)  # fmt: skip
_LINE_1 = (
    "id", "pos", "item_id", "reverses_line_id", "description", "tag", "huid", "hsn", "metal", "fineness", "gross_mg",
    "stone_mg", "net_mg", "rate_paise_per_g", "metal_paise", "wastage_paise", "making_paise", "making_discount_paise",
    "stones_paise", "hallmark_paise", "discount_paise", "taxable_paise", "tax_bp", "cgst_paise", "sgst_paise",
    "igst_paise",
)  # fmt: skip
_PAYMENT_1 = ("pos", "mode", "paise", "reference")
_HEAD_2 = (*_HEAD_1, "occasion", "book_on", "shift_no")
_LINE_2 = (*_LINE_1, "line_kind", "corrects_line_id", "pieces", "price_paise", "priced_from")
_PAYMENT_2 = (*_PAYMENT_1, "credit_id", "tendered_paise")

_LINE_3 = (*_LINE_2, "lot_id", "stone_mct")

COVERED = {
    1: (_HEAD_1, _LINE_1, _PAYMENT_1), 2: (_HEAD_2, _LINE_2, _PAYMENT_2), 3: (_HEAD_2, _LINE_3, _PAYMENT_2)
}  # fmt: skip
"""By render version: the columns of document, line and payment that the hash covers, in this order. A version that was
issued under stays as it is for ever: the documents of that time are checked by it."""

LINE_COLUMNS = Line.__struct_fields__
PAYMENT_COLUMNS = Payment.__struct_fields__


def content_hash(head: Columns, lines: Sequence[Columns], payments: Sequence[Columns]) -> bytes:
    """SHA-256 of the document's canonical form; `head`, `lines` and `payments` are its rows by column."""
    of_head, of_line, of_payment = COVERED[head["render_version"]]
    written = [
        [head[name] for name in of_head],
        [[line[name] for name in of_line] for line in lines],
        [[payment[name] for name in of_payment] for payment in payments],
    ]
    return hashlib.sha256(orjson.dumps(written, default=bytes.hex, option=orjson.OPT_UTC_Z)).digest()


# ---------------------------------------------------------------- the buyer


def party_of(buyer: Buyer) -> Party:
    return Party(
        buyer.name, buyer.phone, buyer.gstin, buyer.pan, buyer.address, buyer.city, buyer.pin, buyer.state_code
    )


def seal_party(party: Party, key: DataKey, document_id: UUID) -> bytes:
    """The buyer's particulars, readable only with their key and only as part of this document."""
    return key.seal(orjson.dumps([getattr(party, name) for name in _PARTY]), b"buyer of " + document_id.bytes)


def unseal_party(sealed: bytes, key: DataKey, document_id: UUID) -> Party:
    return Party(*orjson.loads(key.unseal(sealed, b"buyer of " + document_id.bytes)))


_DOCUMENT = tuple(name for name in Document.__struct_fields__ if name not in ("seller", "buyer", "lines", "payments"))
_PARTY = ("name", "phone", "gstin", "pan", "address", "city", "pin", "state_code")
