"""Papers and languages: the same facts on A4, A5 and a roll, in English, Hindi and Gujarati."""

import ast
import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.printing import bill as of_bills
from app.printing import passbook as of_passbooks
from app.printing import purchase as of_purchases
from app.printing import receipt as of_vouchers
from app.printing import slips as of_slips
from app.printing.documents import Copy, Form
from app.printing.looks import FOLDER, IN_FORMS, SMALL, USUAL, Label, Language, Look, Paper, in_look, look_of, words_of
from tests.unit.printing.conftest import RING, SELLER, make_bill, make_credit_note
from tests.unit.printing.test_day import SLIP as CLOSING
from tests.unit.printing.test_press import read, text_of
from tests.unit.printing.test_voucher import a_voucher
from tests.unit.printing.test_vouchers import AT, BOOK, VOUCHER

OTHERS = [Language.HINDI, Language.GUJARATI]
APP = Path(of_bills.__file__).parents[1]
FORMS = APP / "printing" / "forms"
MEMO = of_slips.SlipDocument(
    title=Label("REPAIR MEMO"), number="RP/26-27/00003", issued_at=AT, seller=SELLER,
    party_label=Label("Received from"), party=("Lata Deshpande", "4 Laxmi Road"),
    facts=((Label("Ready by"), "04-12-2026"),),
    columns=(Label("Piece"), Label("Purity"), Label("Pieces"), Label("Gross g")),
    rows=(("Chain: solder", "22K 916", "1", "8.250"), (Label("Used: Total"), "", "", "0.120")),
    sums=((Label("Estimate"), "₹500.00"),), notes=(Label("Condition: torn"),),
    signs=(Label("Customer's signature"), ""),
)  # fmt: skip
PAPERS = {
    "voucher": (a_voucher(), "render_voucher", ("RVT1/26-27/00007", "₹50,000.00", "40,000.00", "427700123456")),
    "purchase": (VOUCHER, "render_purchase", ("PU/26-27/00007", "15.420", "1,74,988.50", "XXXXXXXX0123")),
    "passbook": (BOOK, "render_passbook", ("SB/26-27/00001", "RV/26-27/00019", "0.311", "₹4,000.00", "30-11-2026")),
    "slip": (MEMO, "render_slip", ("RP/26-27/00003", "04-12-2026", "8.250", "0.120", "₹500.00")),
    "closing": (CLOSING, "render_day", ("30-11-2026", "9,93,607.00", "24×₹500", "71777177")),
}


def bare(pdf: bytes) -> str:
    """Without white space: the reader splits clusters of Indian scripts."""
    return re.sub(r"[\x00-\x20]", "", unicodedata.normalize("NFC", text_of(pdf)))


def points(pdf: bytes) -> tuple[int, int]:
    width, height = read(pdf).pages[0].mediabox[2:]
    return round(float(width)), round(float(height))


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("language", Language)
def test_every_look_has_the_figures_and_the_marks(press, paper, language):
    text = bare(press.render_bill(make_bill(), Look(paper, language)))
    for figure in ("T1/26-27/00042", "27AAACR5055K1Z7", "AB12C3", "711319", "3,53,993.84", "5,609.91", "3,85,214.00",
                   "1,74,988.50", "16:05", "26.500", "11,925.50"):  # fmt: skip
        assert figure in text, figure


def test_papers_are_as_large_as_they_are_called(press):
    assert points(press.render_bill(make_bill())) == (595, 842)  # 210 × 297 mm
    assert points(press.render_bill(make_bill(), Look(Paper.A5))) == (595, 420)  # 210 × 148 mm
    short, long = (points(press.render_bill(make_bill(articles=make_bill().articles * n), Look(Paper.ROLL)))
                   for n in (1, 3))  # fmt: skip
    assert short[0] == long[0] == 227  # 80 mm
    assert long[1] > short[1] + 100


@pytest.mark.parametrize(("language", "words"), [
    (Language.HINDI, ("कर बीजक", "बिल का योग", "घड़ाई", "ग्राहक के हस्ताक्षर", "भुगतान में लिया पुराना सोना")),
    (Language.GUJARATI, ("કર ભરતિયું", "બિલનો સરવાળો", "ઘડામણ", "ગ્રાહકની સહી", "ચુકવણીમાં લીધેલું જૂનું સોનું")),
])  # fmt: skip
def test_labels_are_in_the_language_and_not_in_english(language, words):
    """Looked at in the data that is set: what a reader gives back of shaped scripts is not their letters."""
    data = in_look(of_bills.bill_data(make_bill(), Plain()), Look(language=language))
    told = str(data)
    for one in words:
        assert one in told, one
    assert data["labels"]["Buyer"] != "Buyer" and "Bill total" not in told and "TAX INVOICE" not in told


def test_the_code_of_a_service_is_called_sac():
    ring, mending = (dataclasses.replace(RING, hsn=code) for code in ("711319", "998722"))
    rows = of_bills.bill_data(make_bill(articles=(ring, mending)), Plain())["rows"]
    assert [row["details"] for row in rows] == ["Tag R-2077  ·  HSN 711319", "Tag R-2077  ·  SAC 998722"]


def test_an_estimate_says_that_it_is_no_tax_invoice():
    told = make_bill(
        form=Form.ESTIMATE, copy=Copy.NONE, payments=(), old_gold=(), more_facts=(("Valid until", "27-11-2026"),),
        notes=("The bill takes the rates of its own day.",),
    )  # fmt: skip
    data = of_bills.bill_data(told, Plain())
    assert (data["title"], data["copy"], data["totals"][-1][0]) == ("ESTIMATE", "NO TAX INVOICE", "Estimate total")
    assert [fact[0] for fact in data["facts"]] == ["Estimate no.", "Date", "Place of supply", "Valid until"]
    assert data["hsn_label"] == "Tax by HSN" and data["settled"] == []
    hindi = in_look(data, Look(language=Language.HINDI))
    assert hindi["title"] == "अनुमान पत्र" and hindi["notes"] == ["बिल पर उसी दिन के भाव लगेंगे।"]
    untaxed = of_bills.bill_data(make_bill(form=Form.ESTIMATE_UNTAXED), Plain())
    assert (untaxed["title"], untaxed["totals"][0][0], untaxed["hsn_label"]) == ("ESTIMATE", "Value", "By HSN")


def test_names_and_what_people_typed_are_left_alone():
    """A customer called Cash, an article called Total."""
    first, *rest = make_bill().articles
    named = make_bill(articles=(type(first)(**{**fields_of(first), "description": "Total"}), *rest))
    data = in_look(of_bills.bill_data(named, Plain()), Look(language=Language.HINDI))
    assert data["rows"][0]["name"] == "Total"
    assert data["seller"]["name"] == "Rajlaxmi Jewellers"


def test_a_rate_and_a_reference_stay_behind_their_label():
    data = in_look(of_bills.bill_data(make_credit_note(), Plain()), Look(language=Language.GUJARATI))
    assert data["settled"][0][0] == "UPI થી પરત · 427700999999"
    assert any(row[0].startswith("CGST @ 1.5") for row in data["totals"])


@pytest.mark.parametrize("language", OTHERS)
def test_every_label_has_its_words(language):
    words = words_of(language)
    titles = {
        *of_purchases.HEAD,
        "PURCHASE VOUCHER",
        "SCHEME PASSBOOK",
        *of_bills.TITLES.values(),
        *of_vouchers.TITLES.values(),
        *of_bills.NUMBER_LABELS.values(),
    }
    assert sorted(({*IN_FORMS} | titles) - set(words)) == []
    assert all(text.strip() for text in words.values())


def test_the_languages_speak_of_the_same_labels():
    assert set(words_of(Language.HINDI)) == set(words_of(Language.GUJARATI))
    assert {path.stem for path in FOLDER.glob("*.json")} == {language.value for language in OTHERS}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("kind", PAPERS)
def test_every_paper_has_its_figures_in_every_look(press, kind, paper, language):
    document, render, figures = PAPERS[kind]
    pdf = getattr(press, render)(document, Look(paper, language))
    text = bare(pdf)
    for figure in figures:
        assert figure in text, figure
    assert points(pdf)[0] == (227 if paper is Paper.ROLL else 420 if (kind, paper) in UPRIGHT else 595)


UPRIGHT = (("passbook", Paper.A5), ("slip", Paper.A5))
"""A5 as high as A4 is wide: 148 mm are 420 points."""


def test_our_words_are_told_and_typed_ones_are_not():
    hindi = Look(language=Language.HINDI)
    told = in_look(of_slips.goods_slip(MEMO, Plain()), hindi)
    assert (told["title"], told["head"][0], told["remarks"]) == ("मरम्मत मेमो", "नग", ["हालत: torn"])
    assert [row[0] for row in told["rows"]] == ["Chain: solder", "लगाया: Total"]  # Total was typed
    bought = in_look(of_purchases.purchase_data(VOUCHER, Plain()), hindi)
    assert bought["pledge"] != of_purchases.PLEDGE and bought["rows"][0]["test"] == "XRF: 91.2 % gold"
    saved = in_look(of_passbooks.passbook_data(BOOK, Plain()), hindi)
    assert ["योजना", "Swarna 11+1"] in saved["facts"] and saved["grams_head"] == "ग्राम · 22K 916"


@pytest.mark.parametrize("language", OTHERS)
def test_no_label_beside_a_figure_is_left_in_english(language):
    """Of all that the papers here have: facts, marks, totals, ways of paying, rows of the closing."""
    datas = (
        of_bills.bill_data(make_bill(), Plain()), of_vouchers.voucher_data(a_voucher(about="RV1"), Plain()),
        of_purchases.purchase_data(VOUCHER, Plain()), of_passbooks.passbook_data(BOOK, Plain()),
        of_slips.goods_slip(MEMO, Plain()),
    )  # fmt: skip
    pairs = [pair for data in datas for key in ("facts", "totals", "settled", "payments", "sums", "foot")
             for pair in in_look(data, Look(language=language)).get(key, [])]  # fmt: skip
    assert len(pairs) > 30
    english = [label for label, *_ in pairs if label.isascii() and label.strip(" 0123456789.,%@")]
    assert {re.split(" · | @ ", label)[0] for label in english} <= {"UPI", "CGST", "SGST"}


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_of_ours_has_its_words(language):
    """Wherever in the code a text is called a label."""
    said = {text for path in APP.rglob("*.py") for text in labels_of(path.read_text(encoding="utf-8"))}
    assert {"Rate locked", "Condition", "Cash of till", "Touchstone"} <= said  # the reading reads
    assert sorted(said - set(words_of(language)) - {"For"}) == []


def labels_of(source: str) -> Iterator[str]:
    """The first argument of each Label(…); of one with parts, what stands before the first joint."""
    if "Label(" not in source:
        return
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Label":
            first = call.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                yield re.split(" · | @ |: ", str(first.values[0].value))[0].strip()


def test_forms_ask_for_no_label_that_is_not_listed():
    written = "".join(form.read_text(encoding="utf-8") for form in FORMS.glob("*.typ"))
    asked = set(re.findall(r'say\("([^"]+)"\)', written))
    assert asked and asked <= set(IN_FORMS)


def test_what_is_asked_for():
    assert look_of(None, None) == USUAL
    assert look_of("roll", "gu") == Look(Paper.ROLL, Language.GUJARATI)
    assert look_of(None, "hi", SMALL) == Look(Paper.A5, Language.HINDI)
    assert look_of("a5", "ta") == Look(Paper.A5)  # no forms in Tamil: English
    with pytest.raises(ValueError, match="a3"):
        look_of("a3", None)


def test_only_other_looks_have_a_mark():
    assert USUAL.mark == ""
    assert len({Look(paper, language).mark for paper in Paper for language in Language}) == 9


class Plain:
    """A typeface that draws everything."""

    def fit(self, text: str, **_limits: int) -> str:
        return text


def fields_of(article):
    return {name: getattr(article, name) for name in article.__dataclass_fields__}
