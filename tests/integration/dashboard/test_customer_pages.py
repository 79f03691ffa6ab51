"""The pages of money and people: taken and taken back, an account in words, a family, papers, two entries made one."""

import re

import pytest

from tests.support.counter import Counter, made
from tests.support.pages import Sender


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    return counter


@pytest.fixture
def send(flask_app, cast) -> Sender:
    return Sender(flask_app, cast.asha)


@pytest.fixture
def shop(cast) -> str:
    return f"/s/{cast.asha.shop.slug}"


def money(**typed):
    return {"purpose": "on_account", "amount_0": "1,845.00", "mode_0": "upi", "reference_0": "UPI 1", **typed}


def test_money_is_taken_and_taken_back_by_forms(counter, send, shop):
    """₹51,845 less ₹50,000: ₹1,845 is owed."""
    lata = counter.customer()
    made(counter.bill([counter.piece()], customerId=lata["id"], paid=50_000_00))
    found = send.look(f"{shop}/receipts/new?phone={lata['phone'][3:]}").text
    assert "₹1,845.00" in found and lata["name"] in found
    too_much = send.once(f"{shop}/receipts/new", money(customer_id=lata["id"], amount_0="1845.01"))
    assert too_much.status_code == 422
    assert 'value="1845.01"' in too_much.text and 'value="UPI 1"' in too_much.text  # nothing typed is lost
    assert re.search(r'id="h-amount_0">[^<]*₹1,845\.00 is owed', too_much.text)
    done = send.once(
        f"{shop}/receipts/new", money(customer_id=lata["id"], amount_0="1000", amount_1="845", mode_1="cash")
    )
    assert done.status_code == 303
    page = send.look(done.location).text
    assert "₹1,845.00" in page and "Issued for ever" in page
    account = send.look(f"{shop}/customers/{lata['id']}/account").text
    assert "Paid on account" in account
    assert "Nobody owes anything" in send.look(f"{shop}/outstanding").text
    back = send.once(f"{done.location.partition('?')[0]}/take-back", {"reason": "a slip of the hand"})
    assert back.status_code == 303
    assert lata["name"] in send.look(f"{shop}/outstanding").text


def test_a_credit_is_paid_out_by_a_form(counter, send, shop):
    lata = counter.customer()
    send.once(f"{shop}/receipts/new", money(customer_id=lata["id"], purpose="advance", amount_0="5000"))
    (credit,) = counter.get("/credits", customerId=lata["id"]).json["items"]
    path = f"{shop}/credits/{credit['id']}/pay-out"
    assert 'value="5,000.00"' in send.look(path).text
    typed = {"amount_0": "6000", "mode_0": "bank", "reason": "order cancelled", "version": "1"}
    refused = send.once(path, typed)
    assert refused.status_code == 422 or refused.status_code == 409
    assert "₹5,000.00 is left of this credit." in refused.text and 'value="order cancelled"' in refused.text
    assert send.once(path, {**typed, "amount_0": "5000"}).status_code == 303


def test_two_entries_are_made_one_only_by_the_name_written_again(counter, send, shop):
    lata, again = counter.customer(), counter.customer(name="Lata D.", pan=None)
    path = f"{shop}/customers/{again['id']}/merge"
    beside = send.look(f"{path}?phone={lata['phone'][3:]}").text
    assert lata["phone"] in beside and again["phone"] in beside
    typed = {"into": lata["id"], "into_version": "1", "version": "1"}
    refused = send(path, {**typed, "confirm": "yes"})
    assert refused.status_code == 422 and 'value="yes"' in refused.text
    assert send(path, {**typed, "confirm": "lata d."}).status_code == 303
    assert "was merged into another one" in send.look(f"{shop}/customers/{again['id']}").text


def test_days_and_family_are_noted_by_forms(counter, send, shop):
    lata, ravi = counter.customer(), counter.customer(name="Ravi Deshpande")
    path = f"{shop}/customers/{lata['id']}"
    wrong = send(f"{path}/days", {"birthday": "31-02", "anniversary": "", "version": "1"})
    assert wrong.status_code == 422 and 'value="31-02"' in wrong.text
    assert send(f"{path}/days", {"birthday": "24-07-1980", "anniversary": "1-2", "version": "1"}).status_code == 303
    page = send.look(f"{path}/family").text
    assert 'value="24-07-1980"' in page and 'value="01-02"' in page
    joined = send.once(f"{path}/family", {"phone": ravi["phone"], "relation": "wife"})
    assert joined.status_code == 303
    assert "Ravi Deshpande" in send.look(f"{path}/account").text  # seen together
    assert send(f"{path}/family/leave", {}).status_code == 303


def test_a_paper_needs_the_tick_of_consent(counter, send, shop):
    lata = counter.customer()
    path = f"{shop}/customers/{lata['id']}/papers"
    typed = {"kind": "pan", "number": "abcpd1234f"}
    refused = send.once(path, typed)
    assert refused.status_code == 422 and 'value="abcpd1234f"' in refused.text
    assert send.once(path, {**typed, "consent": "2026-1"}).status_code == 303
    page = send.look(path).text
    assert "•••• 234F" in page and "ABCPD" not in page
