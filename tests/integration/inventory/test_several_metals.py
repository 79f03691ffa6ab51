"""Pieces of several metals on their way through the shop: the book has every metal to the milligram after each step."""

import pytest

from app.inventory import service as inventory
from app.inventory.errors import MeltContradicts
from app.inventory.service import Arrival, BoughtLine, OtherMetal, PurchaseDraft, SupplierDraft
from app.kit.clock import today_ist
from app.metal import service as metal
from app.metal.service import Account
from tests.factories.people import a_customer
from tests.factories.stock import a_huid


def two_tone(floor, other=("platinum", 9_500), **facts):
    """7.500 g of gold 916 and 2.500 g of another metal."""
    return floor.piece(metal="gold", fineness=9_160, others=(OtherMetal(*other, 2_500),), huid=a_huid(), **facts)


def grams_of(floor, account):
    """By metal and fineness: pieces and net mg."""
    found = floor.read(lambda db: metal.balances(db, account=account))
    return {(one.metal, one.fineness): (one.held.pieces, one.held.net_mg) for one in found}


WHOLE = {("gold", 9_160): (1, 7_500), ("platinum", 9_500): (0, 2_500)}


def test_a_transfer_that_arrives_lighter_has_lost_of_its_main_metal(floor):
    piece = two_tone(floor)
    sent = floor.write(lambda db: inventory.send_transfer(db, to_outlet_id=floor.annex, item_ids=[piece.id]))
    assert (grams_of(floor, Account.TRANSIT), floor.drifts()) == (WHOLE, [])
    assert (sent.lines[0].net_mg, sent.lines[0].fineness) == (10_000, 9_160)
    floor.write(lambda db: inventory.receive_transfer(
        db, consignment_id=sent.id, expected_version=sent.version, arrivals=[Arrival(sent.lines[0].id, 9_900)],
        accept_differences=True,
    ))  # fmt: skip
    now = floor.item(piece.id)
    assert (now.net_mg, now.own_mg, now.others) == (9_900, 7_400, piece.others)
    assert grams_of(floor, Account.STOCK) == {("gold", 9_160): (1, 7_400), ("platinum", 9_500): (0, 2_500)}
    assert grams_of(floor, Account.LOSS) == {("gold", 9_160): (0, 100)}
    assert floor.drifts() == []


def test_a_memo_goes_out_and_comes_back_whole(floor, runtime):
    piece, buyer = two_tone(floor), floor.write(lambda db: a_customer(db, runtime.keyring))
    sent = floor.write(lambda db: inventory.send_memo(db, customer_id=buyer.id, item_ids=[piece.id]))
    assert (grams_of(floor, Account.MEMO), floor.drifts()) == (WHOLE, [])
    floor.write(lambda db: inventory.bring_back(db, consignment_id=sent.id, expected_version=sent.version))
    assert (grams_of(floor, Account.STOCK), grams_of(floor, Account.MEMO)) == (WHOLE, {})
    assert floor.drifts() == []


def test_what_is_lost_corrected_or_laid_elsewhere_is_so_in_each_metal(floor):
    piece = two_tone(floor)
    floor.write(lambda db: inventory.move_stock(db, to_place_id=floor.tray, item_ids=[piece.id]))
    assert (grams_of(floor, Account.STOCK), floor.drifts()) == (WHOLE, [])
    now = floor.write(lambda db: inventory.edit_item(
        db, item_id=piece.id, expected_version=2, changes={"gross_mg": 10_200}
    ))  # fmt: skip
    assert (now.own_mg, now.others) == (7_700, piece.others)  # a heavier scale says nothing of the platinum
    assert floor.drifts() == []
    floor.write(lambda db: inventory.withdraw_item(
        db, item_id=piece.id, expected_version=now.version, reason="stolen", kind="lost"
    ))  # fmt: skip
    assert grams_of(floor, Account.STOCK) == {}
    assert grams_of(floor, Account.LOSS) == {("gold", 9_160): (1, 7_700), ("platinum", 9_500): (0, 2_500)}
    assert floor.drifts() == []


def test_what_is_bought_and_sent_back_is_so_in_each_metal(floor):
    who = floor.write(lambda db: inventory.register_supplier(db, draft=SupplierDraft(name="Mehta Bullion")))
    ring = floor.draft(
        metal="gold", fineness=9_160, others=(OtherMetal("platinum", 9_500, 2_500),), huid=a_huid(),
    )  # fmt: skip
    draft = PurchaseDraft(
        supplier_id=who.id, bill_no="B-1", bill_on=today_ist(), lines=(BoughtLine(taxable_paise=90_000_00, piece=ring),)
    )
    bill = floor.write(lambda db: inventory.book_purchase(db, draft=draft))
    assert (bill.lines[0].net_mg, grams_of(floor, Account.STOCK), floor.drifts()) == (10_000, WHOLE, [])
    floor.write(lambda db: inventory.return_purchase(
        db, purchase_id=bill.id, line_ids=[bill.lines[0].id], reason="wrong finish"
    ))  # fmt: skip
    assert (grams_of(floor, Account.STOCK), grams_of(floor, Account.SUPPLIER)) == ({}, {})
    assert floor.drifts() == []


def test_one_pot_takes_one_metal_and_two_golds_are_one(floor):
    mixed, golds = two_tone(floor), two_tone(floor, other=("gold", 7_500))
    with pytest.raises(MeltContradicts) as refused:
        floor.write(lambda db: inventory.start_melt(db, item_ids=[mixed.id]))
    assert refused.value.fields == {"itemIds.0": "several metals"}
    assert "22K 916 + Platinum 950" in str(refused.value.message)
    pot = floor.write(lambda db: inventory.start_melt(db, item_ids=[golds.id]))
    assert floor.drifts() == []
    # fine that went in: 7,500 × 9160 + 2,500 × 7500 = 87,450,000, which is 8,753.75 mg of 9990
    bar = {"kind": "bullion", "metal": "gold", "fineness": 9_990, "cost_paise": 0}
    with pytest.raises(MeltContradicts):
        floor.write(lambda db: inventory.finish_melt(
            db, consignment_id=pot.id, expected_version=pot.version, result=floor.lot_draft(**bar, net_mg=8_754)
        ))  # fmt: skip
    floor.write(lambda db: inventory.finish_melt(
        db, consignment_id=pot.id, expected_version=pot.version, result=floor.lot_draft(**bar, net_mg=8_750)
    ))  # fmt: skip
    held = floor.read(lambda db: metal.balances(db, account=Account.MELTING))
    assert sum((one.held for one in held), metal.Quantities()) == metal.Quantities()  # the pot is empty
    assert floor.drifts() == []


def test_the_stock_in_short_counts_each_metal_under_its_own_purity(floor):
    two_tone(floor)
    floor.piece(metal="platinum", fineness=9_500, hsn="7113", net=4_000)
    found = floor.read(inventory.stock_by_purity)
    assert [(one.metal, one.fineness, one.pieces, one.gross_mg, one.net_mg) for one in found] == [
        ("gold", 9_160, 1, 7_500, 7_500), ("platinum", 9_500, 1, 6_500, 6_500),
    ]  # fmt: skip
