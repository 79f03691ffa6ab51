"""What nobody sees, and what turns the direction, is no name; what India writes is."""

import unicodedata

import pytest

from app.kit.readable import is_readable


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "Shree Ganesh", "Café “Gold” – 22K ₹", "4\u00a0Avenue\u3000Road", "सोना", "a\nb", "💍", "e\u0301",
        "श्री\u200dमती", "क्\u200cष", "র\u200d্যা", "👩\u200d🏭", "தங்கம்", "#",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_read_is_taken(text):
    assert is_readable(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u200b", "\u202e", "Asha\u200b", "\u202eahsA", "A\u2066b\u2069", "\ufeff", "\u00ad", "A\u200dsha", "\u200d",
        "\u200d\u200c", "सो\u200d\u200dना", "\u0301", "\ufe0f", "\u3164", "\u2800 \u2800", "a\x07", "a\x85b", "\x00",
        "\ue000", "\uffff", "a\u2028b", "\U000e0041",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_hides_or_turns_is_refused(text):
    assert not is_readable(text)


def test_every_mark_of_direction_is_refused():
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # UAX 9, explicit formatting
    marks = [chr(code) for code in range(0x3000) if unicodedata.bidirectional(chr(code)) in turning]
    assert len(marks) == len(turning)
    assert not [mark for mark in marks if is_readable(f"आशा{mark}Asha")]
