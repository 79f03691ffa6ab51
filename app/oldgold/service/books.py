"""Checking the vouchers: each against its hash in the audit chain, and every series for gaps."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from app.kit import audit_reading
from app.numbering.gaps import Numbered, find_gaps
from app.numbering.service import DocumentKind
from app.oldgold import repository
from app.oldgold.models import OldGoldLine, OldGoldPayout, OldGoldVoucher
from app.oldgold.service.buying import ISSUED
from app.oldgold.service.documents import LINE_COLUMNS, PAYOUT_COLUMNS, content_hash
from shard_router import ShopSession

CHUNK = 200
NUMBERED = (Numbered(OldGoldVoucher, (DocumentKind.PURCHASE_VOUCHER,)),)


@dataclass(frozen=True, slots=True)
class VouchersReport:
    """What was checked and what does not hold."""

    vouchers: int
    changed: tuple[UUID, ...]  # whose content is not what the chain says, or that it does not know
    missing: tuple[UUID, ...]  # that the chain says were issued and that are gone
    unsettled: tuple[UUID, ...]  # whose lines or payouts are not their value
    gaps: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not (self.changed or self.missing or self.unsettled or self.gaps)


def verify_vouchers(db: ShopSession) -> VouchersReport:
    """Read all of the shop's vouchers. A read session is enough; while the shop trades, look twice."""
    chained, twice = _chained(db)
    changed, unsettled, seen = list(twice), [], 0
    after: UUID | None = None
    while rows := repository.chunk(db, after, CHUNK):
        for row in rows:
            seen += 1
            stated = chained.pop(row.id, None)
            if stated is None or stated != _hash_of(row).hex() or row.content_hash.hex() != stated:
                changed.append(row.id)
            sums = {sum(one.value_paise for one in row.lines), sum(one.paise for one in row.payouts)}
            if sums != {row.value_paise}:
                unsettled.append(row.id)
        after = rows[-1].id
        db.expunge_all()
    return VouchersReport(seen, tuple(changed), tuple(chained), tuple(unsettled), tuple(find_gaps(db, *NUMBERED)))


def _hash_of(row: OldGoldVoucher) -> bytes:
    head = {column.key: getattr(row, column.key) for column in OldGoldVoucher.__table__.columns}
    return content_hash(
        head, [_named(one, LINE_COLUMNS) for one in row.lines], [_named(one, PAYOUT_COLUMNS) for one in row.payouts]
    )


def _named(row: OldGoldLine | OldGoldPayout, names: tuple[str, ...]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}


def _chained(db: ShopSession) -> tuple[dict[UUID, str], list[UUID]]:
    """What the chain says of each voucher, and those that it names twice."""
    found: dict[UUID, str] = {}
    times: Counter[UUID] = Counter()
    for entry in audit_reading.entries(db, (ISSUED,)):
        if entry.subject_id is not None:
            found[entry.subject_id] = entry.facts["contentHash"]
            times[entry.subject_id] += 1
    return found, [subject for subject, count in times.items() if count > 1]
