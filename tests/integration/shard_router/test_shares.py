"""A shop that hammers keeps to its share of its shard's places; its neighbours go in while it does, and no thread of
theirs stands behind its crowd."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from sqlalchemy import select, update

from shard_router import Mode, Router, ShopCrowded, ShopMoved, Times
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.toys import Piece, Rate

Until = Callable[..., None]
SHOPS = count(8_100_000)
PLACES = 4  # of a shard; a shop has 2 of them, and 4 of its requests may wait


@dataclass
class Crowd:
    """Threads of one shop that ask without a pause; `most` is how many of them were on the shard at once."""

    router: Router
    shop_id: int
    now: int = 0
    most: int = 0
    done: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)

    def ask_on(self) -> None:
        while not self.ending.is_set():
            try:
                with self.router.shop(self.shop_id, ACTOR) as db:
                    db.execute(update(Piece).where(Piece.id == 7).values(net_mg=Piece.net_mg + 1))
                    self._count(1)
                    db.commit()
                    self._count(-1)
            except ShopCrowded as refused:
                self.refused.append(refused.reason)
                self.ending.wait(0.01)  # as who was told to come again; else a busy loop takes the processor
            else:
                self.done += 1

    def _count(self, change: int) -> None:
        with self.lock:
            self.now += change
            self.most = max(self.most, self.now)


@contextmanager
def crowd(router: Router, shop_id: int, size: int) -> Iterator[Crowd]:
    made = Crowd(router, shop_id)
    threads = [threading.Thread(target=made.ask_on, daemon=True) for _ in range(size)]
    for one in threads:
        one.start()
    try:
        yield made
    finally:
        made.ending.set()
        for one in threads:
            one.join(20)
    assert not any(one.is_alive() for one in threads)


@pytest.fixture
def narrow(toy: Toy, router: Router) -> Iterator[Router]:
    made = toy.router(
        snapshot=toy.folder / f"narrow-{next(SHOPS)}.snapshot", redis_prefix=router.config.redis_prefix,
        shard_threads=PLACES, times=Times(pool=10.0, lock_wait=20, shard_slow=60.0),
    )  # fmt: skip
    yield made
    made.close()


def shop_with_a_piece(toy: Toy, router: Router, shard: str = "shard-a") -> int:
    shop_id = toy.open_shop(router, next(SHOPS), shard).shop_id
    with router.shop(shop_id, ACTOR) as db:
        db.add(Piece(id=7, tag="T7", name="a ring"))
        db.commit()
    return shop_id


def pieces_mg(router: Router, shop_id: int) -> int:
    with router.shop(shop_id, ACTOR) as db:
        return db.get_one(Piece, (shop_id, 7)).net_mg


@contextmanager
def lock_on_its_piece(toy: Toy, shop_id: int) -> Iterator[None]:
    """Somebody holds the row that all of the shop's requests change: each of them waits on its shard."""
    with toy.admin("a-1", toy.shard_database) as connection, connection.cursor() as cursor:
        connection.begin()
        cursor.execute("SELECT net_mg FROM toy_pieces WHERE shop_id = %s AND id = 7 FOR UPDATE", (shop_id,))
        yield
        connection.rollback()


def on_the_shard(toy: Toy, shop_id: int) -> int:
    """Requests of the shop that wait for its row, as the server itself counts them."""
    rows = toy.sql(
        "a-1",
        "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = %s AND object_name = 'toy_pieces'"
        " AND lock_status = 'WAITING' AND lock_data LIKE %s",
        toy.shard_database, f"{shop_id},%",
    )  # fmt: skip
    return int(rows[0][0])


@pytest.mark.fault(19)
def test_a_shop_that_waits_holds_half_of_the_places_and_its_neighbours_trade(
    toy: Toy, narrow: Router, until: Until
) -> None:
    noisy, near, far = (shop_with_a_piece(toy, narrow, shard) for shard in ("shard-a", "shard-a", "shard-b"))
    with crowd(narrow, noisy, 12) as asked, lock_on_its_piece(toy, noisy):
        until(lambda: on_the_shard(toy, noisy) == 2 and len(asked.refused) > 20, seconds=20)
        for neighbour in (near, far) * 10:  # each would be refused after ten seconds without a place
            with narrow.shop(neighbour, ACTOR) as db:
                db.execute(update(Piece).where(Piece.id == 7).values(net_mg=Piece.net_mg + 1))
                db.commit()
        assert on_the_shard(toy, noisy) == 2, "two of the four places, however many ask"
        asked.ending.set()
    assert {pieces_mg(narrow, shop) for shop in (near, far)} == {1010}
    assert set(asked.refused) == {"6 requests of one shop are under way"}  # two inside, four in line


@pytest.mark.fault(19)
def test_a_shop_that_hammers_never_holds_more_than_its_share(toy: Toy, narrow: Router, until: Until) -> None:
    noisy, near = shop_with_a_piece(toy, narrow), shop_with_a_piece(toy, narrow)
    with crowd(narrow, noisy, 6) as asked, crowd(narrow, near, 1) as beside:
        until(lambda: asked.done > 100 and beside.done > 20, seconds=30)
    assert asked.most == 2
    assert not asked.refused, "two inside and four in line: nobody is refused while all is quick"
    assert not beside.refused
    assert pieces_mg(narrow, noisy) == 1000 + asked.done, "each has its effect, once"


@pytest.mark.fault(19)
def test_three_shops_that_hammer_take_turns_with_a_fourth(toy: Toy, narrow: Router, until: Until) -> None:
    """Two of them fill the shard; who stands in line is let in before those who have just left."""
    shops = [shop_with_a_piece(toy, narrow) for _ in range(4)]
    with (
        crowd(narrow, shops[0], 4) as one,
        crowd(narrow, shops[1], 4) as two,
        crowd(narrow, shops[2], 4) as three,
        crowd(narrow, shops[3], 1) as quiet,
    ):
        until(lambda: min(one.done, two.done, three.done) > 30 and quiet.done > 30, seconds=30)
    assert max(one.most, two.most, three.most) == 2
    assert [each.refused for each in (one, two, three, quiet)] == [[], [], [], []]


def test_writes_that_wait_for_a_move_hold_no_place_that_a_read_needs(toy: Toy, narrow: Router) -> None:
    """Three of one shop, which has two places: its reads go on while all of them wait, for the ten seconds of a place
    or the second and a half of a decision, whichever a read would have to wait for."""
    shop = shop_with_a_piece(toy, narrow)
    toy.sql("b-1", "INSERT INTO shop_fence VALUES (%s, 2, 'incoming', NULL, NULL, NOW(6))", shop)
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2, state = 'fenced', moved_to = 'shard-b' WHERE shop_id = %s", shop)
    told: list[str] = []

    def write() -> None:
        try:
            with narrow.shop(shop, ACTOR) as db:
                db.execute(update(Piece).where(Piece.id == 7).values(net_mg=1))
        except ShopMoved:
            told.append("it is being moved")

    writers = [threading.Thread(target=write, daemon=True) for _ in range(3)]
    for one in writers:
        one.start()
    reads, began = 0, time.monotonic()
    while time.monotonic() - began < narrow.config.times.deciding / 2:
        with narrow.shop(shop, ACTOR, mode=Mode.READ) as db:
            assert db.get_one(Piece, (shop, 7)).net_mg == 1000
        reads += 1
    assert all(one.is_alive() for one in writers), "none of them was told yet"
    assert narrow.shares is not None
    assert not narrow.shares._shops
    assert reads > 3
    for one in writers:
        one.join(20)
    assert told == ["it is being moved"] * 3


def test_reads_count_too_and_a_read_under_a_write_is_no_second_one(toy: Toy, narrow: Router) -> None:
    shop = shop_with_a_piece(toy, narrow)
    with narrow.shop(shop, ACTOR) as write:
        write.scalars(select(Rate)).all()
        with narrow.shop(shop, ACTOR, mode=Mode.READ) as read:
            read.scalars(select(Rate)).all()
            assert narrow.shares is not None
            assert [len(own._inside) for own in narrow.shares._shops.values()] == [1]
        assert set(narrow.shares._shops) == {shop}
    assert not narrow.shares._shops


def test_what_ends_badly_gives_its_place_back(toy: Toy, narrow: Router) -> None:
    """A statement refused, a shard that is not there, a session that nobody closed."""
    shop = shop_with_a_piece(toy, narrow)
    assert narrow.shares is not None
    with pytest.raises(ZeroDivisionError), narrow.shop(shop, ACTOR) as db:
        db.add(Piece(id=8, tag="T8", name="another"))
        assert set(narrow.shares._shops) == {shop}
        raise ZeroDivisionError
    assert not narrow.shares._shops
    db = narrow.shop(shop, ACTOR)
    db.scalars(select(Piece)).all()
    assert set(narrow.shares._shops) == {shop}
    del db
    until_collected(narrow)


def until_collected(router: Router) -> None:
    import gc

    gc.collect()
    assert router.shares is not None
    assert not router.shares._shops


def test_without_a_bound_there_are_no_shares(toy: Toy, router: Router, until: Until) -> None:
    wide = toy.router(
        snapshot=toy.folder / "wide.snapshot", redis_prefix=router.config.redis_prefix, shard_threads=0,
        times=Times(lock_wait=20),
    )  # fmt: skip
    noisy = shop_with_a_piece(toy, wide)
    with crowd(wide, noisy, 7) as asked, lock_on_its_piece(toy, noisy):
        until(lambda: on_the_shard(toy, noisy) == 7, seconds=20)
        asked.ending.set()
    assert not asked.refused
    wide.close()
