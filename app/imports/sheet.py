"""Owns reading a spreadsheet into texts: CSV or the first sheet of an XLSX, bounded before it is unpacked."""

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
from app.kit.texts import _

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MAX_ENTRIES = 2000
LONGEST_CELL = 1000
DATE_MARK = "\x01"
"""Before a text that a spreadsheet keeps as a date: a tag 12-3 that Excel took for one is a mistake to be told."""

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r=\"([A-Z]{1,4})([0-9]{1,8})\"[^>]*(?<!/)>")
_MACROS = re.compile(r"vbaproject|/macrosheets/|/dialogsheets/|\.bin$", re.I)
_PRINTER = re.compile(r"printersettings", re.I)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings, and each row that is not empty with its number as the spreadsheet shows it."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(body: bytes, bounds: Bounds) -> Sheet:
    """Raises what is wrong with the file as a whole; see errors.py."""
    if len(body) > bounds.max_bytes:
        raise ImportFileTooLarge(_("A file has at most %(most)s MB.", most=bounds.max_bytes // 2**20))
    if body.startswith(OLE):
        raise SpreadsheetBroken(
            _("This is an old or protected workbook."), action=_("Save it as XLSX, without a password.")
        )
    lines = _xlsx(body, bounds) if body.startswith(ZIP) else _csv(body)
    return _sheet(lines, bounds)


def _sheet(lines: Iterator[Sequence[str]], bounds: Bounds) -> Sheet:
    headings: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(lines, start=1):
        texts = tuple(_text(cell) for cell in cells)
        if not any(texts):
            continue
        if len(texts) > bounds.max_columns and any(texts[bounds.max_columns :]):
            raise TooManyRows(_("A sheet has at most %(most)s columns.", most=bounds.max_columns))
        if not headings:
            headings = texts[: bounds.max_columns]
            continue
        rows.append((number, texts[: len(headings)] + ("",) * (len(headings) - len(texts))))
        if len(rows) > bounds.max_rows:
            raise TooManyRows(_("One import takes at most %(most)s rows.", most=bounds.max_rows))
    if not headings or not rows:
        raise NothingInFile()
    return Sheet(headings, tuple(rows))


def _text(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell[:LONGEST_CELL]).split(" ")).strip()


# ---------------------------------------------------------------- CSV


def _csv(body: bytes) -> Iterator[Sequence[str]]:
    if b"\x00" in body and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NoSpreadsheet()
    text = _decoded(body)
    head = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    comma = max(",;\t|", key=head.count)
    if _binary(head):
        raise NoSpreadsheet()
    begins, lines = 1, csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    try:
        for cells in lines:
            yield cells
            begins = lines.line_num + 1
    except csv.Error:  # read loosely, a quotation mark that nothing closes would take the rows beneath it for its cell
        raise SpreadsheetBroken(
            _("The row that begins on line %(line)s can't be told: a quotation mark in it is not closed, or something "
              "stands behind the one that closes it.", line=begins),
            action=_("Correct the quotation marks on that line and send the file again."),
        ) from None  # fmt: skip


def _decoded(body: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 as Excel's Unicode text, else what Windows wrote before."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return body.decode("utf-16").removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise NoSpreadsheet() from None
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return body.decode("cp1252")
        except UnicodeDecodeError:
            raise NoSpreadsheet() from None


def _binary(head: str) -> bool:
    return any(unicodedata.category(letter) == "Cc" and letter not in "\t\r" for letter in head) or head.startswith(
        ("%PDF", "{", "<", "\x89PNG")
    )


# ---------------------------------------------------------------- XLSX


def _xlsx(body: bytes, bounds: Bounds) -> Iterator[Sequence[str]]:
    _check_package(body, bounds)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        names = book.sheet_names
        rows = book.get_sheet_by_name(names[0]).to_python(skip_empty_area=False) if names else []
    except (CalamineError, ValueError, OSError):
        raise SpreadsheetBroken() from None
    for row in rows:
        yield [_shown(cell) for cell in row]


def _check_package(body: bytes, bounds: Bounds) -> None:
    """Unpacks every part of the workbook here, counted, before the reader does: no part may be more than it says."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            entries = package.infolist()
            names = {entry.filename.lower() for entry in entries}
            if "xl/workbook.xml" not in names:
                raise NoSpreadsheet()
            if any(_MACROS.search(name) and not _PRINTER.search(name) for name in names):
                raise MacrosInFile()
            if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > bounds.max_unpacked_bytes:
                raise ImportFileTooLarge(
                    _("Unpacked, a workbook has at most %(most)s MB.", most=bounds.max_unpacked_bytes // 2**20)
                )
            for entry in entries:
                part = package.read(entry)  # raises where it is other than the directory says
                if entry.filename.lower().startswith("xl/worksheets/"):
                    _check_cells(part, bounds)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise SpreadsheetBroken() from None


def _check_cells(part: bytes, bounds: Bounds) -> None:
    """The reader makes a table as wide and long as the last cell says: one at XFD1048576 would fill the memory."""
    if _FORMULA.search(part):
        raise FormulasInFile()
    for column, row in _CELL.findall(part):
        if _column(column) > bounds.max_columns or int(row) > bounds.max_rows + 1000:
            raise TooManyRows(
                _("A sheet has at most %(rows)s rows and %(columns)s columns.", rows=bounds.max_rows,
                  columns=bounds.max_columns)
            )  # fmt: skip


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _shown(cell: object) -> str:
    """A cell as text: numbers as people read them, dates marked. A sheet's numbers end here; none is reckoned with."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | str):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # the shortest that reads back
    if isinstance(cell, dt.datetime | dt.date | dt.time | dt.timedelta):
        return f"{DATE_MARK}{cell}"
    return ""
