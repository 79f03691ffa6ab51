"""Owns the rows of sealing keys: two for each customer, one for what the law keeps, one for what it does not."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, case, select

from app.kit.clock import utc_now
from app.kit.db import Id
from app.kit.models import SealingKey
from app.kit.sealing import Keyring
from shard_router import Prepared, ShopSession

STATUTORY = "statutory"
OPTIONAL = "optional"

LIVE_KEY = case((SealingKey.destroyed_at.is_(None), SealingKey.wrapped)).label("wrapped")


def make(db: ShopSession, subject_id: UUID, keyring: Keyring) -> None:
    """Both keys of a new subject, in the transaction that registers it."""
    now = utc_now()
    for purpose in (STATUTORY, OPTIONAL):
        wrapped = keyring.new_key().wrapped
        db.add(SealingKey(subject_id=subject_id, purpose=purpose, wrapped=wrapped, created_at=now))
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
