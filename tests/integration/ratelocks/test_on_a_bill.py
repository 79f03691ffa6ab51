"""A locked rate on a bill: it holds whatever the board says, for the grams that are left, without anybody's yes.

The ring is case 1 of the price table: 3.390 g of 22 karat, making 16 %.
"""

from collections import Counter as Tally
from uuid import UUID

import orjson
import pytest

from app.credits import service as credits
from app.estimates import service as estimates
from app.inventory import service as inventory
from app.invoices import service as bills
from app.invoices.pricing import price_line
from app.invoices.service.priced_from import priced_of
from app.kit.audit_reading import entries
from app.kit.clock import today_ist
from app.ratelocks import service
from app.tax.states import Handover, supply_of
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


def test_a_piece_heavier_than_what_is_left_takes_the_rest_from_the_board(counter):
    customer = counter.customer()
    lock_id = promised(counter, customer)
    chain = counter.piece(grossMg=12_000)
    body = {"lines": [{"itemId": chain["id"], "rateLockId": lock_id}], "customerId": customer["id"]}
    quoted = made(counter.post("/invoices/quote", body))
    billed = made(bill(counter, customer, lock_id, chain))
    # 10 g × 12,000 = 1,20,000; 2 g × the board's 12,800 = 25,600; making 16 % of 1,45,600 = 23,296
    assert (quoted["taxablePaise"], billed["taxablePaise"]) == (168_896_00, 168_896_00)
    (line,) = billed["lines"]
    assert (line["ratePaisePerG"], line["metalPaise"], line["makingPaise"]) == (12_000_00, 145_600_00, 23_296_00)
    said = [step["text"] for step in line["explanation"]]
    assert said[:3] == [
        "10.000 g of 22K 916 × ₹12,000.00/g = ₹1,20,000.00",
        "2.000 g of 22K 916 × ₹12,800.00/g = ₹25,600.00",
        "making 16 % of the metal's ₹1,45,600.00 = ₹23,296.00",
    ]
    assert line["explanation"] == quoted["lines"][0]["explanation"]
    assert made(counter.get(f"/invoices/{billed['id']}")) == billed
    assert left(counter, lock_id) == (0, "used")
    assert counter.read(service.drifted) == []
    assert counter.books().sound
    made(counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong customer", "handedOver": False}))
    assert left(counter, lock_id) == (10_000, "open")


def test_what_an_issued_line_keeps_prices_it_anew_to_the_paisa(counter):
    """Of two pieces on one lock the second has what the first left."""
    customer = counter.customer()
    lock_id = promised(counter, customer)
    billed = made(bill(counter, customer, lock_id, counter.piece(grossMg=8_000), counter.piece()))
    document = counter.read(
        lambda db: bills.get_invoice(db, UUID(billed["id"]), keyring=counter.runtime.keyring)
    )  # fmt: skip
    supply = supply_of(
        shop_state="27", on=document.issued_on, handover=Handover.COUNTER, destination=None, taxed=True
    )  # fmt: skip
    for line in document.lines:
        priced = priced_of(line, orjson.loads(line.priced_from))
        assert price_line(priced.line, supply) == priced
    # 2.000 g of the ring at 12,000 and 1.390 g at 12,800: 24,000 + 17,792
    assert [line.metal_paise for line in document.lines] == [96_000_00, 41_792_00]
    articles = counter.read(
        lambda db: bills.get_paper(db, UUID(billed["id"]), keyring=counter.runtime.keyring)
    ).articles
    assert [[(part.net_mg, part.rate_paise_per_g) for part in one.others] for one in articles] == [
        [], [(1_390, 12_800_00)],
    ]  # fmt: skip


def test_estimate_bill_and_note_name_both_parts_of_a_piece_that_a_lock_was_short_of_on_paper(counter):
    customer = counter.customer()
    body = {
        "lines": [{"itemId": counter.piece(grossMg=12_000)["id"], "rateLockId": promised(counter, customer)}],
        "customerId": customer["id"],
    }  # fmt: skip
    estimate = made(counter.post("/estimates", body))
    billed = made(counter.post("/invoices", {**body, "payments": [{"mode": "upi", "paise": 1_00}]}))
    note = made(counter.post(f"/invoices/{billed['id']}/credit-notes", {"reason": "came back"}))
    papers = counter.read(lambda db: [
        estimates.get_paper(db, UUID(estimate["id"])),
        *(bills.get_paper(db, UUID(one["id"]), keyring=counter.runtime.keyring) for one in (billed, note)),
    ])  # fmt: skip
    for paper in papers:  # 10.000 g at the lock's 12,000, 2.000 g at the board's 12,800
        (article,) = paper.articles
        assert (article.net_mg, article.rate_paise_per_g, article.metal_paise) == (12_000, 12_000_00, 145_600_00)
        assert [(part.net_mg, part.rate_paise_per_g) for part in article.others] == [(2_000, 12_800_00)]
    (sold,) = counter.read(lambda db: bills.sold_metal(db, today_ist(), today_ist()))
    assert (sold.net_mg, sold.parts["metal_paise"]) == (0, 0)
    assert counter.books().sound


def test_a_short_lock_on_a_piece_of_two_metals_is_of_the_main_one(counter):
    """10.000 g of gold locked at ₹12,000, 2.000 g at the board's ₹12,800, 2.500 g of platinum at ₹5,600: 1,20,000 +
    25,600 + 14,000."""
    counter.set_board(platinum_9500=5_600_00)
    customer = counter.customer()
    lock_id = promised(counter, customer)
    platinum = {"metal": "platinum", "fineness": 9_500, "netMg": 2_500}
    ring = counter.piece(grossMg=14_500, otherMetals=[platinum])
    billed = made(bill(counter, customer, lock_id, ring))
    (line,) = billed["lines"]
    assert line["metalPaise"] == 159_600_00
    assert line["otherMetals"] == [{**platinum, "ratePaisePerG": 5_600_00, "metalPaise": 14_000_00}]
    assert left(counter, lock_id) == (0, "used")
    sold = counter.read(lambda db: bills.sold_metal(db, today_ist(), today_ist()))
    assert {one.metal: one.net_mg for one in sold} == {"gold": 12_000, "platinum": 2_500}
    note = made(counter.post(f"/invoices/{billed['id']}/credit-notes", {"reason": "came back"}))
    assert note["totalPaise"] == billed["totalPaise"]
    assert counter.read(inventory.verify_metal) == []
    assert counter.books().sound


def test_of_bills_that_want_the_same_grams_three_get_them(counter):
    """Ten grams hold two rings of 3.390 g, and 3.220 g of a third."""
    customer = counter.customer()
    lock_id = promised(counter, customer)
    pieces = [counter.piece() for _ in range(5)]
    answers = all_at_once(5, lambda n: bill(counter, customer, lock_id, pieces[n]))
    assert Tally(one.status_code for one in answers) == {201: 3, 409: 2}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"rate_lock_closed"}
    assert left(counter, lock_id) == (0, "used")
    assert counter.read(service.drifted) == []
    assert sorted(counter.status(one["id"]) for one in pieces) == ["in_stock"] * 2 + ["sold"] * 3


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


@pytest.mark.parametrize(("by_upi", "state"), [(51_845_00, "closed"), (46_845_00, "open")])
def test_an_advance_that_left_by_a_note_keeps_no_rate(counter, by_upi, state):
    """₹5,000 of a ring of ₹51,845 were the advance's, ₹46,845 came by UPI; the note pays the advance out, or not."""
    customer = counter.customer()
    credit = advance(counter, customer, 5_000_00)
    lock_id = made(lock(counter, customer, creditId=str(credit.id), mg=3_390, paisePerG=TWELVE_THOUSAND))["id"]
    first = made(bill(counter, customer, lock_id, counter.piece()))
    paid = [
        {"mode": "credit", "paise": 5_000_00, "creditId": str(credit.id)}, {"mode": "upi", "paise": 46_845_00},
    ]  # fmt: skip
    second = made(counter.bill([counter.piece()], customerId=customer["id"], payments=paid))
    made(counter.post(f"/invoices/{second['id']}/credit-notes", {
        "reason": "came back", "refunds": [{"mode": "upi", "paise": by_upi}],
    }))  # fmt: skip
    made(counter.post(f"/invoices/{first['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    assert left(counter, lock_id) == (3_390, state)
    assert counter.read(credits.drifted) == ()
    assert counter.read(service.drifted) == []
    assert counter.books().sound


def test_a_half_of_an_advance_does_not_promise_both_halves_again(counter):
    """10 g at ₹10,000 take ₹10,000: two bills of 5 g used them up, ₹5,000 went out, and both bills are cancelled."""
    customer = counter.customer()
    credit = advance(counter, customer, 10_000_00)
    lock_id = made(lock(counter, customer, creditId=str(credit.id), paisePerG=10_000_00))["id"]
    first, second = (made(bill(counter, customer, lock_id, counter.piece(grossMg=5_000))) for _ in range(2))
    pay = {"payments": [{"mode": "upi", "paise": 5_000_00}], "reason": "asks for it back"}
    made(counter.post(f"/credits/{credit.id}/pay-outs", pay, **{"If-Match": f'"{credit.version}"'}))
    for billed, there in ((second, (5_000, "open")), (first, (10_000, "closed"))):
        made(counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
        assert left(counter, lock_id) == there
    assert counter.read(service.drifted) == []
