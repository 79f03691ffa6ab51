"""The printed voucher of old gold and the printed passbook: every figure, any script, the same bytes again."""

import dataclasses
import datetime as dt
import io

import pytest
from pypdf import PdfReader

from app.printing.documents import Buyer, Payment, Seller
from app.printing.passbook import PassbookDocument, PassbookLine
from app.printing.purchase import PurchaseArticle, PurchaseDocument

AT = dt.datetime(2026, 11, 20, 6, 35, tzinfo=dt.UTC)  # 12:05 in India
SHOP = Seller("Rajlaxmi Jewellers", ("12, Laxmi Road", "Pune 411030"), "27", "Maharashtra", gstin="27AAACR5055K1Z7")
LATA = Buyer("Lata Deshpande", ("4 Laxmi Road", "Mumbai 400004"), "27", "Maharashtra", phone="+919822012345")
CHAIN = PurchaseArticle(
    "Old chain", "gold", 15_420, 320, 15_100, 9_120, "XRF: 91.2 % gold", 150, 13_565, 12_900_00, 174_988_50
)
VOUCHER = PurchaseDocument(
    "PU/26-27/00007", AT, SHOP, LATA, "Aadhaar XXXXXXXX0123", (CHAIN,),
    (Payment("Cash", 10_000_00), Payment("Kept as a credit", 164_988_50)), 174_988_50, qr_text="PU/26-27/00007",
)  # fmt: skip
BOOK = PassbookDocument(
    number="SB/26-27/00001", printed_at=AT, seller=SHOP, saver=LATA, plan="Swarna 11+1", instalment_paise=2_000_00,
    months=11, begun_on=dt.date(2026, 9, 30), matures_on=dt.date(2027, 8, 30), stops_on=dt.date(2027, 9, 30),
    state="Open", bonus="₹2,000.00", nominee="Ravi (son)", purity="22K 916",
    lines=(
        PassbookLine(1, dt.date(2026, 9, 30), dt.date(2026, 9, 30), 2_000_00, 156, "RV/26-27/00011", late=False),
        PassbookLine(2, dt.date(2026, 10, 30), dt.date(2026, 11, 9), 2_000_00, 155, "RV/26-27/00019", late=True),
        PassbookLine(3, dt.date(2026, 11, 30), None, 0, 0, "", late=False),
    ),
    paid_paise=4_000_00, grams_mg=311,
)  # fmt: skip


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_voucher_says_what_was_weighed_tested_and_paid(press):
    text = words_of(press.render_purchase(VOUCHER))
    for figure in (
        "PURCHASE VOUCHER", "PU/26-27/00007", "20-11-2026 12:05", "Lata Deshpande", "Aadhaar XXXXXXXX0123", "15.420",
        "0.320", "15.100", "Gold 912", "1.5 %", "13.565", "12,900.00", "1,74,988.50", "XRF: 91.2 % gold",
        "10,000.00", "1,64,988.50",
        "Rupees One Lakh Seventy-Four Thousand Nine Hundred and Eighty-Eight and Fifty Paise Only",
    ):  # fmt: skip
        assert figure in text, figure


def test_the_passbook_says_what_came_and_what_did_not(press):
    text = words_of(press.render_passbook(BOOK))
    for figure in (
        "SCHEME PASSBOOK", "SB/26-27/00001", "Swarna 11+1", "30-08-2027", "Ravi (son)", "Grams · 22K 916",
        "RV/26-27/00019", "09-11-2026", "late", "0.311", "2 / 11", "₹4,000.00", "30-11-2026",
    ):  # fmt: skip
        assert figure in text, figure


def test_the_same_voucher_is_the_same_bytes(press):
    assert press.render_purchase(VOUCHER) == press.render_purchase(VOUCHER)
    assert press.render_passbook(BOOK) == press.render_passbook(BOOK)


@pytest.mark.parametrize("name", ["लता देशपांडे", "લતા", "🙂 Lata 𒀀", "#set page(fill: red)", "x" * 140])
def test_no_name_stops_a_voucher(press, name):
    seller = dataclasses.replace(LATA, name=name)
    assert press.render_purchase(dataclasses.replace(VOUCHER, customer=seller)).startswith(b"%PDF-1.7")
    assert press.render_passbook(dataclasses.replace(BOOK, saver=seller)).startswith(b"%PDF-1.7")


def test_an_erased_seller_is_not_named(press):
    text = words_of(press.render_purchase(dataclasses.replace(VOUCHER, customer=None)))
    assert "Lata" not in text
    assert "Particulars erased" in text
