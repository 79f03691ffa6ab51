"""Document numbers: never longer than 16, never outside Rule 46's alphabet, never two readings of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import NumberNotWhole, NumberOutOfRange
from app.numbering.errors import NumberFormUnlawful, SeriesExhausted, TillCodeUnfit
from app.numbering.numbers import (
    DocumentKind,
    DocumentNumber,
    NumberForm,
    check_number,
    check_till_code,
    parse_number,
    prefix_for,
)

prefixes = st.one_of(st.just(""), st.from_regex(r"[A-Z1-9]([A-Z0-9-]{0,3}[A-Z0-9])?", fullmatch=True)).filter(
    lambda prefix: not (len(prefix) == 5 and prefix[2] == "-" and prefix.replace("-", "").isdigit())
)
years = st.integers(0, 99).map(lambda year: f"{year:02d}-{(year + 1) % 100:02d}")


@pytest.mark.parametrize(
    ("form", "no", "text"),
    [
        (NumberForm(), 1, "26-27/00001"),
        (NumberForm("A"), 123, "A/26-27/00123"),
        (NumberForm("T2", width=1), 7, "T2/26-27/7"),
        (NumberForm("CN-T2"), 12, "CN-T2/26-27/0012"),  # only four digits fit
        (NumberForm("A"), 99_999_999, "A/26-27/99999999"),
    ],
)
def test_numbers_as_written(form, no, text):
    assert form.write("26-27", no) == text
    assert len(text) <= 16
    assert parse_number(text) == DocumentNumber(form.prefix, "26-27", no)


@given(prefixes, years, st.data(), st.integers(1, 8))
def test_every_number_is_lawful_and_reads_back(prefix, year, data, width):
    form = NumberForm(prefix, width)
    no = data.draw(st.integers(1, form.highest))
    text = form.write(year, no)
    assert check_number(text) == text
    assert text[0] not in "-/"
    assert parse_number(text) == DocumentNumber(prefix, year, no)


@given(st.tuples(prefixes, years, st.integers(1, 9999)), st.tuples(prefixes, years, st.integers(1, 9999)))
def test_two_documents_never_bear_one_number(one, other):
    if one != other:
        assert NumberForm(one[0]).write(*one[1:]) != NumberForm(other[0]).write(*other[1:])


@given(prefixes)
def test_a_full_series_says_so(prefix):
    form = NumberForm(prefix)
    assert len(form.write("26-27", form.highest)) == 16
    with pytest.raises(SeriesExhausted):
        form.write("26-27", form.highest + 1)


@pytest.mark.parametrize("prefix", ["a", "A/", "-A", "A-", "0A", "ABCDEF", "A B", "Å", "क", "26-27", "A\n", "A_"])
def test_prefixes_that_portals_would_refuse(prefix):
    with pytest.raises(NumberFormUnlawful):
        NumberForm(prefix)


@pytest.mark.parametrize("label", ["2026-27", "26-28", "26/27", "2627", "", "99-01", "२६-२७"])
def test_a_year_label_is_two_years_in_a_row(label):
    with pytest.raises(NumberFormUnlawful):
        NumberForm().write(label, 1)


@pytest.mark.parametrize(
    ("no", "error"), [(0, NumberOutOfRange), (-1, NumberOutOfRange), (1.0, NumberNotWhole), (True, NumberNotWhole)]
)
def test_numbers_count_from_one(no, error):
    with pytest.raises(error):
        NumberForm().write("26-27", no)


@pytest.mark.parametrize("text", ["", "A" * 17, "A_1", "A 1", "१", "A\n", "A.1"])
def test_other_sellers_numbers_are_checked_too(text):
    with pytest.raises(NumberFormUnlawful):
        check_number(text)


@pytest.mark.parametrize("text", ["INV-1", "26-27/0", "26-28/1", "a/26-27/1", "26-27/", "/26-27/1"])
def test_a_number_that_is_not_ours_is_not_taken_apart(text):
    with pytest.raises(NumberFormUnlawful):
        parse_number(text)


def test_every_kind_has_a_prefix_of_its_own_and_fits_its_column():
    prefixes_of_kinds = [prefix_for(kind, "T2") for kind in DocumentKind]
    assert len(set(prefixes_of_kinds)) == len(DocumentKind)
    assert all(len(kind.value) <= 16 for kind in DocumentKind)
    assert prefix_for(DocumentKind.INVOICE) == ""
    assert prefix_for(DocumentKind.CREDIT_NOTE, "T2") == "CNT2"


def let_in(code):
    try:
        return check_till_code(code) == code
    except TillCodeUnfit:
        return False


tills = st.from_regex(r"[A-Z0-9-]{1,3}", fullmatch=True).filter(let_in)


@given(tills, tills)
def test_tills_that_are_let_in_write_lawful_numbers_that_never_meet(one, other):
    ours, theirs = ({prefix_for(kind, code) for kind in DocumentKind} for code in (one, other))
    assert all(len(NumberForm(prefix).write("26-27", 9999)) <= 16 for prefix in ours)
    assert len(ours) == len(DocumentKind)
    assert one == other or not ours & theirs


@pytest.mark.parametrize("code", ["T1", "A", "9", "T12", "A-1", "ZZZ"])
def test_a_usual_till_code_is_let_in(code):
    assert check_till_code(code) == code


@pytest.mark.parametrize("code", ["", "T123", "t1", "0", "01", "-1", "T-", "T/1", "अ", "CN", "CN1", "DC9"])
def test_a_till_code_that_would_spoil_a_number_is_refused(code):
    with pytest.raises(TillCodeUnfit):
        check_till_code(code)
