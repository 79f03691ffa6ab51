"""Faults 4, 5 and 19: a shard that is silent, a shard that is slow, and one shop that asks for more than its share.

A frozen server is as silent as one behind a cut cable: its port takes connections and nothing ever answers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.faults.load import Load
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.waiting import until

KNOWN_WITHIN = 20.0  # the answer time of 10 s of those that were asking when it began, on a busy machine
AT_ONCE = 0.1
SLOW = 1.0  # Times.shard_slow: so long half of a shard's threads must have been busy with it
TENTH = 1.1  # a neighbour's p99 may grow by so much
MACHINE = 0.1  # and by so much of this machine's own: one late turn of its few cores is the p99 of so few answers
CROWD = 12
BILLS = 20  # of the neighbour, in each stretch


@dataclass
class Beside:
    """What the neighbour and Asha's crowd were told, in stretches with a fault and in stretches without, in turn."""

    calm: list[float] = field(default_factory=list)  # seconds: the neighbour's bills and reads
    finding: list[float] = field(default_factory=list)  # the neighbour's, until the fault was known
    hurt: list[float] = field(default_factory=list)  # and from then on
    refusals: list[float] = field(default_factory=list)  # of the crowd, once the fault is known
    floor: list[float] = field(default_factory=list)  # a neighbour's read, as it takes at that time

    def figures(self) -> dict[str, object]:
        return {
            "neighbour_p99_ratio": _part(self.hurt, 99) / _part(self.calm, 99),
            "neighbour_p90_ratio": _part(self.hurt, 90) / _part(self.calm, 90),
            "neighbour_slowest_s": max(self.hurt), "refusals": len(self.refusals),
            "own_refusal_s_median": _part(self.refusals, 50), "own_refusal_s_p90": _part(self.refusals, 90),
            "neighbours_read_s_median": _part(self.floor, 50), "neighbours_read_s_p90": _part(self.floor, 90),
        }  # fmt: skip


def side_by_side(market: Market, fault: Callable[[], AbstractContextManager[None]], *, turns: int = 2) -> Beside:
    """The same crowd asks in both: what differs is the fault, and not how much this machine has to do."""
    found = Beside()
    with market.billing(market.cast.zoya) as load, _crowd(market) as refused:
        for _ in range(turns):
            found.calm += _stretch(market, load)
            with fault():
                before, began = len(refused), time.monotonic()
                until(lambda before=before: len(refused) > before, within=KNOWN_WITHIN, what="the fault to be known")
                known_at = time.monotonic()
                found.finding += _took(market, since=began)
                found.floor += [_neighbours_read(market) for _ in range(20)]
                found.hurt += _stretch(market, load)
                found.refusals += [took for at, took in refused if at > known_at]
            until(lambda: market.get(market.cast.asha, "items").ok, within=30, what="the crowd's shop")
    return found


@pytest.mark.fault(4)
def test_a_silent_shard_costs_its_own_shops_only(servers: Servers, market: Market, measured) -> None:
    found = side_by_side(market, lambda: _silent(servers))
    measured(**found.figures(), neighbour_errors=len(market.journal.troubles_of(market.on_b)))
    _no_neighbour_noticed(market, found)
    assert _part(found.refusals, 90) <= AT_ONCE + _part(found.floor, 90)  # over HTTP, on a machine with work to do


@pytest.mark.fault(5)
def test_a_shard_two_seconds_slow_holds_no_neighbour_up(servers: Servers, market: Market, measured) -> None:
    """It answers, so no breaker opens: its own shops are refused when half of its threads have waited for a second."""
    found = side_by_side(market, lambda: _stuttering(servers, stands=2.0))
    measured(**found.figures(), neighbour_errors=len(market.journal.troubles_of(market.on_b)))
    _no_neighbour_noticed(market, found)
    assert _part(found.refusals, 90) <= SLOW + AT_ONCE + _part(found.floor, 90)


def _no_neighbour_noticed(market: Market, found: Beside) -> None:
    assert market.journal.troubles_of(market.on_b) == []
    assert _part(found.hurt, 99) <= _part(found.calm, 99) * TENTH + MACHINE
    # and the second in which the shard may hold threads
    assert max(found.finding, default=0.0) <= max(found.calm) * TENTH + MACHINE + SLOW


@pytest.mark.fault(19)
def test_one_shop_that_never_pauses_keeps_nobody_from_trading(market: Market, measured) -> None:
    """Asha's tills send as fast as they are answered; Zoya's, on the other shard, are no worse for it than by the
    machine's own limits: this one has few cores, which all processes of the run share."""
    before = _calm(market)
    with market.billing(market.cast.zoya) as load, market.billing(*[market.cast.asha] * CROWD, pause=0.0):
        began = time.monotonic()
        load.go_on(20, market.on_b, within=120)
    during = _paces(market, since=began)
    measured(
        neighbour_p99_ratio=_part(during, 99) / _part(before, 99), noisy_bills=len(market.journal.of(market.on_a[0])),
        neighbour_errors=len(market.journal.troubles_of(market.on_b)),
    )  # fmt: skip
    assert market.journal.troubles_of(market.on_b) == []
    market.audit()


def _stretch(market: Market, load: Load) -> list[float]:
    """How long each of the neighbour's bills and reads takes, while they make so many."""
    began = time.monotonic()
    load.go_on(BILLS, within=120)
    return _took(market, since=began)


def _took(market: Market, *, since: float) -> list[float]:
    """Of the neighbour's bills and reads."""
    return [*_paces(market, since=since), *(took for at, took in market.journal.reads if at >= since)]


@contextmanager
def _silent(servers: Servers) -> Iterator[None]:
    """All of shard A's servers stand still."""
    with ExitStack() as still:
        for name in ("a-1", "a-2", "a-3"):
            still.enter_context(servers.frozen(name))
        yield


def _calm(market: Market) -> list[float]:
    """How long Zoya's bills take while nothing is wrong."""
    began = time.monotonic()
    with market.billing(market.cast.zoya) as load:
        load.go_on(20)
    return _paces(market, since=began)


@contextmanager
def _crowd(market: Market) -> Iterator[list[tuple[float, float]]]:
    """Many of Asha's people at once; gives (when, how long) of each answer that was no success."""
    ending, refusals = threading.Event(), list[tuple[float, float]]()

    def ask() -> None:
        while not ending.is_set():
            answer = market.get(market.cast.asha, "items")
            if not answer.ok:
                refusals.append((answer.began, answer.seconds))
            ending.wait(0.2)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(CROWD)]
    for one in threads:
        one.start()
    try:
        yield refusals
    finally:
        ending.set()
        for one in threads:
            one.join(40)


@contextmanager
def _stuttering(servers: Servers, *, stands: float) -> Iterator[None]:
    """Shard A stands still for so long again and again, and runs for a moment: each answer comes that late."""
    ending = threading.Event()

    def stutter() -> None:
        while not ending.is_set():
            with _silent(servers):
                ending.wait(stands)
            ending.wait(0.1)

    thread = threading.Thread(target=stutter, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(10)


def _neighbours_read(market: Market) -> float:
    """How long an ordinary read of the other shard takes, on this machine, at this moment."""
    answer = market.get(market.cast.zoya, "items")
    assert answer.ok, answer
    return answer.seconds


def _paces(market: Market, *, since: float) -> list[float]:
    return [took for at, shop, took in market.journal.paces if shop == market.on_b and at >= since]


def _part(values: list[float], percent: int) -> float:
    """The time within which so many of a hundred were answered."""
    return sorted(values)[int(len(values) * percent / 100)]
