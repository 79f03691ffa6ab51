"""Which documents a restore takes back: customers hold them, and the books will not have them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.credits import service as credits
from app.invoices import repository
from shard_router.moves import Side


@dataclass(frozen=True, slots=True)
class LostDocument:
    """Its number is not given again; what is printed of it here is all that will be left."""

    id: UUID
    kind: str
    number: str
    issued_at: dt.datetime
    total_paise: int


def lost_documents(closed: Side, restored: Side) -> list[LostDocument]:
    """Those that one side has and the other has not, in the order in which they were issued."""
    kept = {row.id for row in _rows(restored)}
    lost = [
        LostDocument(row.id, row.kind, row.number, row.issued_at, row.total_paise)
        for row in _rows(closed)
        if row.id not in kept
    ]
    return sorted(lost, key=lambda one: (one.issued_at, one.id))


def _rows(side: Side) -> list[Any]:
    """Bills and notes, and the vouchers for money outside of them."""
    return [row for documents in (repository.DOCUMENTS, credits.VOUCHERS) for row in side.run(documents.bind()).rows]
