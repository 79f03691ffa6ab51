"""Purities and what a gram can cost at all: bounds in the data, scaled by fineness."""

import datetime as dt

import pytest

from app.rates.errors import RateAbsurd, UnknownPurity
from app.rates.purities import check_purity, check_rate, list_purities

TODAY = dt.date(2026, 11, 20)


def test_the_grades_are_those_of_the_standards():
    # 24K999 24K995 23K958 22K916 20K833 18K750 14K585 9K375
    gold = [purity.fineness for purity in list_purities(TODAY) if purity.metal == "gold"]
    assert gold == [9990, 9950, 9580, 9160, 8330, 7500, 5850, 3750]
    silver = [purity.fineness for purity in list_purities(TODAY) if purity.metal == "silver"]
    assert silver == [9990, 9900, 9700, 9580, 9250, 8350, 8000]


@pytest.mark.parametrize(
    ("metal", "fineness"), [("gold", 9167), ("gold", 916), ("Gold", 9160), ("lead", 9990), ("", 1)]
)
def test_what_is_no_grade_is_refused(metal, fineness):
    with pytest.raises(UnknownPurity):
        check_purity(metal, fineness, TODAY)


@pytest.mark.parametrize(
    ("metal", "fineness", "paise", "fits"),
    [
        # fine gold from ₹3,000 to ₹50,000 a gram; 22 karat 0.916 of it: ₹2,748.00 to ₹45,800.00
        ("gold", 9160, 2_748_00, True),
        ("gold", 9160, 2_747_99, False),
        ("gold", 9160, 45_800_00, True),
        ("gold", 9160, 45_800_01, False),
        ("gold", 9160, 128_000_00, False),
        # fine silver from ₹25 to ₹2,000: sterling ₹23.125 → ₹23.13 (half up)
        ("silver", 9250, 23_13, True),
        ("silver", 9250, 23_12, False),
        ("silver", 9250, 12_800_00, False),
    ],
)
def test_a_slipped_digit_is_found(metal, fineness, paise, fits):
    purity = check_purity(metal, fineness, TODAY)
    if fits:
        check_rate(purity, paise, TODAY)
    else:
        with pytest.raises(RateAbsurd):
            check_rate(purity, paise, TODAY)
