"""The logo on paper: on sheets as a picture, on the roll not at all, and the same bytes each time."""

import io
import re
from dataclasses import replace

import pytest
from PIL import Image

from app.printing.logos import logo_key, logo_svg
from app.printing.looks import Look, Paper
from tests.support.pictures import encoded, ring
from tests.unit.printing.conftest import make_bill, make_credit_note
from tests.unit.printing.test_looks import MEMO
from tests.unit.printing.test_press import read, text_of
from tests.unit.printing.test_voucher import a_voucher
from tests.unit.printing.test_vouchers import BOOK, VOUCHER

PNG = encoded(ring((300, 120)), "PNG")


def pictures_of(pdf):
    return [picture.image.size for page in read(pdf).pages for picture in page.images]


PAPERS = {
    "bill": (make_bill(), "render_bill"), "credit note": (make_credit_note(), "render_bill"),
    "voucher": (a_voucher(), "render_voucher"), "old gold": (VOUCHER, "render_purchase"),
    "passbook": (BOOK, "render_passbook"), "slip": (MEMO, "render_slip"),
}  # fmt: skip


def drawn(document):
    """The same with a logo in the shop's particulars."""
    of = "shop" if hasattr(document, "shop") else "seller"
    return replace(document, **{of: replace(getattr(document, of), logo_png=PNG)})


@pytest.mark.parametrize("paper", [Paper.A4, Paper.A5])
@pytest.mark.parametrize("kind", PAPERS)
def test_a_sheet_has_the_logo_beside_the_name(press, paper, kind):
    document, render = PAPERS[kind]
    pdf = getattr(press, render)(drawn(document), Look(paper))
    assert pictures_of(pdf) == [(300, 120)]
    assert "Rajlaxmi Jewellers" in text_of(pdf)
    bare = getattr(press, render)(document, Look(paper))
    assert pictures_of(bare) == [] and len(read(pdf).pages) == len(read(bare).pages)
    assert pdf == getattr(press, render)(drawn(document), Look(paper))


@pytest.mark.parametrize("kind", PAPERS)
def test_a_roll_has_none(press, kind):
    document, render = PAPERS[kind]
    assert pictures_of(getattr(press, render)(drawn(document), Look(Paper.ROLL))) == []


def test_the_drawing_is_as_large_as_the_picture():
    assert re.search(r'viewBox="0 0 300 120"', logo_svg(PNG))
    assert logo_svg(b"") == ""
    assert logo_key(17, "ab" * 32) == f"17/{'ab' * 32}.png"
    assert Image.open(io.BytesIO(PNG)).size == (300, 120)
