"""What a count comes to; expected values by hand."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cash.denominations import counted, list_denominations
from app.cash.errors import CountMalformed

TODAY = dt.date(2026, 11, 30)
FACES = [one.paise for one in list_denominations(TODAY)]


def test_the_notes_and_coins_of_today_the_dearest_first():
    assert FACES == [500_00, 200_00, 100_00, 50_00, 20_00, 10_00, 5_00, 2_00, 1_00]


def test_there_were_no_two_hundreds_before_they_came():
    assert 200_00 not in [one.paise for one in list_denominations(dt.date(2017, 8, 24))]


def test_a_drawer_by_hand():
    """37 × 500 = 18,500; 12 × 100 = 1,200; 3 × 50 = 150; 8 × 10 = 80; 1 × 5 = 5; together 19,935."""
    assert counted([(500_00, 37), (100_00, 12), (50_00, 3), (10_00, 8), (5_00, 1)], TODAY) == 19_935_00


def test_an_empty_drawer_is_counted_too():
    assert counted([], TODAY) == 0


@pytest.mark.parametrize(
    ("pieces", "field"),
    [
        ([(2000_00, 1)], "pieces.0.paise"),  # withdrawn from circulation in 2023
        ([(500_00, -1)], "pieces.0.count"),
        ([(100_00, 1), (500_00, True)], "pieces.1.count"),
        ([(500_00, 100_001)], "pieces.0.count"),
        ([(500_00, 1), (500_00, 1)], "pieces.1.paise"),
    ],
)
def test_what_no_drawer_holds_is_refused_with_the_note_named(pieces, field):
    with pytest.raises(CountMalformed) as refused:
        counted(pieces, TODAY)
    assert list(refused.value.fields) == [field]


@given(
    st.dictionaries(st.sampled_from(FACES), st.integers(0, 500)),
    st.dictionaries(st.sampled_from(FACES), st.integers(0, 500)),
)
def test_two_heaps_counted_apart_are_worth_what_they_are_worth_together(one, other):
    both = {face: one.get(face, 0) + other.get(face, 0) for face in {*one, *other}}
    heaps = [list(heap.items()) for heap in (one, other, both)]
    assert counted(heaps[0], TODAY) + counted(heaps[1], TODAY) == counted(heaps[2], TODAY)
