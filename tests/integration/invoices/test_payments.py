"""What pays a bill: cash with its change, credits that are used up once, and where the drawer's day stands on it."""

import datetime as dt
from collections import Counter as Tally
from uuid import UUID

import pytest

from app.cash import service as drawers
from app.credits import service as credits
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from tests.support.counter import all_at_once, made

CASE_1 = 51_845_00


@pytest.fixture
def customer(counter):
    return counter.customer()


def owe(counter, customer, paise, kind="advance"):
    """Something that the shop owes the customer, by a document of another room."""
    return counter.write(lambda db: credits.open_credit(
        db, kind=kind, customer_id=UUID(customer["id"]), source_id=new_id(), paise=paise
    ))  # fmt: skip


def left(counter, credit):
    return counter.read(lambda db: credits.get_credit(db, credit.id)).left_paise


def use(credit, paise):
    return {"mode": "credit", "paise": paise, "creditId": str(credit.id)}


def test_change_is_a_fact_of_the_payment(counter, customer):
    paid = [{"mode": "cash", "paise": CASE_1, "tenderedPaise": 52_000_00}]
    issued = made(counter.bill([counter.piece()], customerId=customer["id"], payments=paid))
    # 52,000 − 51,845 = 155
    assert issued["payments"][0]["tenderedPaise"] == 52_000_00
    assert issued["payments"][0]["changePaise"] == 155_00
    assert issued["paidPaise"] == CASE_1
    drawn = counter.read(lambda db: drawers.day_of(db, counter.who.shop.till_id, today_ist()))
    assert issued["bookOn"] == drawn.business_on.isoformat()


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"mode": "upi", "paise": 100, "tenderedPaise": 200}, "payments.0.tenderedPaise"),
        ({"mode": "cash", "paise": 200, "tenderedPaise": 100}, "payments.0.tenderedPaise"),
        ({"mode": "credit", "paise": 100}, "payments.0.creditId"),
        ({"mode": "upi", "paise": 100, "creditId": "01a1f8a6-a3f4-7a0e-9c06-3a1af2ac1074"}, "payments.0.creditId"),
    ],
)
def test_payments_that_make_no_sense_are_refused(counter, customer, payment, field):
    answer = counter.bill([counter.piece()], customerId=customer["id"], payments=[payment])
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])


def test_a_bill_is_paid_by_old_gold_an_advance_and_the_rest_in_money(counter, customer):
    gold, advance = owe(counter, customer, 30_000_00, "old_gold"), owe(counter, customer, 25_000_00)
    payments = [use(gold, 30_000_00), use(advance, 21_000_00), {"mode": "upi", "paise": 845_00}]
    issued = made(counter.bill([counter.piece()], customerId=customer["id"], payments=payments))
    assert issued["paidPaise"] == issued["totalPaise"] == CASE_1
    assert issued["taxablePaise"] == 50_334_72  # what pays a bill never reduces its taxable value
    assert [payment["reference"] for payment in issued["payments"]] == ["old_gold", "advance", None]
    assert (left(counter, gold), left(counter, advance)) == (0, 4_000_00)
    assert counter.read(credits.drifted) == ()
    assert counter.books().sound


def test_a_credit_is_used_once_however_many_bills_want_it(counter, customer):
    credit = owe(counter, customer, 10_000_00)
    pieces = [counter.piece() for _ in range(6)]
    answers = all_at_once(
        6, lambda n: counter.bill([pieces[n]], customerId=customer["id"], payments=[use(credit, 10_000_00)])
    )
    assert Tally(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"credit_spent"}
    assert left(counter, credit) == 0
    assert sum(counter.status(piece["id"]) == "sold" for piece in pieces) == 1
    assert counter.numbers() == [1]


def test_anothers_credit_or_one_of_nobody_is_refused(counter, customer):
    credit, other = owe(counter, customer, 10_000_00), counter.customer()
    before = counter.row_counts()
    theirs = counter.bill([counter.piece(tag="C-1")], customerId=other["id"], payments=[use(credit, 1_00)])
    assert (theirs.status_code, theirs.json["code"]) == (422, "credit_not_theirs")
    nobodys = counter.bill([{"itemId": made(counter.get("/items/by-code/C-1"))["id"]}], payments=[use(credit, 1_00)])
    assert (nobodys.status_code, nobodys.json["code"]) == (422, "credit_needs_customer")
    after = counter.row_counts()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert set(changed) <= {"items", "metal_entries", "audit_log", "idempotency_keys"}  # the piece that was entered


def in_cash(counter, customer, *, cash, upi=0, days_ago=1):
    """An advance that was paid before, by a receipt."""
    payments = [credits.Payment(mode, paise) for mode, paise in (("cash", cash), ("upi", upi)) if paise]

    def work(db):
        voucher = credits.receive(
            db, customer_id=UUID(customer["id"]), purpose="advance", payments=payments,
            keyring=counter.runtime.keyring, at=utc_now() - dt.timedelta(days=days_ago),
        )  # fmt: skip
        return credits.find_opened_by(db, voucher.id, "advance")

    return counter.write(work)


def cash(paise):
    return {"mode": "cash", "paise": paise}


def test_cash_for_one_occasion_is_also_what_its_earlier_bills_had_by_credits(counter, customer):
    """₹1,50,000 came in cash with an advance that paid the wedding's first bill: ₹50,000 more make ₹2,00,000. On the
    advance's bill, on a bill of the same day, and on one of another occasion it is nothing."""
    advance, ring = in_cash(counter, customer, cash=150_000_00), counter.piece(grossMg=12_000)
    wedding = {"customerId": customer["id"], "occasion": "wedding-2026"}
    made(counter.bill([ring], payments=[use(advance, 150_000_00)], **wedding))
    draft = {"lines": [{"itemId": counter.piece()["id"]}], "payments": [cash(50_000_00)], **wedding}
    assert ("cash", True) in [(one["rule"], one["blocks"]) for one in made(quoted(counter, draft))["findings"]]
    second = counter.bill([counter.piece()], payments=[cash(50_000_00)], **wedding)
    assert (second.status_code, second.json["code"]) == (422, "cash_limit_reached")
    made(counter.bill([counter.piece()], payments=[cash(49_999_99)], **wedding))
    made(counter.bill([counter.piece()], payments=[cash(1_000_00)], customerId=customer["id"], occasion="birthday"))
    assert counter.books().sound


def quoted(counter, draft):
    return counter.post("/invoices/quote", draft)


def test_cash_of_an_advance_counts_on_the_bill_that_used_it_and_not_again(counter, customer):
    """₹1,50,000 in cash and ₹1,50,000 by UPI with one receipt: the first bill has the cash, so the second's only cash
    is its own ₹50,000. Once the first is cancelled its cash is in the advance again: ₹50,000 more are too much."""
    advance, who = in_cash(counter, customer, cash=150_000_00, upi=150_000_00), {"customerId": customer["id"]}
    first = made(counter.bill([counter.piece(grossMg=12_000)], payments=[use(advance, 150_000_00)], **who))

    def another(paise):
        lines = [{"itemId": counter.piece(grossMg=14_000)["id"]}]
        return {"lines": lines, "payments": [use(advance, 150_000_00), cash(paise)], **who}

    draft = another(50_000_00)
    assert [one["rule"] for one in made(quoted(counter, draft))["findings"] if one["blocks"]] == []
    made(counter.post("/invoices", draft))
    made(counter.post(f"/invoices/{first['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    blocked = counter.post("/invoices", another(50_000_00))
    assert (blocked.status_code, blocked.json["code"]) == (422, "cash_limit_reached")
    made(counter.post("/invoices", another(49_999_99)))
    assert counter.books().sound


def test_cash_for_one_occasion_is_added_up_over_days(counter, customer):
    """₹1,50,000 for the wedding yesterday and ₹50,000 today make ₹2,00,000 for one occasion."""
    from app.invoices import service as bills
    from app.kit.idempotency import claim_of
    from tests.support.counter import a_key

    big, small, free = counter.piece(grossMg=12_000), counter.piece(), counter.piece()

    def yesterday(db):
        draft = bills.BillDraft(
            lines=(bills.LineDraft(UUID(big["id"])),), customer_id=UUID(customer["id"]), occasion="wedding-2026",
            payments=(bills.PaymentDraft("cash", 150_000_00),),
        )  # fmt: skip
        claim = claim_of(a_key(), kind="test", path="/", body=b"")
        keyring = counter.runtime.keyring
        return bills.issue_invoice(db, draft=draft, claim=claim, keyring=keyring, at=utc_now() - dt.timedelta(days=1))

    counter.write(yesterday, hot=True)
    money = [{"mode": "cash", "paise": 50_000_00}]
    again = counter.bill([small], customerId=customer["id"], payments=money, occasion="wedding-2026")
    assert (again.status_code, again.json["code"]) == (422, "cash_limit_reached")
    assert "269ST" in again.json["detail"] or "186" in again.json["detail"]
    made(counter.bill([free], customerId=customer["id"], payments=money))  # another day, and for nothing in common


def test_cash_of_one_pan_is_one_persons_whichever_entry_gave_it(counter, customer):
    """₹1,50,000 from Lata and ₹50,000 from her second entry make ₹2,00,000 in a day from one person: on a bill, in its
    quote and by a receipt. With what was merged into that entry; of another PAN it is another's."""
    made(counter.bill([counter.piece(grossMg=12_000)], payments=[cash(150_000_00)], customerId=customer["id"]))
    again, other = counter.customer(pan=customer["pan"]), counter.customer()
    third = counter.customer(pan=None)
    bills = [{"lines": [{"itemId": counter.piece()["id"]}], "customerId": one["id"]} for one in (again, third)]
    for draft in bills:
        draft["payments"] = [cash(50_000_00)]
    assert ("cash", True) in [(one["rule"], one["blocks"]) for one in made(quoted(counter, bills[0]))["findings"]]
    refused = counter.post("/invoices", bills[0])
    assert (refused.status_code, refused.json["code"]) == (422, "cash_limit_reached")
    paid = {"customerId": again["id"], "purpose": "advance", "payments": [cash(50_000_00)]}
    assert counter.post("/receipts", paid).json["code"] == "cash_of_day_reached"
    made(counter.post("/invoices", {**bills[0], "payments": [cash(49_999_99)]}))
    made(counter.bill([counter.piece(grossMg=12_000)], payments=[cash(150_000_00)], customerId=other["id"]))
    body = {"into": again["id"], "intoVersion": again["version"], "confirm": third["name"]}
    made(counter.post("/invoices", {**bills[1], "payments": [cash(40_000_00)]}))  # before anybody knew whose it was
    made(counter.post(f"/customers/{third['id']}/merge", body, **{"If-Match": '"1"'}))
    late = counter.bill([counter.piece()], payments=[cash(1_00)], customerId=again["id"])
    assert (late.status_code, late.json["code"]) == (422, "cash_limit_reached")
