"""Many at once: a piece sold once, a key honoured once, numbers without a gap, notes that never overlap."""

from collections import Counter as Tally

import pytest

from tests.support.counter import a_key, all_at_once, made

CASH_LIMIT = 200_000_00


def codes(answers):
    return Tally(answer.status_code for answer in answers)


@pytest.mark.fault(17)
def test_the_last_piece_is_sold_once(counter):
    """Sixteen tills want the same piece, each beside one of its own."""
    last, customer = counter.piece(), counter.customer()
    own = [counter.piece() for _ in range(16)]
    answers = all_at_once(16, lambda n: counter.bill([own[n], last], customerId=customer["id"], paid=1_000_00))
    assert codes(answers) == {201: 1, 409: 15}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"item_already_sold"}
    sold = [piece for piece in own if counter.status(piece["id"]) == "sold"]
    assert len(sold) == 1  # the losers' own pieces stayed in stock
    assert counter.numbers() == [1]
    assert counter.books().sound


def test_a_hundred_requests_with_one_key_make_one_bill(counter):
    customer, key = counter.customer(), a_key()
    draft = counter.draft([counter.piece()], customerId=customer["id"], payments=[{"mode": "upi", "paise": 51_845_00}])

    def send(_):
        for _attempt in range(20):
            answer = counter.post("/invoices", draft, key=key)
            if answer.status_code != 409:  # still running: as its Retry-After says, the client comes again
                return answer
        return answer

    answers = [answer for _ in range(4) for answer in all_at_once(25, send)]
    assert codes(answers) == {201: 100}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
    assert counter.numbers() == [1]
    assert counter.books().sound


def test_a_key_with_another_body_is_refused(counter):
    customer, key = counter.customer(), a_key()
    first, second = counter.piece(), counter.piece()
    made(counter.bill([first], customerId=customer["id"], key=key))
    answer = counter.bill([second], customerId=customer["id"], key=key)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert counter.status(second["id"]) == "in_stock"


def test_a_reply_that_never_arrived_is_given_again(counter):
    """The process may die between commit and reply: what the client sends again finds the bill, byte for byte."""
    customer, key = counter.customer(), a_key()
    draft = counter.draft([counter.piece()], customerId=customer["id"], payments=[{"mode": "card", "paise": 51_845_00}])
    lost: list[bytes] = []
    through = counter.app.wsgi_app

    def dies_after_the_commit(environ, start_response):
        lost.append(b"".join(through(environ, lambda *_: None)))
        raise ConnectionResetError

    counter.app.wsgi_app = dies_after_the_commit
    try:
        with pytest.raises(ConnectionResetError):
            counter.post("/invoices", draft, key=key)
    finally:
        counter.app.wsgi_app = through
    again = counter.post("/invoices", draft, key=key)
    assert again.status_code == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.data == lost[0]
    assert counter.numbers() == [1]


def test_numbers_have_no_gap_whatever_fails_between(counter):
    """Good bills, sold pieces, blocked limits and broken payments, all at once."""
    customer, gone = counter.customer(), counter.piece()
    made(counter.bill([gone], customerId=customer["id"]))
    bare = counter.customer(address=None, pan=None)
    pieces = [counter.piece() for _ in range(24)]

    def one(n):
        match n % 4:
            case 0 | 1:
                return counter.bill([pieces[n]], customerId=customer["id"], paid=1_00)
            case 2:
                return counter.bill([pieces[n], gone], customerId=customer["id"], paid=1_00)
            case _:
                return counter.bill([pieces[n]], customerId=bare["id"], paid=1_00)

    answers = all_at_once(24, one)
    assert codes(answers) == {201: 12, 409: 6, 422: 6}
    assert counter.numbers() == list(range(1, 14))
    assert counter.books().sound


def test_a_failure_after_the_number_was_drawn_leaves_no_gap(counter, monkeypatch):
    """The last packet fails: the draw is rolled back with it."""
    from app.invoices import repository

    customer = counter.customer()
    first, second = counter.piece(), counter.piece()
    whole = repository.INSERT_INVOICE

    class WithoutItsNumber:
        @staticmethod
        def bind(**head):
            return whole.bind(**{**head, "number": None})  # the column takes no NULL

    before = counter.row_counts()
    with monkeypatch.context() as broken:
        broken.setattr(repository, "INSERT_INVOICE", WithoutItsNumber)
        answer = counter.bill([first], customerId=customer["id"], paid=1_00)
    assert answer.status_code == 422  # the database refused a value
    assert counter.row_counts() == before
    assert counter.status(first["id"]) == "in_stock"
    assert made(counter.bill([second], customerId=customer["id"]))["number"].endswith("/00001")
    assert counter.books().sound


def test_the_first_bills_of_a_series_do_not_meet(counter):
    customer = counter.customer()
    pieces = [counter.piece() for _ in range(12)]
    answers = all_at_once(12, lambda n: counter.bill([pieces[n]], customerId=customer["id"], paid=1_00))
    assert codes(answers) == {201: 12}
    assert counter.numbers() == list(range(1, 13))


def test_cash_of_one_person_in_a_day_is_added_up_even_at_many_tills(counter):
    """Eight bills of ₹60,000 in cash at once: three fit below ₹2,00,000."""
    customer = counter.customer()
    pieces = [counter.piece(grossMg=6_000) for _ in range(8)]
    cash = [{"mode": "cash", "paise": 60_000_00}]
    answers = all_at_once(8, lambda n: counter.bill([pieces[n]], customerId=customer["id"], payments=cash))
    assert codes(answers) == {201: 3, 422: 5}
    assert {answer.json["code"] for answer in answers if answer.status_code == 422} == {"cash_limit_reached"}
    assert 3 * 60_000_00 < CASH_LIMIT <= 4 * 60_000_00


def test_cash_of_one_pan_is_added_up_at_many_tills_whichever_entry_they_bill(counter):
    """An owner and their firm, with one PAN: of eight bills of ₹60,000 three fit, as of one person."""
    owner = counter.customer()
    people = [owner, counter.customer(pan=owner["pan"], name="The same, as a firm")]
    pieces = [counter.piece(grossMg=6_000) for _ in range(8)]
    cash = [{"mode": "cash", "paise": 60_000_00}]
    answers = all_at_once(8, lambda n: counter.bill([pieces[n]], customerId=people[n % 2]["id"], payments=cash))
    assert codes(answers) == {201: 3, 422: 5}
    assert {answer.json["code"] for answer in answers if answer.status_code == 422} == {"cash_limit_reached"}


def test_a_line_is_reversed_once_however_many_ask(counter):
    customer = counter.customer()
    bill = made(counter.bill([counter.piece(), counter.piece()], customerId=customer["id"]))
    path, line = f"/invoices/{bill['id']}/credit-notes", bill["lines"][0]
    answers = all_at_once(8, lambda _: counter.post(path, {"reason": "came back", "lineIds": [line["id"]]}))
    assert codes(answers) == {201: 1, 409: 7}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"line_already_reversed"}
    assert counter.numbers("credit_note") == [1]
    assert counter.status(line["itemId"]) == "in_stock"
    assert counter.status(bill["lines"][1]["itemId"]) == "sold"
    assert counter.books().sound


def test_bills_notes_and_stock_at_once_end_with_sound_books(counter):
    customer = counter.customer()
    bills = [made(counter.bill([counter.piece()], customerId=customer["id"])) for _ in range(4)]
    pieces = [counter.piece() for _ in range(4)]

    def one(n):
        match n % 4:
            case 0:
                return counter.bill([pieces[n // 4]], customerId=customer["id"], paid=1_00)
            case 1:
                return counter.post(f"/invoices/{bills[n // 4]['id']}/credit-notes", {"reason": "came back"})
            case 2:
                return counter.post("/items", {
                    "tag": f"NEW-{n}", "name": "Chain", "category": "chain", "grossMg": 5_000,
                    "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "fixed", "paise": 100_00},
                })  # fmt: skip
            case _:
                return counter.patch(f"/items/{pieces[n // 4]['id']}", {"name": "Plain ring"}, version=1)

    answers = all_at_once(16, one)
    assert all(answer.status_code in (200, 201, 409, 412) for answer in answers), codes(answers)
    assert counter.numbers() == list(range(1, 9))
    assert counter.numbers("credit_note") == [1, 2, 3, 4]
    assert counter.books().sound
