"""A process's threads in one shard: bounded, in line while it is well, refused at once while it is slow."""

import threading
from collections.abc import Callable

import pytest

from shard_router.bulkhead import Bulkhead
from shard_router.errors import ShardUnavailable
from tests.support.waiting import until


class Holder(threading.Thread):
    """Enters and stays until it is told to go."""

    def __init__(self, bulkhead: Bulkhead) -> None:
        super().__init__(daemon=True)
        self.bulkhead, self.inside, self.go = bulkhead, threading.Event(), threading.Event()
        self.refused = ""
        self.start()

    def run(self) -> None:
        try:
            whose = self.bulkhead.enter()
        except ShardUnavailable as refused:
            self.refused = refused.reason
            return
        self.inside.set()
        self.go.wait(20)
        self.bulkhead.leave(whose)

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
