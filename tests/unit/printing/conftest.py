"""The press with the fonts of BOOLA_FONT_DIR, and bills to print."""

import datetime as dt
import os
from pathlib import Path

import pytest

from app.printing.documents import (
    Against,
    Article,
    BillDocument,
    Buyer,
    Form,
    HsnRow,
    OldGoldItem,
    Payment,
    Seller,
    StoneItem,
)
from app.printing.press import Press

SELLER = Seller(
    name="Rajlaxmi Jewellers",
    local_name="राजलक्ष्मी ज्वेलर्स",
    tagline="Gold · Silver · Diamonds, since 1968",
    address=("12, Laxmi Road, near Sharada Centre", "Pune 411030", "Maharashtra"),
    state_code="27",
    state_name="Maharashtra",
    gstin="27AAACR5055K1Z7",
    phone="020-2445 1234",
    email="bills@rajlaxmi.example",
    bis_registration="HM/C-7200012345",
)
BUYER = Buyer(
    name="Asha Kulkarni",
    address=("Flat 4, Gulmohar Society, Erandwane", "Pune 411004"),
    state_code="27",
    state_name="Maharashtra",
    pan="ABCPK1234F",
    phone="98220 12345",
)

# Metal 26.500 × 11,925.50 = 3,16,025.75; making 12 % = 37,923.09; hallmark 45.00; taxable 3,53,993.84.
BANGLE = Article(
    description="Gold bangle, kada style, hand finished",
    tag="R-1042", hsn="711319", metal="gold", fineness=9160, huids=("AB12C3", "AB12C4"), pieces=2,
    gross_mg=26_500, stone_mg=0, net_mg=26_500, rate_paise_per_g=11_925_50, metal_paise=316_025_75,
    making_note="12 %", making_paise=37_923_09, hallmark_paise=45_00, taxable_paise=353_993_84, tax_bp=300,
)  # fmt: skip
# 2.500 × 5,200 = 13,000; diamond 0.136 ct × 25,000 = 3,400; making 800/g = 2,000; taxable 18,400.00.
RING = Article(
    description="Diamond ring",
    tag="R-2077", hsn="711319", metal="gold", fineness=7500, huids=("XK9P2Q",),
    gross_mg=2_527, stone_mg=27, net_mg=2_500, rate_paise_per_g=5_200_00, metal_paise=13_000_00,
    making_note="₹800/g", making_paise=2_000_00,
    stones=(StoneItem("Diamond, round VVS/EF", 25_000_00, 3_400_00, mct=136, pieces=1),), stones_paise=3_400_00,
    taxable_paise=18_400_00, tax_bp=300,
)  # fmt: skip
# 10 × 150 = 1,500; making 200 less 50; line discount 50; taxable 1,600.00.
ANKLET = Article(
    description="Silver anklets (payal), one pair",
    tag="S-0311", hsn="711311", metal="silver", fineness=9250, unit="PRS", pieces=1,
    gross_mg=10_000, stone_mg=0, net_mg=10_000, rate_paise_per_g=150_00, metal_paise=1_500_00,
    making_note="fixed", making_paise=200_00, making_discount_paise=50_00, discount_paise=50_00,
    taxable_paise=1_600_00, tax_bp=300,
)  # fmt: skip
TERMS = (
    "Goods once sold are exchanged within 7 days with this bill; making and tax are not returned.",
    "Hallmarked articles: purity may be verified with the HUID in the BIS Care app, or at any assaying centre.",
    "Subject to Pune jurisdiction.",
)


@pytest.fixture(scope="session")
def font_dir() -> Path:
    folder = os.environ.get("BOOLA_FONT_DIR")
    if not folder:
        pytest.fail("BOOLA_FONT_DIR must name a folder with the Noto core fonts; ./dev test sets it.")
    return Path(folder)


@pytest.fixture(scope="session")
def press(font_dir) -> Press:
    return Press(font_dir)


def make_bill(**change) -> BillDocument:
    """Three articles over the counter, old gold and two payments; the sums are worked out beside them."""
    facts = {
        "form": Form.TAX_INVOICE,
        "number": "T1/26-27/00042",
        "issued_at": dt.datetime(2026, 11, 20, 10, 35, tzinfo=dt.UTC),
        "seller": SELLER,
        "buyer": BUYER,
        "place_code": "27",
        "place_name": "Maharashtra",
        "inter_state": False,
        "articles": (BANGLE, RING, ANKLET),
        # 711311: 1,600.00 at 1.5 % = 24.00; 711319: 5,309.91 + 276.00 = 5,585.91
        "hsn_rows": (
            HsnRow("711311", 300, 1, 10_000, 1_600_00, 24_00, 24_00, 0),
            HsnRow("711319", 300, 3, 29_000, 372_393_84, 5_585_91, 5_585_91, 0),
        ),
        "taxable_paise": 373_993_84,
        "cgst_paise": 5_609_91,
        "sgst_paise": 5_609_91,
        "igst_paise": 0,
        "round_off_paise": 34,  # 3,85,213.66
        "total_paise": 385_214_00,
        "old_gold": (
            OldGoldItem("Old chain", 15_420, 320, 9_120, 150, 13_565, 12_900_00, 174_988_50, voucher="PU/26-27/00007"),
        ),
        "payments": (Payment("UPI", 150_000_00, "427700123456"), Payment("Card", 60_225_50, "HDFC 4417")),
        "qr_text": "upi://pay?pa=rajlaxmi@bank&pn=Rajlaxmi%20Jewellers&tr=T1/26-27/00042&am=385214.00",
        "qr_caption": "Scan to verify",
        "terms": TERMS,
        "served_by": "Bina",
    }
    return BillDocument(**(facts | change))


def make_credit_note(**change) -> BillDocument:
    facts = {
        "form": Form.CREDIT_NOTE,
        "number": "CNT1/26-27/0003",
        "articles": (RING,),
        "hsn_rows": (HsnRow("711319", 300, 1, 2_500, 18_400_00, 276_00, 276_00, 0),),
        "taxable_paise": 18_400_00,
        "cgst_paise": 276_00,
        "sgst_paise": 276_00,
        "round_off_paise": 0,
        "total_paise": 18_952_00,
        "old_gold": (),
        "payments": (Payment("UPI", 18_952_00, "427700999999"),),
        "against": Against("T1/26-27/00042", dt.date(2026, 11, 20), "Ring returned: size"),
        "qr_text": "",
    }
    return make_bill(**(facts | change))
