"""Receipts over HTTP: advances, money on account, their limits, their taking back, credits paid out."""

import datetime as dt
from collections import Counter as Tally
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cash.models import CashEntry
from app.credits import service as credits
from app.credits.errors import CashOfDayReached
from app.kit.clock import utc_now
from app.kit.ids import new_id
from tests.support.counter import all_at_once, made


def take(counter, customer, purpose, *payments, **more):
    listed = [{"mode": mode, "paise": paise} for mode, paise in payments]
    return counter.post("/receipts", {"customerId": customer["id"], "purpose": purpose, "payments": listed, **more})


def credit_of(counter, customer):
    (credit,) = counter.get("/credits", customerId=customer["id"]).json["items"]
    return credit


def test_an_advance_is_a_voucher_and_a_credit(counter):
    lata = counter.customer()
    answer = take(counter, lata, "advance", ("upi", 40_000_00), ("cash", 10_000_00), note="for the wedding set")
    receipt = made(answer)
    assert receipt["number"].startswith("RV") and receipt["number"].endswith("/00001")
    assert (receipt["kind"], receipt["totalPaise"]) == ("receipt_voucher", 50_000_00)
    assert receipt["payer"]["name"] == lata["name"]
    credit = credit_of(counter, lata)
    assert (credit["kind"], credit["paise"], credit["leftPaise"], credit["state"], credit["sourceId"]) == (
        "advance", 50_000_00, 50_000_00, "open", receipt["id"],
    )  # fmt: skip
    assert counter.get(f"/receipts/{receipt['id']}").json == receipt
    listed = counter.get("/receipts", customerId=lata["id"]).json["items"]
    assert [(one["number"], one["modes"]) for one in listed] == [(receipt["number"], ["upi", "cash"])]
    assert counter.books().sound


def test_cash_of_vouchers_is_in_the_drawers_book(counter):
    """₹10,000 in cash come with an advance, and go again when it is taken back; what was paid by UPI is not there."""
    lata = counter.customer()
    receipt = made(take(counter, lata, "advance", ("upi", 40_000_00), ("cash", 10_000_00)))
    back = made(counter.post(f"/receipts/{receipt['id']}/take-back", {"reason": "a slip"}))
    entries = counter.read(lambda db: db.scalars(select(CashEntry).order_by(CashEntry.id)).all())
    assert [(str(one.document_id), one.kind, one.paise) for one in entries] == [
        (receipt["id"], "receipt", 10_000_00), (back["id"], "refund", -10_000_00),
    ]  # fmt: skip
    assert {one.book_on.isoformat() for one in entries} == {receipt["bookOn"], back["bookOn"]}


def test_one_key_makes_one_receipt(counter):
    lata = counter.customer()
    body = {"customerId": lata["id"], "purpose": "advance", "payments": [{"mode": "upi", "paise": 100_00}]}
    first, again = (counter.post("/receipts", body, key="the-same-key") for _ in range(2))
    assert made(first) == made(again)
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(counter.get("/receipts").json["items"]) == 1


def test_money_on_account_pays_what_is_owed_and_no_more(counter):
    """A ring of ₹51,845 of which ₹20,000 were paid: ₹31,845 is owed."""
    lata = counter.customer()
    made(counter.bill([counter.piece()], customerId=lata["id"], paid=20_000_00))
    too_much = take(counter, lata, "on_account", ("upi", 31_845_01))
    assert (too_much.status_code, too_much.json["code"]) == (422, "more_than_owed")
    assert too_much.json["fields"] == {"payments": "above 3184500"}
    answers = all_at_once(4, lambda _: take(counter, lata, "on_account", ("upi", 10_000_00)))
    assert Tally(answer.status_code for answer in answers) == {201: 3, 422: 1}
    made(take(counter, lata, "on_account", ("card", 1_845_00)))
    assert take(counter, lata, "on_account", ("upi", 1)).json["code"] == "more_than_owed"
    assert counter.get("/credits", customerId=lata["id"]).json["items"] == []
    assert counter.books().sound


def test_cash_of_a_person_in_a_day_counts_bills_and_receipts_together(counter):
    """₹51,845 with a bill, ₹1,00,000 as an advance: from ₹2,00,000 on it is blocked (269ST), so ₹48,154.99 more is
    the most."""
    lata = counter.customer()
    bill = {"customerId": lata["id"], "payments": [{"mode": "cash", "paise": 51_845_00}]}
    made(counter.bill([counter.piece()], **bill))
    made(take(counter, lata, "advance", ("cash", 100_000_00)))
    blocked = take(counter, lata, "advance", ("cash", 48_155_00))
    assert (blocked.status_code, blocked.json["code"]) == (422, "cash_of_day_reached")
    assert "₹2,00,000" in blocked.json["detail"]
    made(take(counter, lata, "advance", ("cash", 48_154_99), ("upi", 90_000_00)))
    made(take(counter, counter.customer(), "advance", ("cash", 48_155_00)))


def test_cash_for_one_order_is_added_up_over_days(counter):
    """₹1,50,000 yesterday and ₹50,000 today make ₹2,00,000 in one transaction: ₹49,999.99 is the most."""
    lata, order = counter.customer(), new_id()

    def paid(about, *payments, days_ago=0):
        return counter.write(lambda db: credits.receive(
            db, customer_id=UUID(lata["id"]), purpose="advance", about_id=about,
            payments=[credits.Payment(mode, paise) for mode, paise in payments], keyring=counter.runtime.keyring,
            at=utc_now() - dt.timedelta(days=days_ago),
        ))  # fmt: skip

    paid(order, ("cash", 150_000_00), days_ago=1)
    with pytest.raises(CashOfDayReached, match=r"₹2,00,000.*₹1,50,000\.00"):
        paid(order, ("cash", 50_000_00))
    paid(new_id(), ("cash", 50_000_00))  # for another order
    paid(order, ("cash", 49_999_99), ("upi", 50_000_00))
    with pytest.raises(CashOfDayReached):
        paid(order, ("cash", 1))


def test_cash_that_pays_a_bill_on_account_is_added_up_over_days(counter):
    """₹51,845 are owed for a ring, ₹2,14,108 for a chain of 14 g. ₹40,000 in cash pay the ring; ₹1,50,000 more the
    other day its last 11,845 and 1,38,155 of the chain: ₹61,845 more for it make ₹2,00,000. By UPI it goes on."""
    lata = counter.customer()
    chain = counter.piece(grossMg=14_000)
    made(counter.bill([counter.piece()], customerId=lata["id"], paid=0))
    bought = made(counter.bill([chain], customerId=lata["id"], paid=0))
    paid = on_account_before(counter, lata, 40_000_00, days_ago=2) + on_account_before(counter, lata, 150_000_00)
    assert paid == 190_000_00
    blocked = take(counter, lata, "on_account", ("cash", 61_845_00))
    assert (blocked.status_code, blocked.json["code"]) == (422, "cash_of_day_reached")
    assert "₹1,38,155.00" in blocked.json["detail"]
    made(take(counter, lata, "on_account", ("cash", 61_844_99)))
    assert take(counter, lata, "on_account", ("cash", 1)).status_code == 422
    made(take(counter, lata, "on_account", ("upi", bought["totalPaise"] - 199_999_99)))
    assert counter.books().sound


def on_account_before(counter, customer, paise, *, days_ago=1):
    """Cash of an earlier day that paid what was owed."""
    return counter.write(lambda db: credits.receive(
        db, customer_id=UUID(customer["id"]), purpose="on_account", payments=[credits.Payment("cash", paise)],
        keyring=counter.runtime.keyring, at=utc_now() - dt.timedelta(days=days_ago),
    )).total_paise  # fmt: skip


def test_many_cash_receipts_at_once_stay_below_the_days_limit(counter):
    lata = counter.customer()
    answers = all_at_once(6, lambda _: take(counter, lata, "advance", ("cash", 60_000_00)))
    assert Tally(answer.status_code for answer in answers) == {201: 3, 422: 3}  # 3 × 60,000 < 2,00,000 ≤ 4 × 60,000
    assert sorted(one["number"][-2:] for one in counter.get("/receipts").json["items"]) == ["01", "02", "03"]


def test_advances_taken_back_later_are_repaid_together(counter):
    """Two of ₹19,000 of yesterday: the second makes ₹38,000 of one day, and from ₹20,000 on none goes in cash (s.269T),
    nor does ₹1,000 of it as a pay-out."""
    lata, paise = counter.customer(), 19_000_00
    receipts = [advance_before(counter, lata, paise) for _ in range(2)]
    made(counter.post(f"/receipts/{receipts[0].id}/take-back", {"reason": "changed her mind"}))
    blocked = counter.post(f"/receipts/{receipts[1].id}/take-back", {"reason": "changed her mind"})
    assert (blocked.status_code, blocked.json["code"]) == (422, "cash_pay_out_too_large")
    (credit,) = (one for one in counter.get("/credits", customerId=lata["id"]).json["items"] if one["leftPaise"])
    body = {"payments": [{"mode": "cash", "paise": 1_000_00}], "reason": "changed her mind"}
    out = counter.post(f"/credits/{credit['id']}/pay-outs", body, **{"If-Match": f'"{credit["version"]}"'})
    assert (out.status_code, out.json["code"]) == (422, "cash_pay_out_too_large")


def advance_before(counter, customer, paise):
    """Cash that was left with the shop yesterday."""
    return counter.write(lambda db: credits.receive(
        db, customer_id=UUID(customer["id"]), purpose="advance", payments=[credits.Payment("cash", paise)],
        keyring=counter.runtime.keyring, at=utc_now() - dt.timedelta(days=1),
    ))  # fmt: skip


def test_a_receipt_is_taken_back_once(counter):
    """A cheque that was not honoured: the voucher mirrors it, and what it paid is owed again."""
    lata = counter.customer()
    made(counter.bill([counter.piece()], customerId=lata["id"], paid=1_845_00))
    receipt = made(take(counter, lata, "on_account", ("cheque", 50_000_00)))
    path = f"/receipts/{receipt['id']}/take-back"
    answers = all_at_once(4, lambda _: counter.post(path, {"reason": "not honoured"}))
    assert Tally(answer.status_code for answer in answers) == {201: 1, 409: 3}
    back = next(answer.json for answer in answers if answer.status_code == 201)
    assert (back["kind"], back["reversesId"], back["totalPaise"]) == ("refund_voucher", receipt["id"], 50_000_00)
    assert back["number"].startswith("RF")
    made(take(counter, lata, "on_account", ("upi", 50_000_00)))
    assert counter.post(f"/receipts/{back['id']}/take-back", {"reason": "x"}).json["code"] == "receipt_not_reversible"


def test_an_advance_that_was_used_is_not_taken_back_but_its_rest_is_paid_out(counter):
    lata = counter.customer()
    receipt = made(take(counter, lata, "advance", ("upi", 50_000_00)))
    credit = credit_of(counter, lata)

    def out(paise, version, mode="bank"):
        body = {"payments": [{"mode": mode, "paise": paise}], "reason": "order cancelled"}
        return counter.post(f"/credits/{credit['id']}/pay-outs", body, **{"If-Match": f'"{version}"'})

    in_cash = out(20_000_00, 1, "cash")  # 269T: from ₹20,000 on not in cash
    assert (in_cash.status_code, in_cash.json["code"]) == (422, "cash_pay_out_too_large")
    voucher = made(out(20_000_00, 1))
    assert (voucher["kind"], voucher["purpose"], voucher["aboutId"]) == ("refund_voucher", "pay_out", credit["id"])
    assert out(1, 1).status_code == 412
    assert (
        counter.post(f"/receipts/{receipt['id']}/take-back", {"reason": "x"}).json["code"] == "receipt_not_reversible"
    )
    assert out(30_000_01, 2).json["fields"] == {"payments": "above 3000000"}
    made(out(30_000_00, 2))
    credit = credit_of(counter, lata)
    assert (credit["leftPaise"], credit["state"], credit["version"]) == (0, "paid_out", 3)
    assert out(1, 3).json["code"] == "credit_spent"
    uses = counter.get(f"/credits/{credit['id']}/uses").json["items"]
    assert [(one["kind"], one["paise"]) for one in uses] == [("paid_out", 20_000_00), ("paid_out", 30_000_00)]
    assert counter.books().sound


def test_an_untouched_advance_is_taken_back_whole(counter):
    lata = counter.customer()
    receipt = made(take(counter, lata, "advance", ("upi", 50_000_00)))
    made(counter.post(f"/receipts/{receipt['id']}/take-back", {"reason": "wrong customer"}))
    credit = credit_of(counter, lata)
    assert (credit["leftPaise"], credit["state"]) == (0, "closed")
    assert counter.books().sound


def test_a_clerk_takes_money_and_does_not_pay_it_out(counter, cast, flask_app, runtime):
    from tests.support.counter import Counter

    bina = Counter(flask_app, runtime, cast.bina)
    lata = counter.customer()
    made(take(bina, lata, "advance", ("upi", 100_00)))
    credit = credit_of(bina, lata)
    body = {"payments": [{"mode": "upi", "paise": 100_00}], "reason": "asked"}
    answer = bina.post(f"/credits/{credit['id']}/pay-outs", body, **{"If-Match": '"1"'})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("change", "code", "fields"),
    [
        ({"payments": []}, "invalid_input", {"payments"}),
        ({"payments": [{"mode": "gold", "paise": 1}]}, "invalid_input", {"payments.0.mode"}),
        ({"payments": [{"mode": "upi", "paise": 0}]}, "invalid_input", {"payments.0.paise"}),
        ({"purpose": "pay_out"}, "invalid_input", {"purpose"}),
        ({"customerId": "01a22b6b-e3dc-7010-90d7-e91e4f23b2b6"}, "customer_unknown", {"customerId"}),
        ({"tillId": "01a22b6b-e3dc-7010-90d7-e91e4f23b2b6"}, "till_unknown", {"tillId"}),
    ],
)
def test_what_cannot_be_a_receipt_is_refused_and_nothing_is_written(counter, change, code, fields):
    lata = counter.customer()
    before = counter.row_counts()
    body = {"customerId": lata["id"], "purpose": "advance", "payments": [{"mode": "upi", "paise": 1}], **change}
    answer = counter.post("/receipts", body)
    assert (answer.json["code"], set(answer.json["fields"])) == (code, fields)
    assert counter.row_counts() == before


def test_a_changed_voucher_is_found(counter, cluster):
    lata = counter.customer()
    receipt = made(take(counter, lata, "advance", ("upi", 100_00)))
    home = next(one for one in cluster.fleet.shards if one.name == "shard-a")
    with cluster.raw_connection(home, "migrate") as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE receipts SET note = 'changed' WHERE shop_id = %s", (counter.who.shop_id,))
        connection.commit()
    report = counter.read(credits.verify_vouchers)
    assert [str(one) for one in report.changed] == [receipt["id"]]
    assert not counter.books().sound
