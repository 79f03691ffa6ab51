"""The fleet sees each shop once: where its fence is open. A shop that arrives, or has left, is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased, selectinload

from shard_router import DirectoryEntry, FleetSession, Router, WrongShop
from shard_router.tables import shop_fence
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.toys import Bill, Line, Piece, Rate

Fresh = Callable[..., DirectoryEntry]
Ask = Callable[[FleetSession], Any]


@pytest.fixture
def left(toy: Toy, router: Router, fresh_shop: Fresh) -> int:
    """A shop with a piece, a bill and a rate on shard A, which it has left."""
    shop_id = fresh_shop("shard-a").shop_id
    with router.shop(shop_id, ACTOR) as db:
        db.add_all([Piece(id=1, tag="T1", name="ring"), Rate(purity=916, paise=1), Bill(id=1, customer="Lata")])
        db.flush()
        db.add(Line(id=1, bill_id=1, piece_id=1))
        db.commit()
    fence(toy, shop_id, "fenced")
    return shop_id


def fence(toy: Toy, shop_id: int, state: str) -> None:
    toy.sql("a-1", "UPDATE shop_fence SET state = %s WHERE shop_id = %s", state, shop_id)


def on_primary(router: Router, ask: Ask) -> Any:
    """What a fleet session sees of shard A, with no replica's lag in it."""
    from shard_router.engines import Purpose

    primary = router.topology.shards["shard-a"].primary
    with FleetSession(router.engines.get("shard-a", primary, Purpose.FLEET), shard="shard-a", reason="test") as session:
        return ask(session)


OTHER = aliased(Piece)
SEEN: dict[str, Callable[[int], Ask]] = {
    "rows": lambda shop: lambda s: len(s.scalars(select(Piece).where(Piece.shop_id == shop)).all()),
    "columns": lambda shop: lambda s: len(s.scalars(select(Piece.shop_id).where(Piece.shop_id == shop)).all()),
    "a count": lambda shop: lambda s: s.scalar(
        select(func.count()).select_from(Piece).where(Piece.shop_id == shop)
    ),
    "an alias": lambda shop: lambda s: len(s.scalars(select(OTHER).where(OTHER.shop_id == shop)).all()),
    "a subquery": lambda shop: lambda s: s.scalar(
        select(func.count()).select_from(select(Rate.shop_id).where(Rate.shop_id == shop).subquery())
    ),
    "a join": lambda shop: lambda s: len(
        s.execute(
            select(Line.id, Bill.id)
            .join(Bill, (Bill.shop_id == Line.shop_id) & (Bill.id == Line.bill_id))
            .where(Line.shop_id == shop)
        ).all()
    ),
    "a join with the fence itself": lambda shop: lambda s: len(
        s.execute(
            select(Piece.id, shop_fence.c.epoch)
            .join(shop_fence, shop_fence.c.shop_id == Piece.shop_id)
            .where(Piece.shop_id == shop)
        ).all()
    ),
    "exists inside": lambda shop: lambda s: len(
        s.scalars(select(Bill.id).where(Bill.shop_id == shop, exists().where(Piece.shop_id == Bill.shop_id))).all()
    ),
    "a relationship": lambda shop: lambda s: sum(
        len(bill.lines)
        for bill in s.scalars(select(Bill).where(Bill.shop_id == shop).options(selectinload(Bill.lines)))
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SEEN)
@pytest.mark.parametrize("state", ["fenced", "incoming"])
def test_a_shop_that_is_not_open_there_is_not_seen(toy: Toy, router: Router, left: int, shape: str, state: str) -> None:
    fence(toy, left, state)
    assert on_primary(router, SEEN[shape](left)) == 0
    fence(toy, left, "open")
    assert on_primary(router, SEEN[shape](left)) == 1  # the same statement sees it once it is open


@pytest.mark.parametrize(
    "statement",
    [select(Piece.__table__), select(func.count()).select_from(Piece.__table__), select(exists().where(Piece.id == 1))],
    ids=["rows", "a count", "exists alone"],
)
def test_a_core_statement_upon_a_shops_table_is_refused(router: Router, statement: Any) -> None:
    """It could not be narrowed, so it would count shops twice."""
    with pytest.raises(WrongShop, match="toy_pieces"):
        on_primary(router, lambda session: session.execute(statement))


def test_the_fences_themselves_may_be_read(router: Router, left: int) -> None:
    state = select(shop_fence.c.state).where(shop_fence.c.shop_id == left)
    assert on_primary(router, lambda session: session.scalar(state)) == "fenced"
