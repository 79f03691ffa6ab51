"""A file is read as texts or refused for what is wrong with it, before any of it is unpacked beyond its bounds."""

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter

from app.imports.bounds import Bounds
from app.imports.errors import (
    FormulasInFile,
    ImportFileTooLarge,
    MacrosInFile,
    NoSpreadsheet,
    NothingInFile,
    SpreadsheetBroken,
    TooManyRows,
)
from app.imports.sheet import DATE_MARK, read_sheet

BOUNDS = Bounds(1_000_000, 8_000_000, 50, 12, 20, dt.date(2020, 1, 1), None)


def book(write):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        write(made, made.add_worksheet("Stock"))
    return file.getvalue()


def rows_of(made, sheet, *rows):
    for place, row in enumerate(rows):
        sheet.write_row(place, 0, row)


def repacked(body, name, content, more=()):
    """The same workbook with one part changed, or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry) if entry != name else content)
        if name not in old.namelist():
            new.writestr(name, content)
    return file.getvalue()


PLAIN = book(lambda made, sheet: rows_of(made, sheet, ["Tag", "Wt"], ["R-1", 3.39], [], ["R-2", 10]))


def test_numbers_come_as_people_write_them_and_rows_keep_their_numbers():
    sheet = read_sheet(PLAIN, BOUNDS)
    assert sheet.headings == ("Tag", "Wt")
    assert sheet.rows == ((2, ("R-1", "3.39")), (4, ("R-2", "10")))


def test_a_date_is_marked_so_that_no_tag_is_one():
    def write(made, sheet):
        sheet.write_row(0, 0, ["Tag"])
        sheet.write_datetime(1, 0, dt.date(2026, 3, 12), made.add_format({"num_format": "dd-mm"}))

    ((_, (cell,)),) = read_sheet(book(write), BOUNDS).rows
    assert cell.startswith(DATE_MARK) and "2026-03-12" in cell


@pytest.mark.parametrize("text", [
    "Tag,Name\nR-1,રિંગ\n", "\ufeffTag;Name\r\nR-1;રિંગ\r\n", "Tag\tName\nR-1\tરિંગ", 'Tag,Name\n"R-1","રિંગ"\n',
])  # fmt: skip
def test_csv_is_read_with_whatever_it_is_cut_by(text):
    for body in (text.encode(), text.encode("utf-16")):
        sheet = read_sheet(body, BOUNDS)
        assert (sheet.headings, sheet.rows) == (("Tag", "Name"), ((2, ("R-1", "રિંગ")),))


LIE = repacked(
    PLAIN, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + b" " * 9_000_000 + b"</sheetData></worksheet>"
)
FAR = repacked(
    PLAIN, "xl/worksheets/sheet1.xml",
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData></worksheet>',
)  # fmt: skip
BAD = {
    "nothing": (b"", NothingInFile),
    "blank lines": (b"\n\n\n", NothingInFile),
    "headings alone": (b"Tag,Name\n", NothingInFile),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3", NoSpreadsheet),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", NoSpreadsheet),
    "JSON": (b'{"tag": 1}\n', NoSpreadsheet),
    "a zip of something else": (PLAIN.replace(b"xl/workbook.xml", b"xl/warkbook.xml"), NoSpreadsheet),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), SpreadsheetBroken),
    "a workbook cut short": (PLAIN[:-200], SpreadsheetBroken),
    "a part that is other than its sum says": (
        PLAIN.replace(PLAIN[200:210], b"0123456789"), SpreadsheetBroken,
    ),
    "a bomb": (LIE, ImportFileTooLarge),
    "a file too large": (b"Tag\n" + b"x" * 1_000_001, ImportFileTooLarge),
    "a cell at the far corner": (FAR, TooManyRows),
    "a thousand rows": (b"Tag\n" + b"R\n" * 1000, TooManyRows),
    "a hundred columns": (b",".join([b"x"] * 100) + b"\n1\n", TooManyRows),
    "macros": (repacked(PLAIN, "xl/vbaProject.bin", b"x"), MacrosInFile),
    "a formula": (book(lambda made, sheet: (rows_of(made, sheet, ["Tag"], ["R"]), sheet.write_formula("B2", "=1+1"))),
                  FormulasInFile),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_for_what_it_is(case):
    body, refusal = BAD[case]
    with pytest.raises(refusal):
        read_sheet(body, BOUNDS)


OPEN = 'name,phone\n"Ram Prasad,9812345684\nSita Devi,9812345685\nGita Rao,9812345686\n'


@pytest.mark.parametrize(("text", "line"), [
    (OPEN, 2),  # to the end of the file everything would be the first name
    (OPEN + '"Hari, Om",9812345687\n', 2),  # another row's quotation mark would close it
    ('name,phone\n"Asha\nBen",98\nUma,98\n"Ila" Shah,98\n', 5),  # Asha Ben has lines 2 and 3
])  # fmt: skip
def test_a_quotation_mark_that_is_not_closed_loses_no_rows_unsaid(text, line):
    with pytest.raises(SpreadsheetBroken) as refused:
        read_sheet(text.encode(), BOUNDS)
    assert f"line {line} " in str(refused.value.message)


def test_quotation_marks_within_a_cell_are_inches_and_doubled_ones_are_themselves():
    sheet = read_sheet(b'Tag,Name\nR-1,Chain 18"\nR-2,"Chain 18"", thin"\n', BOUNDS)
    assert [cells[1] for _, cells in sheet.rows] == ['Chain 18"', 'Chain 18", thin']
