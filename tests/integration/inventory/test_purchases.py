"""Suppliers' bills: stock, tax and ledger booked in one, entered once, sent back once."""

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select

from app.cash import service as cash
from app.cash.errors import CashShort
from app.inventory import service as inventory
from app.inventory.errors import (
    BillDayWrong,
    BillEnteredBefore,
    LotFactsWrong,
    NotReturnable,
    PurchaseEmpty,
    PurchaseTotalWrong,
    SupplierFactsWrong,
    SupplierTaken,
)  # fmt: skip
from app.inventory.service import BoughtLine, PurchaseDraft, SupplierDraft
from app.kit.clock import today_ist
from app.metal.service import Account
from app.tenants.models import Registration
from tests.support.counter import all_at_once
from tests.support.floor import GSTIN_KA, GSTIN_MH, Floor

ON = dt.date(2026, 11, 20)


def supplier(floor, **facts):
    given = {"name": "Mehta Bullion", "gstin": GSTIN_MH, **facts}
    return floor.write(lambda db: inventory.register_supplier(db, draft=SupplierDraft(**given)))


def bought(floor, who, *lines, **more):
    facts = {"bill_no": floor.code(), "bill_on": ON, **more}
    draft = PurchaseDraft(supplier_id=who.id, lines=lines, **facts)
    return floor.write(lambda db: inventory.book_purchase(db, draft=draft))


def a_piece(floor, paise=10_000_00, **facts):
    return BoughtLine(taxable_paise=paise, piece=floor.draft(**facts))


def owed(floor, who):
    return floor.read(lambda db: inventory.get_supplier(db, who.id)).owed_paise


def test_a_bill_brings_its_pieces_and_lots_at_cost_and_is_owed_with_its_tax(floor):
    """₹ 10,000.00 of pieces and ₹ 50,000.33 of bullion, both 3 %: 150.00 + 150.00 and 750.00 + 750.00 (750.00495)."""
    who = supplier(floor)
    lot = BoughtLine(taxable_paise=50_000_33, lot=floor.lot_draft(net_mg=400_000))
    bill = bought(floor, who, a_piece(floor, net=12_000), lot, total_paise=61_800_00)
    assert (bill.taxable_paise, bill.cgst_paise, bill.sgst_paise, bill.igst_paise) == (60_000_33, 900_00, 900_00, 0)
    assert (bill.round_off_paise, bill.total_paise, bill.inter_state) == (-33, 61_800_00, False)
    piece, metal_lot = bill.lines
    item = floor.item(piece.item_id)
    assert (item.cost_paise, item.supplier_id, item.status) == (10_000_00, who.id, "in_stock")
    assert floor.lot_now(metal_lot.lot_id).left_cost_paise == 50_000_33
    assert floor.held(Account.SUPPLIER) == {(who.id, 9250): (-1, -12_000), (who.id, 9990): (0, -400_000)}
    assert owed(floor, who) == 61_800_00
    assert floor.drifts() == []


@pytest.mark.parametrize("change", [{"composition": True}, {"gstin": None}], ids=str)
def test_who_takes_no_tax_back_has_it_in_the_cost(floor, change):
    """₹ 10,000.00 and 3 % that nobody gives back: a composition dealer, and a shop without a GSTIN."""

    def without_credit(db):
        row = db.scalars(select(Registration)).one()
        for name, value in change.items():
            setattr(row, name, value)

    floor.write(without_credit)
    bill = bought(floor, supplier(floor), a_piece(floor))
    assert floor.item(bill.lines[0].item_id).cost_paise == 10_300_00


def test_another_states_supplier_charges_igst_and_tds_is_kept_back(floor):
    who = supplier(floor, gstin=GSTIN_KA)
    bill = bought(floor, who, a_piece(floor), tds_paise=10_00)
    assert (bill.cgst_paise, bill.sgst_paise, bill.igst_paise, bill.total_paise) == (0, 0, 300_00, 10_300_00)
    assert owed(floor, who) == 10_290_00


def test_who_is_not_registered_charges_no_tax_and_under_reverse_charge_nobody_is_asked_for_it(floor):
    small, large = supplier(floor, gstin=None), supplier(floor)
    assert bought(floor, small, a_piece(floor)).total_paise == 10_000_00
    reverse = bought(floor, large, a_piece(floor), reverse_charge=True)
    assert (reverse.cgst_paise, reverse.total_paise, owed(floor, large)) == (150_00, 10_000_00, 10_000_00)


def test_stones_bear_a_quarter_of_a_percent_half_to_each_head(floor):
    stones = floor.lot_draft(kind="stones", metal="stone", fineness=0, net_mg=0, stone_mct=10_000)
    bill = bought(floor, supplier(floor), BoughtLine(taxable_paise=1_00_000_00, lot=stones))
    assert (bill.cgst_paise, bill.sgst_paise) == (125_00, 125_00)  # 0.125 % of ₹ 1,00,000


def test_stones_of_a_suppliers_bill_are_what_it_says_they_are(floor):
    stones = floor.lot_draft(kind="stones", metal="stone", fineness=0, net_mg=0, stone_mct=10_000, hsn=None)
    line = BoughtLine(taxable_paise=1_00_000_00, lot=stones, hsn="71023910")
    who = supplier(floor)
    bill = bought(floor, who, line)
    assert bill.lines[0].tax_bp == 150  # of polished ones
    assert (bill.lines[0].hsn, floor.lot_now(bill.lines[0].lot_id).hsn) == ("71023910", "7102")
    for use in ("", "polished"):
        rubies = dataclasses.replace(line, lot=dataclasses.replace(stones, code="RUBIES", hsn="7103"), use=use)
        with pytest.raises(LotFactsWrong) as refused:  # the tax is that of the line, the sale's that of the lot
            bought(floor, who, rubies)
        assert set(refused.value.fields) == {"lines.0.hsn"}


def test_a_total_that_is_not_the_lines_is_refused_and_nothing_is_written(floor):
    who = supplier(floor)
    for wrong in (10_301_00, 10_299_00):
        with pytest.raises(PurchaseTotalWrong):
            bought(floor, who, a_piece(floor), total_paise=wrong)
    with pytest.raises(PurchaseEmpty):
        bought(floor, who)
    with pytest.raises(PurchaseEmpty):
        bought(floor, who, BoughtLine(taxable_paise=1))
    assert owed(floor, who) == 0
    assert floor.held(Account.STOCK) == {}


def test_what_is_wrong_with_a_line_is_said_at_it(floor):
    good = a_piece(floor)
    bad = dataclasses.replace(good, piece=dataclasses.replace(good.piece, tag="a b"))
    with pytest.raises(Exception) as refused:
        bought(floor, supplier(floor), good, bad)
    assert set(refused.value.fields) == {"lines.1.tag"}


def test_a_bill_of_a_day_to_come_or_of_before_the_tax_is_refused_at_its_day(floor):
    """GST begins on 1 July 2017; a typed 1990 is no fault of the line's kind of lot."""
    who = supplier(floor)
    for day in (today_ist() + dt.timedelta(days=1), dt.date(2030, 1, 1), dt.date(2017, 6, 30), dt.date(1990, 1, 1)):
        with pytest.raises(BillDayWrong) as refused:
            bought(floor, who, BoughtLine(taxable_paise=1, lot=floor.lot_draft()), bill_on=day)
        assert set(refused.value.fields) == {"billOn"}
    for day in (today_ist(), dt.date(2017, 7, 1)):
        assert bought(floor, who, a_piece(floor), bill_on=day).bill_on == day


def test_a_bill_is_entered_once_by_whomever_and_however_its_number_is_typed(floor):
    who, typed = supplier(floor), ("B/77", "b/77", " B / 77", "B/ 77 ")

    def enter(number):
        draft = PurchaseDraft(supplier_id=who.id, bill_no=typed[number], bill_on=ON, lines=(a_piece(floor),))
        try:
            return floor.write(lambda db: inventory.book_purchase(db, draft=draft)).kind
        except BillEnteredBefore:
            return "told"

    assert sorted(all_at_once(4, enter)) == ["bill", "told", "told", "told"]
    assert owed(floor, who) == 10_300_00
    bought(floor, who, a_piece(floor), bill_no="B/77", bill_on=dt.date(2026, 3, 31))  # of the year before: another bill


def test_lines_go_back_once_at_what_they_were_bought_for(floor):
    who = supplier(floor)
    bill = bought(floor, who, a_piece(floor), a_piece(floor, paise=20_000_00), total_paise=30_900_00)
    give = lambda *lines: floor.write(lambda db: inventory.return_purchase(  # noqa: E731
        db, purchase_id=bill.id, line_ids=[line.id for line in lines], reason="wrong size"
    ))  # fmt: skip
    back = give(bill.lines[1])
    assert (back.kind, back.total_paise, back.reverses_id) == ("return", 20_600_00, bill.id)
    assert back.bill_no == f"DN/{today_ist().year % 100 - (today_ist().month < 4):02d}/1"
    assert owed(floor, who) == 10_300_00
    assert floor.item(bill.lines[1].item_id).status == "withdrawn"
    with pytest.raises(NotReturnable):
        give(bill.lines[1])
    floor.write(lambda db: inventory.edit_item(
        db, item_id=bill.lines[0].item_id, expected_version=1, changes={"gross_mg": 9_000}
    ))  # fmt: skip
    with pytest.raises(NotReturnable):
        give(bill.lines[0])  # it is not what was bought
    read = floor.read(lambda db: inventory.get_purchase(db, bill.id))
    assert [line.returned for line in read.lines] == [False, True]
    assert floor.drifts() == []


def test_a_bill_that_goes_back_whole_in_parts_leaves_nothing_owed(floor):
    """Twice ₹ 100.20 and 3 % (1.50 a head, from 1.503) are 206.40; the bill says 206.00. The first part takes 103.20,
    the last what is left: 102.80."""
    who = supplier(floor)
    bill = bought(floor, who, a_piece(floor, paise=100_20), a_piece(floor, paise=100_20), total_paise=206_00)
    backs = [
        floor.write(lambda db, line=line: inventory.return_purchase(
            db, purchase_id=bill.id, line_ids=[line.id], reason="wrong size"
        ))
        for line in bill.lines
    ]  # fmt: skip
    assert [(back.total_paise, back.round_off_paise) for back in backs] == [(103_20, 0), (102_80, -40)]
    assert owed(floor, who) == 0


def test_a_payment_lowers_what_is_owed_and_cash_leaves_the_drawer(floor):
    who = supplier(floor)
    bought(floor, who, a_piece(floor))
    with pytest.raises(CashShort):
        floor.write(lambda db: inventory.pay_supplier(db, supplier_id=who.id, paise=1, mode="cash"))
    floor.write(lambda db: cash.move_by_hand(
        db, till_id=db.actor.till_id, kind=cash.EntryKind.OWNER, paise=1_000_00, note="for the supplier"
    ))  # fmt: skip
    for mode, paise in (("bank", 300_00), ("cash", 1_000_00)):
        floor.write(lambda db, mode=mode, paise=paise: inventory.pay_supplier(
            db, supplier_id=who.id, paise=paise, mode=mode, reference="1"
        ))  # fmt: skip
    assert owed(floor, who) == 9_000_00
    ledger = floor.read(lambda db: inventory.supplier_ledger(db, supplier_id=who.id)).items
    assert [(one.kind, one.owed_paise, one.mode) for one in ledger] == [
        ("payment", -1_000_00, "cash"), ("payment", -300_00, "bank"), ("bill", 10_300_00, None),
    ]  # fmt: skip
    assert cash_out(floor) == [-1_000_00]
    assert floor.read(inventory.total_owed) == 9_000_00


def cash_out(floor: Floor):
    from sqlalchemy import select

    from app.cash.models import CashEntry

    return floor.read(lambda db: list(db.scalars(select(CashEntry.paise).where(CashEntry.kind == "supplier"))))


def test_a_supplier_is_found_by_their_gstin_and_there_once(floor):
    who = supplier(floor, phone="98200 12345")
    assert (who.pan, who.state_code, who.phone) == ("AAACR5055K", "27", "+919820012345")
    with pytest.raises(SupplierTaken):
        supplier(floor, name="Another")
    with pytest.raises(SupplierFactsWrong):
        supplier(floor, gstin=GSTIN_KA, pan="ABCPD1234F")
    edited = floor.write(lambda db: inventory.edit_supplier(
        db, supplier_id=who.id, expected_version=1, changes={"gstin": GSTIN_KA}
    ))  # fmt: skip
    assert (edited.pan, edited.state_code, edited.version) == ("AAACI4798L", "29", 2)
