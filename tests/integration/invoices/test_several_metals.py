"""A piece of gold and platinum from its entry to its credit note: priced metal by metal, booked metal by metal.

10.000 g: 7.500 g of 22 karat at ₹12,800 are 96,000.00, 2.500 g of platinum 950 at ₹5,600 are 14,000.00: metal
1,10,000.00. Wastage of 5 % of net: 0.375 g of gold 4,800.00, 0.125 g of platinum 700.00: 5,500.00. Making 10 % of the
metal: 11,000.00. Taxable 1,26,500.00, CGST and SGST 1.5 % each 1,897.50: ₹1,30,295.00.
"""

from uuid import UUID

import pytest

from app.estimates import service as estimates
from app.inventory import service as inventory
from app.invoices import service as bills
from app.kit.clock import today_ist
from app.metal import service as metal
from app.metal.service import Account
from tests.support.counter import Counter, made

PT950 = {"metal": "platinum", "fineness": 9_500, "netMg": 2_500}
TOTAL = 1_30_295_00


@pytest.fixture
def ring(counter):
    counter.set_board(platinum_9500=5_600_00)
    return two_tone(counter)


def two_tone(counter, **changes):
    return counter.piece(**{
        "grossMg": 10_000, "otherMetals": [PT950], "making": {"kind": "percent", "bp": 1_000},
        "wastage": {"kind": "percent_of_net", "bp": 500}, "costPaise": 90_000_00, **changes,
    })  # fmt: skip


def held(counter, account):
    """By purity: pieces, net mg, fine and cost."""
    found = counter.read(lambda db: metal.balances(db, account=account))
    return {
        (one.metal, one.fineness): (one.held.pieces, one.held.net_mg, one.held.fine, one.held.cost_paise)
        for one in found
    }  # fmt: skip


# 7.500 g × 9160 and 2.500 g × 9500, unrounded; what it cost is the piece's, so the main metal's
METALS = {
    ("gold", 9_160): (1, 7_500, 7_500 * 9_160, 90_000_00), ("platinum", 9_500): (0, 2_500, 2_500 * 9_500, 0),
}  # fmt: skip


def sound(counter):
    assert counter.read(inventory.verify_metal) == []
    assert counter.read(metal.broken_rows) == []
    assert counter.books().sound
    return True


def sold(counter):
    found = counter.read(lambda db: bills.sold_metal(db, today_ist(), today_ist()))
    return {(one.metal, one.fineness): (one.lines, one.net_mg, one.parts["taxable_paise"]) for one in found}


def test_it_is_entered_sold_and_brought_back_metal_by_metal(counter, ring):
    assert made(counter.get(f"/items/{ring['id']}")) == ring
    assert (ring["netMg"], ring["otherMetals"]) == (10_000, [PT950])
    assert held(counter, Account.STOCK) == METALS
    buyer = counter.customer()["id"]
    quoted = made(counter.post("/invoices/quote", {"lines": [{"itemId": ring["id"]}], "customerId": buyer}))
    assert quoted["totalPaise"] == TOTAL
    issued = made(counter.bill([ring], customerId=buyer))
    line = issued["lines"][0]
    shown = ("netMg", "metalPaise", "wastagePaise", "makingPaise", "taxablePaise", "cgstPaise", "sgstPaise")
    assert [line[name] for name in shown] == [
        10_000, 1_10_000_00, 5_500_00, 11_000_00, 1_26_500_00, 1_897_50, 1_897_50,
    ]  # fmt: skip
    assert line["otherMetals"] == [{**PT950, "ratePaisePerG": 5_600_00, "metalPaise": 14_000_00}]
    assert line["otherMetals"] == quoted["lines"][0]["otherMetals"]
    assert [step["text"] for step in line["explanation"][:3]] == [
        "7.500 g of 22K 916 × ₹12,800.00/g = ₹96,000.00", "2.500 g of Platinum 950 × ₹5,600.00/g = ₹14,000.00",
        "wastage 5 % of 10.000 g = 0.500 g, each metal at its own rate = ₹5,500.00",
    ]  # fmt: skip
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert (held(counter, Account.STOCK), held(counter, Account.SOLD)) == ({}, METALS)
    # bought back as old gold, the platinum would count as little as stones do
    line_id = UUID(line["id"])
    back = counter.read(lambda db: bills.sold_pieces(db, [line_id]))[line_id]
    assert (back.fineness, back.gross_mg, back.stone_mg, back.net_mg) == (9_160, 10_000, 2_500, 7_500)
    # the day: each metal under its own purity, what the platinum was billed at with it
    assert sold(counter) == {("gold", 9_160): (1, 7_500, 1_12_500_00), ("platinum", 9_500): (0, 2_500, 14_000_00)}
    assert sound(counter)
    note = made(counter.post(f"/invoices/{issued['id']}/credit-notes", {
        "reason": "came back", "refunds": [{"mode": "bank", "paise": TOTAL}],
    }))  # fmt: skip
    assert (note["totalPaise"], note["lines"][0]["otherMetals"]) == (TOTAL, line["otherMetals"])
    assert (held(counter, Account.STOCK), held(counter, Account.SOLD)) == (METALS, {})
    assert set(sold(counter).values()) == {(0, 0, 0)}
    assert sound(counter)


def test_bill_note_and_estimate_name_each_metal_with_its_weight_on_paper(counter, ring):
    estimate = made(counter.post("/estimates", {"lines": [{"itemId": ring["id"]}]}))
    issued = made(counter.bill([ring], customerId=counter.customer()["id"]))
    note = made(counter.post(f"/invoices/{issued['id']}/credit-notes", {"reason": "came back"}))
    papers = counter.read(lambda db: [
        estimates.get_paper(db, UUID(estimate["id"])),
        *(bills.get_paper(db, UUID(one["id"]), keyring=counter.runtime.keyring) for one in (issued, note)),
    ])  # fmt: skip
    for paper in papers:
        (article,) = paper.articles
        assert [(part.metal, part.fineness, part.net_mg) for part in article.others] == [("platinum", 9_500, 2_500)]


def test_a_metal_that_the_board_does_not_name_is_refused_by_metal_and_purity(counter):
    piece = two_tone(counter)  # the board has no platinum
    buyer = counter.customer()["id"]
    for path in ("/invoices/quote", "/invoices"):
        answer = counter.post(path, {"lines": [{"itemId": piece["id"]}], "customerId": buyer})
        assert (answer.status_code, answer.json["code"]) == (409, "rate_missing")
        assert answer.json["detail"] == f"The board has no rate for Platinum 950, of which {piece['tag']} has 2.500 g."
        assert answer.json["fields"] == {"lines.0.itemId": "no rate"}
    assert counter.status(piece["id"]) == "in_stock"


def test_a_purity_of_gold_beside_gold_comes_from_24_karat_and_the_bill_says_so_for_ever(counter):
    counter.set_board(gold_9990=14_000_00)
    piece = two_tone(counter, otherMetals=[{"metal": "gold", "fineness": 3_750, "netMg": 1_000}])
    issued = made(counter.bill([piece], customerId=counter.customer()["id"]))
    # by fineness 14,000 × 0.375 = 5,250.00 a gram
    assert issued["lines"][0]["otherMetals"][0]["ratePaisePerG"] == 5_250_00
    texts = [step["text"] for step in issued["lines"][0]["explanation"]]
    assert texts[1:3] == [
        "9K 375 by fineness: ₹14,000.00 × 375 ÷ 1000 = ₹5,250.00/g", "1.000 g of 9K 375 × ₹5,250.00/g = ₹5,250.00",
    ]  # fmt: skip
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert counter.books().sound


def test_a_rate_below_the_board_costs_what_the_main_metal_weighs(counter, ring, flask_app, runtime, cast):
    """₹100 less for 7.500 g: the platinum has its own rate, and whoever allows it is told both weights."""
    clerk = Counter(flask_app, runtime, cast.bina)
    quoted = made(clerk.post("/invoices/quote", {"lines": [{"itemId": ring["id"], "ratePaisePerG": 12_700_00}]}))
    (facts,) = [one["facts"] for one in quoted["needs"] if one["right"] == "bill.lower_rate"]
    assert (facts["netMg"], facts["ratedMg"], facts["costPaise"]) == (10_000, 7_500, 750_00)


def test_an_estimate_keeps_the_rates_of_all_its_metals(counter, ring):
    made_for = counter.customer()["id"]
    estimate = made(counter.post("/estimates", {"lines": [{"itemId": ring["id"]}], "customerId": made_for}))
    counter.set_board(gold_9160=13_500_00, platinum_9500=6_000_00)
    lines = [{"itemId": ring["id"], "ofEstimate": True}]
    issued = made(counter.bill([], lines=lines, estimateId=estimate["id"], customerId=made_for))
    assert (estimate["totalPaise"], issued["totalPaise"]) == (TOTAL, TOTAL)


def test_entering_and_correcting_is_refused_at_the_field(counter, ring):
    for other, field in (
        ({**PT950, "netMg": 10_000}, "otherMetals.0.netMg"), ({**PT950, "netMg": 0}, "otherMetals.0.netMg"),
        ({**PT950, "metal": "copper"}, "otherMetals.0.metal"),
        ({"metal": "gold", "fineness": 9_160, "netMg": 1}, "otherMetals.0.fineness"),
    ):  # fmt: skip
        answer = counter.patch(f"/items/{ring['id']}", {"otherMetals": [other]}, version=ring["version"])
        assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
    changed = made(counter.patch(f"/items/{ring['id']}", {"otherMetals": [{**PT950, "netMg": 2_000}]}, version=1))
    assert changed["otherMetals"][0]["netMg"] == 2_000
    assert {purity: figures[1] for purity, figures in held(counter, Account.STOCK).items()} == {
        ("gold", 9_160): 8_000, ("platinum", 9_500): 2_000,
    }  # fmt: skip
    assert counter.read(inventory.verify_metal) == []
