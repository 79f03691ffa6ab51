"""Money: half-up, Indian commas, and nothing but whole paise getting in."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import (
    MAX_PAISE,
    AmountUnreadable,
    NumberNotWhole,
    NumberOutOfRange,
    grouped,
    parse_rupees,
    percent_of,
    ratio,
    round_half_up,
    round_paise,
    rupees,
    to_rupee,
    whole,
)

paise = st.integers(0, MAX_PAISE)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999999999", 2), ("-0.5", -1), ("-2.5", -3), ("0", 0)],
)
def test_a_half_goes_away_from_zero(exact, rounded):
    assert round_paise(Decimal(exact)) == rounded


@pytest.mark.parametrize(
    "odd", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), 1.5, 1, "1", None]
)
def test_only_finite_decimals_are_rounded(odd):
    with pytest.raises(NumberNotWhole):
        round_half_up(odd)


def test_an_absurd_decimal_is_refused_before_it_is_written_out():
    with pytest.raises(NumberOutOfRange):
        round_half_up(Decimal("1e999999"))


@pytest.mark.parametrize("odd", [True, False, 1.0, float("nan"), Decimal(1), "1", None, [1]])
def test_whole_numbers_are_ints_and_nothing_else(odd):
    with pytest.raises(NumberNotWhole):
        whole(odd, "x")


def test_a_number_out_of_bounds_names_the_field():
    with pytest.raises(NumberOutOfRange) as caught:
        whole(-1, "Net weight", field="netMg")
    assert caught.value.fields == {"netMg": "below 0"}
    assert caught.value.status == 422
    with pytest.raises(NumberOutOfRange):
        whole(MAX_PAISE + 1, "Amount")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (100, "₹1.00"),
        (99_999, "₹999.99"),
        (100_000, "₹1,000.00"),
        (1_00_000_00, "₹1,00,000.00"),
        (18_92_571_20, "₹18,92,571.20"),
        (1_23_45_67_890_12, "₹1,23,45,67,890.12"),
        (-1_200_00, "-₹1,200.00"),
    ],
)
def test_rupees_are_written_with_lakh_commas(amount, text):
    assert rupees(amount) == text
    assert grouped(amount) == text.replace("₹", "")


@given(paise)
def test_what_is_written_reads_back(amount):
    assert parse_rupees(rupees(amount)) == amount
    assert parse_rupees(grouped(amount).replace(",", "")) == amount


@pytest.mark.parametrize(
    ("text", "amount"), [("1,89,625.50", 18962550), (" ₹ 500 ", 50000), ("12.5", 1250), ("0.05", 5), ("1,000", 100000)]
)
def test_typed_amounts(text, amount):
    assert parse_rupees(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-5",
        "+5",
        "1e3",
        "NaN",
        "Infinity",
        "1.234",
        ".5",
        "5.",
        "1,50",
        "1,2,3",
        "१२",
        "5 0",
        "₹₹5",
        "1_000",
        "9" * 41,
        None,
        5,
        5.0,
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(AmountUnreadable):
        parse_rupees(text)


def test_an_amount_beyond_the_books_is_refused():
    with pytest.raises(NumberOutOfRange):
        parse_rupees("10000000000.01")  # ₹1,000 crore and a paisa


@given(paise, st.integers(0, 10_000))
def test_percent_is_the_nearest_paisa(amount, bp):
    exact = Fraction(amount * bp, 10_000)
    assert -Fraction(1, 2) < percent_of(amount, bp) - exact <= Fraction(1, 2)


@given(st.integers(-MAX_PAISE, MAX_PAISE))
def test_rounding_to_the_rupee_moves_by_half_a_rupee_at_most(amount):
    rounded = to_rupee(amount)
    assert rounded % 100 == 0
    assert abs(rounded - amount) <= 50


@given(st.integers(-(10**29), 10**29), st.integers(1, 10**12))
def test_the_quotient_is_kept_far_enough_to_round_right(numerator, denominator):
    got, exact = round_half_up(ratio(numerator, denominator)), Fraction(numerator, denominator)
    assert abs(got - exact) <= Fraction(1, 2)
