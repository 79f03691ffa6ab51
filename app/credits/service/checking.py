"""Checking vouchers against the audit chain, their series for gaps, and every credit against its uses."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from app.credits import repository
from app.credits.models import Receipt
from app.credits.service.issuing import ISSUED
from app.credits.service.vouchers import PAYMENT_COLUMNS, content_hash
from app.kit import audit_reading
from app.numbering.gaps import Numbered, find_gaps
from app.numbering.service import DocumentKind
from shard_router import ShopSession

CHUNK = 200
KINDS = (DocumentKind.RECEIPT_VOUCHER, DocumentKind.REFUND_VOUCHER, DocumentKind.PAYMENT_VOUCHER)
NUMBERED = (Numbered(Receipt, KINDS, kind=Receipt.kind),)


@dataclass(frozen=True, slots=True)
class VouchersReport:
    """What was checked and what does not hold."""

    vouchers: int
    changed: tuple[UUID, ...]  # vouchers whose content is not what the chain says, or that it does not know
    missing: tuple[UUID, ...]  # vouchers that the chain says were issued and that are gone
    gaps: tuple[str, ...]
    drifted: tuple[UUID, ...]  # credits whose rest is not what their uses leave

    @property
    def sound(self) -> bool:
        return not (self.changed or self.missing or self.gaps or self.drifted)


def verify_vouchers(db: ShopSession) -> VouchersReport:
    """Read all of the shop's vouchers and credits. A read session is enough; while the shop trades, look twice."""
    chained, twice = _chained(db)
    changed, seen = list(twice), 0
    after: UUID | None = None
    while rows := repository.chunk_of_receipts(db, after, CHUNK):
        for row in rows:
            seen += 1
            stated = chained.pop(row.id, None)
            if stated is None or stated != _hash_of(row).hex() or row.content_hash.hex() != stated:
                changed.append(row.id)
        after = rows[-1].id
        db.expunge_all()
    return VouchersReport(
        seen, tuple(changed), tuple(chained), tuple(find_gaps(db, *NUMBERED)), tuple(repository.drifted(db))
    )


def _hash_of(row: Receipt) -> bytes:
    head = {column.key: getattr(row, column.key) for column in Receipt.__table__.columns}
    return content_hash(head, [{name: getattr(one, name) for name in PAYMENT_COLUMNS} for one in row.payments])


def _chained(db: ShopSession) -> tuple[dict[UUID, str], list[UUID]]:
    """What the chain says of each voucher, and those it names twice."""
    found: dict[UUID, str] = {}
    times: Counter[UUID] = Counter()
    for entry in audit_reading.entries(db, (ISSUED,)):
        if entry.subject_id is not None:
            found[entry.subject_id] = entry.facts["contentHash"]
            times[entry.subject_id] += 1
    return found, [subject for subject, count in times.items() if count > 1]
