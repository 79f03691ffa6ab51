"""GSTIN: published ones pass, and every fault is named."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tax.errors import MalformedGstin, MalformedPan
from app.tax.gstin import ALPHABET, check_character, parse_gstin, parse_pan

DAY = dt.date(2026, 11, 20)
PUBLISHED = ["27AAACR5055K1Z7", "29AAACI4798L1ZU", "33AAACZ4322M2Z9", "27AAACH2702H1Z0"]  # printed by their owners


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_gstins_pass(text):
    gstin = parse_gstin(text, DAY)
    assert (gstin.text, gstin.state_code, gstin.pan) == (text, text[:2], text[2:12])


def test_spaces_hyphens_and_small_letters_are_forgiven():
    assert parse_gstin(" 27 aaacr5055k-1z7\n", DAY).text == "27AAACR5055K1Z7"


def test_the_check_character_worked_by_hand():
    # 27AAACR5055K1Z: values 2 7 10 10 10 12 27 5 0 5 5 20 1 35, weights 1 2 1 2 …
    # products 2 14 10 20 10 24 27 10 0 10 5 40 1 70; div + mod 36: 2 14 10 20 10 24 27 10 0 10 5 (1+4) 1 (1+34)
    # sum 173; 173 mod 36 = 29; 36 − 29 = 7
    assert check_character("27AAACR5055K1Z") == "7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "missing"),
        ("27AAACR5055K1Z", "has 14"),
        ("27AAACR5055K1Z77", "has 16"),
        ("2*AAACR5055K1Z7", "Character 2"),
        ("A7AAACR5055K1Z7", "two digits of a state"),
        ("28AAACR5055K1Z7", "nobody registers under “28”"),
        ("96AAACR5055K1Z7", "nobody registers under “96”"),  # a foreign country is a place of supply only
        ("25AAACR5055K1Z7", "nobody registers under “25”"),  # Daman and Diu until July 2020
        ("2701ACR5055K1Z7", "Character 3 must be a letter"),
        ("27AAACR5O55K1Z7", "Character 9 must be a digit"),  # the letter O
        ("27AAACR505551Z7", "Character 12 must be a letter"),
        ("27AAACR5055K0Z7", "Character 13"),
        ("27AAACR5055K1Z8", "mistyped"),
        ("27ΑAACR5055K1Z7", "Character 3"),  # a Greek capital alpha
        ("२७AAACR5055K1Z7", "Character 1"),
        ("27AAACR5055K1Zß", "Character 15"),
    ],
)
def test_each_fault_is_named(text, says):
    with pytest.raises(MalformedGstin) as caught:
        parse_gstin(text, DAY)
    assert says in caught.value.message
    assert caught.value.status == 422
    assert caught.value.code == "malformed_gstin"
    assert caught.value.fields == {"gstin": caught.value.message}


def test_state_codes_are_those_of_the_day():
    body = "25AAACR5055K1Z"
    text = body + check_character(body)
    assert parse_gstin(text, dt.date(2020, 7, 31)).state_code == "25"
    with pytest.raises(MalformedGstin):
        parse_gstin(text, dt.date(2020, 8, 1))


@given(st.sampled_from(PUBLISHED), st.integers(0, 14), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(text, place, character):
    if text[place] != character:
        with pytest.raises(MalformedGstin):
            parse_gstin(text[:place] + character + text[place + 1 :], DAY)


@given(st.text() | st.none() | st.integers() | st.binary())
def test_nothing_else_than_a_refusal_comes_of_rubbish(rubbish):
    with pytest.raises(MalformedGstin):
        parse_gstin(rubbish, DAY)


def test_pan():
    assert parse_pan(" aaacr5055k ") == "AAACR5055K"


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "has 0"), ("AAACR5055", "has 9"), ("AAAC15055K", "Character 5"), ("AAACR505OK", "Character 9")],
)
def test_what_is_wrong_with_a_pan(text, says):
    with pytest.raises(MalformedPan) as caught:
        parse_pan(text)
    assert says in caught.value.message
