"""Sold out of a lot by the gram or the carat: the lot falls with the bill, and has it again with the note."""

from collections import Counter as Tally
from uuid import UUID

import pytest

from app.inventory import service as inventory
from app.invoices import service as bills
from app.kit.idempotency import claim_of
from app.metal import service as metal
from tests.support.counter import Counter, a_key, all_at_once, made
from tests.support.pages import Sender

GOLD = {"code": "BAR-1", "name": "Gold bar", "kind": "bullion", "metal": "gold", "fineness": 9990, "netMg": 100_000,
        "costPaise": 12_00_000_00}  # fmt: skip
DIAMONDS = {"code": "DIA-1", "name": "Diamonds VS", "kind": "stones", "metal": "stone", "fineness": 0,
            "stoneMct": 5_000, "pieces": 10, "costPaise": 50_000_00, "hsn": "7102"}  # fmt: skip


def lot_of(counter, facts, **changes):
    return made(counter.post("/lots", {**facts, **changes}))


def left(counter, lot):
    now = counter.read(lambda db: inventory.get_lot(db, UUID(lot["id"])))
    return now.state, now.left_net_mg, now.left_stone_mct, now.left_pieces, now.left_cost_paise


def sold(counter, line, **more):
    return counter.bill([], lines=[line], customerId=counter.customer()["id"], **more)


@pytest.fixture
def bar(counter):
    counter.set_board(gold_9990=13_000_00)
    return lot_of(counter, GOLD)


def sound(counter):
    assert counter.read(inventory.verify_metal) == []
    assert counter.books().sound
    return True


def test_grams_of_a_bar_are_sold_at_the_boards_rate_with_a_making_of_the_lines_own(counter, bar):
    making = {"kind": "per_gram_net", "paise": 50_00}
    issued = made(sold(counter, {"lotId": bar["id"], "netMg": 12_345, "making": making}))
    # 12.345 g × 13,000 = 1,60,485.00; × 50 = 617.25; 1.5 % of 1,61,102.25 = 2,416.53; 1,65,935.31 → 1,65,935
    line = issued["lines"][0]
    shown = ("kind", "lotId", "itemId", "tag", "hsn", "netMg", "metalPaise", "makingPaise", "taxablePaise", "cgstPaise")
    assert tuple(line[name] for name in shown) == (
        "lot", bar["id"], None, "BAR-1", "7108", 12_345, 160_485_00, 617_25, 161_102_25, 2_416_53,
    )  # fmt: skip
    assert (issued["totalPaise"], issued["roundOffPaise"]) == (165_935_00, -31)
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert line["explanation"][0]["text"] == "12.345 g of 24K 999 × ₹13,000.00/g = ₹1,60,485.00"
    # its share of the cost: 12,00,000.00 × 12,345 ÷ 1,00,000 = 1,48,140.00
    assert left(counter, bar) == ("open", 87_655, 0, 0, 1_051_860_00)
    (entry,) = counter.read(lambda db: metal.entries(db, movement_id=UUID(issued["id"]))).items
    assert (entry.from_account, entry.to_account, entry.net_mg, entry.cost_paise) == (
        "stock", "sold", 12_345, 148_140_00,
    )  # fmt: skip
    assert sound(counter)


def test_loose_diamonds_are_sold_by_the_carat_at_the_rate_of_tax_of_polished_ones(counter):
    lot = lot_of(counter, DIAMONDS)
    line = {"lotId": lot["id"], "stoneMct": 1_250, "stoneRatePaise": 20_000_00, "pieces": 3}
    issued = made(sold(counter, line))
    # 1.250 ct × 20,000 = 25,000.00; 1.5 %: 187.50 each; 0.250 g; cost 50,000 × 1.25 ÷ 5 = 12,500
    of_line = issued["lines"][0]
    shown = ("hsn", "stoneMct", "pieces", "grossMg", "netMg", "stonesPaise", "taxBp", "cgstPaise")
    assert tuple(of_line[name] for name in shown) == ("7102", 1_250, 3, 250, 0, 25_000_00, 150, 187_50)
    assert of_line["purity"] == {"metal": "", "fineness": 0}
    assert of_line["explanation"][0]["text"] == "Diamonds VS 1.250 ct × ₹20,000.00/ct = ₹25,000.00"
    assert left(counter, lot) == ("open", 0, 3_750, 7, 37_500_00)
    paper = counter.read(lambda db: bills.get_paper(db, UUID(issued["id"]), keyring=counter.runtime.keyring))
    assert [(stone.mct, stone.rate_paise) for stone in paper.articles[0].stones] == [(1_250, 20_000_00)]
    assert sound(counter)


def test_loose_stones_say_which_they_are_when_they_come(counter):
    unsaid = counter.post("/lots", {**DIAMONDS, "hsn": None})
    assert (unsaid.status_code, list(unsaid.json["fields"])) == (422, ["hsn"])
    rubies = lot_of(counter, DIAMONDS, code="RUBY-1", name="Rubies", hsn="7103")
    issued = made(sold(counter, {"lotId": rubies["id"], "stoneMct": 1_000, "stoneRatePaise": 20_000_00}))
    assert (issued["lines"][0]["hsn"], issued["lines"][0]["taxBp"]) == ("7103", 25)


def test_coins_are_counted_and_the_last_gram_uses_the_lot_up(counter):
    counter.set_board(gold_9990=13_000_00)
    coins = lot_of(counter, GOLD, code="COINS", name="Coins of 5 g", kind="coins", netMg=15_000, pieces=3,
                   costPaise=180_000_01)  # fmt: skip
    line = {"lotId": coins["id"], "netMg": 10_000, "pieces": 2, "making": {"kind": "fixed", "paise": 100_00}}
    issued = made(sold(counter, line))
    # 2 × 100 of making; cost 1,80,000.01 × 10 ÷ 15 = 1,20,000.007 → 1,20,000.01
    assert (issued["lines"][0]["hsn"], issued["lines"][0]["makingPaise"]) == ("7118", 200_00)
    assert left(counter, coins) == ("open", 5_000, 0, 1, 60_000_00)
    last = made(sold(counter, {"lotId": coins["id"], "netMg": 5_000}))
    assert left(counter, coins) == ("used", 0, 0, 0, 0)
    gone = sold(counter, {"lotId": coins["id"], "netMg": 1}, payments=[])
    assert (gone.status_code, gone.json["code"]) == (409, "lot_not_open")
    reason = {"reason": "the wrong coin", "refunds": [{"mode": "upi", "paise": last["totalPaise"]}]}
    made(counter.post(f"/invoices/{last['id']}/credit-notes", reason))
    assert left(counter, coins) == ("open", 5_000, 0, 1, 60_000_00)  # open again, at what it had cost
    assert sound(counter)


def test_a_line_that_comes_back_and_a_bill_that_is_cancelled_fill_the_lot_again(counter, bar):
    piece = counter.piece()
    lines = [{"itemId": piece["id"]}, {"lotId": bar["id"], "netMg": 2_000}]
    body = {"lines": lines, "customerId": counter.customer()["id"]}
    issued = made(counter.bill([], **body))
    of_lot = issued["lines"][1]
    note = made(counter.post(f"/invoices/{issued['id']}/credit-notes", {
        "reason": "too heavy", "lineIds": [of_lot["id"]], "refunds": [{"mode": "upi", "paise": 26_780_00}],
    }))  # fmt: skip
    # 2 g × 13,000 = 26,000.00 and 3 %: 26,780.00
    assert (note["totalPaise"], note["lines"][0]["lotId"]) == (26_780_00, bar["id"])
    assert left(counter, bar) == ("open", 100_000, 0, 0, 12_00_000_00)
    twice = counter.post(f"/invoices/{issued['id']}/credit-notes", {"reason": "again", "lineIds": [of_lot["id"]]})
    assert (twice.status_code, twice.json["code"]) == (409, "line_already_reversed")
    other = made(sold(counter, {"lotId": bar["id"], "netMg": 100_000}, panDeclared=True))
    assert left(counter, bar)[0] == "used"
    made(counter.post(f"/invoices/{other['id']}/cancellation", {"reason": "typed wrongly", "handedOver": False}))
    assert left(counter, bar) == ("open", 100_000, 0, 0, 12_00_000_00)
    assert sound(counter)


def test_of_two_bills_that_want_the_same_grams_one_gets_them(counter, bar):
    customers = [counter.customer()["id"] for _ in range(6)]
    answers = all_at_once(6, lambda n: counter.post("/invoices", {
        "lines": [{"lotId": bar["id"], "netMg": 40_000}], "customerId": customers[n], "panDeclared": True,
    }))  # fmt: skip
    # 100 g hold 40 g twice
    assert Tally(answer.status_code for answer in answers) == {201: 2, 409: 4}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"lot_too_small"}
    assert left(counter, bar) == ("open", 20_000, 0, 0, 240_000_00)
    assert sound(counter)


def test_a_bill_out_of_lots_is_three_round_trips(counter, bar):
    other = lot_of(counter, GOLD, code="BAR-2")
    draft = bills.BillDraft(
        lines=tuple(bills.LineDraft(lot_id=UUID(lot["id"]), net_mg=1_000) for lot in (bar, other)),
        customer_id=UUID(counter.customer()["id"]),
    )
    with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, hot=True) as db:
        claim = claim_of(a_key(), kind="test", path="/", body=b"")
        bills.issue_invoice(db, draft=draft, claim=claim, keyring=counter.runtime.keyring)
        assert db.round_trips == 3


ARTICLES = {**GOLD, "code": "RINGS", "kind": "pieces", "fineness": 9160}
OLD = {**GOLD, "code": "OLD-1", "name": "Old bangles", "kind": "old_gold", "fineness": 9160, "pieces": 2}
SET = {**GOLD, "code": "SET", "kind": "findings", "fineness": 9160, "stoneMg": 100}
WRONG = {
    "more than is left": (GOLD, {"netMg": 100_001}, 409, "lot_too_small", "lines.0.netMg"),
    "no weight": (GOLD, {}, 422, "line_incomplete", "lines.0.netMg"),
    "carats of metal": (GOLD, {"stoneMct": 1_000, "stoneRatePaise": 1}, 422, "lot_facts_wrong", "lines.0.netMg"),
    "grams of stones": (DIAMONDS, {"netMg": 1}, 422, "lot_facts_wrong", "lines.0.stoneMct"),
    "stones without a rate": (DIAMONDS, {"stoneMct": 1}, 422, "line_incomplete", "lines.0.stoneRatePaise"),
    "stones for nothing": (DIAMONDS, {"stoneMct": 49, "stoneRatePaise": 10}, 422, "line_incomplete",
                           "lines.0.stoneRatePaise"),  # 0.049 ct × 0.10 = 0.49 paise
    "stones at a rate of 0": (DIAMONDS, {"stoneMct": 1_000, "stoneRatePaise": 0}, 422, "invalid_input",
                              "lines.0.stoneRatePaise"),
    "an HSN of something else": (GOLD, {"netMg": 1, "hsn": "7113"}, 422, "lot_facts_wrong", "lines.0.hsn"),
    "diamonds as other stones": (
        DIAMONDS,
        {"stoneMct": 1_000, "stoneRatePaise": 1, "hsn": "7103"},
        422,
        "lot_facts_wrong",
        "lines.0.hsn",
    ),
    "all grams of three coins as one": (
        {**GOLD, "kind": "coins", "pieces": 3},
        {"netMg": 100_000},
        422,
        "lot_facts_wrong",
        "lines.0.pieces",
    ),
    "jewellery that needs a HUID": (ARTICLES, {"netMg": 1_000}, 422, "huid_missing", "lines.0.lotId"),
    "old ornaments to be worn again": (OLD, {"netMg": 10_000}, 422, "huid_missing", "lines.0.lotId"),
    "pieces with stones set": (SET, {"netMg": 1_000}, 422, "lot_facts_wrong", "lines.0.lotId"),
    "an estimate's rate": (GOLD, {"netMg": 1, "ofEstimate": True}, 422, "line_incomplete", "lines.0.ratePaisePerG"),
    "a locked rate": (GOLD, {"netMg": 1, "ofOrder": True}, 422, "line_incomplete", "lines.0.ratePaisePerG"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_sold_out_of_a_lot_is_refused_at_its_field(counter, wrong):
    facts, asked, status, code, field = WRONG[wrong]
    counter.set_board(gold_9990=13_000_00)
    lot = lot_of(counter, facts)
    body = {"lines": [{"lotId": lot["id"], **asked}]}
    for path in ("/invoices/quote", "/invoices"):
        answer = counter.post(path, body)
        assert (answer.status_code, answer.json["code"], list(answer.json["fields"])) == (status, code, [field])
    assert left(counter, lot)[0] == "open"


def test_old_gold_is_sold_as_scrap_to_a_refiner_and_tagged_for_anybody_else(counter, cast):
    lot = lot_of(counter, OLD)
    refiner = counter.customer(name="Shree Refiners", gstin="27AAACH2702H1Z0", pan=None)["id"]
    line = {"lotId": lot["id"], "netMg": 10_000}
    issued = made(counter.bill([], lines=[line], customerId=refiner))
    # 10 g × 12,800 = 1,28,000.00; scrap of heading 7112 bears 3 %: 1,920.00 each
    sold = issued["lines"][0]
    assert (sold["hsn"], sold["huid"], sold["taxablePaise"], sold["cgstPaise"]) == ("7112", None, 128_000_00, 1_920_00)
    for customer in (None, counter.customer()["id"]):
        refused = counter.bill([], lines=[line], customerId=customer, payments=[])
        assert (refused.status_code, refused.json["code"]) == (422, "huid_missing")
    assert left(counter, lot)[1] == 90_000 and sound(counter)
    sheet, typed = f"/s/{cast.asha.shop.slug}/bills/sheet", {"lot_id": lot["id"], f"grams-{lot['id']}": "10"}
    page = Sender(counter.app, cast.asha)
    said = "to be melted, to a buyer with a GSTIN"
    assert said in page.once(sheet, typed).text  # beside the weight; the buyer may still be named
    assert said not in page.once(sheet, {**typed, "customer_id": refiner}).text


def test_a_clerk_tags_nothing_out_of_old_gold_that_needs_no_huid(counter, cast):
    """Called a coin it would be sold to anybody. 22K is no bullion; 24K coins, and slices below 2 g, take the owner."""
    clerk = Counter(counter.app, counter.runtime, cast.bina)
    for code, fineness, facts in (
        ("OLD-22", 9160, {"category": "ring", "hsn": "7113", "grossMg": 1_900}),
        ("OLD-24", 9990, {"category": "coin", "hsn": "7118", "grossMg": 10_000}),
    ):  # fmt: skip
        lot = lot_of(counter, OLD, code=code, fineness=fineness)
        body = {"tag": f"T-{code}", "name": "From old gold", "purity": {"metal": "gold", "fineness": fineness},
                "making": {"kind": "fixed", "paise": 1_00}, **facts}  # fmt: skip
        before = counter.row_counts()
        refused = clerk.post(f"/lots/{lot['id']}/tag", body, **{"If-Match": '"1"'})
        assert (refused.status_code, refused.json["code"]) == (403, "exemption_not_yours")
        assert counter.row_counts() == before and left(counter, lot)[1] == 100_000
        assert made(counter.post(f"/lots/{lot['id']}/tag", body, **{"If-Match": '"1"'}))["hallmarkStatus"] == "exempt"
    lot = lot_of(counter, OLD, code="OLD-22B")
    coin = {"tag": "T-COIN", "name": "Coin", "category": "coin", "hsn": "7118", "grossMg": 10_000,
            "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "fixed", "paise": 1_00}}  # fmt: skip
    tagged = made(clerk.post(f"/lots/{lot['id']}/tag", coin, **{"If-Match": '"1"'}))
    assert tagged["hallmarkStatus"] == "pending"  # and so it is not sold


def test_one_lot_stands_on_a_bill_once(counter, bar):
    line = {"lotId": bar["id"], "netMg": 1_000}
    answer = counter.post("/invoices/quote", {"lines": [line, line]})
    assert (answer.status_code, answer.json["fields"]) == (422, {"lines.1.lotId": "given twice"})


def test_a_rate_below_the_boards_and_a_price_below_cost_take_the_owners_yes(counter, bar):
    # 10 g at 11,000 instead of 13,000: 20,000.00 less; 1,10,000.00 is below the 1,20,000.00 that they had cost
    line = {"lotId": bar["id"], "netMg": 10_000, "ratePaisePerG": 11_000_00}
    quoted = made(counter.post("/invoices/quote", {"lines": [line]}))
    assert quoted["needs"] == []  # Asha may
    draft = bills.BillDraft(lines=(bills.LineDraft(lot_id=UUID(bar["id"]), net_mg=10_000, rate_paise_per_g=11_000_00),))
    wants = counter.read(lambda db: _wants(db, draft))
    assert [(want.kind, want.subject_id == UUID(bar["id"]), want.facts.get("costPaise")) for want in wants] == [
        ("line.rate", True, 20_000_00), ("line.below_cost", True, None),
    ]  # fmt: skip


def _wants(db, draft):
    from app.invoices.service import reckoning
    from app.invoices.service.needs import wants_of
    from app.invoices.service.seller import choose, seller_of
    from app.kit.clock import today_ist
    from app.rates import service as rates
    from app.tenants.service.places import list_places

    place = choose(list_places(db), asked=None, sits_at=None)
    shop = reckoning.Shop(
        seller_of(place), rates.read_board(db), reckoning.basis_of(place.rate_basis), None, today_ist()
    )
    return wants_of(draft, reckoning.reckon(draft, shop, {}, inventory.get_lots(db, draft.lot_ids)), db.actor)
