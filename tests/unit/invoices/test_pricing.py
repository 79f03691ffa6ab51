"""Prices: five worked cases to the paisa, and what must hold for every bill."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.invoices.pricing import (
    BillEmpty,
    BillLine,
    Discount,
    DiscountTooLarge,
    Making,
    MakingKind,
    PieceFacts,
    PieceImpossible,
    Stone,
    StoneKind,
    Wastage,
    WastageKind,
    price_bill,
    price_line,
)
from app.kit.money import NumberNotWhole, NumberOutOfRange
from app.oldgold.value import OldGold, value_old_gold
from app.tax.split import split_inclusive
from app.tax.states import Handover, supply_of

DAY = dt.date(2026, 11, 20)
AT_HOME = supply_of(shop_state="27", on=DAY)
ACROSS = supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination="29")
UNTAXED = supply_of(shop_state="27", on=DAY, taxed=False)
NO_MAKING = Making(MakingKind.FIXED, 0)


def piece(gross=10_000, stone=0, making=NO_MAKING, **more):
    return PieceFacts(gross_mg=gross, stone_mg=stone, net_mg=gross - stone, fineness=9160, making=making, **more)


def line(facts, rate=4_500_00):
    return BillLine(facts, rate, "7113", 300)


def heads(bill):
    return bill.taxable_paise, bill.cgst_paise, bill.sgst_paise, bill.igst_paise


# ---- worked cases: checked against bills made by hand ----


def test_case_1_making_in_percent():
    bill = price_bill([line(piece(3_390, making=Making(MakingKind.PERCENT, 1_600)), 12_800_00)], AT_HOME)
    assert heads(bill) == (50_334_72, 755_02, 755_02, 0)
    assert (bill.total_paise, bill.round_off_paise) == (51_845_00, 24)  # 51,844.76


def test_case_2_stones_by_carat_and_making_per_gram():
    stones = (Stone(StoneKind.PER_CARAT, 25_000_00, mct=136),)
    facts = piece(2_527, 27, Making(MakingKind.PER_GRAM_NET, 800_00), stones=stones)
    bill = price_bill([line(facts, 5_200_00)], AT_HOME)
    assert heads(bill) == (18_400_00, 276_00, 276_00, 0)
    assert (bill.total_paise, bill.round_off_paise) == (18_952_00, 0)


def test_case_3_round_figures():
    bill = price_bill([line(piece(10_000, making=Making(MakingKind.PERCENT, 1_000)))], AT_HOME)
    assert heads(bill) == (49_500_00, 742_50, 742_50, 0)
    assert (bill.total_paise, bill.round_off_paise) == (50_985_00, 0)


def test_case_4_hallmark_and_old_gold():
    facts = piece(26_500, making=Making(MakingKind.PERCENT, 1_200), hallmark_paise=45_00)
    bill = price_bill([line(facts, 11_925_50)], AT_HOME)
    assert heads(bill) == (353_993_84, 5_309_91, 5_309_91, 0)
    assert (bill.total_paise, bill.round_off_paise) == (364_614_00, 34)  # 364,613.66
    old = value_old_gold(OldGold(15_420, 320, 9_120, 150, 12_900_00))
    assert (old.net_mg, old.fine_mg, old.value_paise) == (15_100, 13_565, 174_988_50)
    assert bill.total_paise - old.value_paise == 189_625_50


def test_case_5_a_price_with_the_tax_inside():
    parts = split_inclusive(50_000_00, 300, AT_HOME)
    assert (parts.taxable_paise, parts.heads.cgst_paise, parts.heads.sgst_paise) == (48_543_69, 728_16, 728_16)
    assert parts.round_off_paise == -1


# ---- each charge, by hand ----


def test_making_on_gross_weight():
    # 10.000 g gross with 1.000 g stones: 10 × 800 = 8,000
    assert (
        price_line(line(piece(10_000, 1_000, Making(MakingKind.PER_GRAM_GROSS, 800_00))), AT_HOME).making_paise
        == 8_000_00
    )


def test_fixed_making_and_hallmark_are_per_piece():
    priced = price_line(line(piece(making=Making(MakingKind.FIXED, 500_00), hallmark_paise=45_00, pieces=2)), AT_HOME)
    assert (priced.making_paise, priced.hallmark_paise) == (1_000_00, 90_00)


def test_wastage_of_net_weight_is_weighed_then_priced():
    # 3.390 g × 5.55 % = 0.188145 g → 0.188 g × 12,800 = 2,406.40
    # of the value it would be 43,392.00 × 5.55 % = 2,408.256
    weighed = price_line(line(piece(3_390, wastage=Wastage(WastageKind.PERCENT_OF_NET, 555)), 12_800_00), AT_HOME)
    valued = price_line(line(piece(3_390, wastage=Wastage(WastageKind.PERCENT_OF_VALUE, 555)), 12_800_00), AT_HOME)
    assert (weighed.wastage_mg, weighed.wastage_paise) == (188, 2_406_40)
    assert (valued.wastage_mg, valued.wastage_paise) == (0, 2_408_26)


def test_stones_by_the_piece():
    stones = (Stone(StoneKind.PER_PIECE, 150_00, pieces=7), Stone(StoneKind.PER_CARAT, 333_33, mct=5))
    priced = price_line(line(piece(stones=stones)), AT_HOME)
    assert priced.stone_values_paise == (1_050_00, 1_67)  # 0.005 ct × 333.33 = 1.66665
    assert priced.stones_paise == 1_051_67


def test_discounts_on_making_and_on_the_line_come_before_tax():
    # metal 45,000; making 10 % 4,500 less 20 % = 3,600; line 48,600 less 600 = 48,000; 1.5 % = 720 each
    facts = piece(
        making=Making(MakingKind.PERCENT, 1_000), making_discount=Discount(bp=2_000), discount=Discount(paise=600_00)
    )
    priced = price_line(line(facts), AT_HOME)
    assert (priced.making_paise, priced.making_discount_paise, priced.discount_paise) == (4_500_00, 900_00, 600_00)
    assert (priced.value_paise, priced.taxable_paise, priced.cgst_paise) == (48_600_00, 48_000_00, 720_00)


def test_across_states_the_tax_is_one_head():
    assert heads(price_bill([line(piece(making=Making(MakingKind.PERCENT, 1_000)))], ACROSS)) == (
        49_500_00,
        0,
        0,
        1_485_00,
    )


def test_a_bill_of_supply_has_no_tax():
    assert heads(price_bill([line(piece())], UNTAXED)) == (45_000_00, 0, 0, 0)


def test_fine_weight_is_kept_unrounded():
    assert price_line(line(piece(3_390)), AT_HOME).fine_product == 3_390 * 9_160


def test_exactly_half_a_rupee_is_rounded_up():
    # 0.001 g at ₹500/g is 0.50 → ₹1
    bill = price_bill([BillLine(piece(1), 500_00, "7113", 0)], AT_HOME)
    assert (bill.taxable_paise, bill.round_off_paise, bill.total_paise) == (50, 50, 100)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"gross_mg": -1}, NumberOutOfRange),
        ({"stone_mg": -1}, NumberOutOfRange),
        ({"net_mg": -1}, NumberOutOfRange),
        ({"net_mg": 9_999}, PieceImpossible),
        ({"stone_mg": 1}, PieceImpossible),
        ({"gross_mg": 10.0}, NumberNotWhole),
        ({"net_mg": float("nan")}, NumberNotWhole),
        ({"gross_mg": True}, NumberNotWhole),
        ({"gross_mg": "10"}, NumberNotWhole),
        ({"gross_mg": 10**9 + 1}, NumberOutOfRange),
        ({"fineness": 0}, NumberOutOfRange),
        ({"fineness": 10_001}, NumberOutOfRange),
        ({"hallmark_paise": -1}, NumberOutOfRange),
        ({"pieces": 0}, NumberOutOfRange),
        ({"pieces": 10**9}, NumberOutOfRange),
        ({"making": Making(MakingKind.FIXED, -1)}, NumberOutOfRange),
        ({"making": Making(MakingKind.FIXED, 1.5)}, NumberNotWhole),
        ({"making": Making(MakingKind.PERCENT, 100_001)}, NumberOutOfRange),
        ({"wastage": Wastage(WastageKind.PERCENT_OF_NET, 10_001)}, NumberOutOfRange),
        ({"wastage": Wastage(WastageKind.PERCENT_OF_NET, -1)}, NumberOutOfRange),
        ({"stones": (Stone(StoneKind.PER_CARAT, -1, mct=1),)}, NumberOutOfRange),
        ({"stones": (Stone(StoneKind.PER_CARAT, 1, mct=-1),)}, NumberOutOfRange),
        ({"stones": (Stone(StoneKind.PER_PIECE, 1, pieces=1.0),)}, NumberNotWhole),
        ({"discount": Discount(bp=10_001)}, NumberOutOfRange),
        ({"discount": Discount(paise=-1)}, NumberOutOfRange),
        ({"discount": Discount(paise=45_000_01)}, DiscountTooLarge),
        ({"discount": Discount(bp=100, paise=100)}, DiscountTooLarge),
        ({"making_discount": Discount(paise=1)}, DiscountTooLarge),
    ],
)
def test_impossible_pieces_are_refused(change, error):
    facts = dataclasses.replace(piece(10_000), **change)
    with pytest.raises(error) as caught:
        price_line(line(facts), AT_HOME)
    assert caught.value.status == 422
    assert caught.value.fields


@pytest.mark.parametrize(
    ("rate", "error"),
    [
        (0, PieceImpossible),
        (-1, NumberOutOfRange),
        (1.5, NumberNotWhole),
        (True, NumberNotWhole),
        (10**13, NumberOutOfRange),
    ],
)
def test_rates_out_of_reason_are_refused(rate, error):
    with pytest.raises(error):
        price_line(line(piece(), rate), AT_HOME)


def test_a_line_dearer_than_any_books_is_refused():
    with pytest.raises(NumberOutOfRange):
        price_line(line(piece(10**9), 10**12), AT_HOME)


def test_a_fault_is_placed_in_its_line():
    with pytest.raises(PieceImpossible) as caught:
        price_bill([line(piece()), line(dataclasses.replace(piece(), net_mg=1))], AT_HOME)
    assert caught.value.fields == {"lines.1.netMg": "not gross less stones"}


@pytest.mark.parametrize("count", [0, 501])
def test_a_bill_has_lines_and_not_too_many(count):
    with pytest.raises(BillEmpty):
        price_bill([line(piece())] * count, AT_HOME)


# ---- what holds for every bill ----

percents = st.integers(0, 10_000)
rupee = st.integers(0, 10_00_000_00)
makings = st.builds(Making, st.sampled_from(MakingKind), percents)
wastages = st.builds(Wastage, st.sampled_from(WastageKind), percents)
stones_of_a_piece = st.lists(
    st.builds(Stone, st.sampled_from(StoneKind), rupee, st.integers(0, 50_000), st.integers(0, 50)), max_size=3
).map(tuple)
discounts = st.builds(Discount, bp=percents)


@st.composite
def bill_lines(draw):
    stone = draw(st.integers(0, 20_000))
    facts = PieceFacts(
        gross_mg=draw(st.integers(stone, 500_000)),
        stone_mg=stone,
        net_mg=0,
        fineness=draw(st.integers(1, 10_000)),
        making=draw(makings),
        wastage=draw(wastages),
        stones=draw(stones_of_a_piece),
        hallmark_paise=draw(st.integers(0, 100_00)),
        pieces=draw(st.integers(1, 5)),
        making_discount=draw(discounts),
        discount=draw(discounts),
    )
    facts = dataclasses.replace(facts, net_mg=facts.gross_mg - stone)
    hsn, bp = draw(st.sampled_from([("7113", 300), ("7114", 300), ("711319", 300), ("7103", 25), ("998722", 1800)]))
    return BillLine(facts, draw(st.integers(1, 20_000_00)), hsn, bp)


supplies = st.sampled_from([AT_HOME, ACROSS, UNTAXED])
several = st.lists(bill_lines(), min_size=1, max_size=6)


def every_number(thing):
    """All leaves of a nest of dataclasses and tuples, texts aside."""
    if dataclasses.is_dataclass(thing):
        for part in dataclasses.fields(thing):
            yield from every_number(getattr(thing, part.name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from every_number(part)
    elif not isinstance(thing, str | dt.date | None):
        yield thing


@given(several, supplies)
def test_components_add_up(lines, supply):
    bill = price_bill(lines, supply)
    for priced in bill.lines:
        parts = (
            priced.metal_paise + priced.wastage_paise + priced.making_paise - priced.making_discount_paise
            + sum(priced.stone_values_paise) + priced.hallmark_paise - priced.discount_paise
        )  # fmt: skip
        assert priced.taxable_paise == parts >= 0
        assert priced.total_paise == parts + priced.cgst_paise + priced.sgst_paise + priced.igst_paise
    assert bill.total_paise == sum(priced.total_paise for priced in bill.lines) + bill.round_off_paise
    assert bill.total_paise == bill.taxable_paise + bill.tax_paise + bill.round_off_paise


@given(several, supplies)
def test_no_float_anywhere(lines, supply):
    assert {type(number) for number in every_number(price_bill(lines, supply))} <= {int, bool}


@given(several, supplies)
def test_the_round_off_is_half_a_rupee_at_most(lines, supply):
    bill = price_bill(lines, supply)
    assert bill.total_paise % 100 == 0
    assert -50 < bill.round_off_paise <= 50


@given(several)
def test_heads_at_home_are_equal_and_nothing_goes_to_the_union(lines):
    bill = price_bill(lines, AT_HOME)
    assert bill.cgst_paise == bill.sgst_paise
    assert bill.igst_paise == 0


@given(several, supplies, st.randoms())
def test_the_order_of_lines_changes_no_total(lines, supply, random):
    shuffled = random.sample(lines, len(lines))
    one, other = price_bill(lines, supply), price_bill(shuffled, supply)
    assert (*heads(one), one.total_paise, one.hsn_totals) == (*heads(other), other.total_paise, other.hsn_totals)


@given(several, supplies)
def test_the_hsn_summary_equals_the_bill_per_head(lines, supply):
    bill = price_bill(lines, supply)
    summed = tuple(
        sum(getattr(row, name) for row in bill.hsn_totals)
        for name in ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")
    )
    assert summed == heads(bill)
    assert len({(row.hsn, row.tax_bp) for row in bill.hsn_totals}) == len(bill.hsn_totals)


@given(bill_lines(), st.integers(1, 50_000), supplies)
def test_more_metal_never_costs_less(one, more, supply):
    facts = dataclasses.replace(one.facts, gross_mg=one.facts.gross_mg + more, net_mg=one.facts.net_mg + more)
    heavier = dataclasses.replace(one, facts=facts)
    assert price_line(heavier, supply).taxable_paise >= price_line(one, supply).taxable_paise
    assert price_bill([heavier], supply).total_paise >= price_bill([one], supply).total_paise


@given(bill_lines(), st.integers(1, 1_000_00))
def test_a_higher_rate_never_costs_less(one, more):
    dearer = dataclasses.replace(one, rate_paise_per_g=one.rate_paise_per_g + more)
    assert price_line(dearer, AT_HOME).taxable_paise >= price_line(one, AT_HOME).taxable_paise


@given(bill_lines(), percents)
def test_a_discount_never_makes_it_dearer_nor_negative(one, bp):
    assume(one.facts.discount.bp == 0 or bp >= one.facts.discount.bp)
    cheaper = dataclasses.replace(one, facts=dataclasses.replace(one.facts, discount=Discount(bp=bp)))
    assert 0 <= price_line(cheaper, AT_HOME).taxable_paise <= price_line(one, AT_HOME).taxable_paise


@settings(max_examples=50)
@given(st.lists(st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text()), min_size=5, max_size=5))
def test_rubbish_is_refused_by_name_and_never_crashes(numbers):
    gross, stone, net, hallmark, rate = numbers
    facts = PieceFacts(gross, stone, net, 9160, NO_MAKING, hallmark_paise=hallmark)
    try:
        price_line(BillLine(facts, rate, "7113", 300), AT_HOME)
    except (NumberNotWhole, NumberOutOfRange, PieceImpossible) as refused:
        assert refused.fields or refused.message


def test_what_no_field_alone_makes_too_large_is_said_at_its_line():
    """Twice ₹1,000 crore of making is said at the making; a tonne at ₹1 crore a gram at the line: all of it is much."""
    for facts, rate, field in (
        (piece(making=Making(MakingKind.FIXED, 10**12), pieces=2), 1, "lines.0.making"),
        (piece(gross=10**9), 10**9, "lines.0"),
    ):
        with pytest.raises(NumberOutOfRange) as refused:
            price_bill([line(facts, rate)], AT_HOME)
        assert set(refused.value.fields) == {field}
