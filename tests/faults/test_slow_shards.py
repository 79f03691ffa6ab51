"""Faults 4, 5 and 19: a shard that is silent, a shard that is slow, and one shop that asks for more than its share.

A frozen server is as silent as one behind a cut cable: its port takes connections and nothing ever answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.waiting import until

pytestmark = pytest.mark.long  # minutes on two cores; ./dev faults --long

OPEN_WITHIN = 10.0  # the pollers' three failures, each of two seconds at most
AT_ONCE = 0.1  # beyond what a request takes anyway; of the router alone: test_dead_and_slow_shards.py
CROWD = 12


@pytest.mark.fault(4)
def test_a_silent_shard_costs_its_own_shops_only(servers: Servers, market: Market, measured) -> None:
    before = _calm(market)
    with market.billing(market.cast.zoya) as load, ExitStack() as still:
        frozen_at = time.monotonic()
        for name in ("a-1", "a-2", "a-3"):
            still.enter_context(servers.frozen(name))
        with _crowd(market) as refusals:
            until(lambda: time.monotonic() - frozen_at > OPEN_WITHIN, within=60)
            opened_at = time.monotonic()
            load.go_on(10)
            floor = _median([_neighbours_read(market) for _ in range(40)])
            load.go_on(10)
    during = _paces(market, since=frozen_at)
    late = [took for at, took in refusals if at > opened_at]
    measured(
        neighbour_p99_ratio=_p99(during) / _p99(before), neighbour_errors=len(market.journal.troubles_of(market.on_b)),
        own_refusal_s_median=_median(late), neighbours_read_s_median=floor, refusals=len(refusals),
    )  # fmt: skip
    assert market.journal.troubles_of(market.on_b) == []
    assert late and _median(late) - floor <= AT_ONCE
    assert _p99(during) <= _p99(before) * 1.1 + 1.0  # the second that finds the shard slow


@pytest.mark.fault(5)
def test_a_shard_two_seconds_slow_holds_no_neighbour_up(servers: Servers, market: Market, measured) -> None:
    before = _calm(market)
    with market.billing(market.cast.zoya) as load, _stuttering(servers, stands=2.0):
        began = time.monotonic()
        with _crowd(market) as answers:
            until(lambda: time.monotonic() - began > OPEN_WITHIN, within=60)
            load.go_on(20)
    during = _paces(market, since=began)
    measured(
        neighbour_p99_ratio=_p99(during) / _p99(before), neighbour_errors=len(market.journal.troubles_of(market.on_b)),
        refusals_of_its_own=len(answers),
    )  # fmt: skip
    assert market.journal.troubles_of(market.on_b) == []
    assert _p99(during) <= _p99(before) * 1.1 + 1.0


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
        neighbour_p99_ratio=_p99(during) / _p99(before), noisy_bills=len(market.journal.of(market.on_a[0])),
        neighbour_errors=len(market.journal.troubles_of(market.on_b)),
    )  # fmt: skip
    assert market.journal.troubles_of(market.on_b) == []
    market.audit()


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
            with ExitStack() as still:
                for name in ("a-1", "a-2", "a-3"):
                    still.enter_context(servers.frozen(name))
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


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
