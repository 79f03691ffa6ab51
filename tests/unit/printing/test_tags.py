"""Labels of pieces: the bars say the tag and nothing else, every module is whole dots, and the page is the roll's."""

import dataclasses
import datetime as dt
import io

import numpy
import pypdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from app.labels.sizes import list_sizes
from app.printing import barcode
from app.printing.barcode import QUIET, code128, code_values
from app.printing.tag import DOTS_PER_MM, TagFacts, TagSheet, code_of

ON = dt.date(2026, 11, 30)
SIZES = {one.size: one.form for one in list_sizes(ON)}
TAGS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=24)


def read_back(widths):
    """A scanner: bars and gaps to values, the check compared, the sets followed. Written against the norm's table."""
    assert widths[-7:] == [2, 3, 3, 1, 1, 1, 2], "the stop"
    table = {pattern: value for value, pattern in enumerate(barcode._WIDTHS)}
    groups = [widths[at : at + 6] for at in range(0, len(widths) - 7, 6)]
    start, *values, check = [table["".join(map(str, group))] for group in groups]
    assert (start + sum(place * value for place, value in enumerate(values, 1))) % 103 == check
    text, in_c = "", start == 105
    for value in values:
        if value in (99, 100) and in_c != (value == 99):
            in_c = value == 99
        else:
            text += f"{value:02d}" if in_c else chr(value + 32)
    return text


@given(TAGS)
def test_what_is_written_in_bars_is_read_back(text):
    widths = code128(text)
    assert read_back(widths) == text
    assert all(1 <= width <= 4 for width in widths)
    assert sum(widths) == 11 * (len(code_values(text))) + 13  # each value has 11 modules, the stop 13


def test_the_check_of_a_known_code():
    """PJJ123C in set B: 104 + 1·48 + 2·42 + 3·42 + 4·17 + 5·18 + 6·19 + 7·35 = 879 = 8·103 + 55."""
    assert code_values("PJJ123C") == [104, 48, 42, 42, 17, 18, 19, 35, 55]


def test_digits_take_half_the_room():
    """Eight digits are four values of set C: start, 12, 34, 56, 78, check."""
    assert code_values("12345678")[:-1] == [105, 12, 34, 56, 78]


def test_each_pattern_of_the_table_is_eleven_modules_and_unlike_the_others():
    assert len(barcode._WIDTHS) == len(set(barcode._WIDTHS)) == 106
    assert {sum(map(int, one)) for one in barcode._WIDTHS} == {11}


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=25)
@given(tag=st.from_regex(r"[A-Z0-9]([A-Z0-9/_.-]{0,22}[A-Z0-9])?", fullmatch=True))
def test_a_module_is_whole_dots_and_the_code_is_within_its_box(size, tag):
    form = SIZES[size]
    svg, wide, high = code_of(tag, form)
    assert wide <= form.code_box.wide * 100 and high <= form.code_box.high * 100
    if "stroke" in svg:  # a QR code
        modules = len(segno.make(tag, error="m", micro=False).matrix)
        assert wide * DOTS_PER_MM % (modules * 1000) == 0
    else:
        modules = sum(code128(tag))
        dots = wide * DOTS_PER_MM // (modules * 1000)
        assert dots >= 2 and wide == modules * dots * 1000 // DOTS_PER_MM
        assert (modules + QUIET) * dots <= form.code_box.wide * DOTS_PER_MM // 10


@pytest.mark.parametrize("tag", ["R-1042", "S-0311/A", "1"])
def test_a_qr_code_is_read_back_by_another_reader(tag):
    import cv2

    matrix = numpy.array([list(row) for row in segno.make(tag, error="m", micro=False).matrix], dtype=numpy.uint8)
    picture = numpy.kron(numpy.pad(1 - matrix, 4, constant_values=1), numpy.ones((8, 8), numpy.uint8)) * 255
    text, _points, _straight = cv2.QRCodeDetector().detectAndDecode(picture)
    assert text == tag
    svg, _wide, _high = code_of(tag, SIZES["rat_tail_81x12"])
    assert svg == segno.make(tag, error="m", micro=False).svg_inline(border=0, omitsize=True)


@pytest.mark.parametrize("size", SIZES)
def test_each_piece_is_a_page_of_the_rolls_size_with_its_facts(press, size):
    ring = TagFacts("R-1042", "gold", 9160, 3_490, 3_390, "AB12C3", 51_844_00)
    payal = TagFacts("S-9", "silver", 9250, 10_000, 10_000)
    sheet = TagSheet(SIZES[size], (ring, payal), dt.datetime(2026, 11, 30, tzinfo=dt.UTC))
    pdf = press.render_tags(sheet)
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    points = [round(float(side) / 72 * 254) for side in pages[0].mediabox[2:]]  # in tenths of a mm
    assert (len(pages), points) == (2, [SIZES[size].wide, SIZES[size].high])
    said = " ".join(pages[0].extract_text().split())
    for word in ("R-1042", "22K 916", "G 3.490", "N 3.390", "AB12C3", "₹51,844.00"):
        assert word in said, (word, said)
    other = pages[1].extract_text()
    assert "S-9" in other and "HUID" not in other and "₹" not in other
    assert press.render_tags(dataclasses.replace(sheet)) == pdf
