"""What customers owe by their bills: derived from the documents whenever it is asked, so it cannot drift from them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from app.invoices import repository
from shard_router import ShopSession

dues = repository.dues


class TheBills:
    """What the receipts, which stand beneath the bills, ask of them; the factory hands it down."""

    def cash_of_day(self, db: ShopSession, customer_ids: Sequence[UUID], on: dt.date) -> int:
        """Paise that a person (all their rows) gave in cash with bills of that day."""
        return repository.cash_of_person(db, customer_ids, on)

    def unpaid(self, db: ShopSession, customer_ids: Sequence[UUID]) -> int:
        """Paise by which their bills exceed what was paid on them and what notes took back."""
        return repository.unpaid(db, customer_ids)
