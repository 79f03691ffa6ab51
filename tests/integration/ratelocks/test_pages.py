"""Locked rates on pages: the customer first, then the promise; a lower rate asked for; one given up."""

import html
import re
from uuid import UUID

import pytest

from app.credits import service as credits
from app.credits.service import CreditKind
from app.kit.ids import new_id
from tests.support.counter import made
from tests.support.pages import Sender


@pytest.fixture
def base(cast):
    return f"/s/{cast.asha.shop.slug}/rates/locks"


@pytest.fixture
def asha(flask_app, cast):
    return Sender(flask_app, cast.asha)


@pytest.fixture
def bina(flask_app, cast):
    return Sender(flask_app, cast.bina)


@pytest.fixture
def form(counter):
    """Of a customer with an advance of ₹1,00,000, for ten grams of 22 karat."""
    customer = counter.customer()
    advance = counter.write(lambda db: credits.open_credit(
        db, kind=CreditKind.ADVANCE, customer_id=UUID(customer["id"]), source_id=new_id(), paise=1_00_000_00
    ))  # fmt: skip
    return {
        "customer": customer["id"], "phone": customer["phone"], "credit": str(advance.id), "purity": "gold-9160",
        "grams": "10", "rate": "", "until": "",
    }  # fmt: skip


def words(answer):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def until(page):
    return re.search(r'name="until"[^>]*value="([^"]+)"', page.text.replace("\n", " "))[1]


def test_a_customer_is_found_and_promised_todays_rate(bina, base, form):
    page = bina.client.get(f"{base}/new", query_string={"phone": form["phone"]})
    assert "Lata Deshpande" in words(page) and "₹1,00,000.00" in words(page) and "22K 916 · ₹12,800.00" in words(page)
    answer = bina.once(f"{base}/new", {**form, "until": until(page)})
    assert answer.status_code == 303, words(answer)
    listed = words(bina.look(base))
    for said in ("Lata Deshpande", "22K 916", "₹12,800.00", "10.000 / 10.000 g", "open"):
        assert said in listed, said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"grams": "ten"}, "no weight in grams"), ({"until": "tomorrow"}, "A date like"), ({"credit": ""}, "Choose one"),
     ({"purity": "lead"}, "Choose one"), ({"rate": "cheap"}, "no amount"), ({"grams": "100"}, "takes an advance of")],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(asha, base, form, counter, wrong, said):
    page = asha.client.get(f"{base}/new", query_string={"customer": form["customer"]})
    answer = asha.once(f"{base}/new", {**form, "until": until(page), "grams": "10.5", **wrong})
    assert answer.status_code == 422 and said in words(answer)
    assert f'value="{wrong.get("grams", "10.5")}"' in answer.text
    assert made(counter.get("/rate-locks"))["items"] == []


def test_a_lower_rate_is_asked_for_from_the_form_and_locked_when_it_is_allowed(asha, bina, base, form):
    page = bina.client.get(f"{base}/new", query_string={"customer": form["customer"]})
    lower = {**form, "until": until(page), "rate": "12,700"}
    refused = bina.once(f"{base}/new", lower)
    assert refused.status_code == 403 and "Ask the owner" in words(refused)
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(
            r'type="hidden" name="(kind|right|subject_id|facts|next)" value="([^"]*)"', refused.text
        )
    }
    asked = bina.once(base.replace("/rates/locks", "/approvals"), {**fields, "reason": "her mother's shop too"})
    path, _mark, query = asked.location.partition("?")
    said = words(asha.look(path))
    assert "₹1,000.00" in said and "For Lata Deshpande" in said and "Until" in said
    asha(f"{path}/decision", {"version": "1", "answer": "allow"})
    onward = html.unescape(re.search(r'href="([^"]+)">Go on', bina.look(f"{path}?{query}").text)[1])
    again = bina.look(onward)
    assert 'value="12,700.00"' in again.text and "The owner allowed this rate" in words(again)
    approval = re.search(r'name="approval_id" value="([^"]+)"', again.text)[1]
    assert bina.once(f"{base}/new", {**lower, "approval_id": approval}).status_code == 303
    assert "₹12,700.00" in words(bina.look(base))


def test_a_lock_is_given_up_by_its_button(asha, base, form):
    page = asha.client.get(f"{base}/new", query_string={"customer": form["customer"]})
    asha.once(f"{base}/new", {**form, "until": until(page)})
    path = re.search(r'action="([^"]+/closing)"', asha.look(base).text)[1]
    assert asha(path, {"version": "1"}).status_code == 303
    assert "given up" in words(asha.look(base))
    assert asha(path, {"version": "2"}).status_code == 409
