"""Credit notes: what comes back, what it adds up to, until when, and what is given back."""

import datetime as dt
from uuid import UUID

import pytest

from app.invoices import service as bills
from app.invoices.errors import NoteTooLate
from app.kit.idempotency import claim_of
from tests.support.counter import a_key, made


@pytest.fixture
def bill(counter):
    """Three rings of case 1 in one bill: 1,55,534.28 → 1,55,534, paid in full."""
    customer = counter.customer()
    pieces = [counter.piece(tag=f"N-{n}") for n in range(3)]
    return made(counter.bill(pieces, customerId=customer["id"]))


def note(counter, bill, **body):
    return counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "came back", **body})


def test_a_note_on_the_whole_bill_mirrors_it(counter, bill):
    issued = made(note(counter, bill, refunds=[{"mode": "bank", "paise": bill["totalPaise"]}]))
    for name in ("taxablePaise", "cgstPaise", "sgstPaise", "igstPaise", "roundOffPaise", "totalPaise", "customerId"):
        assert issued[name] == bill[name]
    assert issued["kind"] == "credit_note"
    assert issued["reversesId"] == bill["id"]
    assert issued["number"].startswith("CN")
    assert issued["buyer"] == bill["buyer"]
    assert [line["reversesLineId"] for line in issued["lines"]] == [line["id"] for line in bill["lines"]]
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert made(counter.get(f"/invoices/{bill['id']}")) == bill  # issued is final
    assert counter.books().sound


def test_notes_on_single_lines_add_up_to_the_bill(counter, bill):
    notes = [made(note(counter, bill, lineIds=[line["id"]])) for line in bill["lines"]]
    # 50,334.72 + 2 × 755.02 = 51,844.76 → 51,845 twice; the last takes what is left: 1,55,534 − 1,03,690 = 51,844
    assert [issued["totalPaise"] for issued in notes] == [51_845_00, 51_845_00, 51_844_00]
    assert sum(issued["totalPaise"] for issued in notes) == bill["totalPaise"]
    assert [one["number"] for one in made(counter.get(f"/invoices/{bill['id']}/credit-notes"))["items"]] == [
        issued["number"] for issued in notes
    ]
    assert counter.books().sound


def test_a_returned_piece_is_in_stock_and_can_be_sold_again(counter, bill):
    line = bill["lines"][0]
    made(note(counter, bill, lineIds=[line["id"]]))
    found = made(counter.get("/items/by-code/N-0"))
    assert (found["id"], found["status"], found["invoiceId"]) == (line["itemId"], "in_stock", None)
    assert made(counter.get(f"/items/by-code/{line['huid']}"))["id"] == line["itemId"]
    again = made(counter.bill([{"itemId": line["itemId"]}], customerId=counter.customer()["id"]))
    assert again["lines"][0]["huid"] == line["huid"]
    answer = note(counter, bill, lineIds=[line["id"]])
    assert (answer.status_code, answer.json["code"]) == (409, "line_already_reversed")
    assert counter.status(line["itemId"]) == "sold"


def test_a_piece_does_not_come_back_under_a_tag_that_another_wears_by_now(counter, bill):
    counter.piece(tag="N-0")
    before = counter.row_counts()
    answer = note(counter, bill)
    assert (answer.status_code, answer.json["code"]) == (409, "tag_taken")
    assert counter.row_counts() == before
    made(note(counter, bill, lineIds=[line["id"] for line in bill["lines"][1:]]))


def test_nothing_is_left_to_reverse_after_all_of_it(counter, bill):
    made(note(counter, bill))
    answer = note(counter, bill)
    assert (answer.status_code, answer.json["code"]) == (409, "line_already_reversed")


def test_a_note_is_not_reversed(counter, bill):
    issued = made(note(counter, bill))
    answer = note(counter, issued)
    assert (answer.status_code, answer.json["code"]) == (409, "not_reversible")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lineIds": []}, 422, "invalid_input"),
        ({"lineIds": ["7"]}, 422, "invalid_input"),
        ({"lineIds": [str(UUID(int=5))]}, 404, "line_unknown"),
        ({"refunds": [{"mode": "cash", "paise": 155_534_01}]}, 422, "refund_too_large"),
        ({"refunds": [{"mode": "cash", "paise": -1}]}, 422, "invalid_input"),
        ({"reason": ""}, 422, "invalid_input"),
        ({"reason": "x" * 201}, 422, "invalid_input"),
    ],
)
def test_a_wrong_note_is_refused_and_nothing_is_written(counter, bill, change, status, code):
    before = counter.row_counts()
    answer = note(counter, bill, **change)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert counter.row_counts() == before


def test_a_line_named_twice_is_refused(counter, bill):
    line = bill["lines"][0]["id"]
    assert note(counter, bill, lineIds=[line, line]).status_code == 422


def test_no_more_is_given_back_than_was_paid(counter):
    owing = made(counter.bill([counter.piece()], customerId=counter.customer()["id"], paid=10_000_00))
    answer = note(counter, owing, refunds=[{"mode": "cash", "paise": 10_000_01}])
    assert (answer.status_code, answer.json["code"]) == (422, "refund_too_large")
    empty = note(counter, owing, refunds=[{"mode": "cash", "paise": 10_000_00}])
    assert (empty.status_code, empty.json["code"], list(empty.json["fields"])) == (409, "cash_short", ["refunds"])
    counter.float(10_000_00)
    made(note(counter, owing, refunds=[{"mode": "cash", "paise": 10_000_00}]))


def test_a_bill_to_nobody_is_paid_back_in_full(counter):
    silver = counter.piece(huid=None, purity={"metal": "silver", "fineness": 9250}, grossMg=40_000)
    sold = made(counter.bill([silver]))
    counter.float(sold["totalPaise"])
    answer = note(counter, sold, refunds=[{"mode": "cash", "paise": 1_00}])
    assert (answer.status_code, answer.json["code"]) == (422, "refund_short")
    made(note(counter, sold, refunds=[{"mode": "cash", "paise": sold["totalPaise"]}]))


def test_a_note_sent_twice_is_issued_once(counter, bill):
    key = a_key()
    path = f"/invoices/{bill['id']}/credit-notes"
    first = counter.post(path, {"reason": "came back"}, key=key)
    again = counter.post(path, {"reason": "came back"}, key=key)
    assert first.status_code == again.status_code == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.data == first.data
    assert counter.numbers("credit_note") == [1]


def test_a_bill_is_reversed_until_the_30th_of_november_after_its_year(counter):
    """A bill of 31 March 2026 belongs to 2025-26: until 30 November 2026, in India."""
    runtime, who, customer = counter.runtime, counter.who, counter.customer()
    piece, other = counter.piece(), counter.piece()

    def issue(db, item, at):
        draft = bills.BillDraft(lines=(bills.LineDraft(UUID(item["id"])),), customer_id=UUID(customer["id"]))
        claim = claim_of(a_key(), kind="test", path="/", body=b"")
        return bills.issue_invoice(db, draft=draft, claim=claim, keyring=runtime.keyring, at=at)

    def reverse(db, issued, at):
        draft = bills.NoteDraft(invoice_id=issued.id, reason="came back")
        return bills.issue_credit_note(db, draft=draft, keyring=runtime.keyring, at=at)

    late_evening = dt.datetime(2026, 3, 31, 18, 29, tzinfo=dt.UTC)  # 23:59 in India
    first = counter.write(lambda db: issue(db, piece, late_evening), hot=True)
    second = counter.write(lambda db: issue(db, other, late_evening), hot=True)
    assert (first.fy_start, first.number) == (2025, "T1/25-26/00001")
    last_moment = dt.datetime(2026, 11, 30, 18, 29, tzinfo=dt.UTC)
    with pytest.raises(NoteTooLate), runtime.router.shop(who.shop_id, who.actor) as db:
        reverse(db, second, last_moment + dt.timedelta(minutes=1))
    issued = counter.write(lambda db: reverse(db, first, last_moment))
    assert (issued.fy_start, issued.number) == (2026, "CNT1/26-27/00001")
    assert counter.books().sound
