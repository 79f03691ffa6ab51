"""Owns the rows of sealing keys: two for each customer, one for what the law keeps, one for what it does not."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, case, select

from app.kit.clock import utc_now
from app.kit.db import Id
from app.kit.models import SealingKey
from app.kit.sealing import Keyring, Unsealable
from shard_router import Prepared, ShopSession

STATUTORY = "statutory"
OPTIONAL = "optional"

LIVE_KEY = case((SealingKey.destroyed_at.is_(None), SealingKey.wrapped)).label("wrapped")


def make(db: ShopSession, subject_id: UUID, keyring: Keyring) -> None:
    """Both keys of a new subject, in the transaction that registers it."""
    make_many(db, [subject_id], keyring)


def make_many(db: ShopSession, subject_ids: Iterable[UUID], keyring: Keyring) -> None:
    """Those of many, in one statement."""
    now = utc_now()
    db.add_all(
        SealingKey(subject_id=subject_id, purpose=purpose, wrapped=keyring.new_key().wrapped, created_at=now)
        for subject_id in subject_ids
        for purpose in (STATUTORY, OPTIONAL)
    )
    db.flush()


def wrapped_keys(db: ShopSession, subject_ids: Iterable[UUID], purpose: str = STATUTORY) -> dict[UUID, bytes]:
    """Stored forms of many subjects' keys in one statement; a destroyed key is not among them."""
    wanted = sorted(set(subject_ids))
    if not wanted:
        return {}
    rows = db.execute(
        select(SealingKey.subject_id, LIVE_KEY).where(SealingKey.subject_id.in_(wanted), SealingKey.purpose == purpose)
    ).all()
    return {row.subject_id: row.wrapped for row in rows if row.wrapped is not None}


def seal_told(
    db: ShopSession, subject_id: UUID, keyring: Keyring, told: Mapping[str, Any], *, version: int
) -> bytes | None:
    """What the audit log tells of a person, under the key that an erasure destroys first; None once it is destroyed."""
    wrapped = wrapped_keys(db, [subject_id], OPTIONAL).get(subject_id)
    if wrapped is None:
        return None
    plain = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return keyring.open(wrapped).seal(plain, _told_context(subject_id, version))


def unseal_told(
    db: ShopSession, subject_id: UUID, keyring: Keyring, sealed: bytes, *, version: int
) -> dict[str, Any] | None:
    """The same read again; None once the key is destroyed, or where it was not sealed for this subject and version."""
    wrapped = wrapped_keys(db, [subject_id], OPTIONAL).get(subject_id)
    if wrapped is None:
        return None
    try:
        told: dict[str, Any] = orjson.loads(keyring.open(wrapped).unseal(sealed, _told_context(subject_id, version)))
    except Unsealable:
        return None
    return told


def _told_context(subject_id: UUID, version: int) -> bytes:
    return b"told " + subject_id.bytes + str(version).encode()


# For a hot write's first packet: one row with the wrapped key, locked so that it is not destroyed under the bill.
STATUTORY_KEY = Prepared(
    lambda: (
        select(LIVE_KEY)
        .where(
            SealingKey.shop_id == bindparam("shop_id"),
            SealingKey.subject_id == bindparam("subject_id", type_=Id),
            SealingKey.purpose == STATUTORY,
        )
        .with_for_update(read=True)
    )
)
