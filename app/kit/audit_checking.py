"""Owns walking a chain from its first entry to its head, a stretch at a time, and saying where it breaks first."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from app.kit.audit import GENESIS, link
from app.kit.models import AuditEntry, AuditHead
from shard_router import ShopSession

CHUNK = 1000


class Break(enum.StrEnum):
    """What is wrong at the first entry that does not hold."""

    MISSING = "missing"  # an entry is not there, or is not the one that should follow
    CHANGED = "changed"  # its text or its hash is not what the entry before it and its own text give
    COLUMNS = "columns"  # its text holds, but what it is searched and read by says something else
    REWRITTEN = "rewritten"  # it holds with its neighbours, but not with what was written down of it elsewhere


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not hold."""

    seq: int
    what: Break


@dataclass(slots=True)
class ChainCheck:
    """One walk along a shop's chain. `anchors` are hashes by seq that were kept outside the chain, as each day's
    closing keeps one: whoever rewrote the chain from some entry to its head did not rewrite those.

    The shop may trade meanwhile: the head moves on with each entry, so it is read before the entries and after them.
    """

    anchors: Mapping[int, bytes] = field(default_factory=dict)
    checked: int = 0
    head: int = -1
    broken: Broken | None = None
    _previous: bytes = GENESIS

    def step(self, db: ShopSession, *, chunk: int = CHUNK) -> bool:
        """Checks the next stretch; False when there is nothing more to check."""
        if self.head < 0:
            self.head = db.scalars(select(AuditHead.seq)).one()
        rows = db.execute(_entries_from(self.checked + 1, chunk)).all()
        for row in rows:
            wrong = self._wrong(row)
            if wrong is not None:
                self.broken = Broken(self.checked + 1, wrong)
                return False
            self.checked, self._previous = row.seq, row.hash
        if len(rows) == chunk:
            return True
        self._check_end(db)
        return False

    def _wrong(self, row: Any) -> Break | None:
        if row.seq != self.checked + 1:
            return Break.MISSING
        if link(self._previous, row.body) != row.hash:
            return Break.CHANGED
        if not _as_chained(row):
            return Break.COLUMNS
        return Break.REWRITTEN if self.anchors.get(row.seq, row.hash) != row.hash else None

    def _check_end(self, db: ShopSession) -> None:
        now = db.scalars(select(AuditHead.seq)).one()
        if not self.head <= self.checked <= now or max(self.anchors, default=0) > self.checked:
            self.broken = Broken(self.checked + 1, Break.MISSING)


def check(db: ShopSession, *, anchors: Mapping[int, bytes] | None = None, chunk: int = CHUNK) -> ChainCheck:
    """The whole walk at once."""
    walk = ChainCheck(anchors or {})
    while walk.step(db, chunk=chunk):
        pass
    return walk


def first_broken(db: ShopSession, *, chunk: int = CHUNK) -> int | None:
    """The first seq at which the chain does not hold, or None when every link and the head fit."""
    broken = check(db, chunk=chunk).broken
    return None if broken is None else broken.seq


def _entries_from(seq: int, chunk: int) -> Any:
    return (
        select(
            AuditEntry.seq, AuditEntry.at, AuditEntry.action, AuditEntry.subject_id, AuditEntry.actor_id,
            AuditEntry.body, AuditEntry.hash,
        )
        .where(AuditEntry.seq >= seq)
        .order_by(AuditEntry.seq)
        .limit(chunk)
    )  # fmt: skip


def _as_chained(row: Any) -> bool:
    """Whether the columns that people search and read by still say what the chained body says."""
    body = orjson.loads(row.body)
    columns = (row.seq, row.at.isoformat(), row.action, _text(row.subject_id), _text(row.actor_id))
    return columns == tuple(body[name] for name in ("seq", "at", "action", "subject", "actor"))


def _text(one: UUID | None) -> str | None:
    return None if one is None else str(one)
