"""Every shape that honest code needs passes a ShopSession, and gives what it gives without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload, subqueryload

from shard_router import DirectoryEntry, Mode, ReadOnlySession, Router
from tests.integration.shard_router.conftest import ACTOR, ASHA
from tests.integration.shard_router.toys import Bill, Line, Piece, Rate

P, L, B, R, T = Piece, Line, Bill, Rate, Piece.__table__
A2 = aliased(Piece)
CTE = select(P.id, P.name).where(P.id > 7).cte("some")
NUMBERS = select(literal(1).label("n")).cte("numbers", recursive=True)
NUMBERS = NUMBERS.union_all(select(NUMBERS.c.n + 1).where(NUMBERS.c.n < 3))
SUB = select(L.bill_id, func.count().label("n")).group_by(L.bill_id).subquery()
LATERAL = select(L.grams).where(L.bill_id == B.id, L.shop_id == B.shop_id).limit(1).lateral("one")

READS: dict[str, tuple[Any, list[Any]]] = {
    "entities": (select(P.id).order_by(P.id), [7, 8, 9]),
    "where": (select(P.name).where(P.id == 7), ["piece 7 of 1"]),
    "own shop named": (select(P.id).where(P.shop_id == ASHA, P.id == 8), [8]),
    "in a list": (select(P.id).where(P.id.in_([7, 9])).order_by(P.id), [7, 9]),
    "in an empty list": (select(P.id).where(P.id.in_([])), []),
    "not in": (select(P.id).where(P.id.not_in([7, 9])), [8]),
    "or": (select(P.id).where(or_(P.id == 7, P.name == "piece 8 of 1")).order_by(P.id), [7, 8]),
    "like": (select(P.id).where(P.name.startswith("piece 7", autoescape=True)), [7]),
    "join on the whole key": (
        select(L.id).join(P, (P.shop_id == L.shop_id) & (P.id == L.piece_id)).where(P.id == 7).order_by(L.id),
        [700, 710],
    ),
    "join along a relationship": (select(L.id).join(L.bill).where(B.id == 70), [700]),
    "aliased join": (select(A2.id).join(P, P.id == A2.id - 1).order_by(A2.id), [8, 9]),
    "outer join with nothing": (
        select(P.id).outerjoin(L, L.piece_id == P.id).where(L.id.is_(None)).order_by(P.id), [8, 9]
    ),
    "exists": (select(P.id).where(exists(select(L.id).where(L.piece_id == P.id))), [7]),
    "not exists": (select(P.id).where(~exists(select(L.id).where(L.piece_id == P.id))).order_by(P.id), [8, 9]),
    "exists, ORM select": (select(P.id).where(select(L).where(L.piece_id == P.id).exists()), [7]),
    "select(exists)": (select(select(P.id).where(P.id == 7).exists()), [True]),
    "relationship any()": (select(B.id).where(B.lines.any(L.grams == 1)).order_by(B.id), [70, 71]),
    "relationship has()": (select(L.id).where(L.bill.has(B.id == 71)), [710]),
    "in a subquery": (select(P.id).where(P.id.in_(select(L.piece_id))), [7]),
    "scalar subquery": (
        select(select(func.count(L.id)).where(L.piece_id == P.id).scalar_subquery()).where(P.id == 7), [2]
    ),
    "derived table": (select(SUB.c.n).order_by(SUB.c.bill_id), [1, 1]),
    "join with a derived table": (select(B.id).join(SUB, SUB.c.bill_id == B.id).order_by(B.id), [70, 71]),
    "lateral": (select(B.id).join(LATERAL, true()).order_by(B.id), [70, 71]),
    "CTE": (select(CTE.c.id).order_by(CTE.c.id), [8, 9]),
    "join with a CTE": (select(P.id).join(CTE, CTE.c.id == P.id).order_by(P.id), [8, 9]),
    "recursive CTE": (select(P.id).join(NUMBERS, NUMBERS.c.n + 6 == P.id).order_by(P.id), [7, 8, 9]),
    "union": (union(select(P.id).where(P.id == 7), select(P.id).where(P.id <= 8)).order_by("id"), [7, 8]),
    "union all, in a subquery": (
        select(func.count()).select_from(union_all(select(P.id), select(B.id)).subquery()), [5]
    ),
    "count": (select(func.count()).select_from(P), [3]),
    "aggregates": (select(func.sum(P.net_mg)).group_by(P.purity).having(func.count() > 1), [3000]),
    "case": (select(func.sum(case((P.id == 7, 1), else_=0))), [1]),
    "window": (select(func.row_number().over(order_by=P.id.desc())).order_by(P.id), [3, 2, 1]),
    "distinct": (select(P.purity).distinct(), [916]),
    "order, limit, offset": (select(P.id).order_by(P.id.desc()).limit(1).offset(1), [8]),
    "keyset by a tuple": (select(P.id).where(tuple_(P.purity, P.id) > tuple_(916, 7)).order_by(P.id).limit(2), [8, 9]),
    "two shop tables by comma": (select(P.id, R.paise).where(P.purity == R.purity, P.id == 7), [7]),
    "for update": (select(P.id).where(P.id == 7).with_for_update(), [7]),
    "for share": (select(P.id).where(P.id == 7).with_for_update(read=True), [7]),
    "for update, skip locked": (select(P.id).where(P.id == 7).with_for_update(skip_locked=True, of=P), [7]),
    "Core, pinned by hand": (
        select(T.c.id).where(T.c.shop_id == bindparam("mine", ASHA)).order_by(T.c.id), [7, 8, 9]
    ),
    "date functions": (select(func.date_format(B.day, "%Y-%m")).where(B.id == 70), ["2026-11"]),
    "a percent sign": (select(func.concat(P.name, "100%")).where(P.id == 7), ["piece 7 of 1100%"]),
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_reading(router: Router, name: str) -> None:
    query, expected = READS[name]
    with router.shop(ASHA, ACTOR) as db:
        assert list(db.scalars(query)) == expected


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
def test_eager_relationships(router: Router, load: Callable[[Any], Any]) -> None:
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        bills = db.scalars(select(Bill).options(load(Bill.lines)).order_by(Bill.id)).unique().all()
    assert [[line.id for line in bill.lines] for bill in bills] == [[700], [710]]


def test_contains_eager_and_lazy_loads(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db:
        line = db.scalars(select(Line).join(Line.bill).options(contains_eager(Line.bill)).where(Line.id == 700)).one()
        assert line.bill.id == 70
        other = db.get(Line, (ASHA, 710))
        assert other is not None and other.bill.customer == "customer 71 of 1"
        assert [one.id for one in other.bill.lines] == [710]


def test_rows_come_as_a_stream_too(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db:
        stream = db.scalars(select(Piece.id).order_by(Piece.id).execution_options(yield_per=1))
        assert next(iter(stream)) == 7
        stream.close()
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        parts = db.execute(select(Piece.id, Piece.name).order_by(Piece.id).execution_options(yield_per=2)).partitions()
        assert [[row.id for row in part] for part in parts] == [[7, 8], [9]]
    with router.shop(ASHA, ACTOR) as db:
        assert list(db.scalars(select(Piece.id).order_by(Piece.id))) == [7, 8, 9]


def test_it_begins_by_itself(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db, pytest.raises(TypeError, match="commit"):
        db.begin()


def test_get_refresh_and_expire(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db:
        piece = db.get(Piece, (ASHA, 7))
        assert piece is not None and db.get(Piece, (ASHA, 4711)) is None
        piece.name = "not kept"
        db.refresh(piece)
        assert piece.name == "piece 7 of 1"
        db.expire(piece)
        assert piece.name == "piece 7 of 1"


def test_many_rows_flushed_together_changed_and_deleted(
    router: Router, fresh_shop: Callable[..., DirectoryEntry]
) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.add_all([Piece(id=n, tag=f"N{n}", name="new") for n in range(200)])
        db.flush()
        before = db.round_trips
        db.add(Piece(id=200, tag="N200", name="new"))
        db.commit()
        assert before <= 4 and db.token is not None
    with router.shop(shop, ACTOR) as db:
        pieces = db.scalars(select(Piece).order_by(Piece.id)).all()
        assert {piece.shop_id for piece in pieces} == {shop} and len(pieces) == 201
        for piece in pieces[:50]:
            piece.name = "changed"
        for piece in pieces[50:100]:
            db.delete(piece)
        db.commit()
    with router.shop(shop, ACTOR) as db:
        assert db.execute(select(Piece.name, func.count()).group_by(Piece.name).order_by(Piece.name)).all() == [
            ("changed", 50), ("new", 101),
        ]  # fmt: skip


def test_update_and_delete_by_the_orm(router: Router, fresh_shop: Callable[..., DirectoryEntry]) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.add_all([Piece(id=n, tag=f"U{n}", name="old") for n in range(6)])
        db.flush()
        assert db.execute(update(Piece).where(Piece.id < 3).values(name="new")).rowcount == 3
        assert db.execute(update(Piece).where(Piece.id.in_([0, 1])).values(net_mg=Piece.net_mg + 5)).rowcount == 2
        picked = select(Rate.purity).where(Rate.purity == 1).scalar_subquery()
        assert db.execute(update(Piece).where(Piece.purity == picked).values(name="none")).rowcount == 0
        assert db.execute(delete(Piece).where(Piece.name == "old", Piece.id > 3)).rowcount == 2
        assert db.scalar(select(func.sum(Piece.net_mg))) == 4010
        db.commit()


def test_an_update_to_the_same_value_counts_the_row(router: Router) -> None:
    """FOUND_ROWS: without it such an update is a StaleDataError."""
    with router.shop(ASHA, ACTOR) as db:
        assert db.execute(update(Piece).where(Piece.id == 7).values(name="piece 7 of 1")).rowcount == 1


def test_merge_savepoint_and_rollback(router: Router, fresh_shop: Callable[..., DirectoryEntry]) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.add(Rate(purity=916, paise=1))
        db.flush()
        with db.begin_nested():
            db.merge(Rate(shop_id=shop, purity=916, paise=2))
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(select(Rate.purity))
            db.add(Line(id=1, bill_id=1, piece_id=1))
            db.flush()
        db.commit()
        assert db.token is not None
    with router.shop(shop, ACTOR) as db:
        assert db.scalars(select(Rate.paise)).all() == [2]
        db.add(Rate(purity=750, paise=9))
        db.flush()
    with router.shop(shop, ACTOR) as db:
        assert db.scalars(select(Rate.purity)).all() == [916]


def test_a_session_goes_on_after_its_commit(router: Router, fresh_shop: Callable[..., DirectoryEntry]) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.add(Rate(purity=1, paise=1))
        db.commit()
        first = db.token
        db.add(Rate(purity=2, paise=2))
        db.commit()
        assert db.token is not None and first is not None and db.token.gtid != first.gtid


@pytest.mark.parametrize("write", [
    lambda db: (db.add(Rate(purity=1, paise=1)), db.flush()),
    lambda db: db.execute(update(Rate).values(paise=1)),
    lambda db: db.execute(delete(Rate)),
])  # fmt: skip
def test_a_reading_session_writes_nothing(router: Router, write: Callable[[Any], Any]) -> None:
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        db.scalars(select(Rate)).all()
        with pytest.raises(ReadOnlySession):
            write(db)
