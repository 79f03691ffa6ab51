"""Owns reading back what an audit chain says of its subjects; whether the chain holds, audit_checking says."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from app.kit.clock import IST
from app.kit.models import AuditEntry, AuditHead
from shard_router import FleetSession, ShopSession


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of some action, with its facts as they are in the body."""

    seq: int
    action: str
    subject_id: UUID | None
    facts: dict[str, Any]


def entries(db: ShopSession, actions: Sequence[str], *, chunk: int = 1000) -> Iterator[Entry]:
    """All entries of these actions in the order of the chain, read chunk by chunk."""
    after = 0
    while rows := db.execute(
        select(AuditEntry.seq, AuditEntry.action, AuditEntry.subject_id, AuditEntry.body)
        .where(AuditEntry.action.in_(actions), AuditEntry.seq > after)
        .order_by(AuditEntry.seq)
        .limit(chunk)
    ).all():
        for row in rows:
            yield Entry(row.seq, row.action, row.subject_id, orjson.loads(row.body)["facts"])
        after = rows[-1].seq


@dataclass(frozen=True, slots=True)
class Change:
    """Who acted last on a thing, and when."""

    action: str
    actor_id: UUID | None
    at: dt.datetime


def last_change(db: ShopSession, actions: Sequence[str], *, subject_id: UUID | None = None) -> Change | None:
    """The newest entry of these actions, on one subject or on any."""
    wanted = select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.at).where(AuditEntry.action.in_(actions))
    if subject_id is not None:
        wanted = wanted.where(AuditEntry.subject_id == subject_id)
    row = db.execute(wanted.order_by(AuditEntry.seq.desc()).limit(1)).one_or_none()
    return None if row is None else Change(row.action, row.actor_id, row.at)


SCANNED = 20_000
"""Entries looked at for one page: no index finds an action or a person, and a page must not read a year of a shop."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry as it is shown: who, when, from where, what, and what was before and after."""

    seq: int
    at: dt.datetime
    action: str
    subject_id: UUID | None
    actor_id: UUID | None
    acting_for: UUID | None
    till_id: UUID | None
    address: str
    request_id: str
    facts: dict[str, Any]
    changes: list[dict[str, Any]]
    hash: bytes


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some of the log, the newest first; `next_seq` is where to go on, None where it begins."""

    items: list[LogLine]
    next_seq: int | None


def log_page(
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
    """Entries of IST days `first` to `last` that fit, the newest first, from `below` down. At most SCANNED entries are
    looked at, so a page may be short and still have a next one."""
    head = db.scalars(select(AuditHead.seq)).one()
    top = min(head, (below or head + 1) - 1)
    if last is not None:
        top = min(top, _seq_at(db, _midnight(last + dt.timedelta(days=1)), head) - 1)
    bottom = 1 if first is None else _seq_at(db, _midnight(first), head)
    floor = max(bottom, top - SCANNED + 1)
    fits = [
        column == value
        for column, value in (
            (AuditEntry.actor_id, actor_id), (AuditEntry.action, action), (AuditEntry.subject_id, subject_id),
        )
        if value is not None
    ]  # fmt: skip
    rows = db.scalars(
        select(AuditEntry)
        .where(AuditEntry.seq <= top, AuditEntry.seq >= floor, *fits)
        .order_by(AuditEntry.seq.desc())
        .limit(limit)
    ).all()
    reached = rows[-1].seq if len(rows) == limit else floor
    return LogPage([_log_line(row) for row in rows], reached if reached > bottom else None)


def find_entry(db: ShopSession, seq: int) -> LogLine | None:
    row = db.scalars(select(AuditEntry).where(AuditEntry.seq == seq)).one_or_none()
    return None if row is None else _log_line(row)


def _seq_at(db: ShopSession, moment: dt.datetime, head: int) -> int:
    """The first entry at or after a moment, head + 1 where there is none: `seq` is the order of time, so halving finds
    it in some twenty reads by key, whatever the length of the log."""
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        at = db.scalars(select(AuditEntry.at).where(AuditEntry.seq == middle)).one_or_none()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), IST)


def _log_line(row: AuditEntry) -> LogLine:
    body = orjson.loads(row.body)
    return LogLine(
        row.seq, row.at, row.action, row.subject_id, row.actor_id, _id(body.get("actingFor")), _id(body.get("till")),
        body.get("address") or "", body.get("request") or "", body["facts"], body.get("changes", []), row.hash,
    )  # fmt: skip


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def chain_lengths(session: FleetSession) -> dict[int, int]:
    """How many entries each shop's chain has, of the shops that are open on this shard: one short row a shop."""
    return {row.shop_id: row.seq for row in session.execute(select(AuditHead.shop_id, AuditHead.seq))}
