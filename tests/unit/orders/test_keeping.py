"""What an order's kept rate takes: a share of what its grams cost, as a locked rate does."""

import datetime as dt

import pytest

from app.orders.service.keeping import least_advance_paise
from app.orders.terms import order_terms
from app.ratelocks.terms import lock_terms

DAY = dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("kept", "least"),
    [
        ([(5_000, 12_800_00)], 6_400_00),  # ₹64,000
        ([(5_000, 12_800_00), (100_000, 150_00)], 7_900_00),  # and ₹15,000 of silver
        ([(1, 12_345)], 1),  # 12.345 paise: a tenth is 1.2345
        ([], 0),
    ],
)
def test_a_tenth_of_what_the_grams_cost(kept, least):
    assert least_advance_paise(kept, order_terms(DAY)) == least


def test_an_order_promises_no_more_cheaply_than_a_lock():
    order, lock = order_terms(DAY), lock_terms(DAY)
    assert (order.least_advance_bp, order.most_days) == (lock.least_advance_bp, lock.most_days)
