"""Owns the tables that every domain's writes touch: idempotency, outbox, audit chain, sealing keys."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, SmallInteger, String
from sqlalchemy.dialects.mysql import MEDIUMBLOB, VARBINARY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, ControlBase, Hash, Id, ShardBase, Utc, facts
from shard_router import ShopOwned


class IdempotencyKey(ShopOwned, ShardBase):
    """One claimed Idempotency-Key; committed with what it made, so it also tells what an unclear commit did."""

    __tablename__ = "idempotency_keys"
    key: Mapped[str] = mapped_column(Code(64), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(Hash)
    kind: Mapped[str] = mapped_column(Code(40))
    subject_id: Mapped[UUID | None] = mapped_column(Id)
    status: Mapped[int] = mapped_column(SmallInteger, default=201)
    reply: Mapped[bytes | None] = mapped_column(MEDIUMBLOB)  # None: rebuilt from the subject's immutable columns
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "shop_id", "created_at"),
        writes="insert-update", mutable=("status", "reply", "subject_id"), hidden=("reply",),
        retention="short",
        purpose="claimed Idempotency-Keys and their replies, 48 h",
    )  # fmt: skip


class OutboxState(enum.StrEnum):
    WAITING = "waiting"  # committed, not yet handed to the queue
    RELEASED = "released"  # handed to the queue, or taken by a worker
    DONE = "done"
    FAILED = "failed"  # gave up after its last attempt; a person may retry it


class OutboxJob(ShopOwned, ShardBase):
    """One job to do, written by the transaction that wants it; also its progress and its result."""

    __tablename__ = "outbox"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(Code(80))
    key: Mapped[str | None] = mapped_column(Code(80))  # at most one live job of this key, where given
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Code(10), default=OutboxState.WAITING.value)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    available_at: Mapped[dt.datetime] = mapped_column(Utc)
    lease_until: Mapped[dt.datetime | None] = mapped_column(Utc)
    steps_done: Mapped[int] = mapped_column(Integer, default=0)
    steps_total: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(String(500))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    actor: Mapped[dict[str, Any]] = mapped_column(JSON)  # who asked, and the consistency token of the asking commit
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "state", "available_at"), Index(None, "shop_id", "state", "available_at"),
        Index("uq_outbox_shop_id_key", "shop_id", "key", unique=True),
        writes="insert-update-delete", retention="short",
        purpose="jobs to do, their progress and result, 30 days after the end",
    )  # fmt: skip


class AuditHead(ShopOwned, ShardBase):
    """Where the shop's audit chain ends; locked last of all, just before the commit."""

    __tablename__ = "audit_head"
    seq: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = facts(
        writes="insert-update", mutable=("seq",), retention="books", purpose="end of the audit chain"
    )


class AuditEntry(ShopOwned, ShardBase):
    """One thing that was done; `hash` is SHA-256 over the previous entry's hash and this body."""

    __tablename__ = "audit_log"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(Code(40))
    subject_id: Mapped[UUID | None] = mapped_column(Id)
    body: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    hash: Mapped[bytes] = mapped_column(Hash)
    __table_args__ = facts(
        Index(None, "shop_id", "subject_id"),  # none by `at`: entries are in time order by `seq`
        writes="insert", retention="books", purpose="who did what, chained by hash",
    )  # fmt: skip


class SealingKey(ShopOwned, ShardBase):
    """A customer's data key, wrapped by the master key; erasing destroys it and leaves the books' ciphertext whole.

    The application can only mark it destroyed, from when nobody opens it; `purger` deletes the row. So no stolen
    password of the application puts another key in its place, or takes a shop's books away for good.
    """

    __tablename__ = "sealing_keys"
    subject_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str] = mapped_column(Code(10), primary_key=True)  # statutory | optional
    wrapped: Mapped[bytes] = mapped_column(VARBINARY(128))
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update", mutable=("destroyed_at",), hidden=("wrapped",), retention="books",
        purpose="keys of customers' personal fields in chained rows; backed up apart, with their deletions",
    )  # fmt: skip


class ControlJob(ControlBase):
    """The control plane's outbox: projections to push, shops to open, sweeps to run."""

    __tablename__ = "control_outbox"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(Code(80))
    key: Mapped[str | None] = mapped_column(Code(80), unique=True)
    shop_id: Mapped[int | None] = mapped_column(BigInteger)
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Code(10), default=OutboxState.WAITING.value)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    available_at: Mapped[dt.datetime] = mapped_column(Utc)
    lease_until: Mapped[dt.datetime | None] = mapped_column(Utc)
    error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "state", "available_at"), Index(None, "shop_id"),
        writes="insert-update-delete", retention="short", purpose="the control plane's jobs, 30 days after their end",
    )  # fmt: skip


class ControlIdempotencyKey(ControlBase):
    """One claimed Idempotency-Key of the console."""

    __tablename__ = "control_idempotency_keys"
    person_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(Code(64), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(Hash)
    kind: Mapped[str] = mapped_column(Code(40))
    status: Mapped[int] = mapped_column(SmallInteger, default=201)
    reply: Mapped[bytes | None] = mapped_column(MEDIUMBLOB)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "created_at"),
        writes="insert-update", mutable=("status", "reply"), retention="short",
        purpose="claimed Idempotency-Keys of the console, 48 h",
    )  # fmt: skip


class PlatformAuditHead(ControlBase):
    """Where the platform's audit chain ends: one row."""

    __tablename__ = "platform_audit_head"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = facts(
        writes="insert-update", mutable=("seq",), retention="platform", purpose="end of the platform's audit chain"
    )


class PlatformAuditEntry(ControlBase):
    """One thing the vendor's people or the platform itself did, chained like the shop's."""

    __tablename__ = "platform_audit_log"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(Code(40))
    shop_id: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    hash: Mapped[bytes] = mapped_column(Hash)
    __table_args__ = facts(
        Index(None, "shop_id", "at"), Index(None, "at"),
        writes="insert", retention="platform", purpose="who did what on the platform, chained by hash",
    )  # fmt: skip
