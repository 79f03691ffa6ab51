"""Checking the books: the audit chain link by link, every document against its hash in it, and the vouchers
and credits beneath the bills with them; every series for gaps, whatever room it is of.

What breaks the promise: somebody who can rewrite the chain from the changed entry to its head, in the database and in
every backup.
"""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from app.credits import service as credits
from app.invoices import repository
from app.invoices.models import Invoice
from app.invoices.service.documents import LINE_COLUMNS, PAYMENT_COLUMNS, content_hash
from app.invoices.service.issue import ISSUED
from app.invoices.service.note_rows import NOTED
from app.kit import audit_reading
from app.kit.audit_checking import first_broken
from app.numbering.gaps import Numbered, lost_spans, number_gaps, told
from app.numbering.service import DocumentKind
from shard_router import ShopSession

CHUNK = 200
KINDS = (
    DocumentKind.INVOICE, DocumentKind.BILL_OF_SUPPLY, DocumentKind.CREDIT_NOTE, DocumentKind.DEBIT_NOTE,
)  # fmt: skip
NUMBERED = (Numbered(Invoice, KINDS, kind=Invoice.kind),)


@dataclass(frozen=True, slots=True)
class BooksReport:
    """What was checked and what does not hold."""

    documents: int
    first_broken_seq: int | None
    changed: tuple[UUID, ...]  # documents whose content is not what the chain says, or that it does not know
    missing: tuple[UUID, ...]  # documents that the chain says were issued and that are gone
    gaps: tuple[str, ...]  # series whose numbers are not 1, 2, 3 … up to the last one given
    lost: tuple[str, ...] = ()  # numbers whose documents a restore took back: accounted for in the chain, so no gaps
    drifted: tuple[UUID, ...] = ()  # credits whose rest is not what their uses leave

    @property
    def sound(self) -> bool:
        return self.first_broken_seq is None and not (self.changed or self.missing or self.gaps or self.drifted)


def verify_books(db: ShopSession) -> BooksReport:
    """Read all of the shop's books; takes about a second for ten thousand bills. A read session is enough.

    While the shop trades, a document that is issued meanwhile may stand among the `changed`: look again."""
    chained, twice = _chained(db)
    changed, seen = list(twice), 0
    after: UUID | None = None
    while rows := repository.chunk_of_documents(db, after, CHUNK):
        for row in rows:
            seen += 1
            stated = chained.pop(row.id, None)
            if stated is None or stated != hash_of(row).hex() or row.content_hash.hex() != stated:
                changed.append(row.id)
        after = rows[-1].id
        db.expunge_all()
    vouchers = credits.verify_vouchers(db)
    return BooksReport(
        seen + vouchers.vouchers, first_broken(db), (*changed, *vouchers.changed),
        (*chained, *vouchers.missing), tuple(number_gaps(db)), tuple(told(lost_spans(db))), vouchers.drifted,
    )  # fmt: skip


def hash_of(row: Invoice) -> bytes:
    """The hash of a document as its rows are now."""
    head = {column.key: getattr(row, column.key) for column in Invoice.__table__.columns}
    lines = [{name: getattr(line, name) for name in LINE_COLUMNS} for line in row.lines]
    payments = [{name: getattr(payment, name) for name in PAYMENT_COLUMNS} for payment in row.payments]
    return content_hash(head, lines, payments)


def _chained(db: ShopSession) -> tuple[dict[UUID, str], list[UUID]]:
    """What the chain says of each document, and those it names twice."""
    found: dict[UUID, str] = {}
    times: Counter[UUID] = Counter()
    for entry in audit_reading.entries(db, (ISSUED, NOTED)):
        if entry.subject_id is not None:
            found[entry.subject_id] = entry.facts["contentHash"]
            times[entry.subject_id] += 1
    return found, [subject for subject, count in times.items() if count > 1]
