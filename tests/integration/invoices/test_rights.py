"""Directional rights: a clerk may raise a rate, not lower it; what costs the owner is asked for and used once."""

import pytest

from tests.support.counter import Counter, made

BOARD = 12_800_00


@pytest.fixture
def clerk(counter, cast):
    return Counter(counter.app, counter.runtime, cast.bina)


@pytest.fixture
def customer(counter):
    return counter.customer()


def line(piece, **own):
    return {"itemId": piece["id"], **own}


def needed(answer):
    assert (answer.status_code, answer.json["code"]) == (403, "approval_needed"), answer.json
    return answer.json["approval"]


def allow(clerk, counter, wanted):
    """Bina asks for exactly this, Asha says yes; its id."""
    asked = made(clerk.post("/approvals", wanted))
    made(counter.post(
        f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": f'"{asked["version"]}"'}
    ))  # fmt: skip
    return asked["id"]


def test_a_clerk_raises_a_rate_without_asking(clerk, counter, customer):
    raised = line(counter.piece(), ratePaisePerG=13_000_00)
    issued = made(clerk.bill([raised], customerId=customer["id"], paid=1_00))
    assert issued["lines"][0]["ratePaisePerG"] == 13_000_00
    assert issued["lines"][0]["explanation"][0]["text"] == "at a rate of its own; the board says ₹12,800.00/g"


def test_a_lower_rate_names_what_to_ask_for_and_is_billed_once_it_is_allowed(clerk, counter, customer):
    piece, other = counter.piece(), counter.piece()
    draft = clerk.draft([line(piece, ratePaisePerG=12_000_00)], customerId=customer["id"])
    wanted = needed(clerk.post("/invoices", draft))
    # 800 a gram × 3.390 g = 2,712.00
    assert wanted["right"] == "bill.lower_rate"
    assert wanted["subjectId"] == piece["id"]
    facts = {name: wanted["facts"][name] for name in ("fromPaisePerG", "toPaisePerG", "costPaise")}
    assert facts == {"fromPaisePerG": BOARD, "toPaisePerG": 12_000_00, "costPaise": 2_712_00}
    assert counter.status(piece["id"]) == "in_stock"
    approval = allow(clerk, counter, wanted)
    lower = clerk.draft([line(piece, ratePaisePerG=11_999_00)], customerId=customer["id"], approvalIds=[approval])
    needed(clerk.post("/invoices", lower))  # other facts than those allowed
    made(clerk.post("/invoices", {**draft, "approvalIds": [approval]}))
    again = clerk.draft([line(other, ratePaisePerG=12_000_00)], customerId=customer["id"], approvalIds=[approval])
    needed(clerk.post("/invoices", again))  # another piece, and it is used up
    assert counter.books().sound


@pytest.mark.parametrize(
    ("own", "of_bill", "right"),
    [
        ({"discount": {"paise": 1_00}}, {}, "bill.discount"),
        ({"makingDiscount": {"bp": 100}}, {}, "bill.discount"),
        ({"wastage": {"kind": "percent_of_net", "bp": 100}}, {}, "bill.wastage"),
        ({}, {"discount": {"bp": 50}}, "bill.discount"),
        ({}, {"toldPaise": 50_000_00}, "bill.discount"),
    ],
)
def test_each_thing_that_costs_the_owner_is_asked_for(clerk, counter, customer, own, of_bill, right):
    draft = clerk.draft([line(counter.piece(), **own)], customerId=customer["id"], **of_bill)
    before = counter.row_counts()
    quoted = made(clerk.post("/invoices/quote", draft))
    wanted = needed(clerk.post("/invoices", draft))
    assert wanted["right"] == right
    assert quoted["needs"] == [wanted]
    assert counter.row_counts() == before
    approval = allow(clerk, counter, wanted)
    assert made(clerk.post("/invoices/quote", {**draft, "approvalIds": [approval]}))["needs"] == []
    made(clerk.post("/invoices", {**draft, "approvalIds": [approval]}))


def test_a_sale_below_cost_is_asked_for_and_the_cost_is_not_told(clerk, counter, customer):
    from uuid import UUID

    from sqlalchemy import update

    from app.inventory.models import Item

    piece = counter.piece()
    counter.write(lambda db: db.execute(
        update(Item).where(Item.id == UUID(piece["id"])).values(cost_paise=50_334_73)
        .execution_options(synchronize_session=False)
    ))  # fmt: skip
    draft = clerk.draft([line(piece)], customerId=customer["id"])
    wanted = needed(clerk.post("/invoices", draft))
    assert wanted["right"] == "bill.below_cost"
    assert wanted["facts"]["taxablePaise"] == 50_334_72
    assert 50_334_73 not in wanted["facts"].values()
    made(clerk.post("/invoices", {**draft, "approvalIds": [allow(clerk, counter, wanted)]}))


def test_who_has_the_rights_asks_nobody(counter, customer):
    draft = counter.draft(
        [line(counter.piece(), ratePaisePerG=12_000_00, discount={"bp": 100})], customerId=customer["id"]
    )
    assert made(counter.post("/invoices/quote", draft))["needs"] == []
    made(counter.post("/invoices", draft))


def test_a_rate_that_no_gram_can_cost_is_refused(counter, customer):
    answer = counter.post(
        "/invoices", counter.draft([line(counter.piece(), ratePaisePerG=1_00)], customerId=customer["id"])
    )
    assert (answer.status_code, answer.json["code"]) == (422, "rate_absurd")
    assert list(answer.json["fields"]) == ["lines.0.ratePaisePerG"]
