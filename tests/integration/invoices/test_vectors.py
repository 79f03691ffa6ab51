"""The worked cases of the price table, from a piece in stock to the bill and back, over HTTP."""

import pytest

from tests.support.counter import made

CASES = {
    # 3.390 g × 12,800 = 43,392.00; making 16 % = 6,942.72; taxable 50,334.72; 1.5 % = 755.02; round-off to 51,845.
    "ring of 22 karat, making 16 %": (
        {},
        {"taxablePaise": 50_334_72, "cgstPaise": 755_02, "sgstPaise": 755_02, "roundOffPaise": 24,
         "totalPaise": 51_845_00},
    ),
    # 2.500 g × 5,200 + 0.136 ct × 25,000 + 800/g = 13,000 + 3,400 + 2,000.
    "diamond ring, stones by the carat": (
        {"purity": {"metal": "gold", "fineness": 5850}, "grossMg": 2527, "netMg": 2500,
         "making": {"kind": "per_gram_net", "paise": 800_00},
         "stones": [{"kind": "Diamond", "pieces": 1, "weightMct": 136, "basis": "per_carat", "ratePaise": 25_000_00}]},
        {"taxablePaise": 18_400_00, "cgstPaise": 276_00, "sgstPaise": 276_00, "roundOffPaise": 0,
         "totalPaise": 18_952_00},
    ),
    "10 g at 4,500, making 10 %": (
        {"purity": {"metal": "gold", "fineness": 7500}, "grossMg": 10_000, "making": {"kind": "percent", "bp": 1000}},
        {"taxablePaise": 49_500_00, "cgstPaise": 742_50, "sgstPaise": 742_50, "roundOffPaise": 0,
         "totalPaise": 50_985_00},
    ),
    # 26.500 × 11,925.50 = 3,16,025.75; making 12 % = 37,923.09; hallmark 45: 3,53,993.84; total 3,64,613.66 → 3,64,614.
    "bangle above two lakh, with its hallmark charge": (
        {"purity": {"metal": "gold", "fineness": 9160}, "grossMg": 26_500, "making": {"kind": "percent", "bp": 1200},
         "hallmarkPaise": 45_00},
        {"taxablePaise": 353_993_84, "cgstPaise": 5_309_91, "sgstPaise": 5_309_91, "roundOffPaise": 34,
         "totalPaise": 364_614_00},
    ),
}  # fmt: skip
BOARDS = {
    "10 g at 4,500, making 10 %": {"gold_7500": 4_500_00},
    "bangle above two lakh, with its hallmark charge": {"gold_9160": 11_925_50},
}


@pytest.mark.parametrize("case", CASES)
def test_a_worked_case_comes_out_to_the_paisa(counter, case):
    piece, expected = CASES[case]
    counter.set_board(**BOARDS.get(case, {}))
    item, customer = counter.piece(**piece), counter.customer()
    draft = counter.draft([item], customerId=customer["id"])
    quoted = made(counter.post("/invoices/quote", draft))
    issued = made(counter.bill([item], customerId=customer["id"], expectedTotalPaise=expected["totalPaise"]))
    read = made(counter.get(f"/invoices/{issued['id']}"))
    assert {name: quoted[name] for name in expected} == expected
    assert {name: issued[name] for name in expected} == expected
    assert read == issued
    assert counter.status(item["id"]) == "sold"
    assert counter.books().sound


def test_a_bill_of_several_pieces_adds_up_and_keeps_their_order(counter):
    pieces = [counter.piece() for _ in range(3)]
    customer = counter.customer()
    issued = made(counter.bill([pieces[2], pieces[0], pieces[1]], customerId=customer["id"]))
    assert [line["itemId"] for line in issued["lines"]] == [pieces[2]["id"], pieces[0]["id"], pieces[1]["id"]]
    # three rings of case 1: 3 × 50,334.72 = 1,51,004.16; each head 3 × 755.02 = 2,265.06; 1,55,534.28 → 1,55,534
    assert issued["taxablePaise"] == 151_004_16
    assert issued["cgstPaise"] == issued["sgstPaise"] == 2_265_06
    assert (issued["roundOffPaise"], issued["totalPaise"]) == (-28, 155_534_00)


def test_goods_sent_to_another_state_bear_igst(counter):
    issued = made(counter.bill([counter.piece()], customerId=counter.customer()["id"], shipTo="29"))
    # 3 % of 50,334.72 = 1,510.04
    assert (issued["igstPaise"], issued["cgstPaise"], issued["sgstPaise"]) == (1_510_04, 0, 0)
    assert (issued["placeOfSupply"], issued["interState"]) == ("29", True)


def test_a_shop_without_registration_issues_a_bill_of_supply(ravis_counter):
    customer = ravis_counter.customer(stateCode="29")
    issued = made(ravis_counter.bill([ravis_counter.piece()], customerId=customer["id"]))
    assert issued["kind"] == "bill_of_supply"
    assert issued["cgstPaise"] == issued["sgstPaise"] == issued["igstPaise"] == 0
    # 50,334.72 → 50,335
    assert issued["totalPaise"] == 50_335_00
    assert issued["number"].startswith("BS")


def test_a_discount_comes_off_before_tax(counter):
    item = counter.piece()
    line = {"itemId": item["id"], "discount": {"paise": 334_72}, "makingDiscount": {"bp": 5000}}
    # 43,392.00 + 6,942.72 − 3,471.36 = 46,863.36; − 334.72 = 46,528.64; 1.5 % = 697.93; 47,924.50 → 47,925 (half up)
    issued = made(counter.bill([line], customerId=counter.customer()["id"]))
    assert (issued["taxablePaise"], issued["cgstPaise"]) == (46_528_64, 697_93)
    assert issued["lines"][0]["makingDiscountPaise"] == 3_471_36
    assert issued["totalPaise"] == 47_925_00


def test_a_bill_to_a_registered_buyer_names_their_gstin(counter):
    customer = counter.customer(gstin="29AAACI4798L1ZU", pan=None, stateCode="29")
    issued = made(counter.bill([counter.piece()], customerId=customer["id"]))
    assert issued["buyerRegistered"] is True
    assert (issued["buyer"]["gstin"], issued["buyer"]["pan"]) == ("29AAACI4798L1ZU", "AAACI4798L")
    assert issued["placeOfSupply"] == "27"  # over the counter it is the shop's state


def test_a_bill_keeps_its_rate_and_its_buyer_when_both_change(counter):
    customer = counter.customer()
    issued = made(counter.bill([counter.piece()], customerId=customer["id"]))
    counter.set_board(gold_9160=13_000_00)
    made(counter.patch(f"/customers/{customer['id']}", {"name": "Lata Kulkarni"}, version=customer["version"]))
    assert made(counter.get(f"/invoices/{issued['id']}")) == issued
    assert issued["lines"][0]["ratePaisePerG"] == 12_800_00
    assert issued["buyer"]["name"] == "Lata Deshpande"


def test_each_bill_is_three_round_trips_whatever_its_lines(counter):
    from uuid import UUID

    from app.invoices import service as bills
    from app.kit.idempotency import claim_of
    from tests.support.counter import a_key

    customer = counter.customer()
    trips = {}
    for lines in (1, 3, 12):
        white = {"metal": "gold", "fineness": 7500, "netMg": 1000}
        pieces = [counter.piece(otherMetals=[white]), *(counter.piece() for _ in range(lines - 1))]
        draft = bills.BillDraft(
            lines=tuple(bills.LineDraft(UUID(piece["id"])) for piece in pieces), customer_id=UUID(customer["id"])
        )
        with counter.runtime.router.shop(counter.who.shop_id, counter.who.actor, hot=True) as db:
            claim = claim_of(a_key(), kind="test", path="/", body=b"")
            bills.issue_invoice(db, draft=draft, claim=claim, keyring=counter.runtime.keyring)
            trips[lines] = db.round_trips
    assert trips == {1: 3, 3: 3, 12: 3}
