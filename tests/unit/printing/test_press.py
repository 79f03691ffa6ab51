"""The printed bill, read back from its PDF."""

import dataclasses
import datetime as dt
import io
import os
import re
import struct
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from app.printing.documents import Article, Buyer, Copy, Form, HsnRow, MetalItem, Payment, StoneItem
from app.printing.press import Press
from tests.unit.printing.conftest import ANKLET, BANGLE, BUYER, RING, SELLER, make_bill, make_credit_note

ROOT = Path(__file__).parents[3]


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """All pages' text with every run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def fonts_of(pdf: bytes):
    """Name and descriptor of every font of every page."""
    for page in read(pdf).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            yield inner["/BaseFont"], inner["/FontDescriptor"]


def test_every_field_that_rule_46_and_bis_ask_for(press):
    text = text_of(press.render_bill(make_bill()))
    for field in [
        "TAX INVOICE", "ORIGINAL FOR RECIPIENT",
        "Rajlaxmi Jewellers", "12, Laxmi Road", "Pune 411030", "27AAACR5055K1Z7", "HM/C-7200012345",  # seller
        "T1/26-27/00042", "20-11-2026", "16:05",  # 10:35 UTC is 16:05 in India
        "Asha Kulkarni", "Erandwane", "ABCPK1234F", "Maharashtra (27)",  # buyer
        "711319", "711311", "Gold bangle, kada style, hand finished", "2 PCS", "26.500 ", "GMS",
        "22K 916", "18K 750", "Silver 925", "AB12C3", "AB12C4", "XK9P2Q", "45.00",  # BIS per article
        "11,925.50", "3,16,025.75", "37,923.09", "12 %", "0.136 ct", "−0.027", "−50.00",
        "3,53,993.84", "3,73,993.84", "CGST @ 1.5 %", "SGST @ 1.5 %", "5,609.91", "5,585.91", "24.00",
        "Place of supply", "Reverse charge No", "0.34", "₹3,85,214.00",
        "Rupees Three Lakh Eighty-Five Thousand Two Hundred and Fourteen Only",
        "Old chain", "13.565", "1,74,988.50", "PU/26-27/00007", "UPI · 427700123456", "Paid in full",
        "For Rajlaxmi Jewellers", "Authorised signatory", "Page 1 of 1", "Subject to Pune jurisdiction.",
    ]:  # fmt: skip
        assert field in text, field
    assert "inter-state" not in text
    assert "IGST" not in text


def test_fonts_lie_inside_and_are_ours(press):
    fonts = dict(fonts_of(press.render_bill(make_bill())))
    names = {name.split("+")[1] for name in fonts}
    assert {"NotoSans-Regular", "NotoSans-Bold", "NotoSerif-Bold", "NotoSerifDevanagari-Bold"} <= names
    assert all(name.startswith("Noto") for name in names)
    for descriptor in fonts.values():
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_the_shops_name_is_shaped_in_its_own_script(press):
    read_back = unicodedata.normalize("NFC", text_of(press.render_bill(make_bill())))
    bare = re.sub(r"[\x00-\x20]", "", read_back)  # the reader splits clusters
    assert "राजलक्ष्मीज्वेलर्स" in bare


def test_it_is_archival_one_page_and_has_its_title(press):
    pdf = press.render_bill(make_bill())
    reader = read(pdf)
    assert len(reader.pages) == 1
    assert reader.metadata.title == "TAX INVOICE T1/26-27/00042"
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r"<pdfaid:part>2</pdfaid:part>", metadata)
    assert re.search(r"<pdfaid:conformance>B</pdfaid:conformance>", metadata)
    a4 = (595, 842)  # points
    assert tuple(round(float(side)) for side in reader.pages[0].mediabox[2:]) == a4


def test_the_same_bill_is_the_same_bytes(press, font_dir):
    assert press.render_bill(make_bill()) == Press(font_dir).render_bill(make_bill())


def test_a_day_is_that_of_india(press):
    late = make_bill(issued_at=dt.datetime(2026, 3, 31, 19, 0, tzinfo=dt.UTC))
    assert "01-04-2026 00:30" in text_of(press.render_bill(late))


def test_a_credit_note_names_its_bill(press):
    text = text_of(press.render_bill(make_credit_note()))
    for field in ["CREDIT NOTE", "Note no.", "CNT1/26-27/0003", "T1/26-27/00042 of 20-11-2026", "Ring returned: size",
                  "Refunded by UPI", "Refunded in full", "₹18,952.00", "276.00"]:  # fmt: skip
        assert field in text, field
    assert "TAX INVOICE" not in text


def test_across_states_one_head_and_the_places_name(press):
    bill = make_bill(
        inter_state=True, place_code="29", place_name="Karnataka", articles=(RING,), old_gold=(), payments=(),
        buyer=Buyer("Ravi Traders", ("Bengaluru",), "29", "Karnataka", gstin="29AAACI4798L1ZU"),
        hsn_rows=(HsnRow("711319", 300, 1, 2_500, 18_400_00, 0, 0, 552_00),),
        taxable_paise=18_400_00, cgst_paise=0, sgst_paise=0, igst_paise=552_00, round_off_paise=0,
        total_paise=18_952_00, reverse_charge=True,
    )  # fmt: skip
    text = text_of(press.render_bill(bill))
    for field in ["Karnataka (29) · inter-state", "29AAACI4798L1ZU", "IGST @ 3 %", "552.00", "Reverse charge Yes"]:
        assert field in text, field
    assert "CGST" not in text
    assert "SGST" not in text


def test_a_bill_of_supply_has_no_tax_and_says_why(press):
    bill = make_bill(
        form=Form.BILL_OF_SUPPLY, composition=True, buyer=None, seller=dataclasses.replace(SELLER, gstin="")
    )
    text = text_of(press.render_bill(bill))
    assert "BILL OF SUPPLY" in text
    assert "Composition taxable person, not eligible to collect tax on supplies." in text
    assert "Cash customer" in text
    for word in ["CGST", "SGST", "IGST", "Taxable", "GST 3 %", "GSTIN"]:
        assert word not in text, word


def test_a_union_territory_has_utgst(press):
    text = text_of(press.render_bill(make_bill(state_head="UTGST")))
    assert "UTGST @ 1.5 %" in text
    assert "SGST @" not in text


def test_rates_stand_in_the_summary_when_a_bill_has_several(press):
    rows = (
        HsnRow("7103", 25, 3, 0, 1_000_00, 1_25, 1_25, 0),
        HsnRow("7113", 300, 1, 2_500, 18_400_00, 276_00, 276_00, 0),
    )
    text = text_of(press.render_bill(make_bill(hsn_rows=rows)))
    assert "0.125 %" in text
    assert "3 PCS" in text
    assert "CGST @" not in text


def test_an_article_of_several_metals_says_purity_weight_and_rate_of_each(press):
    # of 2.500 g net 0.750 g are platinum; what it leaves, 1.750 g, is the gold
    two_tone = dataclasses.replace(RING, others=(MetalItem("platinum", 9_500, 750, 5_600_00),))
    text = text_of(press.render_bill(make_bill(articles=(two_tone,))))
    assert "18K 750 1.750 g @ 5,200.00" in text
    assert "Platinum 950 0.750 g @ 5,600.00" in text


def test_what_is_left_to_pay(press):
    owing = make_bill(payments=(Payment("Cash", 50_000_00),))  # 3,85,214.00 − 1,74,988.50 − 50,000.00
    assert "Balance due ₹1,60,225.50" in text_of(press.render_bill(owing))
    over = make_bill(old_gold=(), payments=(Payment("Cash", 3_85_300_00),))
    assert "To return ₹86.00" in text_of(press.render_bill(over))


def test_other_copies_are_marked(press):
    assert "TRIPLICATE FOR SUPPLIER" in text_of(press.render_bill(make_bill(copy=Copy.TRIPLICATE)))


def test_a_long_bill_runs_over_pages_with_its_heading(press):
    pdf = press.render_bill(make_bill(articles=(BANGLE, RING, ANKLET) * 20))
    pages = [" ".join(page.extract_text().split()) for page in read(pdf).pages]
    assert len(pages) >= 3
    assert all("Taxable ₹" in page for page in pages)
    assert f"Page 2 of {len(pages)}" in pages[1]
    assert "Authorised signatory" in pages[-1]
    assert "Authorised signatory" not in pages[0]


MARKUP = [
    "#panic(1)",
    "$x^2$",
    "*bold* _it_ `raw`",
    "= Head",
    "#sys.version",
    "\\u{41}",
    '"; #read("/etc/passwd")',
    "<label> @ref",
    "//x",
    "#let a = 1",
]


@pytest.mark.parametrize("text", MARKUP)
def test_typst_in_a_text_stays_text(press, text):
    pdf = press.render_bill(
        make_bill(
            number="A/26-27/1",
            seller=dataclasses.replace(SELLER, name=text, tagline=text, address=(text,)),
            buyer=dataclasses.replace(BUYER, name=text, address=(text,)),
            articles=(
                dataclasses.replace(RING, description=text, making_note=text, stones=(StoneItem(text, 1, 1, mct=1),)),
            ),
            payments=(Payment(text, 1_00, text),),
            terms=(text,),
            qr_caption=text,
        )
    )
    shown = "".join(text_of(pdf).split()).replace("\u200b", "")
    assert shown.count("".join(text.split())) >= 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=60), min_size=8, max_size=8))
def test_no_text_can_stop_a_bill(press, texts):
    name, local, address, buyer, item, note, mode, term = texts
    pdf = press.render_bill(
        make_bill(
            number=name,
            seller=dataclasses.replace(SELLER, name=name, local_name=local, address=(address, local)),
            buyer=Buyer(buyer, (address,), "27", term, gstin=note, pan=mode, phone=item),
            articles=(
                dataclasses.replace(RING, description=item, tag=note, huids=(mode, buyer), making_note=note, unit=mode),
            ),
            payments=(Payment(mode, 1_00, note),),
            terms=(term,),
            served_by=buyer,
            qr_text=local,
            irn=note,
        )
    )
    assert pdf.startswith(b"%PDF-1.7")


def liar(code: int) -> bytes:
    """A font file that claims one character in its cmap and can draw nothing."""
    table = struct.pack(">HHHHL", 0, 1, 3, 10, 12) + struct.pack(">HHLLLLLL", 12, 0, 28, 0, 1, code, code, 1)
    return struct.pack(">LHHHH", 0x00010000, 1, 16, 0, 0) + struct.pack(">4sLLL", b"cmap", 0, 28, len(table)) + table


def test_a_text_that_the_fonts_fail_on_after_all_costs_the_script_and_not_the_bill(font_dir, tmp_path):
    for path in font_dir.rglob("Noto*.ttf"):
        if path.name.startswith(("NotoSans-", "NotoSerif-", "NotoSansDevanagari-")):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "liar.ttf").write_bytes(liar(ord("中")))
    press = Press(tmp_path)
    assert press._type.fit("中") == "中"
    text = text_of(press.render_bill(make_bill(buyer=Buyer("Li 中 Wei"))))
    assert "Li ? Wei" in text
    assert "₹3,85,214.00" in text


SCRIPTS = ["राजलक्ष्मी", "ગુજરાતી", "বাংলা", "தமிழ்", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ਪੰਜਾਬੀ", "ଓଡ଼ିଆ", "اردو"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_indian_scripts_are_drawn(press, name):
    pdf = press.render_bill(make_bill(seller=dataclasses.replace(SELLER, local_name=name)))
    names = {font.split("+")[1] for font, _ in fonts_of(pdf)}
    assert len(names) >= 4
    assert press._type.fit(name) == unicodedata.normalize("NFC", name)


def test_absurd_amounts_and_words_stay_on_the_page(press):
    most = 10**12
    big = Article(
        description="w" * 80, hsn="711319", tag="T" * 40, metal="gold", fineness=9160, huids=("A" * 40,),
        gross_mg=10**9, stone_mg=1, net_mg=10**9 - 1, rate_paise_per_g=most, metal_paise=most, making_paise=most,
        stones_paise=most, discount_paise=most, making_discount_paise=most, taxable_paise=most, tax_bp=300,
        wastage_mg=10**9, wastage_paise=most, hallmark_paise=most,
    )  # fmt: skip
    pdf = press.render_bill(make_bill(articles=(big,), total_paise=most, taxable_paise=most))
    assert "10,00,00,00,000.00" in text_of(pdf)
    assert len(read(pdf).pages) == 1


def test_threads_share_one_press(press):
    bills = [make_bill(number=f"T1/26-27/{no:05d}") for no in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(press.render_bill, bills))
    for bill, pdf in zip(bills, made, strict=True):
        assert bill.number in text_of(pdf)


FORKS = """
import os, sys
from pathlib import Path
from app.printing.errors import ForkedPress
from app.printing.press import Press
from tests.unit.printing.conftest import make_bill

def in_child(press):
    readable, writable = os.pipe()
    if os.fork() == 0:
        try:
            said = press.render_bill(make_bill())[:4]
        except ForkedPress as refused:
            said = refused.code.encode()
        os.write(writable, said)
        os._exit(0)
    os.close(writable)
    return os.fdopen(readable, "rb").read().decode()

press = Press(Path(sys.argv[1]))
print(in_child(press), in_child(press), press.render_bill(make_bill())[:4].decode(), in_child(press))
"""


def test_forked_jobs_print_and_a_fork_of_a_printing_process_is_refused_instead_of_hanging(font_dir):
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(font_dir)], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["%PDF", "%PDF", "%PDF", "forked_press"]
