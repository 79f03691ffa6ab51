"""Notes over amounts: a price difference, more charged, store credit, cancelling; and notes that race for a line."""

from collections import Counter as Tally
from uuid import UUID

import pytest

from app.credits import service as credits
from app.kit.ids import new_id
from app.metal import service as metal
from app.metal.service import Account
from tests.support.counter import all_at_once, made

CASE_1 = 51_845_00


@pytest.fixture
def customer(counter):
    return counter.customer()


@pytest.fixture
def bill(counter, customer):
    """One ring of case 1: 50,334.72, 755.02 twice, +0.24, 51,845.00, paid."""
    return made(counter.bill([counter.piece()], customerId=customer["id"]))


def credit(counter, bill, **body):
    return counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "price difference", **body})


def debit(counter, bill, **body):
    return counter.post(f"/invoices/{bill['id']}/debit-notes", {"reason": "charged too little", **body})


def of_line(bill, **figure):
    return [{"lineId": bill["lines"][0]["id"], **figure}]


def test_a_price_difference_is_credited_with_its_tax_and_the_piece_stays_sold(counter, bill):
    back = [{"mode": "upi", "paise": 1_030_00}]
    issued = made(credit(counter, bill, amounts=of_line(bill, totalPaise=1_030_00), refunds=back))
    assert (issued["taxablePaise"], issued["cgstPaise"], issued["sgstPaise"]) == (1_000_00, 15_00, 15_00)
    assert issued["totalPaise"] == 1_030_00
    line = issued["lines"][0]
    assert (line["correctsLineId"], line["reversesLineId"], line["netMg"]) == (bill["lines"][0]["id"], None, 0)
    assert counter.status(bill["lines"][0]["itemId"]) == "sold"
    assert counter.books().sound


def test_the_piece_comes_back_for_what_is_left_of_it(counter, bill, customer):
    made(credit(counter, bill, amounts=of_line(bill, totalPaise=1_030_00)))
    rest = made(credit(counter, bill))
    # 50,334.72 − 1,000 = 49,334.72; 755.02 − 15 = 740.02; what is left of the bill: 51,845 − 1,030 = 50,815
    assert (rest["taxablePaise"], rest["cgstPaise"], rest["totalPaise"]) == (49_334_72, 740_02, 50_815_00)
    assert counter.status(bill["lines"][0]["itemId"]) == "in_stock"
    assert counter.read(lambda db: metal.balances(db, account=Account.SOLD)) == []
    assert credit(counter, bill).json["code"] == "line_already_reversed"


def test_a_share_of_the_whole_bill(counter, customer):
    bill = made(counter.bill([counter.piece(), counter.piece()], customerId=customer["id"]))
    issued = made(credit(counter, bill, amounts=[{"taxablePaise": 1_000_01}]))
    assert [line["taxablePaise"] for line in issued["lines"]] == [500_01, 500_00]
    tenth = made(credit(counter, bill, amounts=[{"bp": 1_000}]))
    assert [line["taxablePaise"] for line in tenth["lines"]] == [5_033_47, 5_033_47]


def test_small_notes_round_by_no_more_than_the_bill_does(counter, bill):
    """Of 50 paise with tax each: rounded to ₹1 for themselves they would give back twice what they take off."""
    left = bill["roundOffPaise"]
    notes = [made(credit(counter, bill, amounts=of_line(bill, totalPaise=50))) for _ in range(10)]
    for issued in notes:
        left -= issued["roundOffPaise"]
        assert abs(left) < 1_00
    rest = made(credit(counter, bill))
    assert rest["roundOffPaise"] == left
    assert sum(issued["totalPaise"] for issued in (*notes, rest)) == CASE_1


def test_more_is_charged_over_the_whole_bill_than_it_came_to(counter, bill):
    issued = made(debit(counter, bill, amounts=[{"totalPaise": 1_03_000_00}]))
    assert (issued["taxablePaise"], issued["cgstPaise"], issued["totalPaise"]) == (1_00_000_00, 1_500_00, 1_03_000_00)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amounts": [{"lineId": str(UUID(int=7)), "bp": 1}]}, 404, "line_unknown"),
        ({"amounts": [{}]}, 422, "amount_unclear"),
        ({"amounts": [{"bp": 1, "taxablePaise": 1}]}, 422, "amount_unclear"),
        ({"amounts": [{"totalPaise": 51_845_00 + 1}]}, 409, "note_exceeds_line"),
        ({"amounts": [{"bp": 1}, {"bp": 1}]}, 422, "bill_empty"),
        ({"storeCreditPaise": 51_845_01}, 422, "refund_too_large"),
    ],
)
def test_a_wrong_amount_is_refused_and_nothing_is_written(counter, bill, body, status, code):
    before = counter.row_counts()
    answer = credit(counter, bill, **body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert counter.row_counts() == before


def test_of_notes_that_would_exceed_a_line_one_wins(counter, bill):
    """Eight times 6,000 of 50,334.72: eight fit into 48,000, so nine times 6,000 do not."""
    answers = all_at_once(9, lambda _: credit(counter, bill, amounts=of_line(bill, taxablePaise=6_000_00)))
    assert Tally(answer.status_code for answer in answers) == {201: 8, 409: 1}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"note_exceeds_line"}
    assert counter.numbers("credit_note") == list(range(1, 9))
    assert counter.books().sound


def test_notes_on_a_bill_of_services_to_nobody_queue_too(counter):
    """There is neither a customer nor a piece to lock."""
    body = {"lines": [{"sells": "repair", "pricePaise": 1_000_00}], "payments": [{"mode": "upi", "paise": 1_180_00}]}
    bill = made(counter.post("/invoices", body))
    back = [{"mode": "upi", "paise": 708_00}]  # 600 and 18 %
    answers = all_at_once(4, lambda _: credit(counter, bill, amounts=of_line(bill, taxablePaise=600_00), refunds=back))
    assert Tally(answer.status_code for answer in answers) == {201: 1, 409: 3}


def test_a_debit_note_charges_more_with_its_tax_and_may_be_taken_back(counter, bill):
    issued = made(debit(counter, bill, amounts=of_line(bill, taxablePaise=1_000_00)))
    assert (issued["kind"], issued["totalPaise"]) == ("debit_note", 1_030_00)
    assert issued["number"].startswith("DN")
    whole = made(credit(counter, bill))
    assert whole["taxablePaise"] == 51_334_72
    assert whole["totalPaise"] == CASE_1 + 1_030_00
    assert counter.books().sound


def test_a_debit_note_to_nobody_is_paid_at_once(counter):
    body = {"lines": [{"sells": "repair", "pricePaise": 100_00}], "payments": [{"mode": "cash", "paise": 118_00}]}
    bill = made(counter.post("/invoices", body))
    more = of_line(bill, taxablePaise=100_00)
    assert debit(counter, bill, amounts=more).json["code"] == "payment_short"
    paid = made(debit(counter, bill, amounts=more, payments=[{"mode": "cash", "paise": 118_00}]))
    assert paid["paidPaise"] == 118_00


def test_store_credit_pays_the_next_bill(counter, bill, customer):
    note = made(credit(counter, bill, storeCreditPaise=CASE_1))
    owed = note["payments"][0]
    assert (owed["mode"], owed["reference"], owed["paise"]) == ("credit", "store_credit", CASE_1)
    pay = [{"mode": "credit", "paise": CASE_1, "creditId": owed["creditId"]}]
    again = made(counter.bill([{"itemId": bill["lines"][0]["itemId"]}], customerId=customer["id"], payments=pay))
    assert again["paidPaise"] == again["totalPaise"]
    assert counter.read(credits.drifted) == ()


# ---- cancelling ----


def cancel(counter, bill, **body):
    return counter.post(f"/invoices/{bill['id']}/cancellation", {"reason": "wrong piece", "handedOver": False, **body})


def test_a_bill_of_today_is_cancelled_by_a_note_and_its_number_stays_used(counter, customer):
    advance = counter.write(lambda db: credits.open_credit(
        db, kind="advance", customer_id=UUID(customer["id"]), source_id=new_id(), paise=20_000_00
    ))  # fmt: skip
    paid = [
        {"mode": "credit", "paise": 20_000_00, "creditId": str(advance.id)},
        {"mode": "cash", "paise": 31_845_00},
    ]
    bill = made(counter.bill([counter.piece()], customerId=customer["id"], payments=paid))
    note = made(cancel(counter, bill))
    assert note["reason"] == "cancelled: wrong piece"
    assert (note["totalPaise"], note["paidPaise"]) == (CASE_1, CASE_1)
    assert counter.read(lambda db: credits.get_credit(db, advance.id)).left_paise == 20_000_00
    assert counter.status(bill["lines"][0]["itemId"]) == "in_stock"
    following = made(counter.bill([{"itemId": bill["lines"][0]["itemId"]}], customerId=customer["id"]))
    assert following["number"].endswith("/00002")
    assert cancel(counter, bill).json["code"] == "line_already_reversed"
    assert counter.books().sound


def test_what_was_handed_over_or_issued_before_is_not_cancelled(counter, bill, monkeypatch):
    assert cancel(counter, bill, handedOver=True).json["code"] == "cancel_handed_over"
    import datetime as dt

    from app.invoices.errors import CancelTooLate
    from app.invoices.service import cancel_bill
    from app.kit.clock import utc_now

    with pytest.raises(CancelTooLate):
        counter.write(lambda db: cancel_bill(
            db, invoice_id=UUID(bill["id"]), reason="late", handed_over=False, keyring=counter.runtime.keyring,
            at=utc_now() + dt.timedelta(days=1),
        ))  # fmt: skip
