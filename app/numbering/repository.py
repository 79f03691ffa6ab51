"""Owns the statements on number series."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.mysql import insert

from app.kit.db import Id
from app.kit.sums import added_up
from app.numbering.models import NumberSeries
from shard_router import FleetSession, Prepared, ShopSession
from shard_router.moves import Sum


def lock_series(
    db: ShopSession, *, registration_id: UUID, fy_start: int, kind: str, till_id: UUID
) -> NumberSeries | None:
    return db.scalars(
        select(NumberSeries)
        .where(
            NumberSeries.registration_id == registration_id,
            NumberSeries.fy_start == fy_start,
            NumberSeries.kind == kind,
            NumberSeries.till_id == till_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def list_series(db: ShopSession) -> Sequence[Any]:
    return db.execute(
        select(
            NumberSeries.registration_id, NumberSeries.fy_start, NumberSeries.kind, NumberSeries.till_id,
            NumberSeries.last_no,
        )
    ).all()  # fmt: skip


def sum_by_shop(session: FleetSession, shop_ids: Iterable[int], kinds: Iterable[str]) -> Sequence[Any]:
    return session.execute(
        select(NumberSeries.shop_id, func.sum(NumberSeries.last_no))
        .where(NumberSeries.shop_id.in_(list(shop_ids)), NumberSeries.kind.in_(list(kinds)))
        .group_by(NumberSeries.shop_id)
    ).all()


# The second packet of a bill. One statement both for a series' first number and for its next: an UPDATE that finds
# nothing, followed by an INSERT, would let two first bills meet in between. The number comes back as the insert id.
DRAW = Prepared(
    lambda: (
        insert(NumberSeries)
        .values(
            shop_id=bindparam("shop_id"),
            registration_id=bindparam("registration_id", type_=Id),
            fy_start=bindparam("fy_start"),
            kind=bindparam("kind"),
            till_id=bindparam("till_id", type_=Id),
            last_no=func.last_insert_id(1),
        )
        .on_duplicate_key_update(last_no=func.last_insert_id(NumberSeries.last_no + 1))
    )
)


SERIES = Prepared(
    lambda: select(
        NumberSeries.registration_id, NumberSeries.fy_start, NumberSeries.kind, NumberSeries.till_id,
        NumberSeries.last_no,
    ).where(NumberSeries.shop_id == bindparam("shop_id"))
)  # fmt: skip

# Of a restore: a series goes on behind this number, or behind a later one that it has.
GO_ON_BEHIND = Prepared(
    lambda: (
        insert(NumberSeries)
        .values(
            shop_id=bindparam("shop_id"),
            registration_id=bindparam("registration_id", type_=Id),
            fy_start=bindparam("fy_start"),
            kind=bindparam("kind"),
            till_id=bindparam("till_id", type_=Id),
            last_no=bindparam("last_no"),
        )
        .on_duplicate_key_update(last_no=func.greatest(NumberSeries.last_no, bindparam("at_least")))
    )
)


def shop_sums() -> tuple[Sum, ...]:
    """The last number of each series: kind, year, till and registration."""
    series = (
        NumberSeries.kind, NumberSeries.fy_start, func.hex(NumberSeries.till_id),
        func.hex(NumberSeries.registration_id),
    )  # fmt: skip
    return (added_up("number series", NumberSeries, by=series, of=(NumberSeries.last_no,)),)
