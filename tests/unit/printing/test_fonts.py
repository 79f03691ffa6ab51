"""Texts made fit for paper."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.printing.errors import FontsMissing
from app.printing.fonts import Typeface


@pytest.fixture(scope="module")
def typeface(font_dir) -> Typeface:
    return Typeface(font_dir)


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("राजलक्ष्मी ज्वेलर्स ₹5", "राजलक्ष्मी ज्वेलर्स ₹5"),
        ("ராஜலட்சுமி நகை", "ராஜலட்சுமி நகை"),
        ("  two\nlines\tand  tabs ", "two lines and tabs"),
        ("a\x00b\x07c\u200b", "abc"),
        ("abc\u202edef\u2066", "abcdef"),  # marks that turn the direction could show another amount
        ("क\u200dष", "क\u200dष"),  # a joiner is spelling
        ("Ring 😀", "Ring ?"),
        ("中", "?"),
        ("\ue000\ud800x", "??x"),
        ("Cafe\u0301", "Café"),
        ("0\u0dcf", "0"),  # a Sinhala sign on a digit: no font has the pair
        ("\u093e\u0915\u093e", "का"),
        ("\u0300\u0300", ""),  # the second mark has nothing to sit on either
        ("a\u200b\u0300b", "àb"),  # what is left out in between parts nothing
        ("", ""),
    ],
)
def test_texts(typeface, text, fit):
    assert typeface.fit(text) == fit


def test_long_texts_are_cut_and_long_words_can_break(typeface):
    assert typeface.fit("word " * 100, most=20) == "word word word word…"
    assert typeface.fit("x" * 90).split("\u200b") == ["x" * 40, "x" * 40, "x" * 10]
    assert typeface.fit("x" * 40) == "x" * 40


@given(st.text())
def test_what_is_fit_stays_as_it_is(typeface, text):
    fit = typeface.fit(text)
    assert typeface.fit(fit.replace("\u200b", "")) == fit
    assert not any(character in fit for character in "\n\r\t\x00")


def test_latin_alone_keeps_what_figures_need(typeface):
    assert typeface.latin().fit("राज ₹5 – 10 × 2") == "??? ₹5 – 10 × 2"


def test_a_folder_without_the_fonts_says_which(tmp_path):
    with pytest.raises(FontsMissing, match=r"NotoSans-Regular\.ttf") as caught:
        Typeface(tmp_path)
    assert caught.value.action
    with pytest.raises(FontsMissing):
        Typeface(Path("/nowhere/at/all"))
