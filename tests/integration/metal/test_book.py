"""The metal book on a real shard: what accounts hold now and on a past day, in pages, by the packet, never changed."""

import datetime as dt

import pytest
from sqlalchemy.exc import DBAPIError

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.metal import service as metal
from app.metal.models import MetalEntry
from app.metal.service import Account, Entry, Key, Quantities

DAY = dt.date(2026, 11, 20)


def day(number):
    return DAY + dt.timedelta(days=number)


@pytest.fixture
def book(router, shop):
    """Post one movement, committed."""

    def post(kind, *entries, **more):
        movement_id = new_id()
        with router.shop(shop.shop_id, shop.actor) as db:
            metal.post(db, movement_id=movement_id, kind=kind, entries=entries, **more)
            db.commit()
        return movement_id

    return post


@pytest.fixture
def read(router, shop):
    def run(work):
        with router.shop(shop.shop_id, shop.actor) as db:
            return work(db)

    return run


def gold(source, target, net_mg, *, source_ref=None, target_ref=None, **more):
    return Entry(
        from_account=source, from_ref=source_ref, to_account=target, to_ref=target_ref, metal="gold", fineness=9160,
        net_mg=net_mg, **more,
    )  # fmt: skip


def test_the_stock_of_a_past_day_is_what_it_was_then(book, read):
    outlet, tray = new_id(), new_id()
    book("opening", gold(Account.OPENING, Account.STOCK, 10_000, target_ref=outlet, pieces=2), book_on=day(0))
    book(
        "shift", gold(Account.STOCK, Account.STOCK, 4_000, source_ref=outlet, target_ref=tray, pieces=1), book_on=day(2)
    )
    book("sale", gold(Account.STOCK, Account.SOLD, 4_000, source_ref=tray, pieces=1), book_on=day(5))

    def nets(upto):
        held = read(lambda db: metal.balances(db, account=Account.STOCK, upto=upto))
        return {one.ref: (one.held.net_mg, one.held.pieces, one.held.fine) for one in held}

    assert nets(day(-1)) == {}
    assert nets(day(0)) == nets(day(1)) == {outlet: (10_000, 2, 91_600_000)}
    assert nets(day(2)) == nets(day(4)) == {outlet: (6_000, 1, 54_960_000), tray: (4_000, 1, 36_640_000)}
    assert nets(day(5)) == nets(None) == {outlet: (6_000, 1, 54_960_000)}
    everything = read(metal.balances)
    assert not sum((one.held for one in everything), Quantities())
    assert {one.account: one.held.net_mg for one in everything if one.account is not Account.STOCK} == {
        Account.OPENING: -10_000, Account.SOLD: 4_000,
    }  # fmt: skip


def test_days_say_what_came_what_went_and_what_was_held(book, read):
    book("opening", gold(Account.OPENING, Account.STOCK, 10_000), book_on=day(0))
    book("sale", gold(Account.STOCK, Account.SOLD, 3_000), book_on=day(2))
    book("return", gold(Account.SOLD, Account.STOCK, 1_000), book_on=day(2))
    days = read(lambda db: metal.days(db, account=Account.STOCK, first=day(1), last=day(3)))
    assert [(one.on, one.came.net_mg, one.went.net_mg, one.held.net_mg) for one in days] == [
        (day(1), 0, 0, 10_000), (day(2), 1_000, 3_000, 8_000), (day(3), 0, 0, 8_000),
    ]  # fmt: skip


def test_a_page_of_the_book_goes_on_where_it_ended_and_looks_on_both_sides(book, read):
    outlet = new_id()
    for number in range(5):
        book("opening", gold(Account.OPENING, Account.STOCK, 1_000 + number, target_ref=outlet), book_on=day(number))
    sale = book("sale", gold(Account.STOCK, Account.SOLD, 1_000, source_ref=outlet), book_on=day(9))
    first = read(lambda db: metal.entries(db, account=Account.STOCK, ref=outlet, limit=4))
    rest = read(lambda db: metal.entries(db, account=Account.STOCK, ref=outlet, limit=4, after=first.next_cursor))
    assert [one.net_mg for one in (*first.items, *rest.items)] == [1_000, 1_004, 1_003, 1_002, 1_001, 1_000]
    assert rest.next_cursor is None
    assert [one.kind for one in read(lambda db: metal.entries(db, movement_id=sale)).items] == ["sale"]
    assert not read(lambda db: metal.entries(db, account=Account.KARIGAR)).items
    assert len(read(lambda db: metal.entries(db, first=day(1), last=day(3))).items) == 3


def test_a_packet_posts_with_its_commit(router, shop, read):
    item_id, movement_id = new_id(), new_id()
    with router.shop(shop.shop_id, shop.actor, hot=True) as db:
        sold = [
            gold(Account.STOCK, Account.SOLD, net, pieces=1, item_id=one) for net, one in ((3_390, item_id), (1, None))
        ]
        rows = metal.rows_of(
            db.shop_id, movement_id=movement_id, kind="sale", entries=sold, at=utc_now(), book_on=day(0),
            actor_id=db.actor.person_id,
        )  # fmt: skip
        db.run_packet([metal.POST.bind_rows(rows)], commit=True)
    lines = read(lambda db: metal.entries(db, movement_id=movement_id)).items
    assert sorted(line.net_mg for line in lines) == [1, 3_390]
    assert read(lambda db: metal.item_counts(db, [item_id, new_id()])) == {item_id: -1}


def test_a_shelf_that_is_not_as_the_book_says_is_named_with_the_figure(book, read):
    outlet = new_id()
    book("opening", gold(Account.OPENING, Account.STOCK, 10_000, target_ref=outlet, pieces=1, cost_paise=5))
    key = Key(outlet, "gold", 9160)
    true = {key: Quantities(pieces=1, gross_mg=10_000, net_mg=10_000, fine=91_600_000, cost_paise=5)}
    assert read(lambda db: metal.drifts(db, {Account.STOCK: true})) == []
    short = {key: Quantities(pieces=1, gross_mg=9_999, net_mg=9_999, fine=91_590_840, cost_paise=5)}
    found = read(lambda db: metal.drifts(db, {Account.STOCK: short}))
    assert [(one.measure, one.book, one.found) for one in found] == [
        ("fine", 91_600_000, 91_590_840), ("gross_mg", 10_000, 9_999), ("net_mg", 10_000, 9_999),
    ]  # fmt: skip
    assert read(lambda db: metal.drifts(db, {Account.STOCK: {}}))[0].key == key


def test_a_pot_that_did_not_settle_and_metal_that_came_from_nowhere_are_drifts(book, read):
    melt, transfer = new_id(), new_id()
    book("melt", gold(Account.OPENING, Account.MELTING, 10_000, target_ref=melt))
    book("melt", gold(Account.MELTING, Account.LOSS, 9_000, source_ref=melt))
    book("receipt", gold(Account.TRANSIT, Account.STOCK, 1_000, source_ref=transfer))
    found = read(lambda db: metal.drifts(db, {}))
    assert {(one.account, one.key.ref) for one in found} == {(Account.TRANSIT, transfer)}
    poured = read(lambda db: metal.drifts(db, {Account.MELTING: {}, Account.TRANSIT: {}}))
    assert {(one.account, one.key.ref) for one in poured} == {(Account.MELTING, melt), (Account.TRANSIT, transfer)}
    assert next(one for one in poured if one.measure == "net_mg" and one.key.ref == melt).book == 1_000


def test_nobody_can_change_the_book(router, shop, book, read):
    """The application's account has no right to: not a promise of the code."""
    book("opening", gold(Account.OPENING, Account.STOCK, 10_000))
    with router.shop(shop.shop_id, shop.actor) as db, pytest.raises(DBAPIError, match="denied"):
        row = db.get_one(MetalEntry, (shop.shop_id, metal.entries(db).items[0].id))
        row.net_mg = 9_000
        db.flush()
    assert read(metal.broken_rows) == []
