"""What plans promise, in whole paise: the payments they take, and the bonus at the end."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import Unprocessable
from app.schemes.errors import InstalmentAmountWrong, InstalmentsFull, PlanFactsWrong, PlanTooLong
from app.schemes.plans import (
    NO_BONUS,
    BonusKind,
    InstalmentKind,
    PlanTerms,
    bonus_of,
    check_agreed,
    check_terms,
    grams_bought,
    parted,
)
from app.schemes.term import Term

ELEVEN = PlanTerms(InstalmentKind.FIXED, 1_000_00, 500_00, 11, BonusKind.INSTALMENT, 0, 5, None, None, None)
FREE = dataclasses.replace(ELEVEN, instalment=InstalmentKind.FROM)
LAW = Term(longest_days=365, warn_days=330)


def test_eleven_and_one_is_a_plan():
    check_terms(ELEVEN, LAW)


def test_twelve_instalments_could_outlast_the_term():
    with pytest.raises(PlanTooLong) as refused:
        check_terms(dataclasses.replace(ELEVEN, months=12), LAW)
    assert refused.value.fields == {"months": "too many"}


@pytest.mark.parametrize(
    "change",
    [
        {"bonus": BonusKind.PERCENT}, {"bonus_bp": 500}, {"bonus": BonusKind.NONE, "bonus_bp": 1},
        {"metal": "gold"}, {"fineness": 9160},
    ],
)  # fmt: skip
def test_a_plan_that_contradicts_itself_is_refused(change):
    with pytest.raises(PlanFactsWrong):
        check_terms(dataclasses.replace(ELEVEN, **change), LAW)


@pytest.mark.parametrize(
    "change", [{"least_paise": 0}, {"step_paise": 0}, {"months": 0}, {"grace_days": -1}, {"most_late": 12}]
)
def test_a_plan_out_of_bounds_is_refused(change):
    with pytest.raises(Unprocessable):
        check_terms(dataclasses.replace(ELEVEN, **change), LAW)


@pytest.mark.parametrize("paise", [1_000_00, 1_500_00, 10_000_00])
def test_an_instalment_by_the_plans_steps_may_be_agreed(paise):
    assert check_agreed(ELEVEN, paise) == paise


@pytest.mark.parametrize("paise", [500_00, 999_99, 1_000_01, 1_250_00])
def test_another_instalment_is_refused(paise):
    with pytest.raises(InstalmentAmountWrong):
        check_agreed(ELEVEN, paise)


def test_several_fixed_instalments_may_be_paid_at_once():
    assert parted(ELEVEN, agreed_paise=2_000_00, paid=3, paise=6_000_00) == (2_000_00,) * 3


@pytest.mark.parametrize("paise", [1_00, 1_999_99, 3_000_00, 18_000_00])
def test_a_payment_that_is_no_number_of_instalments_is_refused(paise):
    """₹18,000 are nine of ₹2,000, and eight are left."""
    with pytest.raises(InstalmentAmountWrong):
        parted(ELEVEN, agreed_paise=2_000_00, paid=3, paise=paise)


def test_a_free_instalment_is_one_months_whatever_it_is():
    assert parted(FREE, agreed_paise=1_000_00, paid=0, paise=7_301_50) == (7_301_50,)
    with pytest.raises(InstalmentAmountWrong):
        parted(FREE, agreed_paise=1_000_00, paid=0, paise=999_99)


def test_nothing_is_taken_beyond_the_last():
    with pytest.raises(InstalmentsFull):
        parted(ELEVEN, agreed_paise=1_000_00, paid=11, paise=1_000_00)


def test_the_bonus_of_eleven_and_one_is_the_twelfth():
    assert bonus_of(ELEVEN, paid_paise=11 * 2_000_00, late=0).paise == 2_000_00


def test_the_bonus_of_uneven_instalments_is_their_average():
    """₹12,345.67 in eleven: 112,233.36… paise, so ₹1,122.33."""
    assert bonus_of(FREE, paid_paise=12_345_67, late=0).paise == 1_122_33


def test_a_bonus_in_percent_is_rounded_half_up():
    """7.5 % of ₹10,000.06 is 75,000.45 paise; of ₹10,000.07 it is 75,000.525."""
    plan = dataclasses.replace(ELEVEN, bonus=BonusKind.PERCENT, bonus_bp=750)
    assert bonus_of(plan, paid_paise=10_000_06, late=0).paise == 750_00
    assert bonus_of(plan, paid_paise=10_000_07, late=0).paise == 750_01


def test_a_making_waiver_promises_no_money():
    plan = dataclasses.replace(ELEVEN, bonus=BonusKind.MAKING, bonus_bp=10_000)
    promise = bonus_of(plan, paid_paise=11_000_00, late=0)
    assert (promise.paise, promise.making_bp, bool(promise)) == (0, 10_000, True)


def test_too_many_late_instalments_lose_the_bonus():
    plan = dataclasses.replace(ELEVEN, most_late=2)
    assert bonus_of(plan, paid_paise=11_000_00, late=2).paise == 1_000_00
    assert bonus_of(plan, paid_paise=11_000_00, late=3) is NO_BONUS
    assert bonus_of(ELEVEN, paid_paise=11_000_00, late=11).paise == 1_000_00, "a plan that does not count them"


def test_grams_are_what_the_days_rate_would_buy():
    """₹2,000 at ₹12,800 a gram: 0.15625 g, half-up 156 mg."""
    assert grams_bought(2_000_00, 12_800_00) == 156


@given(agreed=st.integers(1, 10**6), paid=st.integers(0, 10), count=st.integers(1, 11), months=st.integers(1, 11))
def test_a_payment_and_its_instalments_are_the_same_money(agreed, paid, count, months):
    plan = dataclasses.replace(ELEVEN, months=months)
    try:
        parts = parted(plan, agreed_paise=agreed, paid=paid, paise=agreed * count)
    except (InstalmentAmountWrong, InstalmentsFull):
        assert paid + count > months
    else:
        assert sum(parts) == agreed * count
        assert paid + len(parts) <= months


@given(paid=st.integers(0, 10**12), months=st.integers(1, 11), bp=st.integers(1, 10_000))
def test_a_bonus_is_never_more_than_what_was_paid(paid, months, bp):
    for kind, figure in ((BonusKind.INSTALMENT, 0), (BonusKind.PERCENT, bp), (BonusKind.NONE, 0)):
        plan = dataclasses.replace(ELEVEN, months=months, bonus=kind, bonus_bp=figure)
        assert 0 <= bonus_of(plan, paid_paise=paid, late=0).paise <= paid
