"""The directory's layers, each shown to answer when those before it are dead."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from shard_router import DirectoryEntry, DirectoryUnavailable, Mode, Router, Times, UnknownShop, WrongShop
from shard_router.snapshot import Snapshot
from shard_router.tables import directory
from tests.integration.shard_router.conftest import ACTOR, ASHA, HOMES, ZOYA, Toy
from tests.integration.shard_router.toys import Piece, Rate
from tests.support.tcp_proxy import TcpProxy

Fresh = Callable[..., DirectoryEntry]
Until = Callable[..., None]
QUICK = Times(directory=0.05, connect=1, redis_rest=0.2, control_rest=0.3, unknown_shop=0.2, snapshot=0.1, topology=0.1)


def redis_of(toy: Toy) -> Any:
    return redis.Redis.from_url(toy.raw["redis"])


class Frail:
    """A router whose control database and Redis stand behind proxies."""

    def __init__(self, toy: Toy, tmp_path: Path, *, background: bool = False, **changes: Any) -> None:
        host, port = toy.raw["redis"].rsplit("@", 1)[1].split("/")[0].split(":")
        self.control = TcpProxy(*toy.address("ctl-1"))
        self.redis = TcpProxy(host, int(port))
        topology = json.loads((toy.folder / "topology.json").read_text())
        topology["control"]["servers"]["ctl-1"] = {"host": "127.0.0.1", "port": self.control.port}
        self.path = tmp_path / "topology.json"
        self.path.write_text(json.dumps(topology))
        self.settings: dict[str, Any] = {
            "topology": self.path, "snapshot": tmp_path / "snapshot.json", "background": background, "times": QUICK,
            "redis_url": toy.raw["redis"].replace(f"{host}:{port}", f"127.0.0.1:{self.redis.port}"), **changes,
        }  # fmt: skip
        self.toy = toy

    def __enter__(self) -> Frail:
        self.control.__enter__()
        self.redis.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.control.__exit__()
        self.redis.__exit__()

    def router(self) -> Router:
        return self.toy.router(**self.settings)

    def die(self) -> None:
        self.control.cut()
        self.redis.cut()


def test_an_unknown_shop_is_unknown_and_remembered_as_such(toy: Toy, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        router = frail.router()
        with pytest.raises(UnknownShop):
            router.directory.lookup(999_999_999)
        frail.die()
        with pytest.raises(UnknownShop):
            router.directory.lookup(999_999_999)
        with pytest.raises(UnknownShop):
            router.shop(999_999_999, ACTOR)


def test_a_new_shop_is_known_at_once_where_it_was_unknown(toy: Toy, router: Router) -> None:
    other = toy.router(redis_prefix=router.config.redis_prefix)
    with pytest.raises(UnknownShop):
        router.directory.lookup(777_001)
    toy.open_shop(router, 777_001, "shard-b")
    assert router.directory.lookup(777_001) == DirectoryEntry(777_001, "shard-b", 1)
    assert other.directory.lookup(777_001).shard == "shard-b"


def test_redis_answers_with_the_control_database_dead(toy: Toy, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        first = frail.router()
        first.directory.announce(DirectoryEntry(4242, "shard-b", 3))
        second = toy.router(
            **{**frail.settings, "redis_prefix": first.config.redis_prefix, "snapshot": tmp_path / "none.json"}
        )
        frail.control.cut()
        assert second.directory.lookup(4242) == DirectoryEntry(4242, "shard-b", 3)


@pytest.mark.parametrize("garbage", [b"", b"x", b"a b c", b"shard-b one open", b"\xff\xfe", b"1 2 3 4"])
def test_garbage_in_redis_is_nothing(toy: Toy, router: Router, fresh_shop: Fresh, garbage: bytes) -> None:
    shop, client = fresh_shop("shard-b").shop_id, redis_of(toy)
    other = toy.router(redis_prefix=router.config.redis_prefix, background=False)
    client.set(f"{router.config.redis_prefix}dir:{shop}", garbage)
    client.set(f"{router.config.redis_prefix}causal:{shop}", garbage)
    assert other.directory.lookup(shop) == DirectoryEntry(shop, "shard-b", 1)
    with other.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert db.scalars(select(Piece)).all() == []
        assert db.server is not None and db.server.name == "b-1"


def test_the_control_database_answers_with_redis_dead(toy: Toy, router: Router, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        frail.redis.cut()
        assert frail.router().directory.lookup(ZOYA).shard == "shard-b"


def test_every_known_shop_is_served_with_both_dead(toy: Toy, router: Router, tmp_path: Path) -> None:
    """A process that starts in the middle of it has only the file."""
    with Frail(toy, tmp_path) as frail:
        frail.router().refresh_snapshot()
        frail.die()
        late = frail.router()
        for shop_id, shard in HOMES.items():
            assert late.directory.lookup(shop_id).shard == shard
            with late.shop(shop_id, ACTOR, mode=Mode.READ) as db:
                assert len(db.scalars(select(Piece)).all()) == 3
        with late.shop(ASHA, ACTOR) as db:
            db.merge(Rate(shop_id=ASHA, purity=1, paise=1))
            db.flush()
        with pytest.raises(DirectoryUnavailable):
            late.directory.lookup(123_456_789)


def test_a_lookup_with_all_dead_is_still_quick(toy: Toy, router: Router, tmp_path: Path) -> None:
    """One caller a second finds out that they are dead; nobody else waits for it, also behind a black hole."""
    with Frail(toy, tmp_path) as frail:
        late = frail.router()
        late.refresh_snapshot()  # known from here on, and fresh for nobody: the first to ask pays
        frail.control.silence()
        frail.redis.silence()
        took = []
        for _ in range(100):
            began = time.monotonic()
            late.directory.lookup(ASHA)
            took.append(time.monotonic() - began)
        assert max(took) < 0.1 + QUICK.lookup + 0.3
        assert sorted(took)[-2] < 0.05
        frail.control.mend()
        frail.redis.mend()


def test_a_known_shop_is_not_asked_for_again_while_it_is_fresh(router: Router) -> None:
    router.directory.lookup(ASHA)
    began = time.perf_counter()
    for _ in range(1000):
        router.directory.lookup(ASHA)
    assert (time.perf_counter() - began) / 1000 < 20e-6


def test_an_older_epoch_never_replaces_a_newer_one(router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    router.directory.announce(DirectoryEntry(shop, "shard-b", 5))
    router.directory.announce(DirectoryEntry(shop, "shard-a", 4))
    assert router.directory.lookup(shop) == DirectoryEntry(shop, "shard-b", 5)


def test_a_change_reaches_other_processes_by_the_refresher(
    toy: Toy, router: Router, tmp_path: Path, until: Until
) -> None:
    entry = toy.open_shop(router, 777_002, "shard-a")
    with Frail(toy, tmp_path, background=True) as frail:
        other = frail.router()
        assert other.directory.lookup(entry.shop_id).epoch == 1
        toy.sql(
            "ctl-1",
            "UPDATE directory SET epoch = 2, shard = 'shard-b', updated_at = UTC_TIMESTAMP(6) WHERE shop_id = %s",
            777_002,
        )
        until(lambda: other.directory.lookup(777_002) == DirectoryEntry(777_002, "shard-b", 2))
        other.close()


# -- the file -----------------------------------------------------------------------------------------------------
def test_a_process_that_can_ask_nobody_reads_what_another_one_has_written(
    toy: Toy, router: Router, tmp_path: Path
) -> None:
    """A shop of the last seconds, which only one process had heard of when the rest died."""
    with Frail(toy, tmp_path) as frail:
        early, other = frail.router(), frail.router()
        early.refresh_snapshot()
        entry = toy.open_shop(router, 777_023, "shard-b")
        other.directory.register("slugs", lambda control: {"late": 777_023})
        other.refresh_snapshot()
        frail.die()
        assert early.directory.lookup(777_023) == entry
        assert early.directory.section("slugs") == {"late": 777_023}
        with pytest.raises(DirectoryUnavailable):
            early.directory.lookup(777_024)


def test_what_somebody_else_put_into_the_file_is_not_taken_for_ones_own(
    toy: Toy, router: Router, tmp_path: Path
) -> None:
    path = tmp_path / "snapshot.json"
    with Frail(toy, tmp_path) as frail:
        first, second = frail.router(), frail.router()
        first.directory.register("slugs", lambda control: {"asha": ASHA})
        first.refresh_snapshot()
        whole = json.loads(path.read_text())
        path.write_text(json.dumps({**whole, "directory": {}, "sections": {}}))
        first.refresh_snapshot()
        assert json.loads(path.read_text()) == whole
        second.refresh_snapshot()
        assert json.loads(path.read_text())["sections"] == {"slugs": {"asha": ASHA}}


def test_only_who_has_the_turn_writes_and_everybody_learns(toy: Toy, router: Router, tmp_path: Path) -> None:
    """What was read before another one's turn would be older than what that one writes."""
    path = tmp_path / "snapshot.json"
    with Frail(toy, tmp_path) as frail:
        first = frail.router()
        first.refresh_snapshot()
        entry = toy.open_shop(router, 777_025, "shard-a")
        with Snapshot(path).turn() as ours:
            assert ours
            first.refresh_snapshot()
            assert "777025" not in json.loads(path.read_text())["directory"]
        frail.die()
        assert first.directory.lookup(777_025) == entry


def test_sections_of_others_ride_in_the_same_file(toy: Toy, router: Router, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        first = frail.router()
        first.directory.register(
            "slugs",
            lambda control: {"asha": control.scalar(select(directory.c.shop_id).where(directory.c.shop_id == 1))},
        )
        assert first.directory.section("slugs") is None
        first.refresh_snapshot()
        frail.die()
        late = frail.router()
        late.directory.register("slugs", lambda control: {})
        assert late.directory.section("slugs") == {"asha": 1}
        with pytest.raises(Exception, match="control"):
            late.refresh_snapshot()
        assert late.directory.section("slugs") == {"asha": 1}
        content = json.loads((tmp_path / "snapshot.json").read_text())
        assert json.loads(content["topology"])["version"] == 1 and content["directory"]["3"] == ["shard-b", 1, "open"]


def test_a_section_that_fails_keeps_its_last_good_value(toy: Toy, router: Router, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        first = frail.router()
        answers = iter([["one"], None])

        def load(control: Any) -> Any:
            value = next(answers)
            if value is None:
                raise LookupError("not now")
            return value

        first.directory.register("keys", load)
        first.refresh_snapshot()
        first.refresh_snapshot()
        assert first.directory.section("keys") == ["one"]


def test_the_file_is_replaced_whole_and_grows_young(toy: Toy, router: Router, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        first = frail.router()
        assert first.directory.snapshot_age() is None
        first.refresh_snapshot()
        path = tmp_path / "snapshot.json"
        inode = path.stat().st_ino
        os.utime(path, (1, 1))
        assert (first.directory.snapshot_age() or 0) > 1e6
        first.refresh_snapshot()
        assert (first.directory.snapshot_age() or 0) < 5
        assert path.stat().st_ino == inode, "an unchanged content is not written again"
        first.directory.register("more", lambda control: 1)
        first.refresh_snapshot()
        assert path.stat().st_ino != inode
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', "\0\0"])
def test_a_broken_file_is_no_file(toy: Toy, router: Router, tmp_path: Path, text: str) -> None:
    (tmp_path / "snapshot.json").write_text(text)
    with Frail(toy, tmp_path) as frail:
        assert frail.router().directory.lookup(ASHA).shard == "shard-a"


# -- new shops ----------------------------------------------------------------------------------------------------
def test_planting_a_fence_twice_is_harmless(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    entry = fresh_shop()
    router.plant_fence(entry)
    assert toy.sql("a-1", "SELECT epoch, state FROM shop_fence WHERE shop_id = %s", entry.shop_id) == ((1, "open"),)


def test_a_shop_of_the_directory_without_a_fence_cannot_be_written(toy: Toy, router: Router) -> None:
    from shard_router import ShopMoved

    with router.control() as control:
        entry = router.directory.add(control, 777_013, "shard-a")
        control.commit()
    router.directory.announce(entry)
    with router.shop(777_013, ACTOR) as db, pytest.raises(ShopMoved):
        db.scalars(select(Piece)).all()


# -- the topology, while it is in use -----------------------------------------------------------------------------
def test_a_new_topology_is_taken_up_without_dropping_a_request(
    toy: Toy, router: Router, tmp_path: Path, until: Until
) -> None:
    """a-1 moves to another address under a thread that writes all the while: not one write fails."""
    with TcpProxy(*toy.address("a-1")) as proxy, Frail(toy, tmp_path, background=True) as frail:
        busy = frail.router()
        shop = toy.open_shop(busy, 777_014, "shard-a").shop_id
        stop, failed, written = threading.Event(), list[BaseException](), list[int]()

        def work() -> None:
            while not stop.is_set():
                try:
                    with busy.shop(shop, ACTOR) as db:
                        db.add(Rate(purity=len(written), paise=1))
                        db.commit()
                    written.append(1)
                except BaseException as bad:  # noqa: BLE001 (whatever it is, the test fails by it)
                    failed.append(bad)

        thread = threading.Thread(target=work)
        thread.start()
        topology = json.loads(frail.path.read_text())
        topology["version"] += 1
        topology["shards"]["shard-a"]["servers"]["a-1"] = {"host": "127.0.0.1", "port": proxy.port}
        frail.path.write_text(json.dumps(topology))
        until(lambda: proxy.accepted > 0, seconds=2)
        after = len(written)
        until(lambda: len(written) > after + 5)
        stop.set()
        thread.join()
        assert failed == [] and busy.topology.version == 2
        busy.close()


def test_a_bad_topology_is_refused_whole_and_shown(toy: Toy, router: Router, tmp_path: Path) -> None:
    with Frail(toy, tmp_path) as frail:
        steady = frail.router()
        good = frail.path.read_text()
        for bad in (
            "{",
            json.dumps({**json.loads(good), "version": 0}),
            json.dumps({**json.loads(good), "shards": {}}),
        ):
            frail.path.write_text(bad)
            assert not steady.reload()
            assert steady.topology.version == 1 and steady.topology_problem
        frail.path.write_text(good)
        steady.reload()
        assert steady.topology_problem is None
        frail.path.unlink()
        assert not steady.reload() and steady.topology_problem


# -- the control session ------------------------------------------------------------------------------------------
def test_a_control_session_takes_no_shops_row(router: Router) -> None:
    with router.control() as control, pytest.raises(WrongShop):
        control.add(Piece(shop_id=ASHA, id=1, tag="x", name="x"))
