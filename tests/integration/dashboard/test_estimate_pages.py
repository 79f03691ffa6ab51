"""The counter's sheet told as an estimate, begun again from one, put aside and taken up at another till."""

import html
import re

import pytest

from app.estimates import service as estimates
from tests.support.counter import Counter, made
from tests.support.pages import Sender


@pytest.fixture
def counter(flask_app, runtime, cast):
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def clerk(flask_app, cast, counter):
    """Bina's browser."""
    return Sender(flask_app, cast.bina)


def shop(cast):
    return f"/s/{cast.asha.shop.slug}"


def text_of(page):
    return html.unescape(page.text)


def total(page):
    return re.search(r'id="total">([^<]*)<', page.text)[1]


def estimate_of(clerk, cast, counter, *pieces, **form):
    answer = clerk.once(f"{shop(cast)}/estimates", {"item_id": [piece["id"] for piece in pieces], **form})
    assert answer.status_code == 303, answer.text
    (one,) = counter.read(lambda db: estimates.list_estimates(db, limit=1)).items
    return answer.headers["Location"], one


def test_a_sheet_becomes_an_estimate_and_later_a_bill_at_its_rate(clerk, cast, counter):
    """The other ring was sold meanwhile, and the board rose from ₹12,800 to ₹13,500."""
    ring, sold, lata = counter.piece(), counter.piece(), counter.customer()
    url, one = estimate_of(clerk, cast, counter, ring, sold, pay_upi="1000")
    page = clerk.look(url)
    # twice 50,334.72 = 1,00,669.44; with 3 % 1,03,689.52, so ₹1,03,690
    assert "₹1,03,690.00" in text_of(page) and one.number in text_of(page)
    made(counter.bill([sold], customerId=lata["id"]))
    counter.set_board(gold_9160=13_500_00)
    begun = clerk.look(f"{shop(cast)}/bills/new?estimate={one.id}")
    assert f"Not in stock any more, and left out: {sold['tag']}." in text_of(begun)
    assert total(begun) == "₹51,845.00"  # one ring at ₹12,800
    assert re.search(r'<option value="estimate" selected>', begun.text)
    form = {"item_id": ring["id"], "estimate_id": str(one.id), f"promise-{ring['id']}": "estimate"}
    without = clerk(f"{shop(cast)}/bills/sheet", {**form, "step": "forget-estimate"})
    assert total(without) == "₹54,680.00" and 'name="estimate_id"' not in without.text
    paid = {"pay_upi": "51845", "expected_total_paise": "5184500", "customer_id": lata["id"]}
    issued = clerk.once(f"{shop(cast)}/bills", {**form, **paid})
    assert issued.status_code == 303, issued.text
    assert "Billed" in text_of(clerk.look(f"{shop(cast)}/estimates/{one.id}"))
    listed = clerk.look(f"{shop(cast)}/estimates?state=billed")
    assert one.number in listed.text
    again = clerk.look(f"{shop(cast)}/bills/new?estimate={one.id}")
    assert f"{one.number} became a bill before" in text_of(again)
    link = f'href="{shop(cast)}/estimates/{one.id}"'
    assert link in clerk.look(issued.headers["Location"]).text


def test_a_customers_estimates_stand_on_their_page_the_newest_first(clerk, cast, counter):
    lata, other = counter.customer(), counter.customer()
    said = [
        made(counter.post("/estimates", {"lines": [{"itemId": counter.piece()["id"]}], "customerId": who["id"]}))
        for who in (lata, lata, other)
    ]
    page = text_of(clerk.look(f"{shop(cast)}/customers/{lata['id']}"))
    second, first = (page.index(f'/estimates/{one["id"]}"') for one in (said[1], said[0]))
    assert second < first and said[2]["id"] not in page
    assert page.count("₹51,845.00") == 2 and "Open" in page[second:first]  # a ring of 50,334.72 with 3 %


def test_where_the_board_fell_the_sheet_begins_with_the_board(clerk, cast, counter):
    ring = counter.piece()
    _url, one = estimate_of(clerk, cast, counter, ring)
    counter.set_board(gold_9160=12_000_00)
    begun = clerk.look(f"{shop(cast)}/bills/new?estimate={one.id}")
    # 3.390 g × 12,000 = 40,680.00; making 6,508.80; 47,188.80 × 1.03 = 48,604.46, so ₹48,604
    assert total(begun) == "₹48,604.00"
    assert '<option value="estimate">' in begun.text


def test_an_estimate_that_needs_a_yes_says_so_on_the_sheet(clerk, cast, counter):
    ring = counter.piece()
    refused = clerk.once(f"{shop(cast)}/estimates", {"item_id": ring["id"], f"rate-{ring['id']}": "12000"})
    assert refused.status_code == 403
    assert "This needs the owner's approval." in text_of(refused) and "Ask the owner" in refused.text


def test_another_customer_leaves_the_estimate_of_the_first(clerk, cast, counter):
    ring, lata = counter.piece(), counter.customer()
    _url, one = estimate_of(clerk, cast, counter, ring, customer_id=lata["id"])
    form = {"item_id": ring["id"], "estimate_id": str(one.id), "customer_id": lata["id"], "step": "forget-customer"}
    page = clerk(f"{shop(cast)}/bills/sheet", form)
    assert page.status_code == 200 and 'name="estimate_id"' not in page.text


def test_a_sheet_is_put_aside_and_taken_up_once(clerk, cast, counter, flask_app):
    ring, lata = counter.piece(), counter.customer()
    aside = clerk.once(f"{shop(cast)}/bills/held", {"item_id": ring["id"], "customer_id": lata["id"], "pay_upi": "100"})
    assert aside.status_code == 303, aside.text
    other = Sender(flask_app, cast.asha)
    page = other.look(f"{shop(cast)}/bills/new")
    assert "Lata Deshpande" in page.text and "Nothing of it is reserved" in page.text
    recall = re.search(r'action="([^"]*/bills/held/[^"]*/recall)"', page.text)[1]
    key = {"idempotency_key": "a" * 32}
    taken = other(recall, key)
    assert taken.status_code == 200
    assert ring["tag"] in taken.text and 'id="pay_upi" name="pay_upi" value="100.00"' in taken.text
    assert 'name="idempotency_key" value="' + "a" * 32 not in taken.text  # the sheet goes on under a key of its own
    assert ring["tag"] in other(recall, key).text  # the page reloaded
    late = clerk.once(recall, {})
    assert late.status_code == 409 and "Somebody else took this sheet up again." in late.text


def test_nothing_or_nameless_is_not_put_aside(clerk, cast, counter):
    nothing = clerk.once(f"{shop(cast)}/bills/held", {"held_label": "Lata"})
    assert nothing.status_code == 422 and "Nothing stands on the sheet yet." in nothing.text
    nameless = clerk.once(f"{shop(cast)}/bills/held", {"item_id": counter.piece()["id"]})
    assert nameless.status_code == 422 and "Type the name or phone by which you will know it." in nameless.text


def test_a_button_that_htmx_sent_is_led_on(clerk, cast, counter):
    answer = clerk.client.post(
        f"{shop(cast)}/estimates", headers={"HX-Request": "true"},
        data={"item_id": counter.piece()["id"], "idempotency_key": "b" * 32, "csrf_token": clerk.token},
    )  # fmt: skip
    assert answer.status_code == 200 and "/estimates/0" in answer.headers["HX-Redirect"]


def test_a_sheet_that_is_put_aside_holds_no_more_than_a_bill_does(clerk, cast, counter):
    sheet = {"item_id": counter.piece()["id"], "customer_id": counter.customer()["id"], "held_label": "Lata"}
    long = clerk.once(f"{shop(cast)}/bills/held", {**sheet, "occasion": "a" * 200_000})
    assert (long.status_code, "At most 24 letters fit here." in long.text) == (422, True)
    assert clerk.once(f"{shop(cast)}/bills/held", {**sheet, "ship_to": "27" * 100_000}).status_code == 422
    assert made(counter.get("/held-sheets"))["items"] == []
