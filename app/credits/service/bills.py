"""Owns what receipts and pay-outs ask of the bills and the purchases of old gold, which stand above this room: what a
person owes, gave in cash today, and got.

The factory hands the answers in, once, before anything is served.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from shard_router import ShopSession


class Bills(Protocol):
    """What is asked; a person is all their rows, since one may have been entered twice."""

    def cash_of_day(self, db: ShopSession, customer_ids: Sequence[UUID], on: dt.date) -> int:
        """Paise that the person gave in cash with bills of that day."""

    def unpaid(self, db: ShopSession, customer_ids: Sequence[UUID]) -> int:
        """Paise by which the person's bills exceed what was paid on them and what notes took back."""

    def debts(self, db: ShopSession, customer_ids: Sequence[UUID]) -> list[tuple[UUID, int, int]]:
        """Of each bill that was not paid at once, the oldest first: its id, the paise that it and its notes leave to be
        paid on account, and those that came for it in cash."""

    def cash_refunded(self, db: ShopSession, customer_ids: Sequence[UUID], on: dt.date, *, bill_id: UUID | None) -> int:
        """Paise in cash that notes of that day gave the person beyond what came in cash on each bill; of this bill the
        notes of any day."""


CashOfDay = Callable[[ShopSession, Sequence[UUID], dt.date], int]


_bills: list[Bills] = []
_purchases: list[CashOfDay] = []


def stand_under(bills: Bills, *, purchases: CashOfDay) -> None:
    """Called by the factory (and the workers) once at start. `purchases`: paise in cash that a person was paid that day
    for what they sold."""
    _bills[:], _purchases[:] = [bills], [purchases]


def the_bills() -> Bills:
    if not _bills:
        raise RuntimeError("nobody said what the bills say: the factory calls credits.stand_under")
    return _bills[0]


def the_purchases(db: ShopSession, customer_ids: Sequence[UUID], on: dt.date) -> int:
    """Paise in cash that a person was paid that day for what they sold."""
    if not _purchases:
        raise RuntimeError("nobody said what was bought: the factory calls credits.stand_under")
    return _purchases[0](db, customer_ids, on)
