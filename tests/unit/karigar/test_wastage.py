"""A job's metal: what is allowed, what is beyond it, and that nothing gets lost between the parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.karigar.wastage import allowed_wastage, labour_of, price_of, settle
from app.kit.money import NumberOutOfRange

fines = st.integers(0, 10**12)
rates = st.integers(0, 10_000)


def test_work_within_the_allowed_wastage_is_all_wastage():
    # 10.000 g of 24K (9990) issued, 10.800 g of 22K (9160) came back: 99,900,000 − 98,928,000 = 972,000 units used up;
    # 1.5 % of the finished is 1,483,920, so all of it is allowed.
    settled = settle(issued=10_000 * 9990, returned=0, finished=10_800 * 9160, written_off=0, allowed_bp=150)
    assert (settled.wastage, settled.excess, settled.own) == (972_000, 0, 0)


def test_what_is_beyond_the_allowed_is_excess():
    # 10.000 g of 9160 issued, 9.500 g came back: 0.500 g × 9160 = 4,580,000 used up; 2 % of 9.500 g is 0.190 g.
    settled = settle(issued=91_600_000, returned=0, finished=87_020_000, written_off=0, allowed_bp=200)
    assert (settled.wastage, settled.excess) == (190 * 9160, 310 * 9160)


def test_returned_metal_bears_no_wastage():
    # 10 g issued, 5 g returned, 5 g finished: nothing was used up.
    assert settle(issued=100, returned=50, finished=50, written_off=0, allowed_bp=500).used_up == 0


def test_a_karigars_own_metal_is_theirs():
    settled = settle(issued=1_000, returned=0, finished=1_250, written_off=0, allowed_bp=200)
    assert (settled.wastage, settled.excess, settled.own) == (0, 0, 250)


def test_wastage_that_was_written_off_before_is_not_allowed_again():
    # finished 1,000 at 10 %: 100 allowed, 80 gone before, so 20 of the 50 that are missing
    settled = settle(issued=1_130, returned=0, finished=1_000, written_off=80, allowed_bp=1_000)
    assert (settled.wastage, settled.excess) == (20, 30)


@given(issued=fines, returned=fines, finished=fines, written_off=fines, allowed_bp=rates)
def test_the_parts_are_the_whole_and_none_is_negative(issued, returned, finished, written_off, allowed_bp):
    settled = settle(
        issued=issued, returned=returned, finished=finished, written_off=written_off, allowed_bp=allowed_bp
    )
    assert settled.used_up == issued - returned - finished - written_off
    assert min(settled.wastage, settled.excess, settled.own) >= 0
    assert settled.wastage <= allowed_wastage(finished, allowed_bp)
    assert not (settled.own and (settled.wastage or settled.excess))


@given(issued=fines, finished=fines, less=rates, more=rates)
def test_who_may_waste_more_has_less_excess(issued, finished, less, more):
    low, high = sorted((less, more))
    job = {"issued": issued, "returned": 0, "finished": finished, "written_off": 0}
    assert settle(**job, allowed_bp=high).excess <= settle(**job, allowed_bp=low).excess


def test_fine_metal_has_a_price():
    # 0.310 g × 9160 is 0.283960 g fine; at ₹12,900 a gram: 3,663.084, so ₹3,663.08
    assert price_of(310 * 9160, 12_900_00) == 3_663_08


def test_more_than_all_of_it_is_no_allowance():
    with pytest.raises(NumberOutOfRange):
        allowed_wastage(1, 10_001)


@pytest.mark.parametrize(
    ("basis", "paise"),
    [("per_gram_net", 450_00 * 5), ("per_piece", 450_00), ("fixed", 0)],
)
def test_labour_is_by_gram_by_piece_or_of_the_whole_job(basis, paise):
    assert labour_of(basis, 450_00, net_mg=5_000) == paise
