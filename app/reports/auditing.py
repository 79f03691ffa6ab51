"""The audit log for whoever may read it: found by who, what and when, its chain walked by a job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.kit import audit, audit_reading, outbox, sealing_keys
from app.kit.audit_checking import ChainCheck
from app.kit.audit_reading import LogLine, LogPage
from app.kit.outbox import JobView
from app.kit.sealing import Keyring
from app.reports.errors import EntryUnknown, PeriodBackwards
from shard_router import ShopSession

VERIFY = "app.reports.jobs.verify_chain"
_KEY = "audit-verify"


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry with what was sealed in it, where its key is still there."""

    line: LogLine
    sealed: dict[str, Any] | None


def list_log(
    db: ShopSession,
    *,
    actor_id: UUID | None = None,
    action: str | None = None,
    subject_id: UUID | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    below: int | None = None,
    limit: int = 50,
) -> LogPage:
    """The log's newest entries that fit; raises PeriodBackwards."""
    if first is not None and last is not None and last < first:
        raise PeriodBackwards(fields={"to": "before from"})
    return audit_reading.log_page(
        db, actor_id=actor_id, action=action, subject_id=subject_id, first=first, last=last, below=below, limit=limit
    )


def get_entry(db: ShopSession, seq: int, *, keyring: Keyring) -> Opened:
    """Raises EntryUnknown."""
    line = audit_reading.find_entry(db, seq)
    if line is None:
        raise EntryUnknown()
    return Opened(line, _unsealed(db, line, keyring))


def ask_to_verify(db: ShopSession) -> JobView:
    """The job that walks the chain: the one under way, or a new one."""
    job_id = outbox.enqueue(db, VERIFY, key=_KEY)
    db.flush()
    return outbox.get_job(db, job_id)


def begin_walk(db: ShopSession) -> ChainCheck:
    """A walk that also holds the chain to what the days' closings keep of it."""
    return ChainCheck(cash.chain_anchors(db))


def told(walk: ChainCheck, gaps: Sequence[str]) -> dict[str, Any]:
    """What a walk found, and the series of numbers that have a gap, as JSON."""
    broken = walk.broken
    return {
        "checked": walk.checked, "head": walk.head, "brokenSeq": broken.seq if broken else None,
        "what": broken.what.value if broken else None, "gaps": list(gaps),
    }  # fmt: skip


def record_walk(db: ShopSession, found: Mapping[str, Any]) -> None:
    """That it was looked at is in the log too."""
    audit.record(db, "audit.verified", None, found)


def _unsealed(db: ShopSession, line: LogLine, keyring: Keyring) -> dict[str, Any] | None:
    sealed, version = line.facts.get("sealed"), line.facts.get("version")
    if line.subject_id is None or not isinstance(sealed, str) or not isinstance(version, int):
        return None
    return sealing_keys.unseal_told(db, line.subject_id, keyring, bytes.fromhex(sealed), version=version)
