"""Weights: three decimals outside, milligrams inside; karat and fineness as the trade names them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import NumberNotWhole, NumberOutOfRange
from app.kit.weights import (
    MAX_MG,
    RateBasis,
    WeightUnreadable,
    carats,
    fine_mg,
    fine_product,
    fineness_mark,
    grams,
    karat_of,
    parse_carats,
    parse_grams,
    purity_label,
    rate_of_purity,
    stone_mg,
)


@pytest.mark.parametrize(
    ("mg", "text"), [(0, "0.000"), (7, "0.007"), (3390, "3.390"), (1_234_567, "1234.567"), (-320, "-0.320")]
)
def test_grams_have_three_decimals(mg, text):
    assert grams(mg) == text


@given(st.integers(0, MAX_MG - 1))
def test_weights_read_back(count):
    assert parse_grams(grams(count)) == count
    assert parse_carats(carats(count)) == count


@pytest.mark.parametrize("text", ["", "-1", "1.2345", "NaN", "1e3", ".5", "1,000", "१", "9999999999", None, 1.5])
def test_what_is_no_weight_is_refused(text):
    with pytest.raises(WeightUnreadable):
        parse_grams(text)


@pytest.mark.parametrize("odd", [1.0, True, "3.39", None])
def test_weights_inside_are_whole_milligrams(odd):
    with pytest.raises(NumberNotWhole):
        fine_product(odd, 9160)


@pytest.mark.parametrize("fineness", [0, -1, 10_001])
def test_fineness_lies_between_nothing_and_pure(fineness):
    with pytest.raises(NumberOutOfRange):
        fine_product(1000, fineness)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10_000)), max_size=50))
def test_fine_products_add_up_without_drift(pieces):
    exact = sum(Fraction(mg * fineness, 10_000) for mg, fineness in pieces)
    assert Fraction(sum(fine_product(mg, fineness) for mg, fineness in pieces), 10_000) == exact


def test_fine_weight_is_rounded_only_to_be_shown():
    assert fine_product(3390, 9160) == 31_052_400
    assert fine_mg(31_052_400) == 3105  # 3105.24
    assert fine_mg(5_000) == 1  # half a milligram, up


# BIS grades: 9K375 14K585 18K750 20K833 22K916 23K958 24K995 24K999
@pytest.mark.parametrize(
    ("fineness", "label"),
    [
        (3750, "9K 375"), (5850, "14K 585"), (7500, "18K 750"), (8330, "20K 833"),
        (9160, "22K 916"), (9580, "23K 958"), (9950, "24K 995"), (9990, "24K 999"), (9999, "24K 999.9"),
    ],
)  # fmt: skip
def test_gold_is_named_by_karat_and_fineness(fineness, label):
    assert purity_label("gold", fineness) == label
    assert f"{karat_of(fineness)}K {fineness_mark(fineness)}" == label


def test_silver_has_no_karat():
    assert purity_label("silver", 9250) == "Silver 925"


def test_rate_of_a_purity_from_24_karat():
    # 13,000.00 a gram: 22K by fineness 13000 × 0.916 = 11,908.00; by karat 13000 × 22/24 = 11,916.666… → 11,916.67
    assert rate_of_purity(1_300_000, 9160, RateBasis.FINENESS) == 1_190_800
    assert rate_of_purity(1_300_000, 9160, RateBasis.KARAT) == 1_191_667
    assert (
        rate_of_purity(1_300_000, 7500, RateBasis.KARAT)
        == rate_of_purity(1_300_000, 7500, RateBasis.FINENESS)
        == 975_000
    )


@pytest.mark.parametrize("rate", [0, -5, 10**13])
def test_a_rate_out_of_reason_is_refused(rate):
    with pytest.raises(NumberOutOfRange):
        rate_of_purity(rate, 9160, RateBasis.KARAT)


def test_a_carat_is_a_fifth_of_a_gram():
    assert stone_mg(1000) == 200
    assert stone_mg(136) == 27  # 27.2 mg
