"""Read-your-writes: for whoever wrote, for the shop's other people in other processes, and when Redis forgets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import select, update

from shard_router import CausalToken, DirectoryEntry, Mode, ReplicaLost, Router, ShopMoved, Times
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.toys import Rate
from tests.support.tcp_proxy import TcpProxy

Fresh = Callable[..., DirectoryEntry]
Until = Callable[..., None]


def write(router: Router, shop: int, paise: int) -> CausalToken:
    with router.shop(shop, ACTOR) as db:
        if not db.execute(update(Rate).values(paise=paise)).rowcount:
            db.add(Rate(purity=916, paise=paise))
        db.commit()
        assert db.token is not None
        return db.token


def read(router: Router, shop: int, token: CausalToken | None = None) -> tuple[int | None, str]:
    with router.shop(shop, ACTOR, mode=Mode.READ, token=token) as db:
        value = db.scalar(select(Rate.paise))
        assert db.server is not None
        return value, db.server.name


@pytest.fixture
def other(toy: Toy, router: Router) -> Router:
    """A second process's router: the same servers and the same Redis, nothing else in common."""
    return toy.router(redis_prefix=router.config.redis_prefix)


def in_rotation(router: Router) -> Callable[[], bool]:
    return lambda: all(server.in_rotation for server in router.health() if server.role == "replica")


@pytest.mark.fault(6)
def test_every_read_sees_the_write_before_it(router: Router, other: Router, fresh_shop: Fresh, until: Until) -> None:
    """Whoever writes and whoever reads, in either process, with a token in hand or without."""
    until(in_rotation(router))
    until(in_rotation(other))
    shop, before = fresh_shop().shop_id, dict(other.counts)
    for n in range(150):
        token = write(router, shop, n)
        assert read(other, shop)[0] == n
        assert read(other, shop, token)[0] == n
        assert read(router, shop)[0] == n
    gained = {name: other.counts[name] - before.get(name, 0) for name in other.counts if name.startswith("read_")}
    replica = gained.get("read_replica", 0) + gained.get("read_replica_waited", 0)
    assert replica / sum(gained.values()) >= 0.8, gained


def test_a_replica_that_is_behind_is_not_read(toy: Toy, router: Router, fresh_shop: Fresh, until: Until) -> None:
    """The applier of a-2 is held up for a moment by a lock on our own table."""
    until(in_rotation(router))
    shop = fresh_shop().shop_id
    until(lambda: (write(router, shop, 1), read(router, shop)[1] == "a-2")[1])
    with toy.admin("a-2", toy.shard_database) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES toy_rates READ")
        try:
            write(router, shop, 2)
            assert read(router, shop) == (2, "a-1")
        finally:
            cursor.execute("UNLOCK TABLES")
    until(lambda: read(router, shop)[1] == "a-2")
    assert read(router, shop)[0] == 2


def test_a_token_from_the_future_goes_to_the_primary(router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    token = write(router, shop, 1)
    uuid, n = next(iter(token.marks.items()))
    ahead = CausalToken.of_marks(token.shard, token.epoch, {uuid: n + 1_000_000})
    assert read(router, shop, ahead) == (1, "a-1")


def test_a_token_of_epoch_0_goes_to_the_primary(router: Router, fresh_shop: Fresh, until: Until) -> None:
    until(in_rotation(router))
    shop = fresh_shop().shop_id
    write(router, shop, 1)
    until(lambda: read(router, shop)[1] == "a-2")
    assert read(router, shop, CausalToken("shard-a", 0, "")) == (1, "a-1")


def test_a_reply_told_again_gets_a_token_of_now(router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    written = write(router, shop, 1)
    with router.shop(shop, ACTOR) as db:
        now = router.token_now(db)
    assert now is not None and all(now.marks[uuid] >= n for uuid, n in written.marks.items())
    assert read(router, shop, now)[0] == 1


def test_an_unknown_shop_token_is_read_on_the_primary_until_it_is_restamped(
    toy: Toy, router: Router, fresh_shop: Fresh, until: Until
) -> None:
    until(in_rotation(router))
    shop = fresh_shop().shop_id
    write(router, shop, 1)
    until(lambda: read(router, shop)[1] == "a-2")
    forget(toy, router, shop)
    assert read(router, shop) == (1, "a-1"), "FLUSHALL: nothing is known of the shop"
    until(lambda: read(router, shop) == (1, "a-2"), what="a fresh token from the primary")


def test_what_another_run_of_redis_wrote_is_unknown(toy: Toy, router: Router, fresh_shop: Fresh, until: Until) -> None:
    until(in_rotation(router))
    shop = fresh_shop().shop_id
    token = write(router, shop, 1)
    client, key = redis.Redis.from_url(toy.raw["redis"]), f"{router.config.redis_prefix}causal:{shop}"
    stored = client.get(key)
    assert isinstance(stored, bytes) and stored.decode().split(" ")[1:] == ["1", "shard-a", token.gtid]
    client.set(key, f"{'0' * 40} 1 shard-a {token.gtid}")
    assert read(router, shop) == (1, "a-1")
    until(lambda: read(router, shop) == (1, "a-2"))


def forget(toy: Toy, router: Router, shop: int) -> None:
    redis.Redis.from_url(toy.raw["redis"]).delete(f"{router.config.redis_prefix}causal:{shop}")


def test_the_newest_wins_whoever_comes_last(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    """Two writers' SETs may arrive in either order; a later epoch replaces an earlier one and never the reverse."""
    shop, keep, find = fresh_shop().shop_id, router.newest.keep, router.newest.find
    one, two = "250621b8-e4cd-11f1-8147-02fc00000001", "250621b8-e4cd-11f1-8147-02fc00000002"
    big = 2**53 - 1
    for marks, epoch, expected in (
        ({one: 5}, 1, {one: 5}),
        ({one: 3}, 1, {one: 5}),
        ({one: 9}, 1, {one: 9}),
        ({two: 1}, 1, {one: 9, two: 1}),  # after a failover
        ({one: 8, two: big}, 1, {one: 9, two: big}),
        ({one: 1}, 2, {one: 1}),
        ({one: 99}, 1, {one: 1}),
    ):
        assert keep(shop, CausalToken.of_marks("shard-a", epoch, marks))
        found = find(shop)
        assert found is not None and dict(found.marks) == expected


def test_with_redis_dead_reads_are_fresh_and_bills_go_on(toy: Toy, fresh_shop: Fresh, until: Until) -> None:
    url = toy.raw["redis"]
    host, port = url.rsplit("@", 1)[1].split("/")[0].split(":")
    with TcpProxy(host, int(port)) as proxy:
        router = toy.router(
            redis_url=url.replace(f"{host}:{port}", f"127.0.0.1:{proxy.port}"), times=Times(redis_rest=0.2)
        )
        shop = fresh_shop(at=router).shop_id
        until(in_rotation(router))
        write(router, shop, 1)
        until(lambda: read(router, shop)[1] == "a-2")
        proxy.cut()
        token = write(router, shop, 2)
        assert read(router, shop) == (2, "a-1")
        assert read(router, shop, token) == (2, "a-1")
        proxy.mend()
        until(lambda: read(router, shop) == (2, "a-2"), what="the doubtful token to be restamped")
        stored = router.newest.find(shop)
        assert stored is not None and all(stored.marks[uuid] >= n for uuid, n in token.marks.items())
        router.close()


def test_a_token_of_a_later_epoch_refreshes_an_old_map(
    toy: Toy, router: Router, other: Router, fresh_shop: Fresh
) -> None:
    """The other process learns from the token alone that the shop has moved: it never reads the old shard."""
    shop = fresh_shop().shop_id
    write(router, shop, 1)
    assert read(other, shop)[0] == 1
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2, state = 'fenced', moved_to = 'shard-b' WHERE shop_id = %s", shop)
    toy.sql("b-1", "INSERT INTO shop_fence VALUES (%s, 2, 'open', NULL, NULL, NOW(6))", shop)
    toy.sql("b-1", "INSERT INTO toy_rates VALUES (%s, 916, 7)", shop)
    toy.sql("ctl-1", "UPDATE directory SET epoch = 2, shard = 'shard-b', updated_at = NOW(6) WHERE shop_id = %s", shop)
    with pytest.raises(ShopMoved):
        write(router, shop, 8)
    token = write(router, shop, 9)
    assert (token.shard, token.epoch) == ("shard-b", 2)
    assert other.directory.lookup(shop).shard == "shard-a", "its map is old"
    value, server = read(other, shop)
    assert value == 9 and server.startswith("b-")


def test_an_old_map_vouches_for_nothing(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    """Redis forgot the shop while it moved: a process with an old map must not restamp it on its old shard."""
    shop = fresh_shop().shop_id
    write(router, shop, 1)
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2, state = 'fenced', moved_to = 'shard-b' WHERE shop_id = %s", shop)
    forget(toy, router, shop)
    router.newest.want(shop)
    router.restamp()
    assert router.newest.find(shop) is None


@pytest.mark.parametrize("tamper", [
    lambda text: text.replace("~1~", "~2~", 1),
    lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
    lambda text: text.replace("shard-a", "shard-b"),
    lambda text: text.rpartition("~")[0],
    lambda text: "",
    lambda text: "~~~",
    lambda text: "shard-a~1~" + "é",
    lambda text: None,
])  # fmt: skip
def test_a_forged_token_is_no_token(router: Router, fresh_shop: Fresh, tamper: Callable[[str], Any]) -> None:
    token = write(router, fresh_shop().shop_id, 1)
    text = router.sign(token)
    assert router.verify(text) == token
    assert router.verify(tamper(text)) is None


def test_keys_can_be_changed(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    token = write(router, fresh_shop().shop_id, 1)
    old = router.sign(token)
    newer = toy.router(token_keys=(b"the new key, which signs from now", *router.config.token_keys))
    assert newer.verify(old) == token
    assert router.verify(newer.sign(token)) is None


@pytest.fixture
def frail(toy: Toy, fresh_shop: Fresh, until: Until) -> Iterator[tuple[Router, TcpProxy, int]]:
    """A router whose way to a-2 may be cut, and a shop that it reads there."""
    with TcpProxy(*toy.address("a-2")) as proxy:
        topology = json.loads((toy.folder / "topology.json").read_text())
        topology["shards"]["shard-a"]["servers"]["a-2"] = {"host": "127.0.0.1", "port": proxy.port}
        path = toy.folder / "replica-behind-a-proxy.json"
        path.write_text(json.dumps(topology))
        router = toy.router(
            topology=path, snapshot=toy.folder / "replica.snapshot", times=Times(connect=1, answer=2, poll_answer=1)
        )
        shop = fresh_shop(at=router).shop_id
        until(in_rotation(router))
        write(router, shop, 1)
        until(lambda: read(router, shop)[1] == "a-2")
        yield router, proxy, shop
        router.close()


def test_a_replica_that_cannot_be_reached_leaves_the_rotation(
    frail: tuple[Router, TcpProxy, int], until: Until
) -> None:
    router, proxy, shop = frail
    proxy.silence()
    a2 = lambda: next(server for server in router.health() if server.name == "a-2")  # noqa: E731
    until(lambda: not a2().in_rotation, seconds=5)
    assert not a2().reachable and a2().problem
    assert read(router, shop) == (1, "a-1")
    proxy.mend()
    until(lambda: a2().in_rotation, seconds=5)
    assert read(router, shop)[0] == 1


def test_a_replica_that_dies_in_a_read_is_told_from_a_shard_that_does(frail: tuple[Router, TcpProxy, int]) -> None:
    """Whoever hears of it asks once more and is answered, before any poller has noticed."""
    router, proxy, shop = frail
    with router.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert db.scalar(select(Rate.paise)) == 1
        assert db.server is not None and db.server.name == "a-2"
        proxy.cut()
        with pytest.raises(ReplicaLost):
            db.scalar(select(Rate.paise))
    assert read(router, shop) == (1, "a-1")


def test_many_threads_read_what_was_written(router: Router, fresh_shop: Fresh, until: Until) -> None:
    """Four tills of one shop, each writing its own row and reading all four back."""
    until(in_rotation(router))
    shop = fresh_shop().shop_id
    wrong: list[str] = []

    def till(purity: int) -> None:
        with router.shop(shop, ACTOR) as db:
            db.add(Rate(purity=purity, paise=0))
            db.commit()
        for n in range(1, 40):
            with router.shop(shop, ACTOR) as db:
                db.execute(update(Rate).where(Rate.purity == purity).values(paise=n))
                db.commit()
            with router.shop(shop, ACTOR, mode=Mode.READ) as db:
                seen = db.scalar(select(Rate.paise).where(Rate.purity == purity))
                if seen != n:
                    wrong.append(f"{purity}: {seen} instead of {n}")

    threads = [threading.Thread(target=till, args=(purity,)) for purity in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
