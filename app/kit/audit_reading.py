"""Owns reading back what an audit chain says of its subjects; whether the chain holds, audit.first_broken says."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

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


def chain_lengths(session: FleetSession) -> dict[int, int]:
    """How many entries each shop's chain has, of the shops that are open on this shard: one short row a shop."""
    return {row.shop_id: row.seq for row in session.execute(select(AuditHead.shop_id, AuditHead.seq))}
