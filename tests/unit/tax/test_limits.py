"""Limits at the counter, to the rupee and to the day."""

import datetime as dt

import pytest

from app.tax.limits import CounterFacts, check_counter, limit_on

DAY = dt.date(2026, 11, 20)
LAKH = 1_00_000_00


def rules(on=DAY, **facts):
    return {finding.rule for finding in check_counter(CounterFacts(**facts), on)}


def test_pan_above_two_lakh_and_not_at_two_lakh():
    assert "pan" not in rules(value_paise=2 * LAKH)
    assert "pan" in rules(value_paise=2 * LAKH + 1)
    assert "pan" not in rules(value_paise=2 * LAKH + 1, pan_given=True)


def test_cash_is_blocked_from_two_lakh_on():
    assert "cash" not in rules(value_paise=0, cash_paise=2 * LAKH - 1)
    (finding,) = [f for f in check_counter(CounterFacts(0, cash_paise=2 * LAKH), DAY) if f.rule == "cash"]
    assert finding.blocks
    assert finding.name == "Section 186, Income-tax Act 2025"
    assert "₹2,00,000 or more must not be taken in cash" in finding.message


def test_the_cash_rule_bears_the_name_of_the_act_of_its_day():
    assert limit_on("cash", dt.date(2026, 3, 31)).name == "Section 269ST, Income-tax Act 1961"
    assert limit_on("cash", dt.date(2026, 4, 1)).name == "Section 186, Income-tax Act 2025"


def test_address_from_fifty_thousand_for_unregistered_buyers():
    assert rules(value_paise=49_999_99) == set()
    assert rules(value_paise=50_000_00) == {"address"}
    assert rules(value_paise=50_000_00, address_given=True) == set()
    assert rules(value_paise=50_000_00, buyer_registered=True) == set()


def test_linked_cash_of_ten_lakh_alerts_and_does_not_block():
    (finding,) = check_counter(CounterFacts(0, cash_paise=LAKH, linked_cash_paise=10 * LAKH), DAY)
    assert (finding.rule, finding.blocks) == ("pmla", False)
    assert rules(value_paise=0, linked_cash_paise=10 * LAKH - 1) == set()
    assert rules(value_paise=0, linked_cash_paise=10 * LAKH, kyc_given=True) == set()


def test_what_blocks_comes_first():
    findings = check_counter(CounterFacts(12 * LAKH, cash_paise=11 * LAKH), DAY)
    assert [f.blocks for f in findings] == [True, True, True, False]


@pytest.mark.parametrize("day", [dt.date(2017, 6, 30)])
def test_before_the_rules_began_nothing_is_found(day):
    assert rules(on=day, value_paise=9 * LAKH, cash_paise=9 * LAKH) == set()
