"""The printed voucher, read back from its PDF."""

import datetime as dt
import io

from pypdf import PdfReader

from app.printing.documents import Payment
from app.printing.receipt import VoucherDocument, VoucherForm
from tests.unit.printing.conftest import BUYER, SELLER


def a_voucher(**change) -> VoucherDocument:
    facts = {
        "form": VoucherForm.RECEIPT, "number": "RVT1/26-27/00007", "seller": SELLER, "payer": BUYER,
        "issued_at": dt.datetime(2026, 11, 20, 10, 35, tzinfo=dt.UTC), "towards": "Advance for goods",
        "payments": (Payment("UPI", 40_000_00, "427700123456"), Payment("Cash", 10_000_00)),
        "total_paise": 50_000_00, "note": "For the wedding set",
    }  # fmt: skip
    return VoucherDocument(**(facts | change))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_receipt_says_who_gave_how_much_for_what(press):
    text = text_of(press.render_voucher(a_voucher()))
    for field in [
        "RECEIPT VOUCHER", "Rajlaxmi Jewellers", "27AAACR5055K1Z7", "RVT1/26-27/00007", "20-11-2026 16:05",
        "RECEIVED FROM", "Asha Kulkarni", "Advance for goods", "₹50,000.00", "Rupees Fifty Thousand Only",
        "UPI · 427700123456", "40,000.00", "Cash", "10,000.00", "For the wedding set", "For Rajlaxmi Jewellers",
    ]:  # fmt: skip
        assert field in text, field


def test_a_refund_names_the_receipt_that_it_takes_back(press):
    text = text_of(press.render_voucher(a_voucher(form=VoucherForm.REFUND, about="RVT1/26-27/00003")))
    assert "REFUND VOUCHER" in text and "PAID TO" in text and "RVT1/26-27/00003" in text


def test_a_voucher_of_somebody_erased_is_one_page_and_always_the_same_bytes(press):
    pdf = press.render_voucher(a_voucher(payer=None, note="x" * 400))
    assert pdf == press.render_voucher(a_voucher(payer=None, note="x" * 400))
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
