"""Checking the books: the audit chain link by link, every document against its hash in it, every series for gaps.

What breaks the promise: somebody who can rewrite the chain from the changed entry to its head, in the database and in
every backup.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.invoices import repository
from app.invoices.models import Invoice
from app.invoices.service.documents import LINE_COLUMNS, PAYMENT_COLUMNS, content_hash
from app.invoices.service.issue import ISSUED
from app.invoices.service.notes import NOTED
from app.kit import audit, audit_reading
from app.kit.restoring import RESTORED
from app.numbering import service as numbering
from app.numbering.service import Series
from shard_router import ShopSession

CHUNK = 200


class Span(NamedTuple):
    """Numbers from `first` to `last`."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BooksReport:
    """What was checked and what does not hold."""

    documents: int
    first_broken_seq: int | None
    changed: tuple[UUID, ...]  # documents whose content is not what the chain says, or that it does not know
    missing: tuple[UUID, ...]  # documents that the chain says were issued and that are gone
    gaps: tuple[str, ...]  # series whose numbers are not 1, 2, 3 … up to the last one given
    lost: tuple[str, ...] = ()  # numbers whose documents a restore took back: accounted for in the chain, so no gaps

    @property
    def sound(self) -> bool:
        return self.first_broken_seq is None and not (self.changed or self.missing or self.gaps)


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
    lost = _lost(db)
    told = tuple(f"{kind} {year} till {till}: {one.first} to {one.last}" for (_, year, kind, till), one in _each(lost))
    return BooksReport(seen, audit.first_broken(db), tuple(changed), tuple(chained), tuple(_gaps(db, lost)), told)


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


def _gaps(db: ShopSession, lost: Mapping[Series, list[Span]]) -> list[str]:
    last = numbering.last_numbers(db)
    used = {(row.registration_id, row.fy_start, row.kind, row.till_id): row for row in repository.numbers_used(db)}
    gaps = []
    for series in sorted(used.keys() | {series for series, given in last.items() if given}, key=str):
        given, row, spans = last.get(series), used.get(series), lost.get(series, [])
        count, ends = (row.count, [row.first, row.last]) if row else (0, [])
        ends += [end for span in spans for end in (span.first, span.last)]
        whole = count + sum(span.last - span.first + 1 for span in spans) == given
        if not (whole and min(ends) == 1 and max(ends) == given and not _taken(db, series, spans)):
            _, year, kind, till = series
            span = f"{count} from {row.first} to {row.last}" if row else "none"
            gaps.append(f"{kind} {year} till {till}: {span}, last given {given}")
    return gaps


def _taken(db: ShopSession, series: Series, spans: Iterable[Span]) -> bool:
    """Whether a document has a number that is said to be lost."""
    registration_id, fy_start, kind, till_id = series
    return any(
        repository.count_between(
            db, registration_id=registration_id, fy_start=fy_start, kind=kind, till_id=till_id, first=span.first,
            last=span.last,
        )
        for span in spans
    )  # fmt: skip


def _lost(db: ShopSession) -> dict[Series, list[Span]]:
    """What the chain says of numbers that restores took back."""
    found: dict[Series, list[Span]] = defaultdict(list)
    for entry in audit_reading.entries(db, (RESTORED,)):
        for one in entry.facts["lostNumbers"]:
            series = UUID(one["registration"]), one["year"], one["kind"], UUID(one["till"])
            found[series].append(Span(one["first"], one["last"]))
    return dict(found)


def _each(lost: Mapping[Series, list[Span]]) -> Iterator[tuple[Series, Span]]:
    return ((series, span) for series, spans in lost.items() for span in spans)
