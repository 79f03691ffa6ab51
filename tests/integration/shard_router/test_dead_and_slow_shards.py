"""A shard that is dead, silent or slow costs its own shops only, and those not for long; a wrong map mends itself."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from sqlalchemy import select

from shard_router import Mode, Router, ShardUnavailable, Times
from tests.integration.shard_router.conftest import ACTOR, ASHA, ZOYA, Toy
from tests.integration.shard_router.toys import Piece, Rate
from tests.support.tcp_proxy import TcpProxy

Until = Callable[..., None]
SHOPS = count(8_200_000)
AT_ONCE = 0.1  # seconds; what the design grants once the breaker is open


@dataclass
class FarB:
    """Shard B behind proxies, as routers of two processes of one host see it."""

    proxies: dict[str, TcpProxy]
    routers: list[Router] = field(default_factory=list)

    def silence(self) -> None:
        for proxy in self.proxies.values():
            proxy.silence()

    def cut(self) -> None:
        for proxy in self.proxies.values():
            proxy.cut()

    def mend(self) -> None:
        for proxy in self.proxies.values():
            proxy.mend()


@pytest.fixture
def far_b(toy: Toy, router: Router, until: Until) -> Iterator[FarB]:
    with TcpProxy(*toy.address("b-1")) as one, TcpProxy(*toy.address("b-2")) as two:
        far = FarB({"b-1": one, "b-2": two})
        topology = json.loads((toy.folder / "topology.json").read_text())
        for name, proxy in far.proxies.items():
            topology["shards"]["shard-b"]["servers"][name] = {"host": "127.0.0.1", "port": proxy.port}
        path = toy.folder / f"far-b-{one.port}.json"
        path.write_text(json.dumps(topology))
        far.routers = [
            toy.router(
                topology=path, snapshot=toy.folder / f"far-b-{one.port}.snapshot", shard_threads=6,
                redis_prefix=router.config.redis_prefix,
                times=Times(connect=1, answer=3, poll_answer=1, shard_slow=0.5),
            )
            for _ in range(2)
        ]  # fmt: skip
        for each in far.routers:
            until(lambda each=each: all(server.reachable for server in each.health()))
            assert pieces(each, ZOYA) == 3
        yield far
        far.mend()
        for each in far.routers:
            each.close()


def pieces(router: Router, shop_id: int, mode: Mode = Mode.WRITE) -> int:
    with router.shop(shop_id, ACTOR, mode=mode) as db:
        return len(db.scalars(select(Piece)).all())


def refusal(router: Router, shop_id: int) -> tuple[float, str]:
    began = time.monotonic()
    with pytest.raises(ShardUnavailable) as refused:
        pieces(router, shop_id)
    return time.monotonic() - began, refused.value.reason


def breaker_open(router: Router, server: str) -> bool:
    shard = router.topology.shards["shard-b"]
    one = next(one for one in shard.servers if one.name == server)
    return router.breakers.is_open((one.host, one.port))


@pytest.mark.parametrize("how", ["silence", "cut"])
def test_once_it_is_open_all_processes_refuse_at_once_and_the_others_trade(far_b: FarB, until: Until, how: str) -> None:
    getattr(far_b, how)()
    until(lambda: breaker_open(far_b.routers[0], "b-1"), seconds=15)
    for each in far_b.routers:
        took, why = refusal(each, ZOYA)
        assert took < AT_ONCE and "b-1 does not answer" in why
        assert pieces(each, ASHA) == 3
    far_b.mend()
    until(lambda: not breaker_open(far_b.routers[0], "b-1"), seconds=10)
    assert [pieces(each, ZOYA) for each in far_b.routers] == [3, 3]


def test_requests_alone_open_it_where_nobody_polls(toy: Toy, far_b: FarB, until: Until) -> None:
    quiet = toy.router(
        topology=far_b.routers[0].config.topology, snapshot=toy.folder / "quiet.snapshot", background=False,
        redis_prefix=far_b.routers[0].config.redis_prefix, times=Times(connect=1, answer=1, breaker_rest=0.2),
    )  # fmt: skip
    assert pieces(quiet, ZOYA) == 3
    far_b.cut()
    reasons = [refusal(quiet, ZOYA)[1] for _ in range(5)]
    assert "does not answer" in reasons[-1] and "does not answer" not in reasons[0]
    far_b.mend()
    until(lambda: answers(quiet, ZOYA))
    assert pieces(quiet, ZOYA) == 3


def answers(router: Router, shop_id: int) -> bool:
    try:
        pieces(router, shop_id)
    except ShardUnavailable:
        return False
    return True


@contextmanager
def dawdlers(router: Router, until: Until, *shop_ids: int) -> Iterator[None]:
    """Three requests of each of these shops, which have been on their shard for longer than what is called slow."""
    inside, go_on = threading.Semaphore(0), threading.Event()

    def dawdle(shop_id: int) -> None:
        with router.shop(shop_id, ACTOR) as db:
            db.scalars(select(Rate)).all()
            inside.release()
            go_on.wait(20)

    slow = [threading.Thread(target=dawdle, args=(shop_id,), daemon=True) for shop_id in shop_ids for _ in range(3)]
    for one in slow:
        one.start()
    for _ in slow:
        assert inside.acquire(timeout=10)
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 0.6)
    try:
        yield
    finally:
        go_on.set()
        for one in slow:
            one.join(10)


def test_a_slow_shop_holds_no_more_threads_than_its_share(toy: Toy, far_b: FarB, until: Until) -> None:
    """Of six places a shop has three. Held for long, they make its next request fail at once, and no neighbour's."""
    router = far_b.routers[0]
    neighbour = toy.open_shop(router, next(SHOPS), "shard-b").shop_id
    with dawdlers(router, until, ZOYA):
        took, why = refusal(router, ZOYA)
        assert took < AT_ONCE and "slow: 3 requests" in why
        assert pieces(router, neighbour) == 0
        assert pieces(router, ASHA) == 3
    assert pieces(router, ZOYA) == 3


def test_a_slow_shard_holds_no_more_threads_than_its_share(toy: Toy, far_b: FarB, until: Until) -> None:
    """Two shops hold all six places for long: the shard is slow, for whoever comes, and no other shard is."""
    router = far_b.routers[0]
    second, third = (toy.open_shop(router, next(SHOPS), "shard-b").shop_id for _ in range(2))
    with dawdlers(router, until, ZOYA, second):
        took, why = refusal(router, third)
        assert took < AT_ONCE and "slow: 6 requests" in why
        assert pieces(router, ASHA) == 3
    assert pieces(router, third) == 0


def test_no_pool_is_opened_or_asked_behind_a_close(
    toy: Toy, router: Router, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """The poller is at work all the time, on servers that answer late: it ends before the pools that it asks by."""
    with TcpProxy(*toy.address("b-1")) as late:
        topology = json.loads((toy.folder / "topology.json").read_text())
        topology["shards"]["shard-b"]["servers"]["b-1"] = {"host": "127.0.0.1", "port": late.port}
        path = toy.folder / f"late-{late.port}.json"
        path.write_text(json.dumps(topology))
        for n in range(10):
            one = toy.router(
                topology=path, snapshot=toy.folder / f"late-{n}.snapshot", redis_prefix=router.config.redis_prefix,
                times=Times(poll=0.001),
            )  # fmt: skip
            until(lambda one=one: all(server.checked_at for server in one.health()))
            caplog.clear()
            one.close()
            assert one.engines._engines == {}
            assert not one.health_watch._busy and not one.health_watch._aside
            assert [record.message for record in caplog.records] == []


def test_a_read_under_a_write_of_the_same_thread_needs_no_second_place(far_b: FarB) -> None:
    """Three threads that each hold one of their shop's three places and ask for another would wait for one another."""
    router = far_b.routers[0]
    meet = threading.Barrier(3)
    seen: list[int] = []

    def both() -> None:
        with router.shop(ZOYA, ACTOR) as db:
            db.scalars(select(Rate)).all()
            meet.wait(5)
            seen.append(pieces(router, ZOYA, Mode.READ))

    threads = [threading.Thread(target=both, daemon=True) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert seen == [3, 3, 3]


def test_a_file_that_names_a_replica_is_corrected_by_what_the_servers_say(
    toy: Toy, router: Router, until: Until
) -> None:
    """As after a promotion that no new file tells of."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    topology["shards"]["shard-a"]["primary"] = "a-2"
    path = toy.folder / "outdated.json"
    path.write_text(json.dumps(topology))
    late = toy.router(topology=path, snapshot=toy.folder / "outdated.snapshot", redis_prefix=router.config.redis_prefix)
    until(lambda: late.topology.shards["shard-a"].primary.name == "a-1", seconds=2)
    shop = next(iter(range(970_001, 970_002)))
    toy.open_shop(late, shop, "shard-a")
    with late.shop(shop, ACTOR) as db:
        db.add(Rate(purity=5, paise=1))
        db.commit()
    assert {one.name: one.role for one in late.health() if one.shard == "shard-a"} == {
        "a-1": "primary",
        "a-2": "replica",
    }
    until(lambda: next(one for one in late.health() if one.name == "a-2").in_rotation)
    late.close()


def test_a_refused_write_waits_for_the_successor(toy: Toy, router: Router) -> None:
    """The map is old by less than a round of the poller: what the refusal starts is a look at the servers."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    topology["shards"]["shard-a"]["primary"] = "a-2"
    path = toy.folder / "behind.json"
    path.write_text(json.dumps(topology))
    behind = toy.router(
        topology=path, snapshot=toy.folder / "behind.snapshot", background=False,
        redis_prefix=router.config.redis_prefix,
    )  # fmt: skip
    assert behind.topology.shards["shard-a"].primary.name == "a-2"
    assert behind.await_primary("shard-a")
    assert behind.topology.shards["shard-a"].primary.name == "a-1"


def test_a_shard_without_a_primary_keeps_nobody_waiting_twice(toy: Toy, router: Router) -> None:
    topology = json.loads((toy.folder / "topology.json").read_text())
    alone = topology["shards"]["shard-a"]
    alone["primary"] = "a-2"
    del alone["servers"]["a-1"]
    path = toy.folder / "headless.json"
    path.write_text(json.dumps(topology))
    headless = toy.router(
        topology=path, snapshot=toy.folder / "headless.snapshot", background=False, times=Times(promotion=0.3),
        redis_prefix=router.config.redis_prefix,
    )  # fmt: skip
    began = time.monotonic()
    assert not headless.await_primary("shard-a")
    assert 0.3 <= time.monotonic() - began < 2
    began = time.monotonic()
    assert not headless.await_primary("shard-a")
    assert time.monotonic() - began < AT_ONCE
    found = next(one for one in headless.health() if one.name == "a-2")
    assert "no server of shard-a accepts writes" in found.doubt
