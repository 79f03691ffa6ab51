"""Threads of a process in one shard, and of one shop there: bounded, in line while all is well, else refused."""

import threading
import time
from collections.abc import Callable

import pytest

from shard_router.bulkhead import Bulkhead, Shares
from shard_router.errors import ShardUnavailable, ShopCrowded
from tests.support.waiting import until

ASHA, RAVI = 1, 2


class Holder(threading.Thread):
    """Enters and stays until it is told to go."""

    def __init__(self, bulkhead: Bulkhead | Shares, shop: int = ASHA) -> None:
        super().__init__(daemon=True)
        self.bulkhead, self.shop, self.inside, self.go = bulkhead, shop, threading.Event(), threading.Event()
        self.refused = ""
        self.start()

    def run(self) -> None:
        try:
            whose = self._enter()
        except ShardUnavailable as refused:
            self.refused = refused.reason
            return
        self.inside.set()
        self.go.wait(20)
        self._leave(whose)

    def _enter(self) -> int:
        shares = self.bulkhead
        return shares.enter(self.shop, "shard-a") if isinstance(shares, Shares) else shares.enter()

    def _leave(self, whose: int) -> None:
        shares = self.bulkhead
        return shares.leave(self.shop, whose) if isinstance(shares, Shares) else shares.leave(whose)

    def leave(self) -> None:
        self.go.set()
        self.join(5)


@pytest.fixture
def full() -> Callable[..., tuple[Bulkhead, list[Holder]]]:
    def full(**limits: float) -> tuple[Bulkhead, list[Holder]]:
        bulkhead = Bulkhead("shard-a", limit=2, slow=limits.get("slow", 60.0), wait=limits.get("wait", 60.0))
        holders = [Holder(bulkhead) for _ in range(2)]
        assert all(one.inside.wait(5) for one in holders)
        return bulkhead, holders

    return full


def test_one_more_waits_for_a_place(full: Callable[..., tuple[Bulkhead, list[Holder]]]) -> None:
    bulkhead, holders = full()
    third = Holder(bulkhead)
    assert not third.inside.wait(0.2)
    holders[0].leave()
    assert third.inside.wait(5)
    third.leave()


def test_a_slow_shard_refuses_at_once(full: Callable[..., tuple[Bulkhead, list[Holder]]]) -> None:
    bulkhead, _ = full(slow=0.0)
    with pytest.raises(ShardUnavailable, match="slow") as refused:
        bulkhead.enter()
    assert refused.value.shard == "shard-a"


def test_who_waits_is_refused_as_soon_as_it_is_found_slow(full: Callable[..., tuple[Bulkhead, list[Holder]]]) -> None:
    bulkhead, _ = full(slow=0.3)
    third = Holder(bulkhead)
    until(lambda: third.refused, within=5)
    assert "slow" in third.refused


def test_nobody_waits_for_longer_than_the_limit(full: Callable[..., tuple[Bulkhead, list[Holder]]]) -> None:
    bulkhead, _ = full(wait=0.1)
    with pytest.raises(ShardUnavailable, match=r"no place free within 0\.1 s"):
        bulkhead.enter()


def test_who_is_inside_may_enter_again_and_gives_one_place_back() -> None:
    bulkhead = Bulkhead("shard-a", limit=1, slow=60.0, wait=0.05)
    outer = bulkhead.enter()
    inner = bulkhead.enter()
    bulkhead.leave(inner)
    other = Holder(bulkhead)
    until(lambda: other.refused, within=5)
    bulkhead.leave(outer)
    another = Holder(bulkhead)
    assert another.inside.wait(5)
    another.leave()


def test_who_has_just_left_stands_behind_who_waits() -> None:
    bulkhead = Bulkhead("shard-a", limit=1, slow=60.0, wait=1.0)
    place = bulkhead.enter()
    first = Holder(bulkhead)
    until(lambda: bulkhead._line, within=5)
    bulkhead.leave(place)
    with pytest.raises(ShardUnavailable, match="no place free"):
        bulkhead.enter()
    assert first.inside.is_set()
    first.leave()
    assert bulkhead.idle


def test_a_shard_with_a_free_place_is_not_slow() -> None:
    """One of two places was left a moment ago and is for who waits; the other has been held for long."""
    bulkhead = Bulkhead("shard-a", limit=2, slow=1.2, wait=0.8)
    held = Holder(bulkhead)
    assert held.inside.wait(5)
    until(lambda: time.monotonic() - bulkhead._inside[held.ident or 0][1] > 1.2, within=5)
    place = bulkhead.enter()
    waits = Holder(bulkhead)
    until(lambda: bulkhead._line, within=5)
    with bulkhead._changed:  # nobody goes in meanwhile
        bulkhead.leave(place)
        with pytest.raises(ShardUnavailable, match="no place free"):
            bulkhead.enter()
    assert waits.inside.is_set(), waits.refused
    for one in (held, waits):
        one.leave()


def test_one_slow_shop_does_not_make_its_shard_slow() -> None:
    """Asha's requests, half of those inside, have been there for long; the other half comes and goes."""
    bulkhead = Bulkhead("shard-a", limit=4, slow=0.2, wait=5.0)
    slow = [Holder(bulkhead) for _ in range(2)]
    assert all(one.inside.wait(5) for one in slow)
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 0.3, within=5)
    quick = [Holder(bulkhead) for _ in range(2)]
    assert all(one.inside.wait(5) for one in quick)
    newcomer = Holder(bulkhead)
    until(lambda: len(bulkhead._line) == 1 or newcomer.refused, within=5)
    quick[0].leave()
    assert newcomer.inside.wait(5), newcomer.refused
    for one in (*slow, quick[1], newcomer):
        one.leave()


# -- shares -------------------------------------------------------------------------------------------------------
def crowd(shares: Shares, shop: int, size: int) -> list[Holder]:
    return [Holder(shares, shop) for _ in range(size)]


def test_a_shop_has_half_of_the_places_and_its_neighbour_goes_straight_in() -> None:
    shares = Shares(4, slow=60.0, wait=60.0)
    asha = crowd(shares, ASHA, 5)
    until(lambda: sum(one.inside.is_set() for one in asha) == 2, within=5)
    ravi = crowd(shares, RAVI, 2)
    assert all(one.inside.wait(5) for one in ravi)
    assert sum(one.inside.is_set() for one in asha) == 2
    for one in (*ravi, *asha):
        one.leave()
    assert all(one.inside.is_set() for one in asha), "who waited had its turn"


def test_as_many_wait_as_the_shard_has_places_and_one_more_is_refused_at_once() -> None:
    shares = Shares(4, slow=60.0, wait=60.0)
    asha = crowd(shares, ASHA, 2 + 4)
    until(lambda: len(shares._shops[ASHA]._line) == 4, within=5)
    with pytest.raises(ShopCrowded, match="6 requests of one shop") as refused:
        shares.enter(ASHA, "shard-a")
    assert refused.value.shard == "shard-a"
    assert shares.enter(RAVI, "shard-a")
    for one in asha:
        one.leave()
    assert all(one.inside.is_set() for one in asha)


def test_a_shop_whose_requests_take_long_is_refused_at_once_and_alone() -> None:
    shares = Shares(4, slow=0.1, wait=60.0)
    asha = crowd(shares, ASHA, 2)
    assert all(one.inside.wait(5) for one in asha)
    waits = Holder(shares, ASHA)
    until(lambda: waits.refused, within=5)
    assert "slow" in waits.refused
    shares.leave(RAVI, shares.enter(RAVI, "shard-a"))
    for one in asha:
        one.leave()


def test_a_shop_with_nothing_under_way_is_forgotten() -> None:
    shares = Shares(1, slow=60.0, wait=0.05)
    place = shares.enter(ASHA, "shard-a")
    late = Holder(shares, ASHA)
    until(lambda: late.refused, within=5)
    assert set(shares._shops) == {ASHA}
    shares.leave(ASHA, place)
    assert not shares._shops
    shares.leave(ASHA, place)  # twice is harmless
    assert not shares._shops
