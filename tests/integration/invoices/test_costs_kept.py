"""Who may not know what a thing cost cannot find it by asking at one price after another (docs/decisions/0060)."""

from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.approvals.models import Approval
from app.inventory import service as inventory
from app.inventory.models import Item
from tests.support.counter import Counter, made
from tests.support.pages import Sender

PLAIN = 50_334_72
"""A ring of 3.390 g at 12,800 with 16 % making, before tax: 43,392.00 + 6,942.72."""


@pytest.fixture
def clerk(counter, cast):
    return Counter(counter.app, counter.runtime, cast.bina)


def cost(counter, piece, paise):
    counter.write(lambda db: db.execute(
        update(Item).where(Item.id == UUID(piece["id"])).values(cost_paise=paise)
        .execution_options(synchronize_session=False)
    ))  # fmt: skip


def asks(clerk, piece, *, told=None, **own):
    """What a quote says takes somebody's yes."""
    body = {"lines": [{"itemId": piece["id"], **own}], **({"toldPaise": told} if told else {})}
    return [(one["kind"], one["right"]) for one in made(clerk.post("/invoices/quote", body))["needs"]]


@pytest.mark.parametrize("known", [None, 40_000_00])
def test_no_price_that_a_clerk_falls_to_says_on_which_side_of_the_cost_it_lies(clerk, counter, known):
    piece = counter.piece()
    cost(counter, piece, known)
    # with 3 % of tax, 40,000.00 before tax is told as 41,200.00
    for told in (51_000_00, 41_200_01, 41_200_00, 41_199_00, 41_100_00, 20_000_00):
        assert asks(clerk, piece, told=told) == [("bill.terms", "bill.discount")]
    for off in (1, 10_334_72, 10_334_73, 30_000_00):
        assert asks(clerk, piece, discount={"paise": off}) == [("line.discount", "bill.discount")]
    for rate in (12_799_99, 10_172_00, 10_171_00, 9_000_00):
        assert asks(clerk, piece, ratePaisePerG=rate) == [("line.rate", "bill.lower_rate")]


def test_no_price_that_a_clerk_rises_to_says_where_the_cost_lies(clerk, counter):
    piece = counter.piece()
    cost(counter, piece, PLAIN + 1)
    word = ("line.owners_word", "bill.below_cost")
    for rate in (12_800_01, 13_000_00, 14_000_00):
        assert asks(clerk, piece, ratePaisePerG=rate) == [word]
    assert asks(clerk, piece) == [word]
    cost(counter, piece, PLAIN)
    assert asks(clerk, piece) == []


def test_who_may_know_costs_is_told_plainly(counter):
    from app.invoices import service as bills
    from app.invoices.service import reckoning
    from app.invoices.service.needs import wants_of
    from app.invoices.service.seller import choose, seller_of
    from app.kit.clock import today_ist
    from app.rates import service as rates
    from app.tenants.service.places import list_places

    piece = counter.piece()
    cost(counter, piece, PLAIN)
    draft = bills.BillDraft(lines=(bills.LineDraft(UUID(piece["id"]), rate_paise_per_g=12_799_00),))

    def wants(db):
        place = choose(list_places(db), asked=None, sits_at=None)
        shop = reckoning.Shop(
            seller_of(place), rates.read_board(db), reckoning.basis_of(place.rate_basis), None, today_ist()
        )
        return wants_of(draft, reckoning.reckon(draft, shop, inventory.get_items(db, draft.item_ids)), db.actor)

    assert [want.kind for want in counter.read(wants)] == ["line.rate", "line.below_cost"]


@pytest.fixture
def coins(counter):
    """Ten grams of coins that cost 1,20,000.00: 12,000.00 a gram, the board says 11,000.00."""
    counter.set_board(gold_9990=11_000_00)
    return made(counter.post("/lots", {
        "code": "COIN-1", "name": "Coins", "kind": "coins", "metal": "gold", "fineness": 9990, "netMg": 10_000,
        "pieces": 10, "costPaise": 1_20_000_00,
    }))  # fmt: skip


def gram(coins, making):
    """One coin of a gram at 11,000.00 with so much making: it cost 12,000.00."""
    return {"lines": [{
        "lotId": coins["id"], "netMg": 1_000, "pieces": 1, "making": {"kind": "fixed", "paise": making},
    }]}  # fmt: skip


def test_what_a_lot_costs_is_told_by_no_quote_and_every_refusal_is_put_before_the_owner(clerk, counter, coins):
    customer = counter.customer()["id"]
    for making in (0, 999_99, 1_000_00):
        assert made(clerk.post("/invoices/quote", gram(coins, making)))["needs"] == []
    for tried, making in enumerate((100_00, 200_00, 300_00), start=1):
        answer = clerk.post("/invoices", {**gram(coins, making), "customerId": customer})
        assert (answer.status_code, answer.json["code"]) == (403, "approval_needed")
        wanted = answer.json["approval"]
        assert (wanted["kind"], wanted["facts"]) == (
            "line.owners_word", {"tag": "COIN-1", "netMg": 1_000, "taxablePaise": 11_000_00 + making},
        )  # fmt: skip
        rows = counter.read(lambda db: db.scalars(select(Approval.subject_id)).all())
        assert rows == [UUID(coins["id"])] * tried
    # a fourth price is above what it cost, and it takes the owner's word all the same
    dear = {**gram(coins, 2_000_00), "customerId": customer}
    refused = clerk.post("/invoices", dear)
    assert refused.json["code"] == "approval_needed"
    asked = made(clerk.post("/approvals", refused.json["approval"]))  # the same question: it stands there already
    made(counter.post(
        f"/approvals/{asked['id']}/decision", {"grant": True}, **{"If-Match": f'"{asked["version"]}"'}
    ))  # fmt: skip
    made(clerk.post("/invoices", {**dear, "approvalIds": [asked["id"]]}))
    made(counter.post("/invoices", {**gram(coins, 0), "customerId": customer}))  # the owner asks nobody
    assert counter.books().sound


def test_the_sheet_of_a_refused_bill_waits_for_the_owner_by_itself(clerk, counter, coins, cast):
    browser, bills, lot = Sender(counter.app, cast.bina), f"/s/{cast.bina.shop.slug}/bills", coins["id"]
    form = {"lot_id": lot, f"grams-{lot}": "1", f"count-{lot}": "1", "customer_id": counter.customer()["id"]}
    refused = browser.once(bills, form)
    (asked,) = counter.read(lambda db: db.scalars(select(Approval.id)).all())
    assert refused.status_code == 403 and f'name="asked" value="{asked}"' in refused.text
    assert "A price that takes the owner’s word" in refused.text and "below cost" not in refused.text
    made(counter.post(f"/approvals/{asked}/decision", {"grant": True}, **{"If-Match": '"1"'}))
    assert browser.once(bills, {**form, "asked": str(asked)}).status_code == 303


def test_another_refusal_of_the_same_bill_comes_before_the_price(clerk, counter, coins):
    piece = counter.piece()
    for making in (100_00, 2_000_00):
        body = gram(coins, making)
        body["lines"].insert(0, {"itemId": piece["id"], "discount": {"paise": 1_00}})
        answer = clerk.post("/invoices", {**body, "customerId": counter.customer()["id"]})
        assert answer.json["approval"]["kind"] == "line.discount"
    assert counter.read(lambda db: db.scalars(select(Approval.id)).all()) == []


def test_the_approver_sees_what_it_cost_and_the_clerk_does_not(clerk, counter, coins, cast):
    piece = counter.piece()
    cost(counter, piece, 50_000_00)
    body = {"lines": [{"itemId": piece["id"], "discount": {"paise": 1_000_00}}]}
    (wanted,) = made(clerk.post("/invoices/quote", body))["needs"]
    made(clerk.post("/approvals", wanted))
    clerk.post("/invoices", {**gram(coins, 100_00), "customerId": counter.customer()["id"]})
    path = f"/s/{cast.asha.shop.slug}/approvals"
    seen, kept = Sender(counter.app, cast.asha).look(path).text, Sender(counter.app, cast.bina).look(path).text
    # 50,334.72 less 1,000.00 is 49,334.72: 665.28 below 50,000.00; 11,100.00 is 900.00 below 12,000.00
    for said in ("₹50,000.00", "₹665.28", "₹12,000.00", "₹900.00", "A sale below cost", "What it cost"):
        assert said in seen and said not in kept
    assert "A price that takes the owner’s word" in kept


STONES = {"code": "DIA-1", "name": "Diamonds out of old gold", "kind": "stones", "metal": "stone", "fineness": 0,
          "stoneMct": 5_000, "hsn": "7102"}  # fmt: skip


@pytest.mark.parametrize(("cost_paise", "asked"), [(0, 403), (50_000_00, 201)])
def test_stones_that_nobody_knows_the_cost_of_are_sold_at_the_owners_word(clerk, counter, cost_paise, asked):
    """Neither cost nor board says what would be too little: a carat for a paisa was a bill."""
    lot = made(counter.post("/lots", {**STONES, "costPaise": cost_paise}))
    line = {"lotId": lot["id"], "stoneMct": 1_000, "stoneRatePaise": 10_000_00}  # that cost 50,000 ÷ 5 = 10,000
    body = {"lines": [line], "customerId": counter.customer()["id"]}
    assert made(clerk.post("/invoices/quote", body))["needs"] == []
    answer = clerk.post("/invoices", body)
    assert answer.status_code == asked
    if asked == 403:
        wanted = answer.json["approval"]
        assert (wanted["kind"], wanted["facts"]["taxablePaise"]) == ("line.owners_word", 10_000_00)
        (waits,) = counter.read(lambda db: db.scalars(select(Approval.id)).all())
        made(counter.post(f"/approvals/{waits}/decision", {"grant": True}, **{"If-Match": '"1"'}))
        made(clerk.post("/invoices", {**body, "approvalIds": [str(waits)]}))
    made(counter.post("/invoices", body))  # the owner asks nobody
