"""A shard behind a MySQL Router: the promises of a session hold through it, and what it cannot do is not asked of it.

Three ways through the same Router: it passes TLS through; it ends TLS and opens its own; it lends one connection of
the server to several clients, and then refuses GTIDs in the OK packet and packets of several statements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import mysqlrouter
from ops.mysqlrouter import Ending, Line
from ops.trouble import Trouble
from shard_router import (
    Account,
    AmbiguousCommit,
    DirectoryEntry,
    Mode,
    Router,
    ShardReadOnly,
    ShardUnavailable,
    ShopMoved,
    Times,
    WrongShop,
)
from shard_router.accounts import grants_for
from shard_router.tables import router_shard_metadata
from tests.integration.shard_router.conftest import ACTOR, RAVI, Toy
from tests.integration.shard_router.test_packets import CLAIM, PIECES, SELL, bill, key
from tests.integration.shard_router.toys import Piece, Rate, Series
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.long  # another package and servers of its own: ./dev test FILE -m long
ABLE = {"for_share": True, "gtids": True, "packets": True}
POOR: dict[str, bool] = {}  # what declares nothing is asked for nothing
WAYS = {"passing": ABLE, "ending": ABLE, "sharing": POOR}

Until = Callable[..., None]


@dataclass
class Behind:
    """The Router's ports by the names of its lines, and the way from its line `frail` to a-1."""

    ports: dict[str, int]
    frail: TcpProxy


@pytest.fixture(scope="module")
def behind(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    primary, replica = toy.address("a-1"), toy.address("a-2")
    tls = Path(toy.raw["tls_ca"]).parent
    ending = Ending(tls / "server-cert.pem", tls / "server-key.pem")
    if not ending.key.exists():
        pytest.skip("these servers' key is not here, so no MySQL Router can end their TLS")
    with TcpProxy(*primary) as frail:
        lines = [
            Line("passing", [primary]),
            Line("ending", [primary], ending),
            Line("sharing", [primary], ending, sharing=True),
            Line("astray", [replica]),
            Line("frail", [("127.0.0.1", frail.port)]),
        ]
        try:
            mysqlrouter.command(print)
        except Trouble as trouble:
            pytest.skip(f"no MySQL Router can be had here: {trouble}")
        with mysqlrouter.started(tmp_path_factory.mktemp("mysqlrouter"), lines, print) as ports:
            yield Behind(ports, frail)


def router_over(toy: Toy, router: Router, line: str, port: int, declared: dict[str, bool], **changes: Any) -> Router:
    """Like `router`, but shard-a is reached over one line of the MySQL Router."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    servers = {f"proxy-{line}": {"host": "127.0.0.1", "port": port}}
    topology["shards"]["shard-a"] = {"kind": "proxy", "primary": f"proxy-{line}", "servers": servers, **declared}
    name = f"{line}-{'-'.join(declared) or 'poor'}-{port}"
    path = toy.folder / f"{name}.json"
    path.write_text(json.dumps(topology))
    settings = {"redis_prefix": router.config.redis_prefix, **changes}
    return toy.router(topology=path, snapshot=toy.folder / f"{name}.snapshot", **settings)


@pytest.fixture(scope="module", params=list(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def proxied(toy: Toy, router: Router, behind: Behind, way: str) -> Iterator[Router]:
    made = router_over(toy, router, way, behind.ports[way], WAYS[way])
    yield made
    made.close()


@pytest.fixture
def shop(toy: Toy, proxied: Router, fresh_shop: Callable[..., DirectoryEntry]) -> int:
    """Opened, and given three pieces and a series, through the MySQL Router."""
    shop_id = fresh_shop(at=proxied).shop_id
    with proxied.shop(shop_id, ACTOR) as db:
        db.add_all([Piece(id=n, tag=f"P{n}", name=f"piece {n}") for n in (1, 2, 3)])
        db.add(Series(series="T0", last_no=41))
        db.commit()
    return shop_id


# -- sessions and guards ------------------------------------------------------------------------------------------
def test_what_one_shop_writes_it_reads_and_its_neighbour_does_not(toy: Toy, proxied: Router, shop: int) -> None:
    with proxied.shop(shop, ACTOR) as db:
        db.add(Rate(purity=585, paise=7))
        db.commit()
    with proxied.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert db.scalars(select(Rate.paise)).all() == [7]
        assert db.server is not None and db.server.name.startswith("proxy-")
    with proxied.shop(RAVI, ACTOR, mode=Mode.READ) as db:
        assert set(db.scalars(select(Rate.purity))) == {750, 916}
    assert toy.sql("a-1", "SELECT shop_id FROM toy_rates WHERE purity = 585 AND shop_id = %s", shop) == ((shop,),)


def test_the_guards_stand_before_it(proxied: Router, shop: int) -> None:
    with proxied.shop(shop, ACTOR) as db:
        with pytest.raises(WrongShop):
            db.execute(text("SELECT 1"))
        with pytest.raises(WrongShop):
            db.scalars(select(Piece.__table__.c.id)).all()
        db.scalars(select(Piece)).all()
        assert db._raw is not None
        with pytest.raises(WrongShop, match="raw cursor"):
            db._raw.cursor().execute("SELECT 1")


# -- the fence ----------------------------------------------------------------------------------------------------
def test_a_shop_that_has_moved_is_not_written_through_it(toy: Toy, proxied: Router, shop: int) -> None:
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2, state = 'fenced' WHERE shop_id = %s", shop)
    with proxied.shop(shop, ACTOR) as db:
        db.add(Rate(purity=1, paise=1))
        with pytest.raises(ShopMoved):
            db.commit()
    with proxied.shop(shop, ACTOR, hot=True) as db, pytest.raises(ShopMoved):
        db.run_packet([CLAIM.bind(key=key(1), subject=1), SELL.bind(ids=[1])], commit=True)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_rates WHERE shop_id = %s", shop) == ((0,),)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((0,),)


@pytest.mark.parametrize("hot", [False, True])
def test_the_fence_is_held_by_the_lock_that_was_declared(
    toy: Toy, proxied: Router, shop: int, way: str, hot: bool
) -> None:
    """Two may hold FOR SHARE at once; FOR UPDATE is alone. A move, which needs it alone, is kept out by both."""
    share = "SELECT epoch FROM shop_fence WHERE shop_id = %s FOR SHARE NOWAIT"
    with proxied.shop(shop, ACTOR, hot=hot) as db:
        if hot:
            db.run_packet([CLAIM.bind(key=key(1), subject=1)])
        else:
            db.scalars(select(Rate)).all()
        with pytest.raises(Exception, match="NOWAIT"):
            toy.sql("a-1", share.replace("SHARE", "UPDATE"), shop)
        if WAYS[way].get("for_share"):
            assert toy.sql("a-1", share, shop) == ((1,),)
        else:
            with pytest.raises(Exception, match="NOWAIT"):
                toy.sql("a-1", share, shop)
        db.commit()
    assert toy.sql("a-1", share.replace("SHARE", "UPDATE"), shop) == ((1,),)


def test_a_read_under_a_lock_takes_the_declared_one_too(toy: Toy, proxied: Router, shop: int, way: str) -> None:
    share = "SELECT id FROM toy_pieces WHERE shop_id = %s AND id = 1 FOR SHARE NOWAIT"
    with proxied.shop(shop, ACTOR) as db:
        assert db.scalars(select(Piece.id).where(Piece.id == 1).with_for_update(read=True)).all() == [1]
        if WAYS[way].get("for_share"):
            assert toy.sql("a-1", share, shop) == ((1,),)
        else:
            with pytest.raises(Exception, match="NOWAIT"):
                toy.sql("a-1", share, shop)


# -- packets ------------------------------------------------------------------------------------------------------
def test_a_bill_is_the_same_in_packets_or_one_by_one(toy: Toy, proxied: Router, shop: int, way: str) -> None:
    with proxied.shop(shop, ACTOR, hot=True) as db:
        bill(db, 1, [1, 2])
        db.commit()
        assert db.round_trips == (4 if WAYS[way].get("packets") else 7)
    assert toy.sql("a-1", "SELECT total FROM toy_bills WHERE shop_id = %s", shop) == ((42,),)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_lines WHERE shop_id = %s", shop) == ((2,),)


def test_a_commit_behind_a_failed_statement_does_not_run(toy: Toy, proxied: Router, shop: int) -> None:
    with proxied.shop(shop, ACTOR, hot=True) as db:
        db.run_packet([CLAIM.bind(key=key(1), subject=1)])
        with pytest.raises(Exception, match="Duplicate entry"):
            db.run_packet([SELL.bind(ids=[1]), CLAIM.bind(key=key(1), subject=1)], commit=True)
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_pieces WHERE shop_id = %s AND status = 'sold'", shop) == ((0,),)


def test_a_text_that_names_the_lock_stays_as_it_is(proxied: Router, shop: int) -> None:
    """The stronger lock is put into statements, never into what shops write."""
    with proxied.shop(shop, ACTOR) as db:
        db.add(Piece(id=9, tag="FOR SHARE", name="one FOR SHARE only"))
        db.commit()
    with proxied.shop(shop, ACTOR, hot=True) as db:
        claimed, found = db.run_packet([CLAIM.bind(key=key(2), subject=1), PIECES.bind(ids=[9])])
        assert (claimed.rowcount, found.rows[0].name) == (1, "one FOR SHARE only")
        db.commit()


# -- causality ----------------------------------------------------------------------------------------------------
def test_a_commit_tells_its_gtid_where_that_was_declared(toy: Toy, proxied: Router, shop: int, way: str) -> None:
    with proxied.shop(shop, ACTOR, hot=True) as db:
        db.run_packet([CLAIM.bind(key=key(1), subject=1)], commit=True)
        told, now = db.token, proxied.token_now(db)
    if WAYS[way].get("gtids"):
        assert told is not None and now is not None
        assert toy.sql("a-1", "SELECT GTID_SUBSET(%s, @@global.gtid_executed)", told.gtid) == ((1,),)
        assert toy.sql("a-1", "SELECT GTID_SUBSET(%s, %s)", told.gtid, now.gtid) == ((1,),)
    else:
        assert (told, now) == (None, None)


def test_without_gtids_reads_look_at_the_fence_and_nobody_asks_for_a_token(
    proxied: Router, shop: int, way: str
) -> None:
    asked = proxied.counts["read_primary_unknown"]
    with proxied.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert len(db.scalars(select(Piece)).all()) == 3
        trips = db.round_trips
    if not WAYS[way].get("gtids"):
        assert (trips, proxied.counts["read_primary_unknown"]) == (2, asked + 1)
        assert shop not in proxied.newest._wanted


# -- health -------------------------------------------------------------------------------------------------------
def seen(router: Router) -> Any:
    return next(one for one in router.health() if one.shard == "shard-a")


def test_health_calls_it_a_proxy_and_finds_nothing_wrong(proxied: Router, until: Until, way: str) -> None:
    until(lambda: seen(proxied).reachable, what="the proxy's health")
    found = seen(proxied)
    assert (found.role, found.problem, found.in_rotation) == ("proxy", "", False)
    assert (found.executed is not None) is WAYS[way].get("gtids", False)


def test_one_that_leads_to_a_replica_is_seen_and_refuses_writes(
    toy: Toy, router: Router, behind: Behind, fresh_shop: Callable[..., DirectoryEntry], until: Until
) -> None:
    shop_id = fresh_shop().shop_id
    astray = router_over(toy, router, "astray", behind.ports["astray"], ABLE)
    until(lambda: seen(astray).reachable, what="the proxy's health")
    assert seen(astray).problem == "the proxy leads to a server that refuses writes"
    with astray.shop(shop_id, ACTOR) as db:
        db.add(Rate(purity=1, paise=1))
        with pytest.raises(ShardReadOnly):
            db.commit()


def test_one_that_declares_gtids_and_refuses_them_is_seen_before_a_bill_fails(
    toy: Toy, router: Router, behind: Behind, until: Until
) -> None:
    boasting = router_over(toy, router, "sharing", behind.ports["sharing"], ABLE)
    until(lambda: seen(boasting).checked_at, what="the proxy's health")
    assert not seen(boasting).reachable
    assert "connection sharing" in seen(boasting).problem


def test_what_it_declares_anew_is_asked_of_new_connections(toy: Toy, router: Router, behind: Behind) -> None:
    """A line that begins to share connections: the next version of the topology says so, and bills go on."""
    made = router_over(toy, router, "changing", behind.ports["sharing"], ABLE)
    with made.shop(RAVI, ACTOR) as db, pytest.raises(Exception, match="connection sharing"):
        db.scalars(select(Rate)).all()
    topology = json.loads(made.config.topology.read_text())
    topology["version"] += 1
    topology["shards"]["shard-a"].update(dict.fromkeys(ABLE, False))
    made.config.topology.write_text(json.dumps(topology))
    made.reload()
    with made.shop(RAVI, ACTOR) as db:
        assert set(db.scalars(select(Rate.purity))) == {750, 916}


# -- what breaks behind it ----------------------------------------------------------------------------------------
@pytest.fixture
def frail(toy: Toy, router: Router, behind: Behind) -> Iterator[tuple[Router, TcpProxy]]:
    """The way from the Router to a-1 may be cut; without TLS, so that the test can see COMMIT pass by."""
    times = Times(connect=1, answer=1, pool=0.2)
    made = router_over(toy, router, "frail", behind.ports["frail"], ABLE, tls_ca=None, times=times)
    yield made, behind.frail
    behind.frail.mend()
    made.close()


@pytest.mark.parametrize("hot", [False, True])
def test_a_server_lost_behind_it_in_commit_is_ambiguous(
    toy: Toy, frail: tuple[Router, TcpProxy], fresh_shop: Callable[..., DirectoryEntry], hot: bool
) -> None:
    router, way = frail
    shop_id = fresh_shop().shop_id
    with router.shop(shop_id, ACTOR, hot=hot) as db:
        db.add(Rate(purity=1, paise=1))
        db.flush()
        way.cut_when(lambda chunk: b"COMMIT" in chunk)
        with pytest.raises(AmbiguousCommit):
            db.commit()
        assert db.token is None
    way.mend()
    with router.shop(shop_id, ACTOR) as db:
        assert db.scalars(select(Rate.paise)).all() == [1]


def test_a_server_lost_behind_it_costs_its_own_shops_only(
    frail: tuple[Router, TcpProxy], fresh_shop: Callable[..., DirectoryEntry], until: Until
) -> None:
    router, way = frail
    mine, other = fresh_shop().shop_id, fresh_shop("shard-b").shop_id
    until(lambda: seen(router).reachable, what="the proxy's health")
    way.cut()
    with router.shop(mine, ACTOR) as db, pytest.raises(ShardUnavailable):
        db.scalars(select(Rate)).all()
    until(lambda: not seen(router).reachable, what="the loss seen through the proxy")
    with router.shop(other, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []
    way.mend()
    until(lambda: seen(router).reachable, seconds=15, what="the way back")
    with router.shop(mine, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []


# -- accounts -----------------------------------------------------------------------------------------------------
def test_the_grants_for_a_server_without_for_share_are_enough(toy: Toy, router: Router, behind: Behind) -> None:
    """FOR UPDATE on the fence asks for UPDATE on a column of it; `app` gets that of its time and of nothing else."""
    account = Account(f"{toy.prefix}_poor"[:32], "poor-pw-1")
    drop = f"DROP USER IF EXISTS '{account.user}'@'%'"
    toy.sql("a-1", drop)
    toy.sql("a-1", f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'")
    try:
        for grant in grants_for(router_shard_metadata.sorted_tables, for_share=False):
            if grant.account == "app":
                toy.sql("a-1", grant.sql(toy.shard_database, account.user))
        poor = router_over(
            toy, router, "granted", behind.ports["passing"], POOR, accounts={"app": account}, background=False
        )
        entry = DirectoryEntry(RAVI, "shard-a", 1)
        poor.directory.announce(entry)
        with poor.shop(RAVI, ACTOR) as db:
            Session.connection(db)
            assert db.round_trips == 1, "the fence passed"
        with pytest.raises(Exception, match="denied"):
            as_app(poor, "UPDATE shop_fence SET epoch = 2 WHERE shop_id = 2")
    finally:
        toy.sql("a-1", drop)


def as_app(router: Router, statement: str) -> None:
    shard = router.topology.shards["shard-a"]
    raw = router.engines.get(shard.name, shard.primary, "write").raw_connection()  # type: ignore[arg-type]
    try:
        raw.dbapi_connection.run(statement)  # type: ignore[union-attr]
    finally:
        raw.close()
