"""The cache of a shop on a real Redis: one works a value out, one bump forgets all, a dead Redis is only slower."""

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from app.adapters.redis_cache import RedisCache
from app.kit.cache import Breaker, ShopCache
from app.kit.ids import new_id
from app.kit.ports import CacheDown
from shard_router import Mode
from tests.support.redis import ThrowawayRedis
from tests.support.waiting import until


class Counted:
    """A value that counts how often it is worked out."""

    def __init__(self, value="board"):
        self.value = value
        self.times = 0
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self.times += 1
        return self.value


@pytest.fixture
def own_redis(tmp_path):
    server = ThrowawayRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def outcomes():
    return {"hit": 0, "miss": 0, "bypass": 0}


@pytest.fixture
def cache(own_redis, outcomes):
    def count(outcome):
        outcomes[outcome] += 1

    return ShopCache(Breaker(RedisCache(own_redis.url)), count=count)


def run_of(client):
    """What this run of the server marks its keys with."""
    return client.info("server")["run_id"][:12]


def test_a_value_is_worked_out_once(cache, outcomes):
    board = Counted({"gold": [1, 2], "at": None})
    assert [cache.get(7, "rates", board, ttl=60) for _ in range(5)] == [{"gold": [1, 2], "at": None}] * 5
    assert board.times == 1
    assert outcomes == {"hit": 4, "miss": 1, "bypass": 0}


def test_none_is_a_value_too(cache):
    nothing = Counted(None)
    assert [cache.get(7, "x", nothing, ttl=60) for _ in range(2)] == [None, None]
    assert nothing.times == 1


def test_shops_and_names_do_not_mix(cache):
    for shop_id in (7, 70):
        for name in ("a", "b"):
            assert cache.get(shop_id, name, Counted(f"{shop_id}{name}"), ttl=60) == f"{shop_id}{name}"
    for shop_id in (7, 70):
        for name in ("a", "b"):
            assert cache.get(shop_id, name, Counted("wrong"), ttl=60) == f"{shop_id}{name}"


def test_one_bump_forgets_all_of_a_shop_and_nothing_of_another(cache):
    for shop_id in (7, 8):
        for name in ("rates", "home"):
            cache.get(shop_id, name, Counted("old"), ttl=60)
    cache.forget(7)
    assert [cache.get(7, name, Counted("new"), ttl=60) for name in ("rates", "home")] == ["new", "new"]
    assert [cache.get(8, name, Counted("new"), ttl=60) for name in ("rates", "home")] == ["old", "old"]


def test_what_was_read_before_a_bump_is_never_served_after_it(cache):
    """The value is worked out, then somebody changes the data and bumps, and only then is it stored."""

    def old_and_overtaken():
        cache.forget(7)
        return "old"

    cache.get(7, "rates", old_and_overtaken, ttl=60)
    assert cache.get(7, "rates", Counted("new"), ttl=60) == "new"


def test_a_bump_is_seen_by_other_processes(own_redis, cache):
    other = ShopCache(Breaker(RedisCache(own_redis.url)))
    cache.get(7, "rates", Counted("old"), ttl=60)
    assert other.get(7, "rates", Counted("wrong"), ttl=60) == "old"
    other.forget(7)
    assert cache.get(7, "rates", Counted("new"), ttl=60) == "new"


def test_a_generation_that_redis_dropped_brings_nothing_back(own_redis, cache):
    cache.get(7, "rates", Counted("old"), ttl=60)
    client = own_redis.client()
    assert client.delete(f"boola:cache:{{7}}@{run_of(client)}") == 1
    assert cache.get(7, "rates", Counted("new"), ttl=60) == "new"


def test_times_to_live_are_bounded_and_spread(own_redis, cache):
    for number in range(40):
        cache.get(7, f"n{number}", Counted(), ttl=100_000)
    client = own_redis.client()
    run = run_of(client)
    lives = {client.pttl(f"boola:cache:{{7}}:n{number}@{run}") // 1000 for number in range(40)}
    assert max(lives) <= 300
    assert min(lives) >= 268
    assert len(lives) > 5


def test_many_askers_at_once_in_two_processes_work_it_out_once(own_redis, cache):
    other = ShopCache(Breaker(RedisCache(own_redis.url)))
    slow, asking = Counted("board"), itertools.count(1)
    asked: list[int] = []

    def work():
        until(lambda: len(asked) == 20, what="all twenty askers")
        return slow()

    def ask(number):
        asked.append(next(asking))
        return (cache if number % 2 else other).get(7, "rates", work, ttl=60)

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(ask, range(20)))
    assert set(found) == {"board"}
    assert slow.times == 1


def test_whoever_dies_while_working_it_out_holds_nobody_up_for_long(own_redis, cache):
    client = own_redis.client()
    client.set(f"boola:cache:{{7}}:rates:lock@{run_of(client)}", b"of a dead process", px=3000)
    began = time.monotonic()
    assert cache.get(7, "rates", Counted("board"), ttl=60) == "board"
    assert time.monotonic() - began < 0.6


def test_a_failure_to_work_it_out_is_the_askers_own(cache):
    with pytest.raises(ZeroDivisionError):
        cache.get(7, "rates", lambda: 1 // 0, ttl=60)
    assert cache.get(7, "rates", Counted("board"), ttl=60) == "board"


def test_a_dead_redis_costs_nothing_after_the_first_call(own_redis, cache, outcomes):
    cache.get(7, "rates", Counted(), ttl=60)
    own_redis.kill()
    board = Counted("worked out")
    cache.get(7, "rates", board, ttl=60)
    began = time.perf_counter()
    for _ in range(100):
        assert cache.get(7, "rates", board, ttl=60) == "worked out"
    assert time.perf_counter() - began < 0.1
    assert outcomes["bypass"] == 101
    cache.forget(7)


def test_a_redis_that_comes_back_is_used_again(own_redis, outcomes):
    now = [0.0]
    store = Breaker(RedisCache(own_redis.url), rest=1.0, clock=lambda: now[0])
    cache = ShopCache(store)
    own_redis.kill()
    cache.get(7, "rates", Counted(), ttl=60)
    assert store.is_open
    own_redis.start()
    now[0] = 1.5
    board = Counted("again")
    assert [cache.get(7, "rates", board, ttl=60) for _ in range(2)] == ["again", "again"]
    assert board.times == 1
    assert not store.is_open


def test_what_a_killed_redis_brings_back_from_its_file_is_not_served(own_redis, cache):
    own_redis.client().config_set("appendfsync", "always")
    other = ShopCache(Breaker(RedisCache(own_redis.url)))
    cache.get(7, "rates", Counted("old"), ttl=60)
    own_redis.kill()
    own_redis.start()
    assert own_redis.client().keys("boola:cache:{7}*")  # the file had it
    assert other.get(7, "rates", Counted("new"), ttl=60) == "new"


def test_a_bump_that_did_not_reach_redis_is_made_up_for(own_redis):
    """The store fails once, as by a time-out; nobody asks this process again, and the others still learn of it."""
    real = RedisCache(own_redis.url)
    failing = SimpleNamespace(read=real.read, add=real.add, remove_if=real.remove_if, write=real.write)
    writer, reader = ShopCache(failing), ShopCache(RedisCache(own_redis.url))
    reader.get(7, "rates", Counted("old"), ttl=60)
    failing.write = refuse
    writer.forget(7)
    assert writer.get(7, "rates", Counted("new"), ttl=60) == "new"
    assert reader.get(7, "rates", Counted("wrong"), ttl=60) == "old"
    failing.write = real.write
    until(lambda: reader.get(7, "rates", Counted("new"), ttl=60) == "new", within=5)
    assert writer.get(7, "rates", Counted("newest"), ttl=60) == "new"


def refuse(*_, **__):
    raise CacheDown("too slow")


def test_a_frozen_redis_costs_a_tenth_of_a_second_once(own_redis, cache):
    import os
    import signal

    cache.get(7, "rates", Counted(), ttl=60)
    os.kill(own_redis._process.pid, signal.SIGSTOP)
    try:
        began = time.perf_counter()
        assert cache.get(7, "rates", Counted("worked out"), ttl=60) == "worked out"
        assert cache.get(7, "rates", Counted("worked out"), ttl=60) == "worked out"
        assert time.perf_counter() - began < 0.3
    finally:
        os.kill(own_redis._process.pid, signal.SIGCONT)


def test_a_write_forgets_its_shop_once_it_is_committed(router, shop, cluster, cache_store):
    cache = ShopCache(cache_store, prefix=cluster.redis_prefix)
    cache.get(shop.shop_id, "rates", Counted("old"), ttl=60)
    with router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
        cache.forget_after(db)
        cache.forget_after(db)
        from app.kit import audit

        audit.record(db, "toy.made", new_id(), {})
        assert cache.get(shop.shop_id, "rates", Counted("new"), ttl=60) == "old"
        db.rollback()
    assert cache.get(shop.shop_id, "rates", Counted("new"), ttl=60) == "old"
    with router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
        cache.forget_after(db)
        audit.record(db, "toy.made", new_id(), {})
        db.commit()
    assert cache.get(shop.shop_id, "rates", Counted("new"), ttl=60) == "new"


def test_who_hears_of_a_commit_already_finds_its_token(cache_store, router, shop):
    """Else the next asker could work the value out from a replica that lacks the commit, and keep it as the new one."""
    seen = []

    class Watched(ShopCache):
        def forget(self, shop_id):
            seen.append(router.newest.find(shop_id))

    with router.shop(shop.shop_id, shop.actor, mode=Mode.WRITE) as db:
        Watched(cache_store).forget_after(db)
        from app.kit import audit

        audit.record(db, "toy.made", new_id(), {})
        db.commit()
        assert [str(token) for token in seen] == [str(db.token)]


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"{", b"NaN"])
def test_what_we_did_not_write_is_no_value(cache, own_redis, garbage):
    redis = own_redis.client()
    cache.get(7, "rates", Counted("board"), ttl=60)
    for key in list(redis.scan_iter()):
        redis.set(key, garbage)
    assert cache.get(7, "rates", Counted("board"), ttl=60) == "board"


def test_a_locks_owner_alone_opens_it(own_redis):
    store = RedisCache(own_redis.url)
    assert store.add("lock", b"mine", ttl_ms=1000)
    assert not store.add("lock", b"yours", ttl_ms=1000)
    store.remove_if("lock", b"yours")
    assert store.read(["lock"]) == [b"mine"]
    store.remove_if("lock", b"mine")
    assert store.read(["lock"]) == [None]


def test_every_failure_of_redis_is_one_that_callers_know(own_redis):
    store = RedisCache(own_redis.url)
    own_redis.kill()
    for call in (
        lambda: store.read(["x"]),
        lambda: store.write("x", b"", ttl_ms=5),
        lambda: store.add("x", b"", ttl_ms=5),
        lambda: store.count(["x"], window_s=5),
        lambda: store.remove_if("x", b""),
        store.ping,
    ):
        with pytest.raises(CacheDown):
            call()


def test_health_counts_the_hits(toy, shop):
    before = toy.client().get("/api/health/cache").json
    for _ in range(4):
        toy.parts.cache.get(shop.shop_id, "x", Counted(), ttl=60)
    after = toy.client().get("/api/health/cache").json
    assert after["hits"] - before["hits"] == 3
    assert after["misses"] - before["misses"] == 1
    assert after["status"] == "ok"
    assert 0 < after["hitRate"] <= 1
    assert json.loads(toy.client().get("/api/health").data)["cache"] == "ok"
