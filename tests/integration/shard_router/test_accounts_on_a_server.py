"""The generated grants on a real server: enough for every path of the router, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from shard_router import Account, DirectoryEntry, Mode, Router
from shard_router.accounts import grants_for
from shard_router.tables import router_control_metadata, router_shard_metadata
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.test_packets import CLAIM, PIECES, SELL, key
from tests.integration.shard_router.toys import Bill, Claim, Line, Piece, Rate, Series, ToyBase

FACTS = {
    Piece: {"writes": "insert-update", "mutable": ("status", "name")},
    Rate: {"writes": "insert-update-delete"},
    Claim: {"writes": "insert"},
    Series: {"writes": "insert-update", "mutable": ("last_no",)},
    Bill: {"writes": "insert"},
    Line: {"writes": "insert"},
}


@pytest.fixture(scope="module")
def narrow(toy: Toy, router: Router) -> Iterator[Router]:
    """A router whose accounts hold exactly what `grants_for` says."""
    for model, facts in FACTS.items():
        model.__table__.info.update(facts)  # type: ignore[attr-defined]
    accounts = {name: Account(f"{toy.prefix}_{name}"[:32], f"{name}-pw-1") for name in ("app", "fleet_ro")}
    shard_tables = [*router_shard_metadata.sorted_tables, *(model.__table__ for model in FACTS)]
    for server, database, tables in (
        ("ctl-1", toy.control_database, router_control_metadata.sorted_tables),
        ("a-1", toy.shard_database, shard_tables),
        ("b-1", toy.shard_database, shard_tables),
    ):
        for name, account in accounts.items():
            toy.sql(server, f"DROP USER IF EXISTS '{account.user}'@'%'")
            toy.sql(server, f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'")
            for grant in grants_for(tables):  # type: ignore[arg-type]
                if grant.account == name:
                    toy.sql(server, grant.sql(database, account.user))
    yield toy.router(accounts=accounts, snapshot=toy.folder / "narrow.json")
    for server in ("ctl-1", "a-1", "b-1"):
        for account in accounts.values():
            toy.sql(server, f"DROP USER IF EXISTS '{account.user}'@'%'")


@pytest.fixture
def shop(toy: Toy, narrow: Router, fresh_shop: Callable[..., DirectoryEntry]) -> int:
    shop_id = fresh_shop(at=narrow).shop_id
    with narrow.shop(shop_id, ACTOR) as db:
        db.add_all([Piece(id=n, tag=f"P{n}", name=f"piece {n}") for n in (1, 2)])
        db.add(Rate(purity=916, paise=1))
        db.commit()
    return shop_id


def test_the_fence_the_claim_and_locks_need_no_more(narrow: Router, shop: int) -> None:
    """FOR SHARE on the fence by SELECT alone; FOR UPDATE by UPDATE on a column of that table."""
    with narrow.shop(shop, ACTOR, hot=True) as db:
        claimed, found, sold = db.run_packet(
            [CLAIM.bind(key=key(1), subject=1), PIECES.bind(ids=[1]), SELL.bind(ids=[1])]
        )
        assert (claimed.rowcount, len(found.rows), sold.rowcount) == (1, 1, 1)
        assert db.scalars(select(Piece.id).where(Piece.id == 2).with_for_update()).all() == [2]
        assert db.scalars(select(Bill.id).with_for_update(read=True)).all() == []
        db.commit()


def test_reads_tokens_health_and_the_fleet(narrow: Router, shop: int, until: Callable[..., None]) -> None:
    until(lambda: all(one.in_rotation for one in narrow.health() if one.role == "replica"))
    assert {one.replicating for one in narrow.health() if one.role == "replica"} == {None}, "the account may not ask"
    with narrow.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert db.scalar(select(func.count()).select_from(Piece)) == 2
        assert db.server is not None and db.server.name == "a-2"
    with narrow.fleet(reason="rights") as fleet:
        assert fleet.each(lambda session, shard: session.scalar(select(func.count()).select_from(Rate))).complete
    narrow.refresh_snapshot()


@pytest.mark.parametrize("statement", [
    update(Piece).values(net_mg=1), update(Bill).values(customer="x"), update(Claim).values(subject=1),
])  # fmt: skip
def test_what_is_not_mutable_is_not_changed(narrow: Router, shop: int, statement: object) -> None:
    with narrow.shop(shop, ACTOR) as db, pytest.raises(DBAPIError, match="denied"):
        db.execute(statement)  # type: ignore[call-overload]


def test_the_application_does_not_move_fences(toy: Toy, narrow: Router, shop: int) -> None:
    from pymysql.err import OperationalError

    account = narrow.config.account("app")
    import pymysql

    from shard_router.engines import shared_tls

    host, port = toy.address("a-1")
    ca = narrow.config.tls_ca
    assert ca is not None
    login = {"user": account.user, "password": account.password, "database": toy.shard_database}
    with (
        pymysql.connect(host=host, port=port, ssl=shared_tls(ca), **login) as connection,
        connection.cursor() as cursor,
    ):
        for statement in (
            "UPDATE shop_fence SET epoch = 9",
            f"UPDATE {Rate.__tablename__} SET shop_id = shop_id + 1",
            "DELETE FROM shop_fence",
            "SELECT * FROM shop_fence FOR UPDATE",
        ):
            with pytest.raises(OperationalError, match="denied"):
                cursor.execute(statement)
        with pytest.raises(OperationalError, match="denied"):
            cursor.execute("SELECT * FROM toy_loose")
    assert ToyBase.metadata.tables["toy_loose"] is not None
