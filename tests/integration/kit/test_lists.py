"""Pages of a list while rows come and go, on MySQL."""

import itertools

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.kit import paging
from app.kit.ids import new_id
from app.kit.models import OutboxJob
from app.kit.paging import CursorMalformed, Orders
from app.tenants.models import Registration, Till


@pytest.fixture
def tills(toy, shop, router):
    """Thirty tills, ten of them of each name, so that ties matter."""
    with router.shop(shop.shop_id, shop.actor) as db:
        for number in range(29):
            db.add(Till(id=new_id(), outlet_id=shop.outlet_id, code=f"B{number:02d}", name=f"Counter {number % 3}"))
        db.commit()
    bina, client = toy.member(shop), toy.client()

    def walk(query, **between):
        cursor, found = None, []
        for step in itertools.count():
            after = f"&after={cursor}" if cursor else ""
            reply = client.get(f"/api/v1/shops/{shop.shop_id}/tills/?{query}{after}", headers=bina)
            assert reply.status_code == 200, reply.json
            found += [one["code"] for one in reply.json["items"]]
            cursor = reply.json["next"]
            if step in between.get("at", {}):
                between["at"][step]()
            if cursor is None:
                break
        return found

    return walk


EVERY = ["A", *(f"B{number:02d}" for number in range(29))]


@pytest.mark.parametrize("limit", [1, 7, 30, 200])
@pytest.mark.parametrize("sort", ["code", "-code", "name", "-name", "version"])
def test_every_row_comes_once_whatever_the_order(tills, sort, limit):
    found = tills(f"sort={sort}&limit={limit}")
    assert sorted(found) == EVERY
    if sort == "code":
        assert found == EVERY
    if sort == "-code":
        assert found == EVERY[::-1]


def test_rows_that_come_and_go_move_no_other(tills, shop, router):
    def disturb():
        with router.shop(shop.shop_id, shop.actor) as db:
            db.add(Till(id=new_id(), outlet_id=shop.outlet_id, code="1", name="First of all"))
            db.add(Till(id=new_id(), outlet_id=shop.outlet_id, code="ZZ", name="Last of all"))
            db.commit()

    assert tills("sort=code&limit=10", at={0: disturb}) == [*EVERY, "ZZ"]


def test_a_filter_and_its_pages(tills):
    assert tills("code=B07") == ["B07"]
    assert tills("code=none") == []


def test_a_cursor_of_another_order_is_refused(toy, tills, shop):
    bina, client = toy.member(shop), toy.client()
    url = f"/api/v1/shops/{shop.shop_id}/tills/?limit=2"
    cursor = client.get(f"{url}&sort=code", headers=bina).json["next"]
    assert client.get(f"{url}&sort=-code&after={cursor}", headers=bina).json["code"] == "cursor_malformed"


def test_a_cursor_shows_no_other_shops_rows(toy, tills, shop, ravis_shop):
    bina, ravi, client = toy.member(shop), toy.member(ravis_shop), toy.client()
    cursor = client.get(f"/api/v1/shops/{shop.shop_id}/tills/?limit=2", headers=bina).json["next"]
    reply = client.get(f"/api/v1/shops/{ravis_shop.shop_id}/tills/?after={cursor}", headers=ravi)
    assert reply.json == {"items": [], "next": None}


def test_moments_and_ids_go_through_a_cursor(router, shop):
    from app.kit.outbox import enqueue

    orders = Orders(tie=OutboxJob.id, default="-at", at=OutboxJob.available_at)
    with router.shop(shop.shop_id, shop.actor) as db:
        made = [enqueue(db, "tests.toy") for _ in range(5)]
        db.flush()
        first = paging.page(db, select(OutboxJob), orders=orders, limit=3)
        rest = paging.page(db, select(OutboxJob), orders=orders, limit=3, after=first.next_cursor)
        columns = select(OutboxJob.id, OutboxJob.available_at)
        assert [row.id for row in paging.page(db, columns, orders=orders, limit=5).items] == made[::-1]
    assert [row.id for row in [*first.items, *rest.items]] == made[::-1]
    assert rest.next_cursor is None


def test_a_list_can_only_be_sorted_by_what_is_never_missing():
    with pytest.raises(ValueError, match="NULL"):
        Orders(tie=OutboxJob.id, default="done", done=OutboxJob.finished_at)


def test_a_value_of_another_type_is_no_cursor(router, shop):
    orders = Orders(tie=Till.id, default="version", version=Till.version)
    cursor = paging._closed("version", "text", new_id())
    with router.shop(shop.shop_id, shop.actor) as db, pytest.raises(CursorMalformed):
        paging.page(db, select(Till), orders=orders, after=cursor)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-04-01T00:00:00"])
def test_a_moment_that_no_list_of_ours_gave_is_no_cursor(router, shop, moment):
    """In UTC the first two lie outside of what a date can be."""
    orders = Orders(tie=OutboxJob.id, default="-at", at=OutboxJob.available_at)
    cursor = paging._closed("-at", moment, new_id())
    with router.shop(shop.shop_id, shop.actor) as db, pytest.raises(CursorMalformed):
        paging.page(db, select(OutboxJob), orders=orders, after=cursor)


@pytest.mark.parametrize("typed", ["अ", "ásha", "😀", "A\u202e"])
def test_a_code_is_looked_for_by_whatever_is_typed(router, shop, typed):
    """Codes are ASCII in the database, which refuses to compare them with anything else; nothing is found then."""
    with router.shop(shop.shop_id, shop.actor) as db:
        beginning = Till.code.startswith(typed, autoescape=True)
        for wanted in (Till.code == typed, Till.code.in_([typed, "none"]), beginning):
            assert db.scalars(select(Till).where(wanted)).all() == []
        assert len(db.scalars(select(Till).where(Till.code.in_([typed, "A"]))).all()) == 1
        assert len(db.scalars(select(Till).where(Till.code != typed)).all()) == 1


def test_what_is_no_code_is_not_written_as_one(router, shop):
    with router.shop(shop.shop_id, shop.actor) as db:
        db.add(Registration(id=new_id(), state_code="अ", legal_name="Asha Jewels", composition=False))
        with pytest.raises(DBAPIError):
            db.flush()
