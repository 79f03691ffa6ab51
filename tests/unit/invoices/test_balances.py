"""What notes leave of a line: never more than there is, and all of it to the paisa once nothing is left."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.invoices.errors import AmountUnclear, NoteExceedsLine
from app.invoices.service.balances import (
    Amount,
    LineLeft,
    Sums,
    credit_of,
    debit_of,
    metal_gone_back,
    over_lines,
    rounded_by,
    settle,
)
from app.kit.money import to_rupee
from app.tax.split import split_tax
from app.tax.states import Handover, supply_of

DAY = dt.date(2026, 11, 20)
AT_HOME = supply_of(shop_state="27", on=DAY)
ACROSS = supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination="29")
UNTAXED = supply_of(shop_state="27", on=DAY, taxed=False)


FIRST = UUID(int=1)


@dataclass(frozen=True)
class Line:
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    tax_bp: int = 300
    id: UUID = FIRST
    tag: str = "R-1"
    description: str = "Ring"


def billed(taxable, supply=AT_HOME, bp=300, place=1):
    heads = split_tax(taxable, bp, supply)
    line = Line(taxable, heads.cgst_paise, heads.sgst_paise, heads.igst_paise, bp, UUID(int=place))
    return LineLeft(line, Sums.of(line))


def test_a_price_difference_has_the_tax_of_its_line():
    # 1,030.00 with tax is 1,000.00 and 15.00 twice
    assert credit_of(billed(50_334_72), Amount(total_paise=1_030_00), AT_HOME, path="") == Sums(1_000_00, 15_00, 15_00)
    assert credit_of(billed(50_334_72), Amount(taxable_paise=1_000_00), ACROSS, path="") == Sums(1_000_00, 0, 0, 0)
    # 10 % of 50,334.72 = 5,033.47; 1.5 % = 75.50
    assert credit_of(billed(50_334_72), Amount(bp=1_000), AT_HOME, path="") == Sums(5_033_47, 75_50, 75_50)


def test_a_debit_is_taxed_like_its_line():
    assert debit_of(billed(100_00, ACROSS), Amount(taxable_paise=1_000_00), ACROSS) == Sums(1_000_00, 0, 0, 30_00)


def test_more_than_is_left_is_refused():
    with pytest.raises(NoteExceedsLine):
        credit_of(billed(100_00), Amount(taxable_paise=100_01), AT_HOME, path="amounts.0")


def test_an_amount_is_said_in_one_way():
    for wrong in (Amount(), Amount(bp=1, taxable_paise=1)):
        with pytest.raises(AmountUnclear):
            settle(wrong, "amounts.0")


def test_an_amount_of_the_bill_is_shared_over_its_lines():
    lines = [billed(300_00, place=1), billed(200_00, place=2), billed(100_00, place=3)]
    shared = over_lines(Amount(taxable_paise=100_00), lines)
    assert [part.taxable_paise for _, part in shared] == [50_00, 33_33, 16_67]
    with pytest.raises(NoteExceedsLine):
        over_lines(Amount(taxable_paise=600_01), lines)


@given(
    st.integers(1, 10**9), st.sampled_from([AT_HOME, ACROSS, UNTAXED]), st.sampled_from([25, 150, 300, 1800]),
    st.lists(st.integers(1, 10**9), max_size=6),
)  # fmt: skip
def test_credits_on_a_line_never_exceed_it_and_end_at_nothing(taxable, supply, bp, wanted):
    one = billed(taxable, supply, bp)
    taken = Sums()
    for paise in (*wanted, None):
        asked = min(paise or one.left.taxable_paise, one.left.taxable_paise)
        if not asked:
            break
        part = credit_of(one, Amount(taxable_paise=asked), supply, path="")
        assert min(part.taxable_paise, part.cgst_paise, part.sgst_paise, part.igst_paise) >= 0
        one, taken = LineLeft(one.line, one.left - part), taken + part
        assert min(one.left.taxable_paise, one.left.cgst_paise, one.left.sgst_paise, one.left.igst_paise) >= 0
    assert one.left == Sums()
    assert taken == Sums.of(one.line)


@dataclass(frozen=True)
class OfMetal:
    """A line as it was billed, before tax."""

    taxable_paise: int
    metal_paise: int


@pytest.mark.parametrize(("left", "gone"), [(50_000_00, False), (43_000_00, False), (42_999_99, True), (0, True)])
def test_a_metals_price_is_touched_behind_all_other_charges(left, gone):
    """₹50,000, of which the metal was ₹43,000."""
    assert metal_gone_back(OfMetal(50_000_00, 43_000_00), left) is gone


def test_of_a_line_sold_below_its_metal_any_note_gives_metal_back():
    line = OfMetal(40_000_00, 43_000_00)
    assert [metal_gone_back(line, left) for left in (40_000_00, 39_999_99)] == [False, True]


@given(
    bill=st.integers(1_00, 9_00_000_00), notes=st.lists(st.tuples(st.booleans(), st.integers(1, 30_00)), max_size=40)
)
def test_however_many_notes_round_a_bill_they_stay_within_a_rupee_of_it(bill, notes):
    left, total = bill, to_rupee(bill)
    for is_debit, parts in notes:
        sign = 1 if is_debit else -1
        if not is_debit and parts >= left:
            continue
        round_off = rounded_by(parts, left, total, sign=sign)
        assert parts + round_off > 0
        left, total = left + sign * parts, total + sign * (parts + round_off)
        assert abs(total - left) < 1_00


def test_a_note_is_rounded_for_itself_while_it_can_be():
    """A bill of 1,55,534.28 for 1,55,534: 51,844.76 → 51,845, and again; one of 0.50 may be too much."""
    assert rounded_by(51_844_76, 155_534_28, 155_534_00, sign=-1) == 24
    assert rounded_by(51_844_76, 103_689_52, 103_689_00, sign=-1) == 24
    assert rounded_by(50, 99_50, 99_00, sign=-1) == 0  # ₹1 would leave 98 of 99.00: a whole rupee
