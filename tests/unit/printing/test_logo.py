"""The logo on paper: on sheets as a picture, on the roll not at all, and the same bytes each time."""

import io
import re

import pytest
from PIL import Image

from app.printing.logos import logo_key, logo_svg
from app.printing.looks import Look, Paper
from tests.support.pictures import encoded, ring
from tests.unit.printing.conftest import make_bill, make_credit_note
from tests.unit.printing.test_press import read, text_of

PNG = encoded(ring((300, 120)), "PNG")


def pictures_of(pdf):
    return [picture.image.size for page in read(pdf).pages for picture in page.images]


@pytest.mark.parametrize("paper", [Paper.A4, Paper.A5])
@pytest.mark.parametrize("make", [make_bill, make_credit_note])
def test_a_sheet_has_the_logo_beside_the_name(press, paper, make):
    pdf = press.render_bill(make(logo_png=PNG), Look(paper))
    assert pictures_of(pdf) == [(300, 120)]
    assert "Rajlaxmi Jewellers" in text_of(pdf)
    assert len(read(pdf).pages) == len(read(press.render_bill(make(), Look(paper))).pages)
    assert pdf == press.render_bill(make(logo_png=PNG), Look(paper))


def test_a_roll_has_none_nor_has_a_bill_without(press):
    assert pictures_of(press.render_bill(make_bill(logo_png=PNG), Look(Paper.ROLL))) == []
    assert pictures_of(press.render_bill(make_bill())) == []


def test_the_drawing_is_as_large_as_the_picture():
    assert re.search(r'viewBox="0 0 300 120"', logo_svg(PNG))
    assert logo_svg(b"") == ""
    assert logo_key(17, "ab" * 32) == f"17/{'ab' * 32}.png"
    assert Image.open(io.BytesIO(PNG)).size == (300, 120)
