"""Papers and languages: the same facts on A4, A5 and a roll, in English, Hindi and Gujarati."""

import re
import unicodedata
from pathlib import Path

import pytest

from app.printing import bill as of_bills
from app.printing import receipt as of_vouchers
from app.printing.looks import FOLDER, IN_FORMS, USUAL, Language, Look, Paper, in_look, look_of, words_of
from tests.unit.printing.conftest import make_bill, make_credit_note
from tests.unit.printing.test_press import read, text_of

OTHERS = [Language.HINDI, Language.GUJARATI]
FORMS = Path(of_bills.__file__).parent / "forms"


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
    titles = {*of_bills.TITLES.values(), *of_vouchers.TITLES.values(), *of_bills.NUMBER_LABELS.values()}
    assert sorted(({*IN_FORMS} | titles) - set(words)) == []
    assert all(text.strip() for text in words.values())


def test_the_languages_speak_of_the_same_labels():
    assert set(words_of(Language.HINDI)) == set(words_of(Language.GUJARATI))
    assert {path.stem for path in FOLDER.glob("*.json")} == {language.value for language in OTHERS}


def test_forms_ask_for_no_label_that_is_not_listed():
    asked = {
        label for name in ("bill.typ", "roll.typ", "receipt.typ")
        for label in re.findall(r'say\("([^"]+)"\)', (FORMS / name).read_text(encoding="utf-8"))
    }  # fmt: skip
    assert asked and asked <= set(IN_FORMS)


def test_what_is_asked_for():
    assert look_of(None, None) == USUAL
    assert look_of("roll", "gu") == Look(Paper.ROLL, Language.GUJARATI)
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
