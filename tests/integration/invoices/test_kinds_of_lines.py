"""Lines that are no piece, prices told, the terms of a whole bill, and how each price says how it came about."""

from uuid import UUID

import pytest

from app.metal import service as metal
from app.metal.service import Account
from tests.support.counter import made

REPAIR = {"sells": "repair", "description": "Chain soldered", "pricePaise": 500_00}
EARRINGS = {"sells": "imitation", "description": "Earrings", "pricePaise": 250_00, "pieces": 3}


def test_a_bill_of_a_piece_a_repair_and_imitation(counter):
    customer = counter.customer()
    body = counter.draft([counter.piece()], customerId=customer["id"])
    body["lines"] += [REPAIR, EARRINGS]
    body["payments"] = [{"mode": "upi", "paise": counter.total(body)}]
    issued = made(counter.post("/invoices", body))
    # 50,334.72 at 3 %; 500.00 at 18 %: 45.00 each; 3 × 250 = 750.00 at 3 %: 11.25 each
    shown = ("kind", "hsn", "taxBp", "taxablePaise", "cgstPaise")
    assert [tuple(one[name] for name in shown) for one in issued["lines"]] == [
        ("piece", "7113", 300, 50_334_72, 755_02), ("service", "998722", 1800, 500_00, 45_00),
        ("fixed", "7117", 300, 750_00, 11_25),
    ]  # fmt: skip
    assert issued["lines"][1]["itemId"] is None
    assert issued["lines"][2]["pieces"] == 3
    # 51,584.72 + 2 × 811.27 = 53,207.26 → 53,207
    assert (issued["taxablePaise"], issued["totalPaise"]) == (51_584_72, 53_207_00)
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert counter.books().sound


def test_each_line_says_how_its_price_came_about(counter):
    issued = made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    assert [step["text"] for step in issued["lines"][0]["explanation"]] == [
        "3.390 g of 22K 916 × ₹12,800.00/g = ₹43,392.00",
        "making 16 % of the metal's ₹43,392.00 = ₹6,942.72",
        "taxable value = ₹50,334.72",
        "CGST 1.5 % of ₹50,334.72 = ₹755.02",
        "SGST 1.5 % of ₹50,334.72 = ₹755.02",
    ]


def test_a_purity_that_the_board_lacks_is_reckoned_from_24_karat_by_the_shops_rule(counter):
    counter.set_board(gold_9990=13_920_00)
    piece = counter.piece(
        purity={"metal": "gold", "fineness": 8330}, making={"kind": "fixed", "paise": 0}, grossMg=10_000
    )
    line = made(counter.post("/invoices/quote", counter.draft([piece])))["lines"][0]
    # the cast's shops go by fineness: 13,920 × 833 ÷ 1000 = 11,595.36
    assert line["ratePaisePerG"] == 11_595_36
    assert line["explanation"][0]["text"] == "20K 833 by fineness: ₹13,920.00 × 833 ÷ 1000 = ₹11,595.36/g"


def test_a_price_that_was_told_is_what_the_bill_comes_to(counter):
    issued = made(counter.bill([counter.piece()], customerId=counter.customer()["id"], toldPaise=50_000_00))
    # case 5, where the parts are a paisa more than the price
    assert (issued["taxablePaise"], issued["cgstPaise"], issued["roundOffPaise"]) == (48_543_69, 728_16, -1)
    assert issued["totalPaise"] == 50_000_00
    assert issued["lines"][0]["discountPaise"] == 1_791_03  # 50,334.72 − 48,543.69


def test_a_discount_on_the_bill_is_shared_out(counter):
    pieces = [counter.piece(), counter.piece()]
    issued = made(counter.bill(pieces, customerId=counter.customer()["id"], discount={"paise": 1_01}))
    assert [line["discountPaise"] for line in issued["lines"]] == [51, 50]
    assert issued["taxablePaise"] == 2 * 50_334_72 - 1_01


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({}, "itemId"),
        ({"sells": "repair"}, "pricePaise"),
        ({"sells": "cloth", "pricePaise": 100}, "sells"),
        ({**REPAIR, "ratePaisePerG": 100}, "pricePaise"),
        ({"sells": "job_work", "pricePaise": 100}, "sells"),
    ],
)
def test_a_line_that_sells_nothing_known_is_refused(counter, line, field):
    before = counter.row_counts()
    answer = counter.post("/invoices", {"lines": [line], "payments": [{"mode": "upi", "paise": 100}]})
    assert answer.status_code == 422
    assert list(answer.json["fields"]) == [f"lines.0.{field}"]
    assert counter.row_counts() == before


def test_job_work_at_5_percent_is_for_a_registered_owner(counter):
    owner = counter.customer(gstin="29AAACI4798L1ZU", pan=None, stateCode="29")
    body = {"lines": [{"sells": "job_work", "pricePaise": 1_000_00}], "customerId": owner["id"]}
    issued = made(counter.post("/invoices", body))
    assert (issued["lines"][0]["taxBp"], issued["cgstPaise"]) == (500, 25_00)


def test_a_sale_leaves_the_stock_in_the_book_of_metal_and_a_service_moves_nothing(counter):
    customer = counter.customer()
    body = counter.draft([counter.piece()], customerId=customer["id"])
    body["lines"].append(REPAIR)
    issued = made(counter.post("/invoices", body))
    sold = counter.read(lambda db: metal.balances(db, account=Account.SOLD, ref=UUID(customer["id"])))
    assert [(one.metal, one.fineness, one.held.pieces, one.held.net_mg, one.held.fine) for one in sold] == [
        ("gold", 9160, 1, 3390, 3390 * 9160)
    ]
    moved = counter.read(lambda db: metal.entries(db, movement_id=UUID(issued["id"])))
    assert len(moved.items) == 1
