"""A locked rate on a bill: it holds whatever the board says, for the grams that are left, without anybody's yes.

The ring is case 1 of the price table: 3.390 g of 22 karat, making 16 %.
"""

from collections import Counter as Tally
from uuid import UUID

import pytest

from app.credits import service as credits
from app.kit.audit_reading import entries
from app.ratelocks import service
from tests.integration.ratelocks.test_ratelocks import advance, left, lock
from tests.support.counter import all_at_once, made

TWELVE_THOUSAND = 12_000_00  # 3.390 g cost ₹40,680.00, making 16 % is ₹6,508.80: before tax ₹47,188.80


def promised(counter, customer):
    """Ten grams at ₹12,000, when the board says ₹12,800."""
    return made(lock(counter, customer, paisePerG=TWELVE_THOUSAND))["id"]


def bill(counter, customer, lock_id, *pieces, **more):
    lines = [{"itemId": piece["id"], "rateLockId": lock_id} for piece in pieces]
    return counter.bill([], lines=lines, customerId=customer["id"], paid=1_00, **more)


def test_a_clerk_bills_at_the_promised_rate_and_asks_nobody(counter, clerk):
    customer = counter.customer()
    lock_id = promised(counter, customer)
    body = {
        "lines": [{"itemId": counter.piece()["id"], "rateLockId": lock_id}],
        "customerId": customer["id"],
    }
    quoted = made(clerk.post("/invoices/quote", body))
    assert (quoted["taxablePaise"], quoted["needs"]) == (47_188_80, [])
    billed = made(clerk.post("/invoices", {**body, "payments": [{"mode": "upi", "paise": quoted["totalPaise"]}]}))
    assert billed["lines"][0]["ratePaisePerG"] == TWELVE_THOUSAND
    assert billed["taxablePaise"] == 47_188_80
    assert left(counter, lock_id) == (6_610, "open")
    (told,) = [
        one
        for one in counter.read(lambda db: list(entries(db, ("invoice.issued",))))
        if str(one.subject_id) == billed["id"]
    ]
    assert told.facts["rateLocks"] == [lock_id]
    assert counter.read(service.drifted) == []
    assert counter.books().sound


def test_of_bills_that_want_the_same_grams_three_get_them(counter):
    """Ten grams hold two rings of 3.390 g; 3.220 g are left."""
    customer = counter.customer()
    lock_id = promised(counter, customer)
    pieces = [counter.piece() for _ in range(5)]
    answers = all_at_once(5, lambda n: bill(counter, customer, lock_id, pieces[n]))
    assert Tally(one.status_code for one in answers) == {201: 2, 409: 3}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"rate_lock_short"}
    assert left(counter, lock_id) == (3_220, "open")
    assert counter.read(service.drifted) == []
    assert sorted(counter.status(one["id"]) for one in pieces) == ["in_stock"] * 3 + ["sold"] * 2


def test_a_cancelled_bill_promises_its_grams_again(counter):
    customer = counter.customer()
    lock_id = promised(counter, customer)
    billed = made(bill(counter, customer, lock_id, counter.piece()))
    made(counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong customer", "handedOver": False}))
    assert left(counter, lock_id) == (10_000, "open")
    assert counter.read(service.drifted) == []


def test_what_was_not_promised_to_them_is_refused(counter):
    customer, other = counter.customer(), counter.customer()
    lock_id, piece = promised(counter, customer), counter.piece()
    codes = {
        "rate_lock_not_theirs": bill(counter, other, lock_id, piece),
        "rate_lock_other_purity": bill(
            counter, customer, lock_id, counter.piece(purity={"metal": "gold", "fineness": 7500})
        ),
        "promise_needs_customer": counter.bill([], lines=[{"itemId": piece["id"], "rateLockId": lock_id}], paid=1_00),
        "line_incomplete": counter.bill(
            [], lines=[{"itemId": piece["id"], "rateLockId": lock_id, "ratePaisePerG": 1_00}],
            customerId=customer["id"], paid=1_00,
        ),
    }  # fmt: skip
    assert {code: answer.json["code"] for code, answer in codes.items()} == {code: code for code in codes}
    assert left(counter, lock_id) == (10_000, "open")


def test_an_advance_is_not_given_back_while_a_rate_stands_on_it(counter):
    customer = counter.customer()
    receipt = made(counter.post("/receipts", {
        "customerId": customer["id"], "purpose": "advance", "payments": [{"mode": "upi", "paise": 50_000_00}],
    }))  # fmt: skip
    credit = counter.read(lambda db: credits.find_opened_by(db, UUID(receipt["id"]), "advance"))
    locked = made(lock(counter, customer, creditId=str(credit.id)))
    pay = {"payments": [{"mode": "upi", "paise": 1_00}], "reason": "asks for it back"}
    paid = counter.post(f"/credits/{credit.id}/pay-outs", pay, **{"If-Match": '"1"'})
    assert (paid.status_code, paid.json["code"]) == (409, "advance_stood_on")
    back = counter.post(f"/receipts/{receipt['id']}/take-back", {"reason": "not honoured"})
    assert (back.status_code, back.json["code"]) == (409, "advance_stood_on")
    made(counter.post(f"/rate-locks/{locked['id']}/closing", {}, **{"If-Match": f'"{locked["version"]}"'}))
    made(counter.post(f"/credits/{credit.id}/pay-outs", pay, **{"If-Match": '"1"'}))


@pytest.mark.parametrize(("paid_out", "state"), [(932_01, "closed"), (932_00, "open")])
def test_a_cancelled_bill_promises_nothing_again_without_an_advance(counter, paid_out, state):
    """3.390 g at ₹12,000 are ₹40,680.00, which take an advance of ₹4,068.00: ₹5,000.00 less ₹932.00."""
    customer, piece = counter.customer(), counter.piece()
    credit = advance(counter, customer, 5_000_00)
    lock_id = made(lock(counter, customer, creditId=str(credit.id), mg=3_390, paisePerG=TWELVE_THOUSAND))["id"]
    billed = made(bill(counter, customer, lock_id, piece))
    pay = {"payments": [{"mode": "upi", "paise": paid_out}], "reason": "asks for the rest"}
    made(counter.post(f"/credits/{credit.id}/pay-outs", pay, **{"If-Match": f'"{credit.version}"'}))
    made(counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    assert left(counter, lock_id) == (3_390, state)
    again = bill(counter, customer, lock_id, piece)
    expected = (201, None) if state == "open" else (409, "rate_lock_closed")
    assert (again.status_code, again.json.get("code")) == expected
    assert counter.read(service.drifted) == []
