"""What customers owe by their bills: derived from the documents whenever it is asked, so it cannot drift from them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from app.invoices import repository
from shard_router import ShopSession

dues = repository.dues


class LedgerDocument(Struct, frozen=True):
    """A bill or note in its customer's account; `paid_paise` leaves out what was put on account."""

    id: UUID
    kind: str
    number: str
    issued_on: dt.date
    total_paise: int
    paid_paise: int


def ledger_documents(db: ShopSession, customer_ids: Sequence[UUID]) -> list[LedgerDocument]:
    """All documents of a person (all their rows), the oldest first, in one statement."""
    return [
        LedgerDocument(row.id, row.kind, row.number, row.issued_on, row.total_paise, int(row.paid))
        for row in repository.ledger_documents(db, customer_ids)
    ]


class TheBills:
    """What the receipts, which stand beneath the bills, ask of them; the factory hands it down."""

    def cash_of_day(self, db: ShopSession, customer_ids: Sequence[UUID], on: dt.date) -> int:
        """Paise that a person (all their rows) gave in cash with bills of that day."""
        return repository.cash_of_person(db, customer_ids, on)

    def unpaid(self, db: ShopSession, customer_ids: Sequence[UUID]) -> int:
        """Paise by which their bills exceed what was paid on them and what notes took back."""
        return repository.unpaid(db, customer_ids)

    def debts(self, db: ShopSession, customer_ids: Sequence[UUID]) -> list[tuple[UUID, int, int]]:
        """Of each bill that was not paid at once, the oldest first: id, paise owed of it, paise that came in cash."""
        return repository.debts(db, customer_ids)

    def cash_refunded(self, db: ShopSession, customer_ids: Sequence[UUID], on: dt.date, *, bill_id: UUID | None) -> int:
        """Paise in cash that notes of that day gave a person beyond what came in cash on each bill; of this bill the
        notes of any day."""
        found = 0
        for its_id, came, gone, today in repository.cash_of_noted(db, customer_ids, on, bill_id):
            beyond = max(gone - came, 0)
            found += beyond if its_id == bill_id else min(beyond, today)
        return found
