"""A business day's vouchers and what they come to, for the day book and the day's closing: taken counts up, given
back counts down."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from app.credits import repository
from app.numbering.service import DocumentKind
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class DayVouchers:
    """Paise taken less paise given back, by purpose and by way of paying."""

    by_purpose: dict[str, int]
    modes: dict[str, int]


@dataclass(frozen=True, slots=True)
class DayVoucher:
    """One voucher of a business day; below zero it gave money back."""

    id: UUID
    kind: str
    number: str
    issued_at: dt.datetime
    till_id: UUID
    customer_id: UUID
    signed_paise: int
    actor_id: UUID | None


def day_vouchers(db: ShopSession, on: dt.date) -> DayVouchers:
    """In one statement."""
    by_purpose, modes = defaultdict[str, int](int), defaultdict[str, int](int)
    for row in repository.totals_of_day(db, on):
        paise = _sign(row.kind) * int(row.paise)
        by_purpose[row.purpose] += paise
        modes[row.mode] += paise
    return DayVouchers(dict(by_purpose), dict(modes))


def list_day(db: ShopSession, on: dt.date, *, after: tuple[dt.datetime, UUID] | None, limit: int) -> list[DayVoucher]:
    """A business day's vouchers in the order of their issue, behind a moment and an id."""
    return [
        DayVoucher(
            row.id, row.kind, row.number, row.issued_at, row.till_id, row.customer_id,
            _sign(row.kind) * row.total_paise, row.actor_id,
        )
        for row in repository.chunk_of_day(db, on, after, limit)
    ]  # fmt: skip


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first business day between two, neither included, on which a voucher was issued."""
    return repository.first_day_between(db, behind, before)


def _sign(kind: str) -> int:
    return 1 if kind == DocumentKind.RECEIPT_VOUCHER.value else -1
