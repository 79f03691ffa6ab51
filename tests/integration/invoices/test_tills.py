"""Which till a bill is issued at: the one asked for, else the oldest, whatever tills came after it."""

import re

import pytest

from app.tenants import service as tenants
from tests.factories.rates import a_board
from tests.factories.stock import an_item
from tests.support.counter import made
from tests.support.pages import Sender


@pytest.fixture
def earlier_code(counter):
    """A till more whose code sorts before the first one's."""

    def add(db):
        outlet, version = counter.who.shop.outlet_id, tenants.get_profile(db).version
        view = tenants.add_till(db, outlet_id=outlet, expected_version=version, code="B1", name="Upstairs")
        return next(till.id for till in view.tills if till.code == "B1")

    return counter.write(add)


def test_a_till_more_takes_over_no_bills(counter, earlier_code):
    first = made(counter.bill([counter.piece(grossMg=2_500)]))
    assert (first["tillId"], first["number"].split("/")[0]) == (str(counter.who.shop.till_id), "T1")
    chosen = made(counter.bill([counter.piece(grossMg=2_500)], tillId=str(earlier_code)))
    assert (chosen["tillId"], chosen["number"].split("/")[0]) == (str(earlier_code), "B1")
    assert counter.books().sound


def offered(page):
    """Each till to choose, and the chosen one: what a browser sends."""
    options = re.findall(r'<option value="([0-9a-f-]{36})"( selected)?>', page)
    return [key for key, _ in options], next((key for key, chosen in options if chosen), options[0][0])


def test_the_counter_issues_at_the_till_that_was_chosen(counter, earlier_code, flask_app, cast):
    clerk, bills = Sender(flask_app, cast.bina), f"/s/{cast.bina.shop.slug}/bills"
    item, oldest = counter.write(lambda db: (a_board(db), an_item(db, gross_mg=2_500))[1]), str(cast.bina.shop.till_id)
    both = [oldest, str(earlier_code)]
    assert offered(clerk.look(f"{bills}/new").text) == (both, oldest)
    stepped = clerk.once(f"{bills}/sheet", {"step": "add", "code": item.tag, "till_id": str(earlier_code)}).text
    assert offered(stepped) == (both, str(earlier_code))
    total = re.search(r'name="expected_total_paise" value="(\d+)"', stepped)[1]
    issued = clerk.once(bills, {
        "item_id": str(item.id), "till_id": str(earlier_code), "expected_total_paise": total,
        "pay_upi": f"{int(total) // 100}",
    })  # fmt: skip
    assert issued.status_code == 303, issued.text
    assert [bill["number"].split("/")[0] for bill in made(counter.get("/invoices"))["items"]] == ["B1"]
    assert offered(clerk.look(f"{bills}/new").text)[1] == str(earlier_code), "this browser stands there from now on"


def test_the_counter_begins_with_the_persons_own_till(counter, earlier_code, flask_app, cast):
    clerk, page = Sender(flask_app, cast.bina), f"/s/{cast.bina.shop.slug}/bills/new"
    clerk.client.set_cookie("till", str(earlier_code))
    assert offered(clerk.look(page).text)[1] == str(earlier_code)


def test_a_shop_with_one_till_is_asked_nothing(counter, flask_app, cast):
    assert 'name="till_id"' not in Sender(flask_app, cast.bina).look(f"/s/{cast.bina.shop.slug}/bills/new").text
