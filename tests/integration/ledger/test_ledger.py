"""Accounts over HTTP: both balances after every document, the age of what is owed, doubled customers read as one."""

import datetime as dt
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.ratelocks import service as ratelocks
from tests.factories.bills import a_claim
from tests.factories.credits import a_credit
from tests.support.counter import all_at_once, made


def receive(counter, customer, purpose, paise, mode="upi"):
    body = {"customerId": customer["id"], "purpose": purpose, "payments": [{"mode": mode, "paise": paise}]}
    return made(counter.post("/receipts", body))


def ledger(counter, customer, **days):
    return made(counter.get(f"/ledger/customers/{customer['id']}", **days))


def moves(account):
    return [
        (one["kind"], one["chargedPaise"] - one["settledPaise"], one["creditInPaise"] - one["creditOutPaise"])
        for one in account["entries"]
    ]


def bill_of(counter, customer, days_ago, paid):
    """A ring of ₹51,845 issued so many days ago."""
    from app.invoices import service as invoices

    piece, at = counter.piece(), utc_now() - dt.timedelta(days=days_ago)
    draft = invoices.BillDraft(
        lines=(invoices.LineDraft(UUID(piece["id"])),), customer_id=UUID(customer["id"]),
        payments=(invoices.PaymentDraft("upi", paid),) if paid else (),
    )  # fmt: skip
    keyring = counter.runtime.keyring
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, hot=True) as db:
        return invoices.issue_invoice(db, draft=draft, claim=a_claim(), keyring=keyring, at=at)


def test_both_balances_run_through_every_document(counter):
    """A bill of ₹51,845 of which ₹20,000 are paid; ₹10,000 on account; an advance of ₹5,000; the piece comes back with
    ₹20,000 refunded: 31,845 − 10,000 − (51,845 − 20,000) leaves the shop ₹10,000 behind, beside the advance."""
    lata = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=lata["id"], paid=20_000_00))
    receive(counter, lata, "on_account", 10_000_00)
    receive(counter, lata, "advance", 5_000_00)
    assert (ledger(counter, lata)["owesPaise"], ledger(counter, lata)["owedPaise"]) == (21_845_00, 5_000_00)
    made(counter.post(f"/invoices/{bill['id']}/credit-notes", {
        "reason": "came back", "refunds": [{"mode": "upi", "paise": 20_000_00}],
    }))  # fmt: skip
    account = ledger(counter, lata)
    assert moves(account) == [
        ("invoice", 31_845_00, 0), ("receipt_voucher.on_account", -10_000_00, 0),
        ("receipt_voucher.advance", 0, 5_000_00), ("credit_note", -31_845_00, 0),
    ]  # fmt: skip
    assert [one["owesPaise"] for one in account["entries"]] == [31_845_00, 21_845_00, 21_845_00, -10_000_00]
    assert account["entries"][0]["number"] == bill["number"]
    assert (account["owesPaise"], account["owedPaise"]) == (-10_000_00, 5_000_00)


def test_an_account_of_some_days_begins_with_what_was_owed_before(counter):
    lata = counter.customer()
    bill_of(counter, lata, 40, 1_845_00)
    bill_of(counter, lata, 10, 51_845_00)
    since = (today_ist() - dt.timedelta(days=20)).isoformat()
    account = ledger(counter, lata, **{"from": since})
    assert (account["openingOwesPaise"], len(account["entries"]), account["owesPaise"]) == (50_000_00, 1, 50_000_00)


def test_what_a_note_left_as_credit_is_owed_by_the_shop_and_did_not_lower_the_debt(counter):
    """A bill of ₹51,845 of which ₹40,000 are paid comes back; ₹30,000 of the note become store credit: the debt of
    ₹11,845 falls by ₹21,845."""
    lata = counter.customer()
    bill = made(counter.bill([counter.piece()], customerId=lata["id"], paid=40_000_00))
    made(counter.post(f"/invoices/{bill['id']}/credit-notes", {
        "reason": "came back", "storeCreditPaise": 30_000_00,
    }))  # fmt: skip
    account = ledger(counter, lata)
    assert moves(account) == [("invoice", 11_845_00, 0), ("credit_note", -21_845_00, 30_000_00)]
    assert (account["owesPaise"], account["owedPaise"]) == (-10_000_00, 30_000_00)
    assert counter.read(lambda db: credits.owed(db, [UUID(lata["id"])])) == -10_000_00


def test_what_is_owed_is_as_old_as_the_youngest_bills_that_it_fits_in(counter):
    """Unpaid: ₹51,845 of 100 days, ₹30,000 of 70, ₹20,000 of 40, ₹10,000 of 5. ₹60,000 on account pay the oldest and
    ₹8,155 of the next: 21,845 · 20,000 · 10,000 are left."""
    lata, other = counter.customer(), counter.customer()
    for days, paid in ((100, 0), (70, 21_845_00), (40, 31_845_00), (5, 41_845_00)):
        bill_of(counter, lata, days, paid)
    bill_of(counter, other, 5, 50_845_00)
    receive(counter, lata, "on_account", 60_000_00)
    found = made(counter.get("/ledger/outstanding"))
    assert [(one["customerId"], one["owesPaise"], one["agesPaise"]) for one in found["items"]] == [
        (lata["id"], 51_845_00, [10_000_00, 20_000_00, 21_845_00, 0]), (other["id"], 1_000_00, [1_000_00, 0, 0, 0]),
    ]  # fmt: skip
    days_ago = [(today_ist() - dt.timedelta(days=days)).isoformat() for days in (70, 5)]
    assert [one["since"] for one in found["items"]] == days_ago  # that of 100 days is paid
    assert (found["people"], found["owesPaise"]) == (2, 52_845_00)
    assert found["agesPaise"] == [11_000_00, 20_000_00, 21_845_00, 0]
    first = made(counter.get("/ledger/outstanding", limit=1))
    second = made(counter.get("/ledger/outstanding", limit=1, after=first["next"]))
    assert [one["customerId"] for one in (*first["items"], *second["items"])] == [lata["id"], other["id"]]
    assert second["next"] is None


def merge(counter, loser, winner, **change):
    body = {"into": winner["id"], "intoVersion": winner["version"], "confirm": loser["name"], **change}
    return counter.post(f"/customers/{loser['id']}/merge", body, **{"If-Match": f'"{loser["version"]}"'})


def test_two_entries_of_one_person_become_one_with_all_that_they_have(counter):
    lata, again = counter.customer(pan=None), counter.customer(name="Lata D.")
    bill = made(counter.bill([counter.piece()], customerId=again["id"], paid=50_000_00))
    receive(counter, again, "advance", 5_000_00)
    wrong = merge(counter, again, lata, confirm="Lata")
    assert (wrong.status_code, wrong.json["code"]) == (422, "merge_not_confirmed")
    made(merge(counter, again, lata))
    account = ledger(counter, lata)
    assert (account["owesPaise"], account["owedPaise"]) == (1_845_00, 5_000_00)
    assert ledger(counter, again)["customerId"] == lata["id"]
    assert made(counter.get(f"/customers/by-phone/{again['phone']}"))["id"] == lata["id"]
    assert made(counter.get(f"/customers/{lata['id']}"))["pan"] == again["pan"]
    assert made(counter.get(f"/customers/{again['id']}"))["mergedInto"] == lata["id"]
    assert [one["id"] for one in counter.get("/customers").json["items"]] == [lata["id"]]
    assert counter.get(f"/invoices/{bill['id']}").json["customerId"] == again["id"]  # issued is final
    (credit,) = counter.get("/credits", customerId=lata["id"]).json["items"]
    assert (credit["leftPaise"], credit["version"]) == (5_000_00, 2)
    receive(counter, lata, "on_account", 1_845_00)
    refused = counter.bill([counter.piece()], customerId=again["id"], paid=1)
    assert (refused.status_code, refused.json["code"]) == (409, "customer_merged")
    assert refused.json["fields"] == {"customerId": lata["id"]}
    assert merge(counter, lata, again).json["code"] == "customer_merged"
    late = counter.write(lambda db: a_credit(db, UUID(again["id"]), 100_00))
    assert late.customer_id == UUID(lata["id"])  # what other rooms still owe the entry that went
    assert counter.books().sound


def test_who_have_another_pan_or_gstin_each_are_two_persons(counter):
    """One PAN is one person, and each GSTIN a person of its own to the tax; the same number on both is no other one."""
    lata, mehta = counter.customer(), counter.customer()
    refused = merge(counter, mehta, lata)
    assert (refused.status_code, refused.json["code"]) == (422, "not_one_person")
    assert refused.json["fields"] == {"into": "another PAN"}
    assert made(counter.get(f"/customers/{mehta['id']}"))["mergedInto"] is None
    firm = {"pan": None, "stateCode": None}
    here, there = (counter.customer(**firm, gstin=gstin) for gstin in ("27AAACR5055K1Z7", "33AAACZ4322M2Z9"))
    assert merge(counter, there, here).json["code"] == "not_one_person"
    made(merge(counter, counter.customer(pan=lata["pan"]), lata))


def test_locked_rates_follow_a_merge(counter):
    lata, again = counter.customer(), counter.customer(pan=None)
    receive(counter, again, "advance", 50_000_00)
    (advance,) = counter.get("/credits", customerId=again["id"]).json["items"]
    lock = counter.write(lambda db: ratelocks.lock_rate(
        db, customer_id=UUID(again["id"]), metal="gold", fineness=9160, mg=1_000, credit_id=UUID(advance["id"]),
        expires_on=today_ist(),
    ))  # fmt: skip
    made(merge(counter, again, lata))
    assert counter.read(lambda db: ratelocks.get_lock(db, lock.id)).customer_id == UUID(lata["id"])


def test_a_bill_and_a_merge_at_once_end_with_the_bill_in_the_account(counter):
    """Whoever is first: the bill stays with the entry that goes, or is told of the other one."""
    for _ in range(3):
        lata, again = counter.customer(), counter.customer(pan=None)
        piece = counter.piece()

        def ask(n, lata=lata, again=again, piece=piece):
            if n:
                return merge(counter, again, lata)
            return counter.bill([piece], customerId=again["id"], paid=50_000_00)

        bill, merged = all_at_once(2, ask)
        assert merged.status_code == 200, merged.json
        assert bill.status_code in (201, 409)
        assert bill.status_code == 201 or bill.json["code"] == "customer_merged"
        assert ledger(counter, lata)["owesPaise"] == (1_845_00 if bill.status_code == 201 else 0)
        assert counter.status(piece["id"]) == ("sold" if bill.status_code == 201 else "in_stock")


def test_merged_chains_still_lead_to_the_one_that_counts(counter):
    first, second, third = (counter.customer(pan=None) for _ in range(3))
    made(merge(counter, first, second))
    second = made(counter.get(f"/customers/{second['id']}"))
    made(merge(counter, second, third))
    assert made(counter.get(f"/customers/by-phone/{first['phone']}"))["id"] == third["id"]
    people = counter.read(lambda db: customers.same_person(db, UUID(first["id"])))
    assert {str(one) for one in people} == {first["id"], second["id"], third["id"]}
    assert merge(counter, third, third).json["code"] == "not_two_customers"
    unknown = merge(counter, third, {"id": str(new_id()), "version": 1})
    assert unknown.status_code == 404
