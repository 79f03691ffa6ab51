"""Owns the files of exports: CSV that spreadsheets open safely, XLSX with real numbers, both row by row."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell may not begin with: a spreadsheet would run it as a formula."""

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, where it comes from, and whether it is money."""

    heading: str
    name: str
    money: bool = False
    width: int = 14


BILLS = (
    Column("Number", "number", width=18), Column("Date", "issued_on", width=12), Column("Kind", "kind"),
    Column("Customer", "customer_name", width=28), Column("GSTIN", "buyer_gstin", width=18),
    Column("Place of supply", "place_of_supply"), Column("Inter-state", "inter_state", width=11),
    Column("Taxable value", "taxable_paise", money=True), Column("CGST", "cgst_paise", money=True),
    Column("SGST", "sgst_paise", money=True), Column("IGST", "igst_paise", money=True),
    Column("Round off", "round_off_paise", money=True), Column("Total", "total_paise", money=True),
    Column("Paid", "paid_paise", money=True),
)  # fmt: skip


DAY_BOOK = (
    Column("Business day", "business_on", width=12), Column("Made at", "made_at", width=18),
    Column("Kind", "kind"), Column("Number or note", "what", width=32), Column("Till", "till", width=8),
    Column("Customer", "customer_name", width=28), Column("Amount", "paise", money=True),
    Column("Document", "document", width=10),
)  # fmt: skip
CASH_BOOK = (
    Column("Business day", "business_on", width=12), Column("Shift", "shift_no", width=8),
    Column("Made at", "made_at", width=18), Column("Till", "till", width=8), Column("Kind", "kind"),
    Column("Note", "note", width=32), Column("Amount", "paise", money=True),
    Column("Held after", "held_paise", money=True),
)  # fmt: skip
OUTSTANDING = (
    Column("Customer", "name", width=28), Column("Phone", "phone", width=18), Column("Since", "since", width=12),
    Column("Up to 30 days", "to_30_paise", money=True), Column("31 to 60 days", "to_60_paise", money=True),
    Column("61 to 90 days", "to_90_paise", money=True), Column("Older", "older_paise", money=True),
    Column("Owes", "owes_paise", money=True),
)  # fmt: skip
SHEETS = {
    "invoices": ("Bills", BILLS), "day_book": ("Day book", DAY_BOOK), "cash_book": ("Cash book", CASH_BOOK),
    "outstanding": ("Outstanding", OUTSTANDING),
}  # fmt: skip
"""Of each kind of table: the sheet's name and its columns."""


def write_csv(rows: Iterable[Any], file: IO[bytes], columns: Sequence[Column] = BILLS) -> None:
    """UTF-8 with a byte-order mark, since Excel takes a CSV without one for another alphabet."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([column.heading for column in columns])
    for row in rows:
        writer.writerow([_cell(row, column) for column in columns])
    text.flush()
    text.detach()


def write_xlsx(rows: Iterable[Any], path: Path, columns: Sequence[Column] = BILLS, sheet: str = "Bills") -> None:
    """Streamed through a writer that keeps no sheet in memory."""
    from rustpy_xlsxwriter import FastExcel, Format

    found = iter(rows)
    first = next(found, None)
    if first is None:
        _write_headings(path, columns, sheet)
        return
    money = Format().set_num_format("#,##0.00")
    book = FastExcel(str(path)).format(bold_headers=True).freeze(row=1)
    book.sheet(
        sheet, _records(chain([first], found), columns),
        column_widths={column.heading: column.width for column in columns},
        column_formats={column.heading: money for column in columns if column.money},
    ).save()  # fmt: skip


def _write_headings(path: Path, columns: Sequence[Column], sheet: str) -> None:
    """The fast writer learns its headings from the first row; a period without bills has none."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet(sheet).write_row(
            0, 0, [column.heading for column in columns], book.add_format({"bold": True})
        )


def guarded(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def decimal(paise: int) -> str:
    """1892571.20, for machines: no grouping."""
    sign, whole, part = "-" if paise < 0 else "", *divmod(abs(paise), 100)
    return f"{sign}{whole}.{part:02d}"


def _cell(row: Any, column: Column) -> str:
    value = getattr(row, column.name)
    return decimal(value) if column.money else guarded(_text(value))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _records(rows: Iterable[Any], columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """A sheet's numbers are doubles, exact for rupees with two decimals up to ₹90 lakh crore."""
    for row in rows:
        yield {
            column.heading: getattr(row, column.name) / 100 if column.money else _text(getattr(row, column.name))
            for column in columns
        }
