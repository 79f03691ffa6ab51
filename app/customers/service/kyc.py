"""Papers by which a customer showed who they are: kept with their consent, sealed under their key, shown by four signs.

A number and a scan open only with the customer's statutory key; destroying it leaves what nobody can read. Withdrawing
a paper blanks both at once and keeps who agreed to what, and when.
"""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.customers import repository
from app.customers.errors import (
    ConsentMissing,
    PaperTwice,
    PaperUnknown,
    PaperWithdrawn,
    PaperWrong,
    ScanMissing,
    ScanUnfit,
)
from app.customers.models import CustomerKyc
from app.customers.service.book import get_buyer, hold, same_person
from app.kit import audit, sealing_keys
from app.kit.clock import today_ist, utc_now
from app.kit.dated import read_table, remembered
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.sealing import DataKey, Keyring
from app.kit.texts import _
from shard_router import ShopSession

DATA = Path(__file__).parent.parent / "data" / "kyc.json"
MAX_SCAN = 5 * 1024 * 1024
SCANS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))
"""How the files that are taken begin; they are given back as downloads and never shown by us."""


@dataclass(frozen=True, slots=True)
class PaperKind:
    kind: str
    name: str
    pattern: str
    example: str
    keep: str  # number | last4


@dataclass(frozen=True, slots=True)
class Consent:
    version: str
    text: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as screens show it: of its number the last four signs."""

    id: UUID
    customer_id: UUID
    kind: str
    last4: str
    consent: str
    consented_at: dt.datetime
    consented_by: UUID | None
    scanned: bool
    verified_at: dt.datetime | None
    verified_by: UUID | None
    withdrawn_at: dt.datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Kyc:
    """What is known of who a person is; `given` is what a large cash payment asks for."""

    papers: tuple[Paper, ...]

    @property
    def given(self) -> bool:
        return any(paper.verified_at and not paper.withdrawn_at for paper in self.papers)


def kyc_of(db: ShopSession, customer_id: UUID) -> Kyc:
    """The papers of a person, also of entries merged into theirs."""
    return Kyc(tuple(_paper(row) for row in repository.papers_of(db, same_person(db, customer_id))))


def add_paper(db: ShopSession, *, customer_id: UUID, kind: str, number: str, consent: str, keyring: Keyring) -> Paper:
    """Keep a paper's number under the customer's key. `consent` is the version of the text they agreed to.

    Raises CustomerUnknown, CustomerMerged, PaperWrong, ConsentMissing, PaperTwice."""
    known = _kind(kind)
    bare = "".join(number.split()).upper().replace("-", "")
    if not re.fullmatch(known.pattern, bare, re.ASCII):
        message = _("A number of this paper looks like %(example)s.", example=known.example)
        raise PaperWrong(message, fields={"number": "does not fit"})
    if consent != consent_text(today_ist()).version:
        raise ConsentMissing(_("The customer's consent is missing."), fields={"consent": "not the text in force"})
    hold(db, customer_id)
    get_buyer(db, customer_id)
    paper_id, now = new_id(), utc_now()
    sealed = None if known.keep == "last4" else _key(db, customer_id, keyring).seal(bare.encode(), _number_of(paper_id))
    row = CustomerKyc(
        id=paper_id, customer_id=customer_id, kind=kind, live_kind=kind, number_sealed=sealed, last4=bare[-4:],
        consent=consent, consented_at=now, consented_by=db.actor.person_id, version=1,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as twice:
        if "live_kind" not in str(twice.orig):
            raise
        raise PaperTwice(_("A paper of this kind is kept already."), fields={"kind": "kept already"}) from twice
    audit.record(db, "kyc.added", customer_id, {"paper": paper_id, "kind": kind, "consent": consent})
    return _paper(row)


def get_paper(db: ShopSession, paper_id: UUID) -> Paper:
    """Raises PaperUnknown."""
    row = repository.find_paper(db, paper_id)
    if row is None:
        raise PaperUnknown()
    return _paper(row)


def verify_paper(db: ShopSession, *, paper_id: UUID, expected_version: int) -> Paper:
    """Say that one saw the paper and that it is this person's."""
    row = _live(db, paper_id, expected_version)
    row.verified_at, row.verified_by, row.version = utc_now(), db.actor.person_id, row.version + 1
    db.flush()
    audit.record(db, "kyc.verified", row.customer_id, {"paper": paper_id, "kind": row.kind})
    return _paper(row)


def withdraw_paper(db: ShopSession, *, paper_id: UUID, expected_version: int) -> tuple[Paper, str | None]:
    """Blank a paper; the second is where its scan lies, for the edge to delete behind the commit."""
    row = _live(db, paper_id, expected_version)
    scan, row.scan_key, row.scan_type, row.scan_sha256 = row.scan_key, None, None, None
    row.number_sealed, row.live_kind = None, None
    row.withdrawn_at, row.version = utc_now(), row.version + 1
    db.flush()
    audit.record(db, "kyc.withdrawn", row.customer_id, {"paper": paper_id, "kind": row.kind})
    return _paper(row), scan


def reveal_number(db: ShopSession, *, paper_id: UUID, keyring: Keyring) -> str:
    """The whole number, or its last four signs where no more was taken in; who looked is noted in the audit log."""
    row = _live(db, paper_id, None)
    plain = row.last4
    if row.number_sealed is not None:
        plain = _key(db, row.customer_id, keyring).unseal(row.number_sealed, _number_of(paper_id)).decode()
    audit.record(db, "kyc.looked_at", row.customer_id, {"paper": paper_id, "kind": row.kind})
    return plain


# ---------------------------------------------------------------- scans


def keep_scan(
    db: ShopSession, *, paper_id: UUID, expected_version: int, plain: bytes, keyring: Keyring
) -> tuple[Paper, str, bytes]:
    """Where the scan is to lie in the private bucket, and its sealed bytes: the edge puts them there before its commit.

    Raises ScanUnfit, PaperUnknown, PaperWithdrawn."""
    kind = next((kind for begins, kind in SCANS if plain.startswith(begins)), None)
    if kind is None or len(plain) > MAX_SCAN:
        raise ScanUnfit(fields={"file": "not a scan"})
    row = _live(db, paper_id, expected_version)
    key = f"{db.shop_id}/kyc-{new_id().hex}"
    sealed = _key(db, row.customer_id, keyring).seal(plain, _scan_of(key))
    row.scan_key, row.scan_type, row.scan_sha256 = key, kind, hashlib.sha256(plain).digest()
    row.version += 1
    db.flush()
    audit.record(db, "kyc.scanned", row.customer_id, {"paper": paper_id, "kind": row.kind, "sha256": row.scan_sha256})
    return _paper(row), key, sealed


def scan_of(db: ShopSession, *, paper_id: UUID, keyring: Keyring) -> tuple[str, str, DataKey, bytes]:
    """Where the scan lies, its type, and key and context that open it; raises ScanMissing, PaperUnknown."""
    row = repository.find_paper(db, paper_id)
    if row is None:
        raise PaperUnknown()
    if row.scan_key is None or row.scan_type is None:
        raise ScanMissing()
    return row.scan_key, row.scan_type, _key(db, row.customer_id, keyring), _scan_of(row.scan_key)


# ---------------------------------------------------------------- the lists


@remembered
def paper_kinds() -> tuple[PaperKind, ...]:
    """The papers that are taken, as dated data says."""
    return tuple(
        PaperKind(row["kind"], row["name"], row["pattern"], row["example"], row["keep"])
        for row in read_table(DATA)["papers"]
    )


def consent_text(on: dt.date) -> Consent:
    """The text that a customer agrees to on this day."""
    return next(one for one in _consents() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to))


@remembered
def _consents() -> tuple[Consent, ...]:
    return tuple(
        Consent(
            row["version"], row["text"], dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["consents"]
    )  # fmt: skip


def _kind(kind: str) -> PaperKind:
    found = next((one for one in paper_kinds() if one.kind == kind), None)
    if found is None:
        raise PaperWrong(_("There is no such kind of paper."), fields={"kind": "unknown"})
    return found


def _live(db: ShopSession, paper_id: UUID, expected_version: int | None) -> CustomerKyc:
    row = repository.find_paper(db, paper_id, lock=True)
    if row is None:
        raise PaperUnknown()
    if row.withdrawn_at is not None:
        raise PaperWithdrawn(_("The customer withdrew this paper."))
    if expected_version is not None and row.version != expected_version:
        raise PreconditionFailed(_("This paper was changed since you opened it."), action=_("Look at it again."))
    return row


def _key(db: ShopSession, customer_id: UUID, keyring: Keyring) -> DataKey:
    """Raises PaperUnknown once the key was destroyed: what it sealed is gone."""
    wrapped = sealing_keys.wrapped_keys(db, [customer_id]).get(customer_id)
    if wrapped is None:
        raise PaperUnknown()
    return keyring.open(wrapped)


def _number_of(paper_id: UUID) -> bytes:
    return b"number of " + paper_id.bytes


def _scan_of(key: str) -> bytes:
    return b"scan at " + key.encode()


def _paper(row: CustomerKyc) -> Paper:
    return Paper(
        row.id, row.customer_id, row.kind, row.last4, row.consent, row.consented_at, row.consented_by,
        row.scan_key is not None, row.verified_at, row.verified_by, row.withdrawn_at, row.version,
    )  # fmt: skip
