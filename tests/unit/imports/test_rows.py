"""What a row of a shop's list means, in the words that shops write, and that everything wrong with it is told."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.columns import CUSTOMERS, KINDS, STOCK, map_columns, words
from app.imports.errors import HeadingsUnfit
from app.imports.rows import CellUnreadable, Row, fineness_of, read_customer, read_piece
from app.imports.service import read_rows
from app.imports.sheet import DATE_MARK

ON = dt.date(2026, 11, 30)
HEADINGS = ("Tag", "Name", "Category", "Metal", "Purity", "Gross Wt (gms)", "Less Wt", "HUID", "Making %", "Tray")
RING = ("R-1", "Ring", "Anguthi", "Gold", "22K", "3.390", "", "AB12CD", "16", "")
TRAY = UUID(int=7)


def piece(*changes, headings=HEADINGS, cells=RING):
    """The row with these cells changed, read: the piece, and what is wrong at which column."""
    written = list(cells)
    for place, text in changes:
        written[place] = text
    row = Row(2, written, map_columns(STOCK, headings))
    read = read_piece(row, {"front": TRAY}, ON)
    return read, [(one.column, one.value) for one in row.problems], [one.code for one in row.problems]


def test_a_row_in_a_shops_own_words_is_a_piece():
    read, wrong, _ = piece((9, "FRONT"))
    assert wrong == []
    draft = read.draft
    assert (draft.tag, draft.category, draft.metal, draft.fineness) == ("R-1", "ring", "gold", 9160)
    assert (draft.gross_mg, draft.stone_mg, draft.net_mg) == (3390, 0, 3390)
    assert (draft.making_kind, draft.making_bp, draft.huid, read.place_id) == ("percent", 1600, "AB12CD", TRAY)


def test_headings_and_words_of_hindi_and_gujarati_are_known():
    hindi = ("टैग", "नाम", "प्रकार", "धातु", "शुद्धता", "कुल वजन (ग्राम)")
    read, wrong, _ = piece(headings=hindi, cells=("r2", "अंगूठी", "अंगूठी", "चांदी", "925", "10"))
    assert (wrong, read.draft.metal, read.draft.fineness, read.draft.gross_mg) == ([], "silver", 9250, 10_000)
    gujarati = ("ટેગ", "નામ", "પ્રકાર", "ધાતુ", "શુદ્ધતા", "કુલ વજન")
    read, wrong, _ = piece(headings=gujarati, cells=("r3", "ચેન", "ચેન", "ચાંદી", "92.5", "10.5 g"))
    assert (wrong, read.draft.category, read.draft.gross_mg) == ([], "chain", 10_500)


TWO_TONE = (*HEADINGS, "Other metal", "Other purity", "Other metal wt (gms)")


@pytest.mark.parametrize(("cells", "others", "wrong"), [
    (("Platinum", "950", "0.900"), [("platinum", 9500, 900)], []),
    (("", "", ""), [], []),
    (("Platinum", "950", ""), [], [("Other metal wt (gms)", "")]),
    (("", "950", "0.900"), [], [("Other metal", "")]),
    (("Platinum", "22K", "0.900"), [], [("Other purity", "22K")]),
    (("Platinum", "950", "3.390"), [], [("Other metal wt (gms)", "3.390")]),  # nothing is left for the gold
])  # fmt: skip
def test_a_row_may_name_one_other_metal(cells, others, wrong):
    read, found, _ = piece(headings=TWO_TONE, cells=(*RING, *cells))
    assert found == wrong
    assert [(one.metal, one.fineness, one.net_mg) for one in (read.draft.others if read else ())] == others


@pytest.mark.parametrize("text", ["22K", "22 kt", "22", "916", "91.6", "9160", "22K 916", "22k/916", "22ct", "916.0"])
def test_a_purity_is_read_however_it_is_written(text):
    assert fineness_of("gold", text, ON) == 9160


@pytest.mark.parametrize("text", ["", "17K", "gold", "22K 750", "0", "-916", "916 750"])
def test_a_purity_that_there_is_not_is_refused(text):
    with pytest.raises(CellUnreadable):
        fineness_of("gold", text, ON)


WRONG = {
    "no tag": ((0, ""), "Tag"),
    "a tag that became a date": ((0, f"{DATE_MARK}2026-12-03 00:00:00"), "Tag"),
    "a formula": ((1, "=A1"), "Name"),
    "a metal that there is not": ((3, "Copper"), "Metal"),
    "no purity": ((4, ""), "Purity"),
    "a comma for the point": ((5, "3,390"), "Gross Wt (gms)"),
    "a fourth decimal": ((5, "3.3905"), "Gross Wt (gms)"),
    "a weight below nothing": ((5, "-3.390"), "Gross Wt (gms)"),
    "stones heavier than the piece": ((6, "4"), "Less Wt"),
    "a HUID of five letters": ((7, "AB12C"), "HUID"),
    "a HUID that became a number": ((7, "1.2e+45"), "HUID"),
    "a fraction for a percentage": ((8, "0.16"), "Making %"),
    "too much making": ((8, "1200"), "Making %"),
    "a tray that there is not": ((9, "Attic"), "Tray"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_at_its_column(case):
    change, column = WRONG[case]
    read, wrong, _ = piece(change)
    assert read is None
    assert wrong == [(column, change[1].removeprefix(DATE_MARK))]


def test_everything_wrong_with_a_row_is_told_at_once():
    _, wrong, _ = piece((0, ""), (3, "Copper"), (5, "x"))
    assert [column for column, _ in wrong] == ["Metal", "Tag", "Gross Wt (gms)"]


def test_of_two_rows_with_one_tag_the_second_is_told_which_is_the_first():
    twin = (*RING[:7], "XY12CD", *RING[8:])
    other = ("R-9", *RING[1:])
    reading = read_rows(STOCK, [(2, RING), (3, twin), (5, other)], map_columns(STOCK, HEADINGS), {}, ON)
    assert [one.row for one in reading.good] == [2]
    assert [(one.row, one.column, one.rule) for one in reading.problems] == [
        (3, "Tag", "Row 2 has the same."), (5, "HUID", "Row 2 has the same."),
    ]  # fmt: skip


def test_a_customers_phone_state_and_words_are_read():
    columns = map_columns(CUSTOMERS, ("Party Name", "Mobile No.", "State", "Loyalty"))
    assert columns.ignored == ("Loyalty",)
    row = Row(2, ("Lata", "98200 12345", "Maharashtra", "7"), columns)
    read = read_customer(row, ON)
    assert (row.problems, read.draft.phone, read.draft.state_code) == ([], "+919820012345", "27")
    wrong = Row(3, ("", "12345", "Atlantis", ""), columns)
    assert read_customer(wrong, ON) is None
    assert [one.column for one in wrong.problems] == ["Party Name", "State"]
    short = Row(4, ("Lata", "12345", "", ""), columns)
    assert read_customer(short, ON) is None
    assert [(one.column, one.code) for one in short.problems] == [("Mobile No.", "phone_malformed")]


def test_a_column_that_is_missing_or_comes_twice_is_named():
    with pytest.raises(HeadingsUnfit) as missing:
        map_columns(STOCK, ("Tag", "Name", "Metal", "Purity", "Gross"))
    assert list(missing.value.fields) == ["Category"]
    with pytest.raises(HeadingsUnfit) as twice:
        map_columns(CUSTOMERS, ("Name", "Mobile", "Phone"))
    assert list(twice.value.fields) == ["Phone"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_heading_means_two_things_and_the_templates_are_all_known(kind):
    table = words()
    assert set(table.headings[kind].values()) == set(table.titles[kind])
    titles = list(table.titles[kind].values())
    assert set(map_columns(kind, titles).places) == set(table.titles[kind])


@given(st.integers(1, 10**8), st.sampled_from(["", " g", " gms"]), st.booleans())
def test_a_weight_comes_through_to_the_milligram(mg, unit, noughts):
    text = f"{Decimal(mg).scaleb(-3):f}"
    read, wrong, _ = piece((5, f"{text if noughts else text.rstrip('0').rstrip('.')}{unit}"))
    assert wrong == []
    assert read.draft.gross_mg == mg


def test_a_cell_of_several_lines_is_told_but_an_address_is_written_so():
    _, wrong, codes = piece((0, "R-1\nR-2"), (2, "Ring\nChain"))
    assert wrong == [("Category", "Ring\nChain"), ("Tag", "R-1\nR-2")] and set(codes) == {"cell_unreadable"}
    columns = map_columns(CUSTOMERS, ("Name", "Address"))
    two = Row(2, ("Ram Prasad,9812345684\nSita Devi", ""), columns)
    assert read_customer(two, ON) is None and [one.column for one in two.problems] == ["Name"]
    read = read_customer(Row(3, ("Lata", "12 Zaveri Bazaar\nMumbai"), columns), ON)
    assert read.draft.address == "12 Zaveri Bazaar Mumbai"
