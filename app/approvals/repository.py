"""Owns the statements on approvals."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, or_, select, update

from app.approvals.models import Approval, ApprovalState
from app.kit.db import Hash, Id, Utc
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

LIVE = (ApprovalState.ASKED.value, ApprovalState.GRANTED.value)


def find_approval(db: ShopSession, approval_id: UUID, *, lock: bool = False) -> Approval | None:
    statement = select(Approval).where(Approval.id == approval_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_asked(db: ShopSession, *, facts_hash: bytes, asked_by: UUID, now: dt.datetime) -> Approval | None:
    """The same question of the same person that still waits or is granted and not used."""
    return db.scalars(
        select(Approval)
        .where(
            Approval.state.in_(LIVE), Approval.expires_at > now, Approval.facts_hash == facts_hash,
            Approval.asked_by == asked_by,
        )
        .order_by(Approval.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip


def list_approvals(*, state: str | None, asked_by: UUID | None, now: dt.datetime) -> Select[Any]:
    """Of a state as of now; `asked_by` keeps one person's."""
    statement = select(Approval)
    if asked_by is not None:
        statement = statement.where(Approval.asked_by == asked_by)
    if state is None:
        return statement
    if state == ApprovalState.LAPSED.value:
        return statement.where(Approval.state.in_(LIVE), Approval.expires_at <= now)
    live = and_(Approval.state == state, or_(Approval.state.not_in(LIVE), Approval.expires_at > now))
    return statement.where(live)


def count_asked(db: ShopSession, now: dt.datetime) -> int:
    asked = (Approval.state == ApprovalState.ASKED.value, Approval.expires_at > now)
    return db.scalar(select(func.count()).select_from(Approval).where(*asked)) or 0


def spend(db: ShopSession, approval_id: UUID, *, facts_hash: bytes, document_id: UUID | None, now: dt.datetime) -> bool:
    """Uses a granted approval of these facts up, in one compare-and-set; says whether it could."""
    changed = db.execute(
        update(Approval)
        .where(
            Approval.id == approval_id, Approval.state == ApprovalState.GRANTED.value,
            Approval.facts_hash == facts_hash, Approval.expires_at > now,
        )
        .values(
            state=ApprovalState.SPENT.value, document_id=document_id, spent_at=now, version=Approval.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return bool(getattr(changed, "rowcount", 0))


# Parts of a hot write: locked and read in packet 1, before the customer (decision 0040); used up in packet 3, when the
# bill's own facts are known and were compared. Between the two nobody else can use them.
HOLD = Prepared(
    lambda: (
        select(Approval.id, Approval.facts_hash, Approval.state, Approval.expires_at)
        .where(
            Approval.shop_id == bindparam("shop_id"),
            Approval.id.in_(bindparam("ids", type_=Id, expanding=True)),
        )
        .order_by(Approval.id)
        .with_for_update()
    )
)
SPEND = Prepared(
    lambda: (
        update(Approval)
        .where(
            Approval.shop_id == bindparam("b_shop_id"),
            Approval.id == bindparam("b_id", type_=Id),
            Approval.state == ApprovalState.GRANTED.value,
            Approval.facts_hash == bindparam("b_facts_hash", type_=Hash),
        )
        .values(
            state=ApprovalState.SPENT.value,
            document_id=bindparam("b_document_id", type_=Id),
            spent_at=bindparam("b_now", type_=Utc),
            version=Approval.version + 1,
        )
    )
)


# A read without a lock: how often one person asked for something of these subjects since a moment.
ASKED_SINCE = Prepared(
    lambda: (
        select(Approval.subject_id, func.count())
        .where(
            Approval.shop_id == bindparam("shop_id"),
            Approval.asked_at >= bindparam("since", type_=Utc),
            Approval.asked_by == bindparam("by", type_=Id),
            Approval.kind == bindparam("kind"),
            Approval.subject_id.in_(bindparam("ids", type_=Id, expanding=True)),
        )
        .group_by(Approval.subject_id)
    )
)


def shop_sums() -> tuple[Sum, ...]:
    """How many approvals there are, by state and right, and how often they changed."""
    return (added_up("approvals", Approval, by=(Approval.state, Approval.right), of=(Approval.version,)),)
