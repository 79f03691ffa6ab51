"""Cash that comes, or goes back, by a way round its limit: in parts, by a note, under another entry of one person.

The law's figures: ₹2,00,000 or more of cash from a person in a day; ₹20,000 or more of an advance paid back in cash;
PAN for a sale above ₹2,00,000; name and address for one of ₹50,000.
"""

import datetime as dt
from uuid import UUID

import pytest

from app.credits import service as credits
from app.invoices import service as bills
from app.kit.clock import utc_now
from app.kit.idempotency import claim_of
from tests.factories.people import a_phone
from tests.support.counter import a_key, made


def advance(counter, customer, paise, mode="upi"):
    body = {"customerId": customer["id"], "purpose": "advance", "payments": [{"mode": mode, "paise": paise}]}
    made(counter.post("/receipts", body))
    (credit, *_rest) = made(counter.get("/credits", customerId=customer["id"]))["items"]
    return credit


def pay_out(counter, credit, paise, mode="cash"):
    now = made(counter.get(f"/credits/{credit['id']}"))
    body = {"payments": [{"mode": mode, "paise": paise}], "reason": "asks for it back"}
    return counter.post(f"/credits/{credit['id']}/pay-outs", body, **{"If-Match": f'"{now["version"]}"'})


def note(counter, bill, **body):
    return counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "came back", **body})


def code_of(answer):
    return answer.status_code, answer.json.get("code")


def test_parts_of_one_advance_and_of_two_in_a_day_count_together(counter):
    customer = counter.customer()
    first, second = advance(counter, customer, 40_000_00), advance(counter, customer, 40_000_00)
    empty = pay_out(counter, first, 15_000_00)  # the advances came by UPI: nothing is in the drawer
    assert (code_of(empty), list(empty.json["fields"])) == ((409, "cash_short"), ["payments"])
    counter.float(15_000_00 + 4_999_00 + 19_999_00)
    made(pay_out(counter, first, 15_000_00))
    assert code_of(pay_out(counter, first, 5_000_00)) == (422, "cash_pay_out_too_large")
    assert code_of(pay_out(counter, second, 5_000_00)) == (422, "cash_pay_out_too_large")
    made(pay_out(counter, second, 4_999_00))
    made(pay_out(counter, first, 25_000_00, mode="upi"))
    made(pay_out(counter, advance(counter, counter.customer(), 40_000_00), 19_999_00))


def test_what_an_advance_paid_does_not_go_back_in_cash_by_a_note(counter):
    """A ring for ₹51,845, paid out of an advance: ₹19,999 of it may be cash, as of the advance itself."""
    customer = counter.customer()
    credit = advance(counter, customer, 51_845_00)
    used = [{"mode": "credit", "paise": 51_845_00, "creditId": credit["id"]}]
    bill = made(counter.bill([counter.piece()], customerId=customer["id"], payments=used))
    counter.float()
    in_cash = note(counter, bill, refunds=[{"mode": "cash", "paise": 51_845_00}])
    assert code_of(in_cash) == (422, "cash_pay_out_too_large")
    made(note(counter, bill, refunds=[{"mode": "cash", "paise": 19_999_00}, {"mode": "upi", "paise": 31_846_00}]))


def test_cash_goes_back_as_cash(counter):
    customer = counter.customer()
    cash = [{"mode": "cash", "paise": 51_845_00}]
    bill = made(counter.bill([counter.piece()], customerId=customer["id"], payments=cash))
    given = made(note(counter, bill, refunds=cash))
    assert [(one["mode"], one["paise"]) for one in given["payments"]] == [("cash", 51_845_00)]


def test_what_came_by_upi_does_not_go_back_in_cash_in_slices(counter):
    """₹19,999 and ₹1 make the ₹20,000 that may not; to another bill of the person's the day counts too."""
    customer = counter.customer()
    bill, other = (made(counter.bill([counter.piece()], customerId=customer["id"])) for _ in range(2))

    def slice_of(one, paise):
        back = [{"mode": "cash", "paise": paise}]
        return note(counter, one, amounts=[{"totalPaise": paise}], refunds=back)

    counter.float(15_000_00 + 4_999_00)
    made(slice_of(bill, 15_000_00))
    made(slice_of(bill, 4_999_00))
    assert code_of(slice_of(bill, 1_00)) == (422, "cash_pay_out_too_large")
    assert code_of(slice_of(other, 1_00)) == (422, "cash_pay_out_too_large")
    assert code_of(pay_out(counter, advance(counter, customer, 5_000_00), 1_00)) == (422, "cash_pay_out_too_large")


def test_a_store_credit_pays_out_no_more_cash_than_what_paid_the_bill(counter):
    """It may stand for old gold: ₹10,000 to one person in a day, as of old gold itself."""
    customer = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=customer["id"]))
    credit_id = made(note(counter, bill, storeCreditPaise=51_845_00))["payments"][0]["creditId"]
    assert code_of(pay_out(counter, {"id": credit_id}, 10_000_01)) == (422, "cash_pay_out_too_large")
    counter.float(10_000_00)
    made(pay_out(counter, {"id": credit_id}, 10_000_00))
    assert code_of(pay_out(counter, {"id": credit_id}, 1)) == (422, "cash_pay_out_too_large")
    made(pay_out(counter, {"id": credit_id}, 41_845_00, mode="upi"))


def test_cash_of_a_bill_that_came_back_is_cash_again_where_its_store_credit_pays(counter):
    """₹1,50,000 in cash yesterday: with ₹50,000 today it is ₹2,00,000 for one bill."""
    customer = counter.customer()
    bill = billed_yesterday(counter, customer, counter.piece(grossMg=12_000), cash=1_50_000_00)
    back = made(note(counter, bill, storeCreditPaise=1_50_000_00))
    (credit_id,) = [one["creditId"] for one in back["payments"]]
    body = {"lines": [{"itemId": counter.piece(grossMg=20_000)["id"]}], "customerId": customer["id"]}

    def paid(cash):
        return {**body, "payments": [
            {"mode": "credit", "paise": 1_50_000_00, "creditId": credit_id}, {"mode": "cash", "paise": cash},
        ]}  # fmt: skip

    quoted = made(counter.post("/invoices/quote", paid(50_000_00)))
    assert ("cash", True) in [(one["rule"], one["blocks"]) for one in quoted["findings"]]
    assert code_of(counter.post("/invoices", paid(50_000_00))) == (422, "cash_limit_reached")
    second = made(counter.post("/invoices", paid(49_999_00)))
    assert code_of(debit(counter, second, 1_00)) == (422, "cash_limit_reached")  # the second bill is one transaction


def billed_yesterday(counter, customer, piece, *, cash):
    def work(db):
        draft = bills.BillDraft(
            lines=(bills.LineDraft(UUID(piece["id"])),), customer_id=UUID(customer["id"]),
            payments=(bills.PaymentDraft("cash", cash),),
        )  # fmt: skip
        claim, at = claim_of(a_key(), kind="test", path="/", body=b""), utc_now() - dt.timedelta(days=1)
        return bills.issue_invoice(db, draft=draft, claim=claim, keyring=counter.runtime.keyring, at=at)

    return {"id": str(counter.write(work, hot=True).id)}


def test_what_was_paid_on_account_can_be_given_back_by_a_note(counter):
    customer = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=customer["id"], payments=[]))
    owed = {"customerId": customer["id"], "purpose": "on_account", "payments": [{"mode": "upi", "paise": 50_000_00}]}
    made(counter.post("/receipts", owed))
    too_much = note(counter, bill, refunds=[{"mode": "upi", "paise": 50_001_00}])
    assert code_of(too_much) == (422, "refund_too_large")  # ₹1,845 of the bill were never paid
    made(note(counter, bill, refunds=[{"mode": "upi", "paise": 50_000_00}]))
    assert counter.read(lambda db: credits.owed(db, [UUID(customer["id"])])) == 0


def test_the_cash_of_a_merged_entry_counts(counter):
    """₹1,50,000 under one entry, ₹50,000 under the other: one person gave ₹2,00,000."""
    kept, double = counter.customer(), counter.customer(phone=a_phone(), pan=None)
    pieces = [counter.piece(grossMg=11_000) for _ in range(2)]
    made(counter.bill([pieces[0]], customerId=double["id"], payments=[{"mode": "cash", "paise": 1_50_000_00}]))
    merged(counter, double, kept)
    quoted = counter.post("/invoices/quote", {
        "lines": [{"itemId": pieces[1]["id"]}], "customerId": kept["id"],
        "payments": [{"mode": "cash", "paise": 50_000_00}],
    })  # fmt: skip
    assert [one["rule"] for one in made(quoted)["findings"]] == ["cash"]
    over = counter.bill([pieces[1]], customerId=kept["id"], payments=[{"mode": "cash", "paise": 50_000_00}])
    assert code_of(over) == (422, "cash_limit_reached")
    made(counter.bill([pieces[1]], customerId=kept["id"], payments=[{"mode": "cash", "paise": 49_999_00}]))


def received(counter, customer, paise, days_ago):
    """Cash that came with a receipt of an earlier day; its credit."""
    voucher = counter.write(lambda db: credits.receive(
        db, customer_id=UUID(customer["id"]), purpose="advance", payments=(credits.Payment("cash", paise),),
        keyring=counter.runtime.keyring, at=utc_now() - dt.timedelta(days=days_ago),
    ))  # fmt: skip
    return counter.read(lambda db: credits.find_opened_by(db, voucher.id, "advance"))


def test_cash_of_several_days_is_of_one_transaction_on_the_bill_that_uses_it(counter):
    """₹1,00,000 three and two days ago make ₹2,00,000 for one bill; ₹99,999 of the second do not."""
    customer = counter.customer()
    first, second = (received(counter, customer, 1_00_000_00, days) for days in (3, 2))
    body = {"lines": [{"itemId": counter.piece(grossMg=20_000)["id"]}], "customerId": customer["id"]}

    def using(paise):
        uses = ((first, 1_00_000_00), (second, paise))
        return [{"mode": "credit", "paise": much, "creditId": str(credit.id)} for credit, much in uses]

    quoted = made(counter.post("/invoices/quote", {**body, "payments": using(1_00_000_00)}))
    assert [(one["rule"], one["blocks"]) for one in quoted["findings"]] == [("cash", True)]
    over = counter.post("/invoices", {**body, "payments": using(1_00_000_00)})
    assert code_of(over) == (422, "cash_limit_reached")
    bill = made(counter.post("/invoices", {**body, "payments": using(99_999_00)}))
    more = {"payments": [{"mode": "cash", "paise": 1_00}]}
    assert code_of(debit(counter, bill, 1_00, **more)) == (422, "cash_limit_reached")


def test_cash_of_a_month_counts_receipts_of_other_days(counter):
    """Rule 3(1)(B): six advances of ₹1,65,000 on six days are ₹9,90,000, and ₹10,000 now make ₹10,00,000."""
    customer, piece = counter.customer(), counter.piece()
    for days in range(6, 0, -1):
        received(counter, customer, 1_65_000_00, days)

    def found(paise):
        body = {"lines": [{"itemId": piece["id"]}], "customerId": customer["id"]}
        quoted = made(counter.post("/invoices/quote", {**body, "payments": [{"mode": "cash", "paise": paise}]}))
        return [(one["rule"], one["blocks"]) for one in quoted["findings"]]

    assert found(9_999_99) == []
    assert found(10_000_00) == [("pmla", False)]


def debit(counter, bill, paise, **body):
    return counter.post(f"/invoices/{bill['id']}/debit-notes", {
        "reason": "too little", "amounts": [{"totalPaise": paise}], "payments": [{"mode": "cash", "paise": paise}],
        **body,
    })  # fmt: skip


def test_a_debit_note_to_nobody_asks_whose_sale_it_is_by_now(counter):
    """A ring to nobody for ₹45,880, then ₹4,120 more."""
    cash = [{"mode": "cash", "paise": 45_880_00}]
    bill = made(counter.bill([counter.piece(grossMg=3_000)], payments=cash))
    assert code_of(debit(counter, bill, 4_120_00)) == (422, "address_required")
    made(debit(counter, bill, 4_119_00))


def test_a_debit_note_that_makes_the_sale_one_above_two_lakh_asks_for_the_pan(counter):
    nameless = {"pan": None, "phone": a_phone()}
    customer = counter.customer(**nameless)
    bill = made(counter.bill([counter.piece(grossMg=10_000)], customerId=customer["id"]))
    more = {"payments": [{"mode": "upi", "paise": 47_067_00}]}
    assert code_of(debit(counter, bill, 47_067_00, **more)) == (422, "pan_required")
    made(debit(counter, bill, 47_066_00, payments=[{"mode": "upi", "paise": 47_066_00}]))


def test_nothing_more_is_charged_on_a_bill_that_was_taken_back_whole(counter):
    customer = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=customer["id"]))
    made(counter.post(f"/invoices/{bill['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    assert code_of(debit(counter, bill, 1_000_00)) == (409, "not_reversible")


@pytest.mark.parametrize("later", [False, True])
def test_an_advance_in_cash_is_taken_back_in_cash_on_its_own_day_only(counter, later, runtime):
    """On the day it is a slip that is corrected; afterwards it is a repayment, of ₹20,000 and more not in cash."""
    customer = counter.customer()
    at = utc_now() - dt.timedelta(days=2 if later else 0)
    receipt = counter.write(lambda db: credits.receive(
        db, customer_id=UUID(customer["id"]), purpose="advance", payments=[credits.Payment("cash", 20_000_00)],
        keyring=runtime.keyring, at=at,
    ))  # fmt: skip
    answer = counter.post(f"/receipts/{receipt.id}/take-back", {"reason": "typed wrongly"})
    assert code_of(answer) == ((422, "cash_pay_out_too_large") if later else (201, None))


def merged(counter, loser, winner):
    made(counter.post(
        f"/customers/{loser['id']}/merge",
        {"into": winner["id"], "intoVersion": winner["version"], "confirm": loser["name"]},
        **{"If-Match": f'"{loser["version"]}"'},
    ))  # fmt: skip


def test_a_debit_note_on_the_bill_of_a_merged_entry_counts_as_the_person_does(counter):
    """A bill of ₹51,845 for one entry; under the other, which counts now, ₹1,50,000 came in cash today."""
    kept, double = counter.customer(), counter.customer(phone=a_phone(), pan=None)
    bill = made(counter.bill([counter.piece()], customerId=double["id"]))
    merged(counter, double, kept)
    advance(counter, kept, 1_50_000_00, mode="cash")
    assert code_of(debit(counter, bill, 50_000_00)) == (422, "cash_limit_reached")
    note = made(debit(counter, bill, 1_000_00, payments=[]))
    assert (note["totalPaise"], note["buyer"]["name"]) == (1_000_00, double["name"])  # as the bill named them
    assert counter.read(lambda db: credits.owed(db, [UUID(kept["id"]), UUID(double["id"])])) == 1_000_00
