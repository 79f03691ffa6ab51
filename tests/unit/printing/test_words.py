"""Amounts in words as cheques and bills write them in India."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import MAX_PAISE, NumberNotWhole, NumberOutOfRange
from app.printing.words import amount_in_words


@pytest.mark.parametrize(
    ("paise", "words"),
    [
        (0, "Rupees Zero Only"),
        (5, "Five Paise Only"),
        (1_00, "Rupees One Only"),
        (100_50, "Rupees One Hundred and Fifty Paise Only"),
        (364_614_00, "Rupees Three Lakh Sixty-Four Thousand Six Hundred and Fourteen Only"),
        (1_89_625_50, "Rupees One Lakh Eighty-Nine Thousand Six Hundred and Twenty-Five and Fifty Paise Only"),
        (1_00_00_000_00, "Rupees One Crore Only"),
        (123_00_00_001_00, "Rupees One Hundred and Twenty-Three Crore One Only"),
        (MAX_PAISE, "Rupees One Thousand Crore Only"),
    ],
)
def test_amounts(paise, words):
    assert amount_in_words(paise) == words


@given(st.integers(0, MAX_PAISE))
def test_every_amount_has_words_of_its_own_and_no_comma(paise):
    words = amount_in_words(paise)
    assert words.endswith(" Only")
    assert "," not in words
    assert ("Paise" in words) == bool(paise % 100)


@pytest.mark.parametrize(
    ("odd", "error"), [(-1, NumberOutOfRange), (1.5, NumberNotWhole), (MAX_PAISE + 1, NumberOutOfRange)]
)
def test_odd_amounts_are_refused(odd, error):
    with pytest.raises(error):
        amount_in_words(odd)
