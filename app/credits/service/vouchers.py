"""Owns an issued voucher as others see it, how its payer is sealed, and the one byte form that its hash covers."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct

from app.customers.service import Buyer
from app.kit.sealing import DataKey
from app.tenants.service.seller import Seller

Columns = Mapping[str, Any]
RENDER_VERSION = 1
"""What a voucher's columns mean; a row keeps the version it was issued under."""


class Payer(Struct, frozen=True):
    """The customer as the voucher names them."""

    name: str
    phone: str | None
    gstin: str | None
    pan: str | None
    address: str | None
    city: str | None
    pin: str | None
    state_code: str | None


class VoucherPayment(Struct, frozen=True):
    pos: int
    mode: str
    paise: int
    reference: str | None


class Voucher(Struct, frozen=True):
    """Money taken (a receipt voucher) or given back (a refund or payment voucher) outside a bill. `payer` is None once
    the customer's key was destroyed."""

    id: UUID
    kind: str
    number: str
    no: int
    fy_start: int
    issued_at: dt.datetime
    issued_on: dt.date
    book_on: dt.date
    registration_id: UUID
    outlet_id: UUID
    till_id: UUID
    customer_id: UUID
    payer: Payer | None
    seller: Seller
    purpose: str
    about_id: UUID | None
    reverses_id: UUID | None
    note: str | None
    total_paise: int
    render_version: int
    content_hash: bytes
    payments: tuple[VoucherPayment, ...]


def voucher_of(head: Columns, payments: Iterable[Columns], *, seller: Seller, payer: Payer | None) -> Voucher:
    """A voucher of its columns: just written, or read back; both give the same."""
    return Voucher(
        **{name: head[name] for name in _VOUCHER},
        seller=seller,
        payer=payer,
        payments=tuple(VoucherPayment(*(payment[name] for name in PAYMENT_COLUMNS)) for payment in payments),
    )


_VOUCHER = tuple(name for name in Voucher.__struct_fields__ if name not in ("seller", "payer", "payments"))

# ---------------------------------------------------------------- the hash

_HEAD = (
    "id", "kind", "registration_id", "outlet_id", "till_id", "fy_start", "no", "number", "issued_at", "issued_on",
    "book_on", "customer_id", "payer_sealed", "seller", "purpose", "about_id", "reverses_id", "note", "total_paise",
    "actor_id", "render_version",
)  # fmt: skip
PAYMENT_COLUMNS = ("pos", "mode", "paise", "reference")

COVERED = {1: (_HEAD, PAYMENT_COLUMNS)}
"""By render version: the columns of voucher and payment that the hash covers, in this order."""


def content_hash(head: Columns, payments: Sequence[Columns]) -> bytes:
    """SHA-256 of the voucher's canonical form; `head` and `payments` are its rows by column."""
    of_head, of_payment = COVERED[head["render_version"]]
    written = [[head[name] for name in of_head], [[payment[name] for name in of_payment] for payment in payments]]
    return hashlib.sha256(orjson.dumps(written, default=bytes.hex, option=orjson.OPT_UTC_Z)).digest()


# ---------------------------------------------------------------- the payer


def payer_of(buyer: Buyer) -> Payer:
    return Payer(*(getattr(buyer, name) for name in Payer.__struct_fields__))


def seal_payer(payer: Payer, key: DataKey, voucher_id: UUID) -> bytes:
    """The payer's particulars, readable only with their key and only as part of this voucher."""
    plain = orjson.dumps([getattr(payer, name) for name in Payer.__struct_fields__])
    return key.seal(plain, b"payer of " + voucher_id.bytes)


def unseal_payer(sealed: bytes, key: DataKey, voucher_id: UUID) -> Payer:
    return Payer(*orjson.loads(key.unseal(sealed, b"payer of " + voucher_id.bytes)))
