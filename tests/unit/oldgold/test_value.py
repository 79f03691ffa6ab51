"""What old gold is worth, to the milligram and the paisa: by hand, and what must hold for all of it."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import NumberNotWhole, NumberOutOfRange
from app.oldgold.value import OldGold, fine_rate, value_old_gold

CHAIN = OldGold(15_420, 320, 9_120, 150, 12_900_00)


def test_case_4_of_the_worked_cases():
    """15.100 g × 0.912 × 0.985 = 13.564632 g, so 13.565 g fine; × 12,900."""
    old = value_old_gold(CHAIN)
    assert (old.net_mg, old.fine_mg, old.value_paise) == (15_100, 13_565, 174_988_50)


@pytest.mark.parametrize(
    "change",
    [
        {"gross_mg": 0}, {"dirt_mg": 15_421}, {"dirt_mg": -1}, {"fineness": 0}, {"melting_loss_bp": 10_001},
        {"fine_rate_paise_per_g": 0}, {"gross_mg": 15.42}, {"fineness": True},
    ],
)  # fmt: skip
def test_impossible_old_gold_is_refused(change):
    with pytest.raises((NumberOutOfRange, NumberNotWhole)):
        value_old_gold(dataclasses.replace(CHAIN, **change))


@given(st.integers(1, 10**6), st.data(), st.integers(1, 10_000), st.integers(0, 10_000), st.integers(1, 20_000_00))
def test_old_gold_is_paid_by_its_fine_weight(gross, data, fineness, loss, rate):
    dirt = data.draw(st.integers(0, gross))
    old = value_old_gold(OldGold(gross, dirt, fineness, loss, rate))
    exact = Fraction((gross - dirt) * fineness * (10_000 - loss), 10**8)
    assert abs(old.fine_mg - exact) <= Fraction(1, 2)
    assert abs(old.value_paise - Fraction(old.fine_mg * rate, 1_000)) <= Fraction(1, 2)
    assert old.fine_mg <= gross


@given(st.integers(2, 10**6), st.integers(1, 10_000), st.integers(0, 9_999), st.integers(1, 20_000_00))
def test_dirt_and_loss_never_raise_the_value(gross, fineness, loss, rate):
    clean = OldGold(gross, 0, fineness, loss, rate)
    for worse in (dataclasses.replace(clean, dirt_mg=1), dataclasses.replace(clean, melting_loss_bp=loss + 1)):
        assert 0 <= value_old_gold(worse).value_paise <= value_old_gold(clean).value_paise


def test_a_fine_gram_is_the_boards_finest_rate_carried_up_less_the_margin():
    """₹12,800.00 for 916: 13,973.7991… fine; less 2 %: 13,694.3231…; the 999's rate goes first where there is one."""
    board = {("gold", 9160): 12_800_00, ("gold", 7500): 10_480_00, ("silver", 9990): 150_00}
    assert fine_rate(board, "gold", margin_bp=0) == 13_973_80
    assert fine_rate(board, "gold", margin_bp=200) == 13_694_32
    assert fine_rate({**board, ("gold", 9990): 13_900_00}, "gold", margin_bp=0) == 13_913_91  # 13,913.9139…
    assert fine_rate(board, "platinum", margin_bp=0) is None


@given(st.integers(1, 10**8), st.integers(1, 10_000), st.integers(0, 10_000))
def test_a_margin_never_makes_the_shop_pay_more(rate, fineness, margin):
    board = {("gold", fineness): rate}
    whole, less = fine_rate(board, "gold", margin_bp=0), fine_rate(board, "gold", margin_bp=margin)
    assert 0 <= less <= whole
