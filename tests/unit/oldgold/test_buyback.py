"""What is given for a piece that the shop sold itself: by its age, by the way it is settled, by the board's purity."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.dated import read_table
from app.oldgold.buyback import DATA, fine_rate_of, share_of
from app.oldgold.rules import usual_terms
from app.oldgold.value import OldGold, value_old_gold

SOLD = dt.date(2026, 4, 1)


@pytest.mark.parametrize(
    ("days", "exchange", "cash"), [(0, 10_000, 9_750), (365, 10_000, 9_750), (366, 9_900, 9_710), (4_000, 9_900, 9_710)]
)
def test_the_share_falls_with_age_and_an_exchange_gives_more(days, exchange, cash):
    on = SOLD + dt.timedelta(days=days)
    assert share_of("gold", sold_on=SOLD, on=on, paid_out=False) == exchange
    assert share_of("gold", sold_on=SOLD, on=on, paid_out=True) == cash


def test_nothing_is_promised_for_a_metal_without_terms_or_before_they_began():
    assert share_of("palladium", sold_on=SOLD, on=SOLD, paid_out=False) is None
    before = dt.date(2026, 3, 31)
    assert share_of("gold", sold_on=before, on=before, paid_out=False) is None


@pytest.mark.parametrize("row", read_table(DATA)["records"], ids=lambda row: f"{row['metal']} {row['from_days']}")
def test_what_is_ours_never_brings_less_than_old_gold_and_an_exchange_never_less_than_cash(row):
    usual = usual_terms(row["metal"], dt.date.fromisoformat(row["valid_from"]))
    as_old_gold = (10_000 - usual.margin_bp) * (10_000 - usual.melting_loss_bp) // 10_000
    assert as_old_gold <= row["cash_bp"] <= row["exchange_bp"] <= 10_000


def test_the_rate_is_the_boards_of_the_purity_that_was_sold():
    board = {("gold", 9_160): 12_800_00, ("gold", 9_990): 14_000_00}
    # 12,800 ÷ 0.916 = 13,973.80; ÷ 0.999 × 14,000 = 14,014.01; 97.5 % of 13,973.7991 = 13,624.45
    assert fine_rate_of(board, "gold", 9_160, share_bp=10_000) == 13_973_80
    assert fine_rate_of(board, "gold", 7_500, share_bp=10_000) == 14_014_01
    assert fine_rate_of(board, "gold", 9_160, share_bp=9_750) == 13_624_45
    assert fine_rate_of(board, "silver", 9_250, share_bp=9_750) is None


@given(st.integers(1, 500_000), st.sampled_from([5_850, 7_500, 9_160, 9_990]), st.integers(1_000_00, 20_000_00))
def test_all_of_the_metals_value_comes_back_but_for_half_a_milligram(net_mg, fineness, rate):
    fine = fine_rate_of({("gold", fineness): rate}, "gold", fineness, share_bp=10_000)
    given = value_old_gold(OldGold(net_mg, 0, fineness, 0, fine)).value_paise
    of_metal = net_mg * rate / 1000
    assert abs(given - of_metal) <= fine / 1000 / 2 + net_mg / 1000 / 2 + 1
