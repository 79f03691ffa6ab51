"""Faults 1, 2 and 3: another server takes over, because the primary died or because somebody wants it so."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from app.rates.models import BoardRate
from shard_router import ShardReadOnly
from tests.faults.market import Market
from tests.faults.promoting import Promoter
from tests.faults.servers import Servers
from tests.support.waiting import until

BACK_WITHIN = 15.0
PAUSE = 2.0
LOCK_WAIT = 2.0  # seconds: for so long a promotion lets the server try to close a primary
FOLLOWED_WITHIN = 2.0
SHUT = {(503, "shard_down"), (503, "commit_unclear"), (409, "idempotency_key_busy")}


@pytest.mark.fault(1)
def test_a_dead_primary_is_replaced_by_the_command(
    servers: Servers, market: Market, promoter: Promoter, tmp_path: Path, measured
) -> None:
    """As an operator does it who is afraid: asks, looks at what it would do, does it, and runs it once more."""
    old = promoter.primary("shard-a")
    with market.billing() as load:
        killed_at = servers.kill(old)
        asked = promoter.by_command("shard-a", "--dry-run", folder=tmp_path)
        assert asked.returncode == 0 and "nothing was changed" in asked.stdout, asked
        assert "Nothing acknowledged can be lost" in asked.stdout and f"{old} must never come back" in asked.stdout
        done = promoter.by_command("shard-a", "--yes", folder=tmp_path)
        assert done.returncode == 3 and f"Left to do: {old} does not answer" in done.stderr, done
        back_s = _writes_again(market, time.monotonic())
        load.go_on(3)
    new = promoter.primary("shard-a")
    assert new != old and f"{new} is the primary of shard-a" in done.stdout
    servers.start()
    again = promoter.by_command("shard-a", "--yes", folder=tmp_path)
    assert again.returncode == 0 or "nothing to do" in again.stderr or "--to" in again.stderr, again
    until(lambda: servers.replicates(old), within=30, what=f"{old} following")
    measured(writes_back_after_command_s=back_s, whole_outage_s=market.journal.blip(killed_at, *market.on_a))
    assert back_s <= FOLLOWED_WITHIN + 2
    _only_that_shard_noticed(market)
    market.audit()


@pytest.mark.fault(1)
@pytest.mark.parametrize("frozen", [False, True], ids=["both replicas", "a replica frozen"])
def test_a_primary_killed_under_load_loses_nothing(
    servers: Servers, market: Market, promoter: Promoter, measured, frozen: bool
) -> None:
    with market.billing() as load:
        outage = _kill_and_promote(servers, market, promoter, frozen=frozen)
        load.go_on(3, *market.on_a)
    measured(writes_back_s=outage, refusals=market.journal.kinds())
    assert outage <= BACK_WITHIN
    _only_that_shard_noticed(market)
    market.audit()


@pytest.mark.fault(1)
def test_primaries_killed_and_replaced_again_and_again(
    servers: Servers, market: Market, promoter: Promoter, measured, chance: Random, count
) -> None:
    outages, rebuilt = [], 0
    with market.billing() as load:
        for _ in range(count(50)):
            outages.append(_kill_and_promote(servers, market, promoter, frozen=chance.random() < 0.3))
            rebuilt += len(servers.mend())
            load.go_on(chance.randint(1, 4), *market.on_a, within=90)
    measured(
        kills=len(outages), rebuilt=rebuilt, writes_back_s_max=max(outages), bills=len(market.journal.sold), lost=0
    )  # fmt: skip
    assert max(outages) <= BACK_WITHIN
    _only_that_shard_noticed(market)
    market.audit()


@pytest.mark.fault(2)
def test_planned_changes_of_the_primary_are_felt_by_nobody(
    servers: Servers, market: Market, promoter: Promoter, measured
) -> None:
    felt = _switch(servers, market, promoter, times=3)
    measured(**felt.figures(), errors=market.journal.kinds(), bills=len(market.journal.sold))
    assert market.journal.troubles == []
    assert max(felt.pauses) - felt.usual <= PAUSE
    market.audit()


@pytest.mark.fault(2)
def test_a_hundred_planned_changes(servers: Servers, market: Market, promoter: Promoter, measured, count) -> None:
    felt = _switch(servers, market, promoter, times=count(100))
    measured(**felt.figures(), errors=market.journal.kinds(), bills=len(market.journal.sold))
    assert market.journal.troubles == []
    assert max(felt.pauses) - felt.usual <= PAUSE
    market.audit()


@dataclass(frozen=True)
class Felt:
    """The slowest bill of each change, and of the time without one: the machine's own share, however busy it is."""

    pauses: list[float]
    usual: float

    def figures(self) -> dict[str, float]:
        ordered = sorted(self.pauses)
        return {
            "switches": len(ordered), "pause_s_median": ordered[len(ordered) // 2], "pause_s_max": ordered[-1],
            "slowest_without_s": self.usual,
        }  # fmt: skip


def _switch(servers: Servers, market: Market, promoter: Promoter, *, times: int) -> Felt:
    pauses, usual = [], []
    with market.billing() as load:
        for turn in range(times):
            began = time.monotonic()
            load.go_on(4, *market.on_a)
            usual.append(_longest_bill(market, since=began))
            names = sorted([promoter.primary("shard-a"), *promoter.replicas("shard-a")])
            to = next(one for one in names[turn % len(names) :] + names if one != promoter.primary("shard-a"))
            began = time.monotonic()
            assert promoter.promote("shard-a", to) == to
            load.go_on(2, *market.on_a)
            pauses.append(_longest_bill(market, since=began - 2))
    return Felt(pauses, max(usual))


def _longest_bill(market: Market, *, since: float) -> float:
    return max(took for at, shop, took in market.journal.paces if shop in market.on_a and at > since)


@pytest.mark.fault(2)
def test_tills_that_wait_for_each_other_do_not_hold_the_change_up(
    servers: Servers, market: Market, promoter: Promoter, measured
) -> None:
    """One holds a row, one waits for it. Closing waits for who waits, and who holds the row waits for the closing:
    until the server ends it, two seconds later, if nobody does before."""
    who, holds = market.cast.asha, threading.Event()
    refused = dict[str, Exception]()

    def write(name: str, *, then: Callable[[], object]) -> None:
        try:
            with market.runtime.router.shop(who.shop_id, who.actor) as db:
                db.scalars(select(BoardRate).limit(1)).one().paise_per_g += 1
                db.flush()
                then()
                db.commit()
        except Exception as told:  # noqa: BLE001 (whatever it is, the test shows it)
            refused[name] = told

    def until_it_is_closed() -> None:
        holds.set()
        until(lambda: any("is closed" in step for _, step in promoter.said), within=30)

    first = threading.Thread(target=write, args=("holds",), kwargs={"then": until_it_is_closed})
    second = threading.Thread(target=write, args=("waits",), kwargs={"then": lambda: None})
    first.start()
    until(holds.is_set, what="the row")
    second.start()
    until(lambda: servers.waits_for_a_row(promoter.primary("shard-a")), what="who waits for it")
    promoter.promote("shard-a", promoter.replicas("shard-a")[0])
    for one in (first, second):
        one.join(30)
    measured(closed_in_s=promoter.took("Closing", "is closed"))
    assert promoter.took("Closing", "is closed") < LOCK_WAIT
    assert {name: type(one) for name, one in refused.items()} == dict.fromkeys(("holds", "waits"), ShardReadOnly)


@pytest.mark.fault(3)
def test_no_connection_to_a_demoted_primary_is_refused_twice(
    servers: Servers, market: Market, promoter: Promoter, measured
) -> None:
    """The old one stays alive, read-only, under eight threads that write through one process's pool."""
    router, who = market.runtime.router, market.cast.asha
    old = promoter.primary("shard-a")
    refusals: list[tuple[str, int]] = []
    unexpected: list[str] = []
    done = Counter[str]()
    ending = threading.Event()

    def write() -> None:
        while not ending.is_set():
            try:
                with router.shop(who.shop_id, who.actor) as db:
                    row = db.scalars(select(BoardRate).limit(1)).one()
                    connection = db._raw
                    assert connection is not None and db.server is not None
                    seen = (db.server.name, connection.thread_id())
                    row.paise_per_g += 1
                    db.commit()
                    done[seen[0]] += 1
            except ShardReadOnly:
                refusals.append(seen)
            except Exception as bug:  # noqa: BLE001 (whatever it is, the test shows it)
                unexpected.append(repr(bug))
                return

    threads = [threading.Thread(target=write, daemon=True) for _ in range(8)]
    for one in threads:
        one.start()
    until(lambda: done[old] >= 20, within=30)
    new = promoter.promote("shard-a", promoter.replicas("shard-a")[0])
    until(lambda: done[new] >= 20, within=30)
    ending.set()
    for one in threads:
        one.join(20)
    measured(refusals=len(refusals), connections=len(set(refusals)))
    assert unexpected == []
    assert refusals and {name for name, _ in refusals} == {old}
    assert max(Counter(refusals).values()) == 1


def _kill_and_promote(servers: Servers, market: Market, promoter: Promoter, *, frozen: bool) -> float:
    """Seconds from the kill until both shops of the shard have written again; with a replica frozen, from its thaw:
    in guarantee mode one server alone acknowledges nothing."""
    old, replica = promoter.primary("shard-a"), promoter.replicas("shard-a")[0]
    if not frozen:
        began = servers.kill(old)
        promoter.promote("shard-a")
    else:
        with servers.frozen(replica):
            before = len(market.journal.of(market.on_a[0]))
            until(lambda: len(market.journal.of(market.on_a[0])) > before + 1, within=60, what="bills without it")
            servers.kill(old)
            assert promoter.promote("shard-a") not in (old, replica)
        began = time.monotonic()
        promoter.promote("shard-a")  # once more, which attaches the one that is back
    _writes_again(market, time.monotonic())
    return time.monotonic() - began


def _writes_again(market: Market, since: float) -> float:
    def last(shop_id: int) -> float:
        return max((one.at for one in market.journal.of(shop_id)), default=0.0)

    return until(lambda: all(last(shop) > since for shop in market.on_a), within=60, what="writes")


def _only_that_shard_noticed(market: Market) -> None:
    assert market.journal.troubles_of(market.on_b) == []
    assert {(one.status, one.code) for one in market.journal.troubles_of(*market.on_a)} <= SHUT
