"""The slip of a closed day, read back from its PDF."""

import dataclasses
import datetime as dt
import io

import pytest
from pypdf import PdfReader

from app.printing.day import DaySlip, Part, day_data
from app.printing.looks import Look, Paper

SLIP = DaySlip(
    shop_name="Rajlaxmi Jewellers", shop_local_name="राजलक्ष्मी ज्वेलर्स", address="12, Laxmi Road",
    gstin="27AAACR5055K1Z7", business_on=dt.date(2026, 11, 30),
    closed_at=dt.datetime(2026, 11, 30, 15, 2, tzinfo=dt.UTC),
    closed_by="Asha", note="#read(\"/x\") *quiet*", chain_seq=66, chain_hash="7177" * 16, content_hash="ab12" * 16,
    parts=(
        Part("Sales", (("Bills", "6"), ("Sold, less what came back", "9,93,607.00")), summed=True),
        Part("Cash of till T1", (("Before", "0.00"), ("Left", "12,100.00")), summed=True),
        Part("Till T1, shift 1 counted", (("24 × ₹500", "12,000.00"), ("Counted", "12,000.00")), summed=True),
        Part("Paid by", ()),
    ),
)  # fmt: skip


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("paper", Paper)
def test_the_slip_says_the_day_its_figures_and_where_the_chain_stood(press, paper):
    pdf = press.render_day(SLIP, Look(paper))
    text = text_of(pdf)
    for field in (
        "Rajlaxmi Jewellers", "DAY CLOSING 30-11-2026", "9,93,607.00", "12,100.00", "24 × ₹500", "entry and hash 66",
        "7177 7177", "ab12 ab12", "Closed 30-11-2026 20:32 · Asha",  # 15:02 UTC is 20:32 in India
        '#read("/x") *quiet*',  # nothing that somebody typed is read as markup
    ):  # fmt: skip
        assert field in text, field
    assert "PAID BY" not in text  # nothing was paid: no empty part
    assert press.render_day(SLIP, Look(paper)) == pdf


def test_a4_has_two_columns_and_the_roll_one():
    class Plain:
        @staticmethod
        def fit(text, **_):
            return text

    titles = [[part["title"] for part in side] for side in day_data(SLIP, Plain())["sides"]]
    assert titles == [["Sales", "Cash of till T1"], ["Till T1, shift 1 counted"]]
    assert len(day_data(SLIP, Plain(), sides=1)["sides"]) == 1


def test_a_long_day_on_the_roll_is_one_page(press):
    many = Part("Stock", tuple((f"piece {n}", "1.000 g") for n in range(150)))
    pdf = press.render_day(dataclasses.replace(SLIP, parts=(many,)), Look(Paper.ROLL))
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
