"""Heads of tax: each rounded on its own from the taxable value."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import MAX_PAISE, NumberNotWhole, NumberOutOfRange
from app.tax.split import Heads, split_inclusive, split_tax
from app.tax.states import Handover, supply_of

DAY = dt.date(2026, 11, 20)
AT_HOME = supply_of(shop_state="27", on=DAY)
ACROSS = supply_of(shop_state="27", on=DAY, handover=Handover.SHIPPED, destination="29")
UNTAXED = supply_of(shop_state="27", on=DAY, taxed=False)
values = st.integers(0, MAX_PAISE)
rates = st.integers(0, 10_000)


def test_each_head_is_rounded_from_the_value_and_not_from_the_whole_tax():
    # 1.00 at 3 %: IGST 0.03; CGST 0.015 → 0.02 and SGST 0.015 → 0.02
    assert split_tax(100, 300, ACROSS) == Heads(0, 0, 3)
    assert split_tax(100, 300, AT_HOME) == Heads(2, 2, 0)


def test_a_quarter_percent_is_halved_exactly():
    # 1,00,000.00 at 0.25 %: 0.125 % each = 125.00
    assert split_tax(1_00_000_00, 25, AT_HOME) == Heads(125_00, 125_00, 0)


def test_bills_of_supply_bear_no_tax():
    assert split_tax(1_00_000_00, 300, UNTAXED) == Heads(0, 0, 0)
    assert split_inclusive(50_000_00, 300, UNTAXED).taxable_paise == 50_000_00


@given(values, rates)
def test_heads_at_home_are_equal_and_near_the_exact_half(value, bp):
    heads = split_tax(value, bp, AT_HOME)
    assert heads.cgst_paise == heads.sgst_paise
    assert heads.igst_paise == 0
    assert -Fraction(1, 2) < heads.cgst_paise - Fraction(value * bp, 20_000) <= Fraction(1, 2)


@given(values, rates)
def test_across_states_the_whole_is_one_head(value, bp):
    heads = split_tax(value, bp, ACROSS)
    assert heads.cgst_paise == heads.sgst_paise == 0
    assert -Fraction(1, 2) < heads.igst_paise - Fraction(value * bp, 10_000) <= Fraction(1, 2)


@given(st.integers(0, MAX_PAISE), rates, st.sampled_from([AT_HOME, ACROSS, UNTAXED]))
def test_an_inclusive_price_is_the_sum_of_its_parts(price, bp, supply):
    parts = split_inclusive(price, bp, supply)
    assert parts.taxable_paise + parts.heads.total_paise + parts.round_off_paise == price
    assert abs(parts.round_off_paise) <= 2


@pytest.mark.parametrize(
    ("value", "bp", "error"),
    [
        (-1, 300, NumberOutOfRange),
        (1, -1, NumberOutOfRange),
        (1, 10_001, NumberOutOfRange),
        (MAX_PAISE + 1, 300, NumberOutOfRange),
        (1.0, 300, NumberNotWhole),
        (True, 300, NumberNotWhole),
        (1, float("nan"), NumberNotWhole),
    ],
)
def test_odd_values_are_refused(value, bp, error):
    with pytest.raises(error):
        split_tax(value, bp, AT_HOME)
    with pytest.raises(error):
        split_inclusive(value, bp, AT_HOME)
