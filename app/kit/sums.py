"""Owns what a shop's rows add up to, table by table, so that a move can show that nothing is missing at the new home.

Each domain says what its own tables add up to; here stand the form of such a sum and the kit's own. A sum is one row
and one column: a JSON object of groups, whose keys MySQL keeps in order, so that equal books give equal text.
What it does not see: two changes that cancel each other within one group. The row checksums of a move see those.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select

from app.kit.models import AuditEntry, AuditHead, IdempotencyKey, OutboxJob, SealingKey
from shard_router import ShopOwned
from shard_router.moves import Sum

COUNT = func.count()


def added_up(name: str, model: type[ShopOwned], *, by: tuple[Any, ...] = (), of: tuple[Any, ...] = ()) -> Sum:
    """How many rows of one shop there are in each group, and what these columns add up to in it."""
    keys = [column.label(f"key_{at}") for at, column in enumerate(by)]
    figures = [COUNT.label("rows"), *(func.sum(column).label(f"sum_{at}") for at, column in enumerate(of))]
    wanted = model.shop_id == bindparam("shop_id", type_=BigInteger)
    groups = select(*keys, *figures).where(wanted).group_by(*by).subquery()
    key = func.concat_ws(" ", *(groups.c[one.name] for one in keys)) if by else "all"
    row = func.json_array(*(groups.c[one.name] for one in figures))
    return Sum(name, select(func.json_objectagg(key, row)))


def fingerprint(column: Any) -> ColumnElement[int]:
    """Bytes as a number that can be added up; one changed byte changes it."""
    return func.crc32(column)


def shop_sums() -> tuple[Sum, ...]:
    """Of the tables that every domain's writes touch."""
    entries = (AuditEntry.seq, fingerprint(AuditEntry.hash))  # the chain's hashes stand for the bodies
    return (
        added_up("audit head", AuditHead, of=(AuditHead.seq,)),
        added_up("audit chain", AuditEntry, of=entries),
        added_up("jobs", OutboxJob, by=(OutboxJob.state, OutboxJob.job), of=(OutboxJob.attempts,)),
        added_up("claimed keys", IdempotencyKey, by=(IdempotencyKey.kind,), of=(IdempotencyKey.status,)),
        added_up("sealing keys", SealingKey, by=(SealingKey.purpose,), of=(fingerprint(SealingKey.wrapped),)),
    )
