"""Pages over all shards: together they are the sorted whole, whatever is inserted, missing or moving meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select

from shard_router import CursorRefused, FleetPage, Order, Router, Times
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.toys import Bill

A, B = "shard-a", "shard-b"
NUMBERS = count(50_000)
FIRST = dt.date(2026, 4, 1)
Place = tuple[dt.date, int, int]


@dataclass
class Street:
    """Fresh shops on both shards, and a list of their bills by day; only primaries answer, so nothing is late."""

    router: Router
    shops: dict[int, str]  # shop -> the shard that its rows are written on
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def bill(self, shop: int, day: int) -> Place:
        wanted = FIRST + dt.timedelta(days=day)
        number = next(self.ids)
        with self.router.shop(shop, ACTOR) as db:
            db.add(Bill(id=number, customer="somebody", day=wanted))
            db.commit()
        return wanted, shop, number

    def page(self, **more: Any) -> FleetPage:
        down = more.pop("down", False)
        order = Order(Bill.day, shop=Bill.shop_id, tie=Bill.id, down=down)
        wanted = select(Bill.day, Bill.shop_id, Bill.id).where(Bill.shop_id.in_(self.shops))
        with self.router.fleet(reason="bills by day") as fleet:
            return fleet.page(wanted, order=order, **more)

    def walk(self, **more: Any) -> list[Place]:
        """All pages."""
        seen: list[Place] = []
        after = None
        while True:
            page = self.page(after=after, **more)
            assert len(page.rows) <= more["limit"]
            seen += places(page.rows)
            if page.next_cursor is None:
                return seen
            assert len(page.rows) == more["limit"]
            after = page.next_cursor


def places(rows: list[Row[Any]]) -> list[Place]:
    return [(row.day, row.shop_id, row.id) for row in rows]


@pytest.fixture(scope="session")
def primaries(toy: Toy, router: Router) -> Router:
    """A router of the same databases that knows of no replica."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    for shard in topology["shards"].values():
        shard["servers"] = {shard["primary"]: shard["servers"][shard["primary"]]}
    path = toy.folder / "primaries.json"
    path.write_text(json.dumps(topology))
    return toy.router(topology=path, snapshot=toy.folder / "primaries.snapshot")


@pytest.fixture(scope="session")
def open_street(toy: Toy, primaries: Router) -> Callable[[], Street]:
    def open_street() -> Street:
        shops = {next(NUMBERS): shard for shard in (A, B, A, B)}
        for shop, shard in shops.items():
            toy.open_shop(primaries, shop, shard)
        return Street(primaries, shops)

    return open_street


@pytest.fixture
def street(open_street: Callable[[], Street]) -> Street:
    return open_street()


BILLS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=40)  # of which shop, on which day
SIZES = st.sampled_from([1, 2, 3, 7, 50])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bills=BILLS, limit=SIZES, down=st.booleans())
def test_the_pages_together_are_the_sorted_whole(
    open_street: Callable[[], Street], bills: list[tuple[int, int]], limit: int, down: bool
) -> None:
    street = open_street()
    shops = list(street.shops)
    made = [street.bill(shops[shop], day) for shop, day in bills]
    assert street.walk(limit=limit, down=down) == sorted(made, reverse=down)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bills=BILLS, later=BILLS, limit=SIZES, down=st.booleans())
def test_rows_that_come_meanwhile_tear_nothing(
    open_street: Callable[[], Street],
    bills: list[tuple[int, int]],
    later: list[tuple[int, int]],
    limit: int,
    down: bool,
) -> None:
    """What stood there at the first page is seen once. What came later is seen, once, if it lies behind the place that
    the reader had reached by then; else it is for who reads anew."""
    street = open_street()
    shops = list(street.shops)
    before = [street.bill(shops[shop], day) for shop, day in bills]
    coming = iter(later)
    reached: list[Place] = []
    behind: list[Place] = []

    def one_more() -> None:
        if (wanted := next(coming, None)) is not None:
            made = street.bill(shops[wanted[0]], wanted[1])
            place = reached[-1]
            behind.extend([made] if (made < place if down else made > place) else [])

    seen: list[Place] = []
    after = None
    while True:
        page = street.page(after=after, limit=limit, down=down)
        seen += places(page.rows)
        reached = seen
        if (after := page.next_cursor) is None:
            break
        one_more()
    assert seen == sorted([*before, *behind], reverse=down)


def test_a_shard_that_was_missing_and_is_back_does_not_tear_the_order(street: Street) -> None:
    """Page 1 lacks shard B and says so; page 2 goes on with both; what B had ahead of it is said to be missed."""
    on_a, _, _, on_b = street.shops
    made_a = [street.bill(on_a, day) for day in range(6)]
    made_b = [street.bill(on_b, day) for day in range(6)]
    with hanging(street, B):
        first = street.page(limit=3, deadline=0.3)
    assert places(first.rows) == made_a[:3]
    assert list(first.missing) == [B] and "hang" in first.missing[B] and first.missed == (B,)
    rest: list[Place] = []
    after: str | None = first.next_cursor
    while after is not None:
        page = street.page(after=after, limit=3)
        assert (page.missing, page.missed) == ({}, (B,))  # it is back, and the list so far still lacks its first rows
        rest += places(page.rows)
        after = page.next_cursor
    last = places(first.rows)[-1]
    assert rest == sorted(place for place in [*made_a, *made_b] if place > last)
    assert street.walk(limit=3) == sorted([*made_a, *made_b])  # who reads anew has all of them


@contextmanager
def hanging(street: Street, shard: str) -> Iterator[None]:
    """A shard whose share of the threads is held by questions that do not end."""
    crew, over = street.router.fleet_crew, threading.Event()
    held = [crew.submit(shard, lambda: over.wait(30)) for _ in range(2)]
    try:
        yield
    finally:
        over.set()
        for one in held:
            one.result(10)


def test_the_other_shards_answer_in_time_while_one_hangs(street: Street) -> None:
    with hanging(street, B), street.router.fleet(reason="patience") as fleet:
        for _ in range(30):  # more than there are threads
            found = fleet.each(lambda session, shard: shard, deadline=0.2)
            assert dict(found.parts) == {A: A} and found.missing[B] == "not asked: earlier questions hang there"
    with street.router.fleet(reason="patience") as fleet:
        assert fleet.each(lambda session, shard: shard).complete


def test_a_shop_that_moved_is_seen_at_its_new_home_only(toy: Toy, street: Street) -> None:
    """The old shard keeps its rows for a while, and rows that are still arriving are nobody's yet."""
    shop, stays = list(street.shops)[:2]
    made = [street.bill(shop, day) for day in range(3)]
    also = [street.bill(stays, day) for day in range(3)]
    copy = "INSERT INTO toy_bills SELECT * FROM (SELECT %s AS s, %s AS i, 'x' AS c, %s AS d, 0 AS t) AS new"
    for day, _, number in made:
        toy.sql("b-1", copy, shop, number, day)
    row = "INSERT INTO shop_fence (shop_id, epoch, state, updated_at) VALUES (%s, 2, 'incoming', UTC_TIMESTAMP(6))"
    toy.sql("b-1", row, shop)
    arrived_early = (FIRST, shop, 999_999)
    toy.sql("b-1", copy, shop, 999_999, FIRST)
    assert street.walk(limit=2) == sorted([*made, *also])
    left_behind = (FIRST, shop, 888_888)
    toy.sql("a-1", copy, shop, 888_888, FIRST)
    assert left_behind in street.walk(limit=2)
    toy.sql("a-1", "UPDATE shop_fence SET state = 'fenced', epoch = 2, moved_to = %s WHERE shop_id = %s", B, shop)
    toy.sql("b-1", "UPDATE shop_fence SET state = 'open' WHERE shop_id = %s", shop)
    assert street.walk(limit=2) == sorted([*made, *also, arrived_early])


def test_of_two_replicas_that_both_have_a_shop_the_newer_epoch_is_believed(toy: Toy, street: Street) -> None:
    """One of them is older than the shop's move: for it the shop has not left."""
    shop = next(iter(street.shops))
    made = [street.bill(shop, day) for day in range(5)]
    for day, _, number in made:
        toy.sql("b-1", "INSERT INTO toy_bills VALUES (%s, %s, 'the new home', %s, 0)", shop, number, day)
    row = "INSERT INTO shop_fence (shop_id, epoch, state, updated_at) VALUES (%s, 2, 'open', UTC_TIMESTAMP(6))"
    toy.sql("b-1", row, shop)
    assert street.walk(limit=2) == made
    assert {row.its_epoch for row in street.page(limit=50).rows} == {2}
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 3 WHERE shop_id = %s", shop)
    assert {row.its_epoch for row in street.page(limit=50).rows} == {3}


def test_a_cursor_of_another_list_is_refused_before_anybody_is_asked(street: Street) -> None:
    street.bill(next(iter(street.shops)), 1)
    street.bill(next(iter(street.shops)), 2)
    cursor = street.page(limit=1).next_cursor
    with pytest.raises(CursorRefused):
        street.page(limit=1, after=cursor, down=True)
    with pytest.raises(CursorRefused):
        street.page(limit=1, after="", deadline=Times().fleet)
