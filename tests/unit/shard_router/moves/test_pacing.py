"""How a mover rests: as long as its share says, and by the time that a server took."""

from __future__ import annotations

import time

import pytest

from shard_router.moves.pacing import Pace
from shard_router.moves.states import Limits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one value is now."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def work(clock: list[float], pace: Pace, seconds: float) -> None:
    with pace.gently():
        clock[0] += seconds


def pace_of(clock: list[float], limits: Limits) -> Pace:
    def pause(seconds: float) -> None:
        clock[0] += seconds

    return Pace(limits, [], pause)


def test_of_four_parts_of_its_time_it_works_one(clock: list[float]) -> None:
    pace = pace_of(clock, Limits(share=0.25))
    work(clock, pace, 0.01)
    assert (clock[0], pace.rested) == (pytest.approx(0.04), pytest.approx(0.03))


def test_a_server_that_is_slow_is_given_longer_rests(clock: list[float]) -> None:
    pace = pace_of(clock, Limits(share=0.5))
    work(clock, pace, 0.01)
    work(clock, pace, 0.3)
    assert (clock[0], pace.rested) == (pytest.approx(0.62), pytest.approx(0.31))


def test_a_mover_that_may_have_all_never_rests(clock: list[float]) -> None:
    pace = pace_of(clock, Limits(share=1))
    work(clock, pace, 0.01)
    assert (clock[0], pace.rested) == (0.01, 0)
