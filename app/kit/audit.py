"""Owns the audit chains: each entry's hash covers the one before it, so a changed byte anywhere is found.

What breaks the promise: somebody who can rewrite the whole chain from the changed entry to its head, in the database
and in every backup. The application's account has no UPDATE and no DELETE on the log (docs/data.md).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Table, bindparam, func, insert, select, update

from app.kit import audit_changes
from app.kit.clock import utc_now
from app.kit.models import AuditEntry, AuditHead, PlatformAuditEntry, PlatformAuditHead
from shard_router import Actor, Bound, ControlSession, FleetSession, PacketResult, Prepared, ShopSession

GENESIS = bytes(32)
OPENED = "shop.opened"
PLATFORM = Actor(None, name="the platform")


def canonical(facts: Mapping[str, Any]) -> bytes:
    """The one byte form of a set of facts: keys sorted, no spaces, UTF-8; floats are refused."""
    _refuse_floats(facts)
    return orjson.dumps(facts, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def link(previous: bytes, body: bytes) -> bytes:
    """SHA-256 over the previous entry's hash and this entry's body."""
    return hashlib.sha256(previous + body).digest()


def entry_body(
    db: ShopSession, *, seq: int, at: str, action: str, subject_id: UUID | None, facts: Mapping[str, Any]
) -> bytes:
    """The body that is chained: the entry's own columns and who acted stand in it, so none can be changed alone.

    Rows that the transaction changed are told with what they were before."""
    changes = audit_changes.take(db)
    more = {"changes": changes} if changes else {}
    return _body(db.actor, seq=seq, at=at, action=action, subject_id=subject_id, facts=facts, **more)


def _body(
    actor: Actor, *, seq: int, at: str, action: str, subject_id: UUID | None, facts: Mapping[str, Any], **more: Any
) -> bytes:
    return canonical({
        "seq": seq, "at": at, "action": action, "subject": subject_id, "actor": actor.person_id,
        "actingFor": actor.acting_for, "till": actor.till_id, "request": actor.request_id,
        "address": actor.address, "facts": facts, **more,
    })  # fmt: skip


def begin_chain(db: ShopSession, facts: Mapping[str, Any]) -> None:
    """Entry 1 of a new shop's chain; called once, by the job that prepares the shop's rows."""
    db.add(AuditHead(seq=1))
    db.add(_entry(db, seq=1, previous=GENESIS, action=OPENED, subject_id=None, facts=facts))


def record(db: ShopSession, action: str, subject_id: UUID | None, facts: Mapping[str, Any]) -> None:
    """Chain one entry to the shop's log, in this transaction.

    Locks the chain's head until the commit, so it is called last in a service; personal values never stand in `facts`
    in the clear (seal them under the customer's key).
    """
    head = db.scalars(select(AuditHead).with_for_update()).one()
    previous = db.scalars(select(AuditEntry.hash).where(AuditEntry.seq == head.seq)).one()
    head.seq += 1
    db.add(_entry(db, seq=head.seq, previous=previous, action=action, subject_id=subject_id, facts=facts))
    db.flush()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: its last entry's place, and the hash that stands for all before it."""

    seq: int
    hash: bytes


def lock_head(db: ShopSession) -> Head:
    """The head as it is, held until the commit; what is recorded next in this transaction comes just behind it."""
    seq = db.scalars(select(AuditHead).with_for_update()).one().seq
    return Head(seq, db.scalars(select(AuditEntry.hash).where(AuditEntry.seq == seq)).one())


def record_platform(
    control: ControlSession, action: str, facts: Mapping[str, Any], *, actor_id: UUID | None, shop_id: int | None = None
) -> None:
    """Chain one entry to the platform's log, in this transaction of the control plane."""
    head = control.scalars(select(PlatformAuditHead).with_for_update()).one()
    previous = control.scalars(select(PlatformAuditEntry.hash).where(PlatformAuditEntry.seq == head.seq)).one_or_none()
    head.seq += 1
    at = utc_now()
    body = canonical({
        "seq": head.seq, "at": at.isoformat(), "action": action, "actor": actor_id, "shop": shop_id, "facts": facts,
    })  # fmt: skip
    control.add(PlatformAuditEntry(
        seq=head.seq, at=at, actor_id=actor_id, action=action, shop_id=shop_id, body=body,
        hash=link(previous or GENESIS, body),
    ))  # fmt: skip
    control.flush()


def _entry(
    db: ShopSession, *, seq: int, previous: bytes, action: str, subject_id: UUID | None, facts: Mapping[str, Any]
) -> AuditEntry:
    at = utc_now()
    body = entry_body(db, seq=seq, at=at.isoformat(), action=action, subject_id=subject_id, facts=facts)
    return AuditEntry(
        seq=seq, at=at, actor_id=db.actor.person_id, action=action, subject_id=subject_id, body=body,
        hash=link(previous, body),
    )  # fmt: skip


# The hot write draws the head's next seq in packet 2 and inserts the entry in packet 3.
ADVANCE_HEAD = Prepared(
    lambda: (
        update(AuditHead)
        .where(AuditHead.shop_id == bindparam("b_shop_id"))
        .values(seq=func.last_insert_id(AuditHead.seq + 1))
    )
)
PREVIOUS_HASH = Prepared(
    lambda: (
        select(AuditHead.seq, AuditEntry.hash)
        .join(AuditEntry, (AuditEntry.shop_id == AuditHead.shop_id) & (AuditEntry.seq == AuditHead.seq - 1))
        .where(AuditHead.shop_id == bindparam("shop_id"))
    )
)
INSERT_ENTRY = Prepared(lambda: insert(cast(Table, AuditEntry.__table__)))


def chain(run: Callable[[Bound], PacketResult], action: str, facts: Mapping[str, Any]) -> None:
    """One entry of the platform's own, where no session is: within the switch of a restore. It commits with that."""
    seq = run(ADVANCE_HEAD.bind()).insert_id
    (previous,) = run(PREVIOUS_HASH.bind()).rows
    at = utc_now()
    body = _body(PLATFORM, seq=seq, at=at.isoformat(), action=action, subject_id=None, facts=facts)
    run(INSERT_ENTRY.bind(
        seq=seq, at=at, actor_id=None, action=action, subject_id=None, body=body, hash=link(previous.hash, body),
    ))  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in the books")
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)


def count_entries(session: FleetSession, shop_ids: Iterable[int]) -> dict[int, int]:
    """How long the audit chain of each of these shops is: each act that changed something is one entry."""
    wanted = select(AuditHead.shop_id, AuditHead.seq).where(AuditHead.shop_id.in_(list(shop_ids)))
    return {row.shop_id: row.seq for row in session.execute(wanted)}
