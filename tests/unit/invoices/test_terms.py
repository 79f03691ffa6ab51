"""What holds for a bill as a whole: its discount and bonus shared out to the paisa, a price told with the tax inside,
goods and services at prices of their own, and pieces of several metals."""

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.invoices.pricing import (
    BillLine,
    BillTerms,
    Discount,
    DiscountTooLarge,
    LineKind,
    Making,
    MakingKind,
    MetalPart,
    PieceFacts,
    PieceImpossible,
    PricedAsTold,
    PriceToldTwice,
    Wastage,
    WastageKind,
    explain,
    explain_rate,
    price_bill,
    price_line,
    share_out,
)
from app.kit.money import NumberOutOfRange
from app.kit.weights import RateBasis, rate_of_purity
from app.tax.rates import tax_rate
from app.tax.split import split_inclusive
from app.tax.states import Handover, supply_of

DAY = dt.date(2026, 11, 20)
AT_HOME = supply_of(shop_state="27", on=DAY)
ACROSS = supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination="29")
UNTAXED = supply_of(shop_state="27", on=DAY, taxed=False)
PERCENT_16 = Making(MakingKind.PERCENT, 1_600)


def ring(mg=3_390, rate=12_800_00, **more):
    """Case 1: 3.390 g × 12,800, making 16 %: 50,334.72."""
    return BillLine(PieceFacts(mg, 0, mg, 9_160, more.pop("making", PERCENT_16), **more), rate, "7113", 300)


def goods(paise, pieces=1, bp=300, hsn="7117", kind=LineKind.FIXED, **more):
    return BillLine(PricedAsTold(kind, paise, pieces, **more), 0, hsn, bp)


def heads(bill):
    return bill.taxable_paise, bill.cgst_paise, bill.sgst_paise, bill.igst_paise


# ---- the price told to the customer ----


def test_case_5_a_bill_of_fifty_thousand_all_in():
    # 50,000 ÷ 1.03 = 48,543.69; 1.5 % = 728.16 each; 50,000.01, so −0.01
    bill = price_bill([ring()], AT_HOME, BillTerms(told_paise=50_000_00))
    assert heads(bill) == (48_543_69, 728_16, 728_16, 0)
    assert (bill.round_off_paise, bill.total_paise) == (-1, 50_000_00)
    assert bill.lines[0].bill_discount_paise == 50_334_72 - 48_543_69


def test_a_price_told_above_the_reckoned_one_adds_to_it():
    # 52,000 ÷ 1.03 = 50,485.44; 150.72 more than case 1; heads 757.28: 52,000.00
    bill = price_bill([ring()], AT_HOME, BillTerms(told_paise=52_000_00))
    assert heads(bill) == (50_485_44, 757_28, 757_28, 0)
    assert (bill.lines[0].agreed_paise, bill.lines[0].bill_discount_paise, bill.round_off_paise) == (150_72, 0, 0)


def test_a_price_told_without_tax_is_the_value():
    assert heads(price_bill([ring()], UNTAXED, BillTerms(told_paise=50_000_00))) == (50_000_00, 0, 0, 0)


def test_a_price_told_of_nothing_or_beside_a_discount_is_refused():
    with pytest.raises(PieceImpossible):
        price_bill([goods(0)], AT_HOME, BillTerms(told_paise=1_00))
    with pytest.raises(PriceToldTwice):
        price_bill([ring()], AT_HOME, BillTerms(discount=Discount(bp=1), told_paise=50_000_00))
    with pytest.raises(NumberOutOfRange):
        price_bill([ring()], AT_HOME, BillTerms(told_paise=0))


# ---- discount and bonus ----


def test_a_bills_discount_is_shared_out_by_value():
    # 100 off 300.00, 200.00 and 100.00 → 50, 33.333, 16.667: floors 50.00, 33.33, 16.66, one paisa left to the third
    bill = price_bill([goods(300_00), goods(200_00), goods(100_00)], AT_HOME, BillTerms(Discount(paise=100_00)))
    assert [line.bill_discount_paise for line in bill.lines] == [50_00, 33_33, 16_67]
    assert bill.taxable_paise == 500_00


def test_a_schemes_bonus_comes_off_before_tax_after_the_discount():
    # 50,334.72 − 1 % 503.35 = 49,831.37; − 5,000 = 44,831.37; 1.5 % = 672.47
    bill = price_bill([ring()], AT_HOME, BillTerms(Discount(bp=100), bonus_paise=5_000_00))
    assert heads(bill) == (44_831_37, 672_47, 672_47, 0)
    assert (bill.lines[0].bill_discount_paise, bill.lines[0].bonus_paise) == (503_35, 5_000_00)


def test_more_than_the_bill_is_never_taken_off():
    with pytest.raises(DiscountTooLarge):
        price_bill([goods(100_00)], AT_HOME, BillTerms(Discount(paise=100_01)))
    with pytest.raises(NumberOutOfRange):
        price_bill([goods(100_00)], AT_HOME, BillTerms(Discount(paise=60_00), bonus_paise=40_01))


# ---- goods and services at a price of their own ----


def test_imitation_has_a_price_and_no_metal():
    # 3 × 250 = 750.00; 1.5 % = 11.25
    priced = price_line(goods(250_00, 3), AT_HOME)
    assert (priced.price_paise, priced.taxable_paise, priced.cgst_paise, priced.metal_paise) == (
        750_00,
        750_00,
        11_25,
        0,
    )


def test_a_price_with_tax_inside_is_taken_apart():
    # 103.00 ÷ 1.03 = 100.00
    priced = price_line(goods(103_00, tax_included=True), AT_HOME)
    assert (priced.taxable_paise, priced.cgst_paise, priced.sgst_paise) == (100_00, 1_50, 1_50)


def test_a_repair_bears_18_percent_and_job_work_5():
    repair = tax_rate("998722", DAY).rate_bp
    job = tax_rate("9988", DAY, use="registered_owner").rate_bp
    lines = [goods(500_00, 1, repair, "998722", LineKind.SERVICE), goods(1_000_00, 1, job, "9988", LineKind.SERVICE)]
    bill = price_bill(lines, AT_HOME)
    # 9 % of 500 = 45; 2.5 % of 1,000 = 25
    assert [line.cgst_paise for line in bill.lines] == [45_00, 25_00]
    assert [(row.hsn, row.tax_bp) for row in bill.hsn_totals] == [("998722", 1800), ("9988", 500)]


def test_a_coin_and_a_platinum_ring_price_like_any_piece():
    # 10 g × 13,900 with no making; 4 g × 3,500 + 4 × 900
    coin = BillLine(PieceFacts(10_000, 0, 10_000, 9_990, Making(MakingKind.FIXED, 0)), 13_900_00, "7118", 300)
    platinum = BillLine(
        PieceFacts(4_000, 0, 4_000, 9_500, Making(MakingKind.PER_GRAM_NET, 900_00), metal="platinum"), 3_500_00, "7113",
        300,
    )  # fmt: skip
    assert [line.taxable_paise for line in price_bill([coin, platinum], AT_HOME).lines] == [139_000_00, 17_600_00]


# ---- several metals ----

TWO_TONE = PieceFacts(
    10_000, 0, 10_000, 9_160, Making(MakingKind.PERCENT, 1_000), others=(MetalPart("platinum", 9_500, 4_000, 3_500_00),)
)


def test_each_metal_has_its_own_rate():
    # 6 g × 12,800 + 4 g × 3,500 = 76,800 + 14,000 = 90,800; making 10 % = 9,080
    priced = price_line(BillLine(TWO_TONE, 12_800_00, "7113", 300), AT_HOME)
    assert (priced.metal_paise, priced.other_metals_paise, priced.making_paise) == (90_800_00, (14_000_00,), 9_080_00)
    assert priced.fine_product == 6_000 * 9_160


def test_wastage_of_net_is_of_each_metal():
    # 1 % of 6 g = 0.060 g × 12,800 = 768; of 4 g = 0.040 g × 3,500 = 140
    facts = PieceFacts(
        10_000, 0, 10_000, 9_160, Making(MakingKind.FIXED, 0), Wastage(WastageKind.PERCENT_OF_NET, 100),
        others=TWO_TONE.others,
    )  # fmt: skip
    priced = price_line(BillLine(facts, 12_800_00, "7113", 300), AT_HOME)
    assert (priced.wastage_mg, priced.wastage_paise) == (100, 908_00)


def test_metals_never_weigh_more_than_the_piece():
    facts = PieceFacts(3_000, 0, 3_000, 9_160, PERCENT_16, others=TWO_TONE.others)
    with pytest.raises(PieceImpossible) as caught:
        price_line(BillLine(facts, 12_800_00, "7113", 300), AT_HOME)
    assert caught.value.fields == {"others": "more than net"}


# ---- what is said of it ----


def said(line, supply=AT_HOME):
    return [step.in_english for step in explain(price_line(line, supply))]


def test_case_1_explains_itself():
    assert said(ring()) == [
        "3.390 g of 22K 916 × ₹12,800.00/g = ₹43,392.00",
        "making 16 % of the metal's ₹43,392.00 = ₹6,942.72",
        "taxable value = ₹50,334.72",
        "CGST 1.5 % of ₹50,334.72 = ₹755.02",
        "SGST 1.5 % of ₹50,334.72 = ₹755.02",
    ]


def test_goods_with_tax_inside_explain_themselves():
    assert said(goods(103_00, 2, tax_included=True), ACROSS) == [
        "2 × ₹103.00 with tax; ÷ (1 + 3 %) without = ₹200.00",
        "taxable value = ₹200.00",
        "IGST 3 % of ₹200.00 = ₹6.00",
    ]


def test_a_rate_says_by_which_rule_it_came_from_24_karat():
    # 13,920 × 22 ÷ 24 = 12,760; × 916 ÷ 1000 = 12,750.72
    by_karat, by_mark = (rate_of_purity(13_920_00, 9_160, basis) for basis in (RateBasis.KARAT, RateBasis.FINENESS))
    told = [
        explain_rate(rate_24k_paise=13_920_00, rate_paise=rate, fineness=9_160, basis=basis).in_english
        for rate, basis in ((by_karat, RateBasis.KARAT), (by_mark, RateBasis.FINENESS))
    ]
    assert told == [
        "22K 916 by karat: ₹13,920.00 × 22 ÷ 24 = ₹12,760.00/g",
        "22K 916 by fineness: ₹13,920.00 × 916 ÷ 1000 = ₹12,750.72/g",
    ]


# ---- what holds for every bill ----

percents = st.integers(0, 10_000)
pieces = st.builds(
    lambda mg, rate, making, wastage, off, metals: BillLine(
        PieceFacts(
            mg + sum(part.net_mg for part in metals), 0, mg + sum(part.net_mg for part in metals), 9_160, making,
            wastage, discount=off, others=metals,
        ),
        rate, "7113", 300,
    ),
    st.integers(1, 200_000), st.integers(1, 20_000_00), st.builds(Making, st.sampled_from(MakingKind), percents),
    st.builds(Wastage, st.sampled_from(WastageKind), percents), st.builds(Discount, bp=st.integers(0, 9_000)),
    st.lists(
        st.builds(MetalPart, st.just("platinum"), st.just(9_500), st.integers(1, 9_000), st.integers(1, 9_000_00)),
        max_size=2,
    ).map(tuple),
)  # fmt: skip
told_goods = st.builds(
    goods, st.integers(1, 10_00_000), st.integers(1, 9), st.sampled_from([25, 300, 500, 1800]),
    tax_included=st.booleans(),
)  # fmt: skip
several = st.lists(st.one_of(pieces, told_goods), min_size=1, max_size=6)
supplies = st.sampled_from([AT_HOME, ACROSS, UNTAXED])


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**10), min_size=1, max_size=40))
def test_the_parts_sum_to_the_whole(paise, weights):
    parts = share_out(paise, weights)
    assert sum(parts) == (paise if any(weights) else 0)
    assert all(not part for part, weight in zip(parts, weights, strict=True) if not weight)
    if paise <= sum(weights):
        assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(several, supplies, percents, st.integers(0, 10_000))
def test_terms_take_off_exactly_what_they_say(lines, supply, bp, tenths):
    before = price_bill(lines, supply)
    discounted = price_bill(lines, supply, BillTerms(Discount(bp=bp)))
    bonus = discounted.taxable_paise * tenths // 10_000
    after = price_bill(lines, supply, BillTerms(Discount(bp=bp), bonus))
    taken = sum(line.bill_discount_paise for line in after.lines)
    assert before.taxable_paise - after.taxable_paise == taken + bonus
    assert abs(taken * 10_000 - before.taxable_paise * bp) <= 5_000
    assert all(line.taxable_paise >= 0 for line in after.lines)
    assert after.total_paise <= before.total_paise


@given(several, supplies, st.integers(1, 10**9))
def test_a_price_told_is_the_price_and_the_round_off_is_at_most_a_paisa_a_line(lines, supply, told):
    assume(price_bill(lines, supply).taxable_paise)
    bill = price_bill(lines, supply, BillTerms(told_paise=told))
    assert bill.total_paise == told == bill.taxable_paise + bill.tax_paise + bill.round_off_paise
    assert abs(bill.round_off_paise) <= len(lines)
    assert all(line.taxable_paise >= 0 for line in bill.lines)
    assert sum(line.total_paise for line in bill.lines) + bill.round_off_paise == told


@given(st.integers(1, 10**9), st.sampled_from([25, 150, 300, 500, 1800]), supplies)
def test_inclusive_and_exclusive_agree_within_a_paisa_that_is_shown(told, bp, supply):
    parts = split_inclusive(told, bp, supply)
    assert parts.taxable_paise + parts.heads.total_paise + parts.round_off_paise == told
    assert abs(parts.round_off_paise) <= 1


@given(several, supplies, st.one_of(st.none(), st.integers(1, 10**9)))
def test_the_steps_before_the_taxable_value_add_up_to_it(lines, supply, told):
    assume(told is None or price_bill(lines, supply).taxable_paise)
    for priced in price_bill(lines, supply, BillTerms(told_paise=told)).lines:
        steps = explain(priced)
        place = next(place for place, step in enumerate(steps) if step.rule == "taxable")
        assert sum(step.paise for step in steps[:place]) == steps[place].paise == priced.taxable_paise
        assert sum(step.paise for step in steps[place:]) == priced.total_paise
        assert all(step.in_english for step in steps)
