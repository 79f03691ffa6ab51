"""A scheme's bonus on a bill: once, with what was saved, without the right to discounts.

The ring is case 1 of the price table: before tax ₹50,334.72; less the bonus of ₹2,000 it is ₹48,334.72.
"""

from collections import Counter as Tally

import pytest
from sqlalchemy import select

from app.credits.models import Credit, CreditUse
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.schemes import service
from tests.integration.schemes.test_ends import BEGUN, RIPE
from tests.support.counter import Counter, all_at_once, made
from tests.support.pages import Sender


@pytest.fixture
def clerk(flask_app, runtime, asha_and_others) -> Counter:
    return Counter(flask_app, runtime, asha_and_others.bina)


def body(savings, scheme, piece, **changes):
    """A ring, paid as far as it goes with what was saved; the rest is owed."""
    used = {"mode": "credit", "paise": scheme.paid_paise, "creditId": str(scheme.credit_id)}
    return {
        "lines": [{"itemId": piece["id"]}] if piece else [], "customerId": str(scheme.customer_id),
        "schemeIds": [str(scheme.id)], "payments": [used], **changes,
    }  # fmt: skip


def waits(savings, scheme):
    return [one.scheme_id for one in savings.counter.read(lambda db: service.bonuses_of(db, scheme.customer_id))]


def test_a_clerk_gives_the_bonus_that_was_agreed(savings, clerk):
    scheme, piece = savings.matured(BEGUN, RIPE), savings.counter.piece()
    asked = body(savings, scheme, piece)
    quoted = made(clerk.post("/invoices/quote", asked))
    assert (quoted["bonusPaise"], quoted["taxablePaise"], quoted["needs"]) == (2_000_00, 48_334_72, [])
    billed = made(clerk.post("/invoices", asked))
    assert billed["taxablePaise"] == 48_334_72
    assert waits(savings, scheme) == []
    assert savings.counter.books().sound


def test_a_bonus_is_shared_out_over_the_lines_and_told(savings):
    """₹2,000 over two rings of one price: ₹1,000 each."""
    scheme, pieces = savings.matured(BEGUN, RIPE), [savings.counter.piece() for _ in range(2)]
    lines = [{"itemId": piece["id"]} for piece in pieces]
    billed = made(savings.counter.post("/invoices", body(savings, scheme, None, lines=lines)))
    assert [line["discountPaise"] for line in billed["lines"]] == [1_000_00, 1_000_00]
    assert [step["rule"] for step in billed["lines"][0]["explanation"]].count("bonus") == 1


def test_the_passbook_of_a_matured_scheme_leads_to_the_bill(savings, flask_app, asha_and_others):
    scheme, asha = savings.matured(BEGUN, RIPE), asha_and_others.asha
    browser, base = Sender(flask_app, asha), f"/s/{asha.shop.slug}"
    begun = f"{base}/bills/new?customer={scheme.customer_id}"
    assert begun in browser.look(f"{base}/schemes/{scheme.id}").text
    assert savings.customer["name"] in browser.look(begun).text


def pay_out(savings, scheme, paise):
    credit = made(savings.counter.get(f"/credits/{scheme.credit_id}"))
    asked = {"payments": [{"mode": "upi", "paise": paise}], "reason": "asks for it back"}
    return savings.counter.post(
        f"/credits/{scheme.credit_id}/pay-outs", asked, **{"If-Match": f'"{credit["version"]}"'}
    )  # fmt: skip


def test_a_saver_has_the_bonus_or_the_money(savings):
    """A paisa of the savings brings the bonus; the other ₹21,999.99 buy, and are not paid out, before it or after."""
    scheme = savings.matured(BEGUN, RIPE)
    before = pay_out(savings, scheme, scheme.paid_paise - 1)
    assert (before.status_code, before.json["code"]) == (409, "advance_stood_on")
    assert scheme.number in before.json["detail"]
    one = [{"mode": "credit", "paise": 1, "creditId": str(scheme.credit_id)}]
    billed = made(savings.counter.post("/invoices", body(savings, scheme, savings.counter.piece(), payments=one)))
    assert billed["lines"][0]["discountPaise"] == 2_000_00
    after = pay_out(savings, scheme, scheme.paid_paise - 1)
    assert (after.status_code, after.json["code"]) == (409, "advance_stood_on")
    rest = [{"mode": "credit", "paise": scheme.paid_paise - 1, "creditId": str(scheme.credit_id)}]
    made(savings.counter.post(
        "/invoices", body(savings, scheme, savings.counter.piece(), payments=rest, schemeIds=[])
    ))  # fmt: skip


def test_whose_money_went_out_has_no_bonus_to_come(savings):
    """As a release wrote it that asked nobody: ₹100 of the credit paid out, the bonus waiting."""
    scheme, at = savings.matured(BEGUN, RIPE), utc_now()

    def gone(db):
        credit = db.scalars(select(Credit).where(Credit.id == scheme.credit_id)).one()
        credit.left_paise -= 100_00
        db.add(CreditUse(
            id=new_id(), credit_id=credit.id, document_id=new_id(), kind="paid_out", paise=100_00, at=at, actor_id=None
        ))  # fmt: skip

    savings.counter.write(gone)
    assert waits(savings, scheme) == []
    one = [{"mode": "credit", "paise": 1, "creditId": str(scheme.credit_id)}]
    asked = body(savings, scheme, savings.counter.piece(), payments=one)
    for where in ("/invoices/quote", "/invoices"):
        answer = savings.counter.post(where, asked)
        assert (answer.status_code, answer.json["code"]) == (409, "bonus_absent")
    made(pay_out(savings, scheme, 100_00))  # nothing holds the rest


def test_two_bills_want_one_bonus(savings):
    scheme = savings.matured(BEGUN, RIPE)
    pieces = [savings.counter.piece() for _ in range(4)]
    half = [{"mode": "credit", "paise": 1_000_00, "creditId": str(scheme.credit_id)}]
    answers = all_at_once(4, lambda n: savings.counter.post(
        "/invoices", body(savings, scheme, pieces[n], payments=half)
    ))  # fmt: skip
    assert Tally(one.status_code for one in answers) == {201: 1, 409: 3}
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"bonus_used"}


def test_a_bonus_takes_the_savings_with_it(savings):
    scheme, piece = savings.matured(BEGUN, RIPE), savings.counter.piece()
    alone = savings.counter.post("/invoices", body(savings, scheme, piece, payments=[]))
    assert (alone.status_code, alone.json["code"]) == (422, "bonus_without_savings")
    other = savings.counter.customer()
    theirs = savings.counter.post("/invoices", body(savings, scheme, piece, customerId=other["id"]))
    assert (theirs.status_code, theirs.json["code"]) == (422, "credit_not_theirs")
    assert waits(savings, scheme) == [scheme.id]


def test_a_quote_and_an_estimate_tell_nobody_of_anothers_bonus(savings):
    scheme, piece, other = savings.matured(BEGUN, RIPE), savings.counter.piece(), savings.counter.customer()
    asked = {"lines": [{"itemId": piece["id"]}], "schemeIds": [str(scheme.id)]}
    for path in ("/invoices/quote", "/estimates"):
        theirs = savings.counter.post(path, {**asked, "customerId": other["id"]})
        assert (theirs.status_code, theirs.json["code"], theirs.json["fields"]) == (
            404, "scheme_unknown", {"schemeIds": "unknown"},
        )  # fmt: skip
    mine = made(savings.counter.post("/estimates", {**asked, "customerId": str(scheme.customer_id)}))
    assert mine["bonusPaise"] == 2_000_00


def test_a_bill_tells_nobody_of_anothers_bonus(savings):
    """Neither before it was given, nor after."""
    scheme, other = savings.matured(BEGUN, RIPE), savings.counter.customer()
    theirs = {"customerId": other["id"], "payments": []}
    for _time in range(2):
        answer = savings.counter.post("/invoices", body(savings, scheme, savings.counter.piece(), **theirs))
        assert (answer.status_code, answer.json["code"], answer.json["fields"]) == (
            404, "scheme_unknown", {"schemeIds": "unknown"},
        )  # fmt: skip
        if waits(savings, scheme):
            made(savings.counter.post("/invoices", body(savings, scheme, savings.counter.piece())))


def test_a_cancelled_bill_gives_the_bonus_back(savings):
    scheme, piece = savings.matured(BEGUN, RIPE), savings.counter.piece()
    billed = made(savings.counter.post("/invoices", body(savings, scheme, piece)))
    cancelled = {"reason": "wrong piece", "handedOver": False}
    made(savings.counter.post(f"/invoices/{billed['id']}/cancellation", cancelled))
    assert waits(savings, scheme) == [scheme.id]


def test_no_bonus_without_a_scheme(savings, clerk):
    """A figure of one's own is no bonus."""
    piece = savings.counter.piece()
    answer = clerk.post("/invoices", {"lines": [{"itemId": piece["id"]}], "bonusPaise": 40_000_00})
    assert (answer.status_code, list(answer.json["fields"])) == (422, ["bonusPaise"])
