"""Owns what receipts ask of the bills, which stand above this room: what a person owes, and gave in cash today.

The factory hands the answers in, once, before anything is served.
"""

import datetime as dt
from collections.abc import Sequence
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


_bills: list[Bills] = []


def stand_under(bills: Bills) -> None:
    """Called by the factory (and the workers) once at start."""
    _bills[:] = [bills]


def the_bills() -> Bills:
    if not _bills:
        raise RuntimeError("nobody said what the bills say: the factory calls credits.stand_under")
    return _bills[0]
