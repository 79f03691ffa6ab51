"""A shop's rate from the feed, by hand: duty, purity, premium, rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.weights import RateBasis
from app.rates.reckoning import ROUNDINGS, Rule, suggest

FINE = 6_500_88  # ₹ a gram of fine gold


def gold(fineness=9160, basis=RateBasis.FINENESS, duty_bp=0, **rule):
    return suggest(FINE, fineness=fineness, basis=basis, duty_bp=duty_bp, rule=Rule(**{"round_to_paise": 1, **rule}))


def test_by_fineness():
    """6,500.88 × 0.916 = 5,954.80608."""
    assert gold() == 5_954_81


def test_by_karat():
    """6,500.88 × 22 ÷ 24 = 5,959.14."""
    assert gold(basis=RateBasis.KARAT) == 5_959_14


def test_duty_is_on_the_metal():
    """6,500.88 × 1.06 = 6,890.9328; × 0.916 = 6,312.0944448."""
    assert gold(duty_bp=600) == 6_312_09


def test_a_premium_in_percent_and_one_in_rupees():
    """5,954.80608 × 1.015 = 6,044.1281712; and ₹25.50 more: 6,069.6281712."""
    assert gold(premium_bp=150, premium_paise_per_g=25_50) == 6_069_63


def test_a_discount_is_a_premium_below_nothing():
    """5,954.80608 × 0.99 = 5,895.2580192; less ₹10: 5,885.2580192."""
    assert gold(premium_bp=-100, premium_paise_per_g=-10_00) == 5_885_26


@pytest.mark.parametrize(
    ("step", "paise"), [(1, 5_954_81), (50, 5_955_00), (100, 5_955_00), (500, 5_955_00), (1_000, 5_950_00)]
)
def test_the_result_is_rounded_once_to_the_nearest_step(step, paise):
    """5,954.80608 to the paisa, 50 p, ₹1, ₹5, ₹10."""
    assert gold(round_to_paise=step) == paise


def test_a_half_step_goes_up():
    """₹5,955 to ₹10 is half a step: ₹5,960."""
    rule = Rule(round_to_paise=1_000)
    assert suggest(5_955_00, fineness=10_000, basis=RateBasis.FINENESS, rule=rule) == 5_960_00


@given(st.integers(3_000_00, 50_000_00), st.sampled_from(ROUNDINGS), st.integers(-500, 500))
def test_rounding_moves_a_rate_by_half_a_step_at_most(fine, step, bp):
    exact = suggest(fine, fineness=9160, basis=RateBasis.FINENESS, rule=Rule(bp, 0, 1))
    rounded = suggest(fine, fineness=9160, basis=RateBasis.FINENESS, rule=Rule(bp, 0, step))
    assert rounded % step == 0
    assert abs(rounded - exact) <= step // 2 + 1


@given(st.integers(3_000_00, 50_000_00), st.integers(1, 10_000_00))
def test_a_dearer_feed_is_never_a_cheaper_rate(fine, more):
    rule = Rule(50, -20_00, 100)
    low, high = (suggest(one, fineness=7500, basis=RateBasis.KARAT, rule=rule) for one in (fine, fine + more))
    assert low <= high
