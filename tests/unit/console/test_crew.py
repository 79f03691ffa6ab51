"""Many moves at a time: so many in all, so many upon a shard, each told its end; told to stop, none is cut in two."""

import threading
from collections import Counter
from types import SimpleNamespace
from uuid import UUID

import pytest

from app.console.moves import Crew
from shard_router.moves import MoveInterrupted, MoveState, Progress
from tests.support.waiting import until


class Hand:
    """Stands for the mover: each move goes through its states when the test lets it."""

    def __init__(self, states=(MoveState.COPYING, MoveState.FENCING)):
        self.states = states
        self.gates = {}
        self.running = set()
        self.most = Counter()
        self.lock = threading.Lock()

    def gate(self, move_id):
        with self.lock:
            return self.gates.setdefault(move_id, threading.Semaphore(0))

    def run(self, move_id, on_progress):
        with self.lock:
            self.running.add(move_id)
            self.most["all"] = max(self.most["all"], len(self.running))
        try:
            for state in self.states:
                on_progress(Progress(move_id, state))
                assert self.gate(move_id).acquire(timeout=20)
            if move_id.int == 13:
                raise RuntimeError("the target's disk is full")
            return f"end of {move_id.int}"
        finally:
            with self.lock:
                self.running.discard(move_id)


def moves(*ways):
    """Moves 1, 2 … as (source, target)."""
    return [
        SimpleNamespace(move_id=UUID(int=number), shop_id=number, source=source, target=target, facts={})
        for number, (source, target) in enumerate(ways, start=1)
    ]


@pytest.fixture
def begun():
    """Runs a crew in a thread of its own, as the command's main thread would."""
    threads = []

    def begin(crew, found):
        result = []
        heard = []
        thread = threading.Thread(
            target=lambda: result.extend(crew.run(found, lambda shop, p: heard.append((shop, p))))
        )
        thread.start()
        threads.append(thread)
        return SimpleNamespace(thread=thread, result=result, heard=heard)

    yield begin
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def let_go(hand, number, times=2):
    for _ in range(times):
        hand.gate(UUID(int=number)).release()


def under_way(hand):
    return sorted(one.int for one in hand.running)


def test_no_more_than_so_many_at_once_and_the_next_begins_when_one_ends(begun):
    hand = Hand()
    run = begun(Crew(hand, at_once=2, per_shard=9), moves(*[("a", "b")] * 3))
    until(lambda: under_way(hand) == [1, 2], 10)
    let_go(hand, 1)
    until(lambda: under_way(hand) == [2, 3], 10)
    let_go(hand, 2)
    let_go(hand, 3)
    run.thread.join(20)
    assert hand.most["all"] == 2
    assert {one.shop_id: one.status for one in run.result} == {1: "end of 1", 2: "end of 2", 3: "end of 3"}


def test_a_shard_takes_part_in_so_many_moves_coming_or_going(begun):
    """1 leaves a for b; 2 enters a, 3 leaves b: they wait; 4 has nothing to do with either."""
    hand = Hand()
    run = begun(Crew(hand, at_once=4, per_shard=1), moves(("a", "b"), ("c", "a"), ("b", "d"), ("e", "f")))
    until(lambda: under_way(hand) == [1, 4], 10)
    let_go(hand, 4)
    until(lambda: under_way(hand) == [1], 10)
    let_go(hand, 1)
    until(lambda: under_way(hand) == [2, 3], 10)
    let_go(hand, 2)
    let_go(hand, 3)
    run.thread.join(20)
    assert len(run.result) == 4


def test_told_to_stop_a_copy_is_left_and_a_switch_is_finished(begun):
    hand = Hand(states=(MoveState.COPYING, MoveState.CATCHING_UP, MoveState.FENCING))
    crew = Crew(hand, at_once=2, per_shard=9)
    run = begun(crew, moves(*[("a", "b")] * 3))
    until(lambda: under_way(hand) == [1, 2], 10)
    let_go(hand, 2, times=2)  # 2 switches now, 1 still copies
    until(lambda: (2, Progress(UUID(int=2), MoveState.FENCING)) in run.heard, 10)
    crew.stop()
    let_go(hand, 1, times=1)
    let_go(hand, 2, times=1)
    run.thread.join(20)
    by_shop = {one.shop_id: one for one in run.result}
    assert by_shop[2].status == "end of 2" and by_shop[2].error is None
    assert isinstance(by_shop[1].error, MoveInterrupted) and by_shop[1].status is None
    assert isinstance(by_shop[3].error, MoveInterrupted)  # it was never begun
    assert [shop for shop, _ in run.heard if shop == 3] == []


def test_one_moves_trouble_is_told_and_the_others_go_on(begun):
    hand = Hand(states=())
    crew = Crew(hand, at_once=1, per_shard=9)
    run = begun(crew, moves(*[("a", "b")] * 14))
    run.thread.join(20)
    told = {one.shop_id: one for one in run.result}
    assert str(told[13].error) == "the target's disk is full"
    assert told[14].status == "end of 14"
