"""Fault 19: one shop asks fifty times as much as each of its neighbours, on its shard and on the other. They trade on.

Slices of calm and of noise take turns in one run, so that whatever else the machine does falls upon both alike."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.inventory.models import Item
from tests.faults.http import Answer
from tests.faults.load import a_piece
from tests.faults.market import Market
from tests.support.cast import Somebody

pytestmark = [pytest.mark.long, pytest.mark.fault(19)]  # minutes on two cores; ./dev faults --long

PACE = 2.0  # seconds between two requests of a neighbour
TIMES = 50
ROUNDS, SLICE = 4, 8.0
WORSE = 1.15
ASSERTED = 0.5
A_TURN = 0.25  # seconds; on a busy machine one answer waits for the processor by so much longer than the next

Send = Callable[[Market], Answer]


@dataclass
class Heard:
    """Answers of one kind of slice. An answer's seconds count from connecting, so waiting for a thread is in them."""

    neighbours: list[Answer] = field(default_factory=list)
    noisy: list[Answer] = field(default_factory=list)

    def at(self, part: float) -> float:
        """So long did this part of the neighbours' requests take at most."""
        return sorted(one.seconds for one in self.neighbours)[int(len(self.neighbours) * part)]

    def kinds(self) -> dict[str, int]:
        return dict(Counter(f"{one.status} {one.code}" for one in self.noisy))


def test_a_shop_whose_requests_all_wait_keeps_no_neighbour_waiting(market: Market, measured: Any) -> None:
    """Bills without end of one piece, whose row somebody holds: they take places and threads, and wait.

    The control is as many requests of the same shop to the same web processes that are refused for their shape: they
    take as much of the processor, which on a machine with two busy cores is what a neighbour waits for most."""
    asha = market.cast.asha
    body = market.bill_body(asha)

    def bill(market: Market) -> Answer:
        return market.post(asha, "invoices", body, key=secrets.token_hex(16))

    def misspell(market: Market) -> Answer:
        return market.post(asha, "invoices", {"lines": "all"}, key=secrets.token_hex(16))

    calm, control, noise = Heard(), Heard(), Heard()
    for _ in range(ROUNDS):
        slice_of(market, calm)
        slice_of(market, control, misspell)
        with held(market, asha, body["lines"][0]["itemId"]):
            slice_of(market, noise, bill)
    tell(measured, calm=calm, control=control, noise=noise)
    assert_unharmed(calm, control, noise)
    assert {one.status for one in control.noisy} == {422}
    refused = [one for one in noise.noisy if one.status == 429]
    assert refused, "twenty-five a second that wait two seconds each are more than may be under way"
    assert {(one.code, one.headers["retry-after"]) for one in refused} == {("too_many_at_once", "1")}
    assert_no_slower(noise, control)


def assert_unharmed(*all_heard: Heard) -> None:
    """Without a share 9 of 32 neighbours' requests were refused: one shop alone made its shard slow."""
    assert [answer for heard in all_heard for answer in heard.neighbours if not answer.ok] == []
    assert all(one.status in (409, 422, 429, 503) for heard in all_heard for one in heard.noisy)


def assert_no_slower(noise: Heard, than: Heard) -> None:
    """By their median: a run has too few to hang a verdict on the one that was slowest, which is printed."""
    alone = than.at(ASSERTED)
    assert noise.at(ASSERTED) <= max(alone * WORSE, alone + A_TURN)


def tell(measured: Any, **all_heard: Heard) -> None:
    calm = all_heard["calm"]
    for name, heard in all_heard.items():
        measured(**{
            **{f"{name}_p{part * 100:.0f}_ms": round(heard.at(part) * 1000) for part in (0.5, 0.9, 0.99)},
            f"{name}_p99_ratio": round(heard.at(0.99) / calm.at(0.99), 2), f"{name}_noisy": heard.kinds(),
        })  # fmt: skip


# -- slices -------------------------------------------------------------------------------------------------------
def slice_of(market: Market, heard: Heard, noise: Send | None = None) -> None:
    """Some seconds in which requests arrive by the clock, whether or not what came before is answered."""
    began = time.monotonic() + 0.1
    with ThreadPoolExecutor(16) as near, ThreadPoolExecutor(4 * TIMES) as far:
        answers = [
            near.submit(by_the_clock, began + n * PACE + shift, lambda who=who: market.post(who, "items", a_piece()))
            for n in range(int(SLICE / PACE))
            for who, shift in ((market.cast.ravi, 0.0), (market.cast.zoya, PACE / 2))
        ]
        loud: list[Future[Answer]] = []
        for n in range(int(SLICE / PACE * TIMES) if noise else 0):
            due = began + n * PACE / TIMES
            threading.Event().wait(max(0.0, due - time.monotonic()))
            loud.append(far.submit(by_the_clock, due, lambda: noise(market)))  # type: ignore[misc]
        heard.neighbours += [one.result() for one in answers]
        heard.noisy += [one.result() for one in loud]


def by_the_clock(due: float, ask: Callable[[], Answer]) -> Answer:
    threading.Event().wait(max(0.0, due - time.monotonic()))
    return ask()


@contextmanager
def held(market: Market, who: Somebody, item_id: str) -> Iterator[None]:
    """Somebody edits the piece and does not come to an end: all who would bill it wait for its row."""
    with market.runtime.router.shop(who.shop_id, who.actor) as db:
        assert db.scalars(select(Item).where(Item.id == UUID(item_id)).with_for_update()).one()
        yield
