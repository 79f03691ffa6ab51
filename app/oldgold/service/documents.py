"""Owns an issued voucher as others see it, how its seller is sealed, and the one byte form that its hash covers.

The hash is over every column of the voucher, its lines and its payouts, the seller's ciphertext included, so that a
byte changed anywhere is found, also after a customer was erased. It stands in the audit chain.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct

from app.customers.service import Buyer
from app.kit.sealing import DataKey
from app.oldgold.rules import Identity
from app.tenants.service.seller import Seller

Columns = Mapping[str, Any]
RENDER_VERSION = 2
"""What a voucher's columns mean; a row keeps the version it was issued under."""


class Party(Struct, frozen=True):
    """The seller as the voucher names them, with the paper that says who they are."""

    name: str
    phone: str | None
    pan: str | None
    address: str | None
    city: str | None
    pin: str | None
    state_code: str | None
    identity_kind: str
    identity_number: str


class VoucherLine(Struct, frozen=True):
    """One piece as it was weighed, tested and valued."""

    id: UUID
    pos: int
    description: str
    metal: str
    gross_mg: int
    dirt_mg: int
    net_mg: int
    fineness: int
    test_kind: str
    test_note: str | None
    melting_loss_bp: int
    fine_mg: int
    fine_rate_paise_per_g: int
    usual_rate_paise_per_g: int
    value_paise: int
    resale: bool
    picture_id: UUID | None
    lot_id: UUID
    of_line_id: UUID | None
    buyback_bp: int | None


class VoucherPayout(Struct, frozen=True):
    pos: int
    mode: str
    paise: int
    reference: str | None
    credit_id: UUID | None


class Voucher(Struct, frozen=True):
    """An issued purchase voucher. `party` is None once the seller's key was destroyed; `shop` is who bought."""

    id: UUID
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
    identity_kind: str
    party: Party | None
    shop: Seller
    pan_declared: bool
    value_paise: int
    usual_paise: int
    render_version: int
    content_hash: bytes
    lines: tuple[VoucherLine, ...]
    payouts: tuple[VoucherPayout, ...]

    @property
    def credit_id(self) -> UUID | None:
        """What stays with the shop for a bill."""
        return next((payout.credit_id for payout in self.payouts if payout.credit_id), None)


def voucher_of(
    head: Columns, lines: Iterable[Columns], payouts: Iterable[Columns], *, shop: Seller, party: Party | None
) -> Voucher:
    """A voucher of its columns: just written, or read back; both give the same."""
    return Voucher(
        **{name: head[name] for name in _VOUCHER},
        shop=shop,
        party=party,
        lines=tuple(VoucherLine(*(line[name] for name in LINE_COLUMNS)) for line in lines),
        payouts=tuple(VoucherPayout(*(payout[name] for name in PAYOUT_COLUMNS)) for payout in payouts),
    )


# ---------------------------------------------------------------- the hash

_HEAD = (
    "id", "registration_id", "outlet_id", "till_id", "fy_start", "no", "number", "issued_at", "issued_on", "book_on",
    "customer_id", "identity_kind", "seller_sealed", "shop", "pan_declared", "value_paise", "usual_paise", "actor_id",
    "render_version",
)  # fmt: skip
LINE_COLUMNS = VoucherLine.__struct_fields__
PAYOUT_COLUMNS = VoucherPayout.__struct_fields__

_LINE_1 = (
    "id", "pos", "description", "metal", "gross_mg", "dirt_mg", "net_mg", "fineness", "test_kind", "test_note",
    "melting_loss_bp", "fine_mg", "fine_rate_paise_per_g", "usual_rate_paise_per_g", "value_paise", "resale",
    "picture_id", "lot_id",
)  # fmt: skip
_LINE_2 = (*_LINE_1, "of_line_id", "buyback_bp")
_PAYOUT_1 = ("pos", "mode", "paise", "reference", "credit_id")

COVERED = {1: (_HEAD, _LINE_1, _PAYOUT_1), 2: (_HEAD, _LINE_2, _PAYOUT_1)}
"""By render version: the columns of voucher, line and payout that the hash covers, in this order. A version that was
issued under stays as it is for ever."""


def content_hash(head: Columns, lines: Sequence[Columns], payouts: Sequence[Columns]) -> bytes:
    """SHA-256 of the voucher's canonical form; `head`, `lines` and `payouts` are its rows by column."""
    of_head, of_line, of_payout = COVERED[head["render_version"]]
    written = [
        [head[name] for name in of_head],
        [[line[name] for name in of_line] for line in lines],
        [[payout[name] for name in of_payout] for payout in payouts],
    ]
    return hashlib.sha256(orjson.dumps(written, default=bytes.hex, option=orjson.OPT_UTC_Z)).digest()


# ---------------------------------------------------------------- the seller


def party_of(buyer: Buyer, identity: Identity) -> Party:
    return Party(
        buyer.name, buyer.phone, buyer.pan, buyer.address, buyer.city, buyer.pin, buyer.state_code, identity.kind,
        identity.number,
    )  # fmt: skip


def seal_party(party: Party, key: DataKey, voucher_id: UUID) -> bytes:
    """The seller's particulars, readable only with their key and only as part of this voucher."""
    return key.seal(orjson.dumps([getattr(party, name) for name in Party.__struct_fields__]), _context(voucher_id))


def unseal_party(sealed: bytes, key: DataKey, voucher_id: UUID) -> Party:
    return Party(*orjson.loads(key.unseal(sealed, _context(voucher_id))))


def _context(voucher_id: UUID) -> bytes:
    return b"seller of " + voucher_id.bytes


_VOUCHER = tuple(name for name in Voucher.__struct_fields__ if name not in ("shop", "party", "lines", "payouts"))
