"""Estimates over HTTP: priced as a bill of now, kept as told, made into one bill at the board's rates of their day.

The ring is case 1 of the price table, 3.390 g of 22 karat with 16 % making: at ₹12,800 a gram 43,392.00 and 6,942.72,
taxable 50,334.72, with 3 % 51,844.76, so ₹51,845; at ₹13,500 taxable 45,765.00 + 7,322.40 = 53,087.40, so ₹54,680.
"""

import datetime as dt
import io
from collections import Counter as Tally
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import inspect

from app.credits import service as credits
from app.estimates.models import Estimate as Row
from app.kit.audit_reading import entries
from app.kit.clock import today_ist
from app.kit.ids import new_id
from tests.support.counter import all_at_once, made

OLD, NEW = 12_800_00, 13_500_00


def estimated(who, *pieces, **more):
    return who.post("/estimates", {"lines": [{"itemId": piece["id"]} for piece in pieces], **more})


def bill(who, estimate, *pieces, at_its_rate=True, **more):
    """To a customer, whose address and state a bill of ₹50,000 must show."""
    lines = [{"itemId": piece["id"], **({"ofEstimate": True} if at_its_rate else {})} for piece in pieces]
    named = more if "customerId" in more else {**more, "customerId": who.customer()["id"]}
    return who.bill([], lines=lines, estimateId=estimate["id"], **named)


def days(count):
    return (today_ist() + dt.timedelta(days=count)).isoformat()


def backdated(counter, estimate, *, made_days_ago, expires, rates_expire):
    """The same estimate as one that was made some days ago, under the next number."""

    def copy(db):
        row = db.get(Row, (counter.who.shop_id, UUID(estimate["id"])))
        facts = {column.key: getattr(row, column.key) for column in inspect(Row).columns if column.key != "shop_id"}
        before = dt.timedelta(days=made_days_ago)
        old = Row(**facts | {
            "id": new_id(), "no": row.no + 900, "number": f"{row.number[:-5]}{row.no + 900:05d}",
            "made_at": row.made_at - before, "made_on": row.made_on - before,
            "expires_on": today_ist() + dt.timedelta(days=expires),
            "rates_expire_on": today_ist() + dt.timedelta(days=rates_expire), "invoice_id": None,
        })  # fmt: skip
        db.add(old)
        db.flush()
        return {"id": str(old.id), "number": old.number}

    return counter.write(copy)


def seen(counter, estimate):
    return made(counter.get(f"/estimates/{estimate['id']}"))


def test_a_clerk_bills_at_the_kept_rate_after_the_board_rose_and_asks_nobody(counter, clerk):
    piece = counter.piece()
    told = made(estimated(clerk, piece))
    assert told["number"].startswith("ES") and told["state"] == "open"
    assert (told["taxablePaise"], told["totalPaise"]) == (50_334_72, 51_845_00)
    assert told["keptItemIds"] == [piece["id"]]
    assert (told["ratesExpireOn"], told["expiresOn"]) == (days(1), days(7))  # estimate_terms.json
    counter.set_board(gold_9160=NEW)
    body = {
        "lines": [{"itemId": piece["id"], "ofEstimate": True}], "estimateId": told["id"],
        "customerId": counter.customer()["id"],
    }  # fmt: skip
    quoted = made(clerk.post("/invoices/quote", body))
    assert (quoted["totalPaise"], quoted["needs"]) == (51_845_00, [])
    assert seen(counter, told)["state"] == "open"  # a quote takes nothing
    billed = made(clerk.post("/invoices", {**body, "payments": [{"mode": "upi", "paise": 51_845_00}]}))
    assert billed["lines"][0]["ratePaisePerG"] == OLD
    now = seen(counter, told)
    assert (now["state"], now["invoiceId"], now["totalPaise"]) == ("billed", billed["id"], 51_845_00)
    (entry,) = counter.read(lambda db: [
        one for one in entries(db, ("invoice.issued",)) if str(one.subject_id) == billed["id"]
    ])  # fmt: skip
    assert entry.facts["estimate"] == told["id"]
    assert counter.books().sound


def test_it_says_what_it_said_whatever_the_board_does(counter):
    told = made(estimated(counter, counter.piece()))
    counter.set_board(gold_9160=NEW)
    again = seen(counter, told)
    assert again == told
    assert any("₹12,800.00/g" in step["text"] for step in again["lines"][0]["explanation"])


def test_without_the_kept_rate_it_becomes_a_bill_at_the_boards(counter, clerk):
    piece = counter.piece()
    told = made(estimated(clerk, piece))
    counter.set_board(gold_9160=NEW)
    billed = made(bill(clerk, told, piece, at_its_rate=False))
    assert billed["totalPaise"] == 54_680_00  # 53,087.40 × 1.03 = 54,680.02
    assert seen(counter, told)["invoiceId"] == billed["id"]


def test_of_bills_that_are_made_of_one_estimate_one_is_issued(counter):
    """Each wants another piece of it, so only the estimate itself can stand between them."""
    pieces = [counter.piece() for _ in range(6)]
    told = made(estimated(counter, *pieces))
    customer = counter.customer()
    answers = all_at_once(6, lambda n: bill(counter, told, pieces[n], paid=51_845_00, customerId=customer["id"]))
    assert Tally(one.status_code for one in answers) == {201: 1, 409: 5}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"estimate_billed"}
    assert Tally(counter.status(one["id"]) for one in pieces) == {"sold": 1, "in_stock": 5}
    assert counter.books().sound


@pytest.mark.parametrize("named", [True, False], ids=["a customer's", "nobody's"])
def test_a_cancelled_bill_opens_its_estimate_again(counter, named):
    """Three grams come to ₹45,880, which nobody need be named for."""
    piece = counter.piece(grossMg=3_000)
    whose = {"customerId": counter.customer()["id"] if named else None}
    told = made(estimated(counter, piece, **whose))
    billed = made(bill(counter, told, piece, **whose))
    made(counter.post(f"/invoices/{billed['id']}/cancellation", {"reason": "wrong piece", "handedOver": False}))
    assert (seen(counter, told)["state"], seen(counter, told)["invoiceId"]) == ("open", None)
    made(bill(counter, told, piece, **whose))


def test_what_no_bill_can_be_made_of_is_refused_with_nothing_done(counter):
    piece, other, lata, mira = counter.piece(), counter.piece(), counter.customer(), counter.customer()
    hers = made(estimated(counter, piece, customerId=lata["id"]))
    lapsed = backdated(counter, hers, made_days_ago=8, expires=-1, rates_expire=-7)
    before = counter.row_counts()
    paid = {"paid": 51_845_00, "customerId": lata["id"]}
    refused = {
        "estimate_unknown": bill(counter, {"id": str(new_id())}, piece, **paid),
        "estimate_lapsed": bill(counter, lapsed, piece, **paid),
        "estimate_not_theirs": bill(counter, hers, piece, **paid | {"customerId": mira["id"]}),
        "rate_not_kept": bill(counter, hers, other, **paid),
        "line_incomplete": counter.bill([], lines=[{"itemId": piece["id"], "ofEstimate": True}], **paid),
    }
    assert {code: one.json["code"] for code, one in refused.items()} == {code: code for code in refused}
    assert refused["rate_not_kept"].json["fields"] == {"lines.0.ofEstimate": "not kept"}
    assert counter.row_counts() == before
    assert seen(counter, lapsed)["state"] == "lapsed"
    assert [one["id"] for one in made(counter.get("/estimates", state="lapsed"))["items"]] == [lapsed["id"]]
    assert [one["id"] for one in made(counter.get("/estimates", state="open"))["items"]] == [hers["id"]]


def test_once_its_rates_are_over_it_becomes_a_bill_at_the_boards(counter):
    piece = counter.piece()
    old = backdated(counter, made(estimated(counter, piece)), made_days_ago=3, expires=4, rates_expire=-2)
    assert bill(counter, old, piece, paid=51_845_00).json["code"] == "rate_not_kept"
    made(bill(counter, old, piece, at_its_rate=False))
    assert seen(counter, old)["state"] == "billed"


def test_a_rate_of_a_lines_own_takes_a_yes_and_is_not_kept(counter, clerk):
    """The yes is not used up by the estimate: the bill spends it, and the next bill needs another."""
    piece = counter.piece()
    lines = [{"itemId": piece["id"], "ratePaisePerG": 12_000_00}]
    refused = clerk.post("/estimates", {"lines": lines})
    assert (refused.status_code, refused.json["code"]) == (403, "approval_needed")
    asked = made(clerk.post("/approvals", refused.json["approval"]))
    made(counter.post(f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": f'"{asked["version"]}"'}))
    told = made(clerk.post("/estimates", {"lines": lines, "approvalIds": [asked["id"]]}))
    assert told["keptItemIds"] == []
    assert made(clerk.get(f"/approvals/{asked['id']}"))["state"] == "granted"
    assert bill(clerk, told, piece, paid=51_845_00).json["code"] == "rate_not_kept"
    own = clerk.bill(
        [], lines=lines, estimateId=told["id"], approvalIds=[asked["id"]], customerId=counter.customer()["id"]
    )  # fmt: skip
    assert made(own)["lines"][0]["ratePaisePerG"] == 12_000_00
    assert made(clerk.get(f"/approvals/{asked['id']}"))["state"] == "spent"


def test_it_takes_no_money_and_holds_no_longer_than_the_house_allows(counter):
    piece = counter.piece()
    paid = estimated(counter, piece, payments=[{"mode": "upi", "paise": 1_00}])
    assert (paid.status_code, list(paid.json["fields"])) == (422, ["payments"])
    for on in (days(31), days(-1)):
        long = estimated(counter, piece, expiresOn=on)
        assert (long.status_code, long.json["code"], long.json["fields"]) == (
            422, "estimate_too_long", {"expiresOn": "out of range"},
        )  # fmt: skip
    today = made(estimated(counter, piece, expiresOn=days(0)))
    assert today["ratesExpireOn"] == days(0)  # never behind the estimate itself
    assert [one["number"] for one in made(counter.get("/estimates", number=today["number"]))["items"]] == [
        today["number"]
    ]


def test_the_estimates_of_a_customer_who_was_entered_twice_are_the_one_who_counts(counter):
    piece, loser, winner = counter.piece(), counter.customer(pan=None), counter.customer()
    told = made(estimated(counter, piece, customerId=loser["id"]))
    counter.write(lambda db: credits.merge_customers(
        db, winner_id=UUID(winner["id"]), loser_id=UUID(loser["id"]), winner_version=1, loser_version=1,
        confirm=loser["name"],
    ))  # fmt: skip
    assert seen(counter, told)["customerId"] == winner["id"]
    made(bill(counter, told, piece, customerId=winner["id"]))


def test_loose_stones_are_told_by_the_carat_and_no_rate_of_theirs_is_kept(counter):
    """A carat at ₹40,000, taxed as the law's tables say: the paper shows weight and rate, the bill is of the same."""
    lot = made(counter.post("/lots", {
        "code": "DIA-1", "name": "Diamonds VS", "kind": "stones", "metal": "stone", "fineness": 0, "stoneMct": 5_000,
        "pieces": 10, "costPaise": 50_000_00, "hsn": "7102",
    }))  # fmt: skip
    lines = [{"lotId": lot["id"], "stoneMct": 1_000, "stoneRatePaise": 40_000_00}]
    told = made(counter.post("/estimates", {"lines": lines}))
    assert (told["lines"][0]["stonesPaise"], told["keptItemIds"]) == (40_000_00, [])
    text = PdfReader(io.BytesIO(counter.get(f"/estimates/{told['id']}/print").data)).pages[0].extract_text()
    assert "1.000 ct" in text and "40,000.00" in text
    billed = made(counter.bill([], lines=lines, estimateId=told["id"]))
    assert billed["totalPaise"] == told["totalPaise"]


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("a5", 595), ("roll", 227)])
def test_it_is_printed_as_no_tax_invoice(counter, paper, width):
    told = made(estimated(counter, counter.piece(), customerId=counter.customer()["id"]))
    answer = counter.get(f"/estimates/{told['id']}/print", paper=paper)
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    text = page.extract_text()
    assert round(float(page.mediabox.width)) == width
    for words in (told["number"], "ESTIMATE", "NO TAX INVOICE", "51,845.00", "Lata Deshpande", "Rates kept until"):
        assert words in text, words
    assert "ORIGINAL FOR RECIPIENT" not in text and "TAX INVOICE" not in text.replace("NO TAX INVOICE", "")
