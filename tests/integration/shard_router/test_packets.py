"""Packets on a real server: what they do in one round trip, and what an error in the middle of one leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BINARY, BigInteger, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.exc import IntegrityError, OperationalError

from shard_router import DirectoryEntry, Prepared, Router, ShopMoved, WrongShop, duplicate_key
from shard_router.tables import shop_fence as fence
from tests.integration.shard_router.conftest import ACTOR, RAVI, Toy
from tests.integration.shard_router.toys import Bill, Claim, Line, Piece, Series

CLAIM = Prepared(
    lambda: insert(Claim.__table__).from_select(
        ["shop_id", "key", "subject"],
        select(fence.c.shop_id, bindparam("key", type_=BINARY(16)), bindparam("subject", type_=BigInteger))
        .where(
            fence.c.shop_id == bindparam("shop_id"),
            fence.c.epoch == bindparam("epoch"),
            fence.c.state == literal("open"),
        )
        .with_for_update(read=True),
    )
)
PIECES = Prepared(
    lambda: (
        select(Piece.id, Piece.name, Piece.status)
        .where(Piece.shop_id == bindparam("shop_id"), Piece.id.in_(bindparam("ids", expanding=True)))
        .order_by(Piece.id)
    )
)
SELL = Prepared(
    lambda: (
        update(Piece)
        .where(
            Piece.shop_id == bindparam("b_shop"),
            Piece.id.in_(bindparam("ids", expanding=True)),
            Piece.status == "in_stock",
        )
        .values(status="sold")
    )
)
DRAW = Prepared(
    lambda: (
        mysql_insert(Series.__table__)
        .values(shop_id=bindparam("shop_id"), series=bindparam("series"), last_no=bindparam("first"))
        .on_duplicate_key_update(last_no=func.last_insert_id(Series.last_no + 1))
    )
)
NUMBER = Prepared(
    lambda: (
        update(Series)
        .where(Series.shop_id == bindparam("b_shop"), Series.series == bindparam("b_series"))
        .values(last_no=func.last_insert_id(Series.last_no + 1))
    )
)
BILL = Prepared(lambda: insert(Bill.__table__))
LINES = Prepared(lambda: insert(Line.__table__))
ADD_PIECES = Prepared(
    lambda: insert(Piece.__table__).values(
        shop_id=bindparam("shop_id"),
        id=bindparam("id"),
        tag=bindparam("tag"),
        name=bindparam("name"),
        status="in_stock",
        net_mg=1,
        purity=916,
    )
)
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def shop(router: Router, fresh_shop: Callable[..., DirectoryEntry]) -> int:
    """A fresh shop with six pieces and a number series."""
    shop_id = fresh_shop().shop_id
    with router.shop(shop_id, ACTOR) as db:
        db.add_all([Piece(id=n, tag=f"P{n}", name=f"piece {n}") for n in range(1, 7)])
        db.add(Series(series="T0", last_no=41))
        db.commit()
    return shop_id


def key(n: int) -> bytes:
    return n.to_bytes(16, "big")


def bill(db: Any, number: int, ids: list[int], **options: Any) -> None:
    """The hot write in small: three packets, then COMMIT alone or in the last of them."""
    claimed, found, sold = db.run_packet(
        [CLAIM.bind(key=key(number), subject=number), PIECES.bind(ids=ids), SELL.bind(ids=ids)]
    )
    assert (claimed.rowcount, len(found.rows), sold.rowcount) == (1, len(ids), len(ids))
    (drawn,) = db.run_packet([NUMBER.bind(b_series="T0")])
    lines = [{"id": number * 100 + n, "bill_id": number, "piece_id": piece, "grams": 1} for n, piece in enumerate(ids)]
    db.run_packet(
        [BILL.bind(id=number, customer="Bina", day=DAY, total=drawn.insert_id), LINES.bind_rows(lines)], **options
    )


@pytest.mark.parametrize("ids", [[1, 2, 3], [1], [1, 2, 3, 4, 5, 6]])
def test_a_bill_is_four_round_trips_whatever_its_lines(router: Router, shop: int, ids: list[int]) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        bill(db, 1, ids)
        db.commit()
        assert db.round_trips == 4
        assert db.token is not None and db.token.shard == "shard-a"
    with router.shop(shop, ACTOR) as db:
        assert db.scalars(select(Bill.total)).all() == [42]
        assert db.scalar(select(func.count()).select_from(Line)) == len(ids)
        assert set(db.scalars(select(Piece.id).where(Piece.status == "sold"))) == set(ids)


def test_commit_may_ride_in_the_last_packet(toy: Toy, router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        bill(db, 1, [1, 2], commit=True)
        assert db.round_trips == 3
        token = db.token
        assert token is not None
    uuid = toy.sql("a-1", "SELECT @@server_uuid")[0][0]
    assert toy.sql("a-1", "SELECT GTID_SUBSET(%s, @@global.gtid_executed)", token.gtid) == ((1,),)
    assert token.gtid.startswith(f"{uuid}:1-")
    with router.shop(shop, ACTOR) as db:
        assert db.scalars(select(Bill.id)).all() == [1]


def test_a_statement_that_fails_stops_its_packet_and_its_commit(toy: Toy, router: Router, shop: int) -> None:
    """The second of four statements fails: those behind it, COMMIT among them, never run."""
    with router.shop(shop, ACTOR, hot=True) as db:
        db.run_packet([CLAIM.bind(key=key(1), subject=1)])
        before = commits(db)
        with pytest.raises(IntegrityError) as failed:
            db.run_packet(
                [
                    BILL.bind(id=5, customer="first", day=DAY, total=1),
                    ADD_PIECES.bind(id=1, tag="other", name="the same id"),
                    SELL.bind(ids=[2]),
                ],
                commit=True,
            )
        assert duplicate_key(failed.value) == "PRIMARY"
        assert db.token is None and commits(db) == before
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_bills WHERE shop_id = %s", shop) == ((0,),)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_claims WHERE shop_id = %s", shop) == ((0,),)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((0,),)


def commits(db: Any) -> int:
    """COMMITs that the server has run on this very connection."""
    return int(db._raw.run("SHOW SESSION STATUS LIKE 'Com_commit'").rows[0][1])


def test_after_a_failed_packet_the_connection_is_clean(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        with pytest.raises(IntegrityError):
            db.run_packet([CLAIM.bind(key=key(1), subject=1), CLAIM.bind(key=key(1), subject=1), PIECES.bind(ids=[1])])
        db.rollback()
        claimed, found = db.run_packet([CLAIM.bind(key=key(2), subject=2), PIECES.bind(ids=[1])])
        assert claimed.rowcount == 1 and found.rows[0].name == "piece 1"
        db.commit()


def test_a_replayed_claim_names_its_key(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        db.run_packet([CLAIM.bind(key=key(1), subject=1)], commit=True)
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(IntegrityError) as failed:
        db.run_packet([CLAIM.bind(key=key(1), subject=2), SELL.bind(ids=[1])])
    assert duplicate_key(failed.value) == "PRIMARY"
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(IntegrityError) as failed:
        db.run_packet([ADD_PIECES.bind(id=99, tag="P1", name="the same tag")])
    assert duplicate_key(failed.value) == "uq_toy_pieces_tag"


def test_a_claim_behind_the_fence_moves_on(toy: Toy, router: Router, shop: int) -> None:
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2 WHERE shop_id = %s", shop)
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(ShopMoved):
        db.run_packet([CLAIM.bind(key=key(1), subject=1), SELL.bind(ids=[1])])
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((0,),)


def test_a_packet_without_a_claim_is_fenced_too(toy: Toy, router: Router, shop: int) -> None:
    """The fence rides ahead in the same packet; with a COMMIT in it, it goes first and alone."""
    with router.shop(shop, ACTOR, hot=True) as db:
        (sold,) = db.run_packet([SELL.bind(ids=[1])])
        assert sold.rowcount == 1 and db.round_trips == 1
        db.commit()
    toy.sql("a-1", "UPDATE shop_fence SET state = 'fenced' WHERE shop_id = %s", shop)
    for commit in (False, True):
        with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(ShopMoved):
            db.run_packet([SELL.bind(ids=[2])], commit=commit)
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(ShopMoved):
        db.scalars(select(Piece)).all()
    assert toy.sql("a-1", "SELECT id FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((1,),)


def test_a_claim_that_finds_nothing_never_commits_what_rides_behind_it(toy: Toy, router: Router, shop: int) -> None:
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2 WHERE shop_id = %s", shop)
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(ShopMoved):
        db.run_packet([CLAIM.bind(key=key(1), subject=1), SELL.bind(ids=[1])], commit=True)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((0,),)


def test_orm_and_packets_share_one_transaction(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        db.add(Piece(id=50, tag="ORM", name="by the ORM"))
        (found,) = db.run_packet([PIECES.bind(ids=[50])])
        assert [row.name for row in found.rows] == ["by the ORM"]
        db.run_packet([SELL.bind(ids=[50])])
        assert db.scalars(select(Piece.status).where(Piece.id == 50)).all() == ["sold"]
    with router.shop(shop, ACTOR) as db:
        assert db.get(Piece, (shop, 50)) is None


@pytest.mark.parametrize("text", [
    "O'Hara", 'say "hi"', "back\\slash", "\\'; DROP TABLE toy_pieces; -- ", "a;b", "100%s %(name)s %%", "नमस्ते 💍",
    "nul\0", "\r\n\t\x1a", ":the_shop", "__[POSTCOMPILE_ids]", "",
])  # fmt: skip
def test_any_text_goes_in_and_comes_back(router: Router, shop: int, text: str) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        db.run_packet([ADD_PIECES.bind(id=70, tag="X", name=text)])
        (found,) = db.run_packet([PIECES.bind(ids=[70])])
        assert found.rows[0].name == text


def test_every_type_goes_in_and_comes_back(router: Router, shop: int) -> None:
    values = {
        "none": None, "yes": True, "no": False, "int": -(2**62), "bytes": bytes(range(256)), "empty": b"",
        "decimal": Decimal("12345678901234567890.123456789"), "tiny": Decimal("1E-9"), "date": DAY,
        "time": dt.datetime(2026, 11, 20, 1, 2, 3, 456789),  # noqa: DTZ001 (as a DATETIME column holds it)
    }  # fmt: skip
    echo = Prepared(
        lambda: select(
            *[func.coalesce(bindparam(name, None), None).label(name) for name in values],
        ).where(fence.c.shop_id == bindparam("shop_id"))
    )
    with router.shop(shop, ACTOR, hot=True) as db:
        (result,) = db.run_packet([echo.bind(**values)])
    row = result.rows[0]
    assert (row.none, row.yes, row.no, row.int) == (None, 1, 0, -(2**62))
    assert (row.bytes, row.empty) == (bytes(range(256)), b"")
    assert (Decimal(row.decimal), Decimal(row.tiny)) == (values["decimal"], values["tiny"])
    assert (str(row.date), str(row.time)) == ("2026-11-20", "2026-11-20 01:02:03.456789")


class SqlInDisguise(str):
    def translate(self, table: Any) -> str:
        return "x'; DROP TABLE toy_pieces; -- "


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), SqlInDisguise("x"), [1], {"a": 1}, object(), Decimal("NaN"), dt.datetime.now(dt.UTC)]
)
def test_nothing_else_is_admitted(router: Router, shop: int, value: Any) -> None:
    with router.shop(shop, ACTOR, hot=True) as db, pytest.raises(TypeError):
        db.run_packet([ADD_PIECES.bind(id=70, tag="X", name=value)])


@pytest.mark.parametrize("statement", [
    lambda: CLAIM.bind(key=key(9), subject=1, shop_id=RAVI),
    lambda: CLAIM.bind(key=key(9), subject=1, epoch=7),
    lambda: SELL.bind(ids=[1], b_shop=RAVI),
    lambda: SELL.bind(ids=[1], b_shop="1"),
    lambda: LINES.bind_rows([{"shop_id": RAVI, "id": 1, "bill_id": 1, "piece_id": 1, "grams": 1}]),
])  # fmt: skip
def test_another_shops_bind_is_refused(toy: Toy, router: Router, shop: int, statement: Callable[[], Any]) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        with pytest.raises(WrongShop):
            db.run_packet([statement()])
        assert db.round_trips == 0


def test_a_deadlock_or_lock_wait_surfaces(toy: Toy, router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as one, router.shop(shop, ACTOR, hot=True) as two:
        one.run_packet([SELL.bind(ids=[1])])
        with pytest.raises(OperationalError) as failed:
            two.run_packet([PIECES.bind(ids=[1]), SELL.bind(ids=[1]), SELL.bind(ids=[2])])
        assert failed.value.orig is not None and failed.value.orig.args[0] == 1205
        two.rollback()
        one.commit()
    assert toy.sql("a-1", "SELECT id FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((1,),)


def test_a_row_that_is_made_or_counted_up(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR, hot=True) as db:
        drawn = db.run_packet([DRAW.bind(series=series, first=1) for series in ("T0", "T1", "T0")])
        assert [(one.rowcount, one.insert_id) for one in drawn] == [(2, 42), (1, 0), (2, 43)]
        with pytest.raises(ValueError, match="several rows"):
            db.run_packet([DRAW.bind_rows([{"series": "T2", "first": 1}, {"series": "T3", "first": 1}])])


def test_only_a_hot_session_runs_packets(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR) as db, pytest.raises(ValueError, match="hot=True"):
        db.run_packet([SELL.bind(ids=[1])])


def test_the_ordinary_pool_speaks_one_statement_at_a_time(router: Router, shop: int) -> None:
    with router.shop(shop, ACTOR) as db:
        db.scalars(select(Piece.id)).all()
        assert db._raw is not None
        with pytest.raises(Exception, match="syntax"):
            db._raw.run("SELECT 1; SELECT 2")
