"""Rates as they are written, and counters of one process."""

import pytest
import time_machine

from app.kit.cache import NoStore
from app.kit.limits import KEPT, Limits, MemoryCounts, Rate, RateLimited


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/minute", Rate(600, 60)),
        ("5/10 seconds", Rate(5, 10)),
        ("1/day", Rate(1, 86_400)),
        ("0/hour", Rate(0, 3600)),
    ],
)
def test_rates(text, rate):
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "5", "5/fortnight", "-1/minute", "5 per minute", "1.5/minute", "5/minute; 1/hour"]
)
def test_what_is_no_rate(text):
    with pytest.raises(ValueError, match="no rate"):
        Rate.parse(text)


def test_a_window_ends_and_the_next_begins():
    limits = Limits(NoStore(), client=Rate(2, 60), shop=Rate(0, 60))
    with time_machine.travel("2026-04-01T10:00:10Z", tick=False) as clock:
        for _ in range(2):
            limits.spend([("c:a", limits.client)])
        with pytest.raises(RateLimited) as refused:
            limits.spend([("c:a", limits.client)])
        assert refused.value.headers == {"Retry-After": "50"}
        clock.shift(50)
        limits.spend([("c:a", limits.client)])


def test_no_limit_asks_nobody():
    limits = Limits(NoStore(), client=Rate(0, 60), shop=Rate(0, 60))
    for _ in range(5):
        limits.spend([("c:a", limits.client)])
    assert limits.memory.counts == {}


def test_counters_of_a_process_are_bounded():
    counts = MemoryCounts()
    for number in range(KEPT + 2):
        counts.count([f"k{number}"], window_s=60)
    assert len(counts.counts) <= KEPT
