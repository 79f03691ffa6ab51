"""Rates by HSN and day, as the notifications have them."""

import datetime as dt

import pytest

from app.tax.errors import UnknownHsn
from app.tax.rates import tax_rate
from app.tax.tables import current_tables

DAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("hsn", "use", "bp"),
    [
        *((hsn, "", 300) for hsn in ("7113", "7114", "7106", "7108", "7110", "7112", "7118", "7117")),
        ("7102", "rough", 25), ("7103", "", 25), ("7104", "", 25), ("7102", "polished", 150),
        ("9988", "registered_owner", 500), ("998892", "registered_owner", 500), ("9988", "customers_own_gold", 1800),
        ("998722", "", 1800), ("998346", "", 1800),
    ],
)  # fmt: skip
def test_todays_rates(hsn, use, bp):
    assert tax_rate(hsn, DAY, use=use).rate_bp == bp


def test_longer_codes_are_found_under_their_beginning():
    assert tax_rate("711319", DAY).hsn == "7113"
    assert tax_rate("71131910", DAY).rate_bp == 300
    assert tax_rate("99889200", DAY, use="registered_owner").hsn == "998892"


# Polished diamonds: 3 % from July 2017, 0.25 % from 25-01-2018, 1.5 % from 18-07-2022.
@pytest.mark.parametrize(
    ("day", "bp"),
    [
        (dt.date(2017, 7, 1), 300), (dt.date(2018, 1, 24), 300), (dt.date(2018, 1, 25), 25),
        (dt.date(2022, 7, 17), 25), (dt.date(2022, 7, 18), 150), (dt.date(2040, 1, 1), 150),
    ],
)  # fmt: skip
def test_a_rate_is_that_of_its_day(day, bp):
    assert tax_rate("7102", day, use="polished").rate_bp == bp


def test_before_gst_there_is_no_rate():
    with pytest.raises(UnknownHsn):
        tax_rate("7113", dt.date(2017, 6, 30))


def test_a_code_with_several_rates_asks_which():
    with pytest.raises(UnknownHsn, match=r"polished, rough"):
        tax_rate("7102", DAY)


@pytest.mark.parametrize("hsn", ["", "71", "711", "71131", "7113191012", "ABCD", "७११३", "1006", None, 7113])
def test_what_is_no_hsn_of_ours_is_refused(hsn):
    with pytest.raises(UnknownHsn):
        tax_rate(hsn, DAY)


def test_rates_an_accountant_must_confirm_are_marked():
    marked = {(rate.hsn, rate.use) for rate in current_tables().rates if rate.confirm}
    assert marked == {("7102", "polished"), ("9988", "customers_own_gold")}
