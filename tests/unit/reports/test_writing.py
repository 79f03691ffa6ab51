"""Files of exports: what spreadsheets read, and what they must never run."""

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.invoices.service import ExportPlace, ExportRow
from app.reports import writing

DAY = dt.date(2026, 4, 1)


def row(**changes: Any) -> ExportRow:
    facts: dict[str, Any] = {
        "place": ExportPlace(DAY, UUID(int=1)), "kind": "invoice", "number": "A/26-27/1", "issued_on": DAY,
        "customer_name": "Lata", "buyer_gstin": None, "place_of_supply": "27", "inter_state": False,
        "taxable_paise": 1_838_418_64, "cgst_paise": 27_576_28, "sgst_paise": 27_576_28, "igst_paise": 0,
        "round_off_paise": -20, "total_paise": 1_892_571_00, "paid_paise": 5,
    }  # fmt: skip
    return ExportRow(**{**facts, **changes})


def as_csv(*rows: ExportRow) -> str:
    file = io.BytesIO()
    writing.write_csv(rows, file)
    assert not file.closed
    return file.getvalue().decode("utf-8")


def test_a_csv_begins_with_the_mark_that_excel_needs_and_keeps_every_alphabet() -> None:
    text = as_csv(row(customer_name='सोनार, "Zaveri"\nBazaar'))
    assert text.startswith("\ufeffNumber,Date,")
    (_, found) = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert found[:7] == ["A/26-27/1", "2026-04-01", "invoice", 'सोनार, "Zaveri"\nBazaar', "", "27", "no"]


def test_money_in_a_csv_is_exact_and_plain() -> None:
    (_, found) = list(csv.reader(io.StringIO(as_csv(row()))))
    assert found[7:] == ["1838418.64", "27576.28", "27576.28", "0.00", "-0.20", "1892571.00", "0.05"]


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+91 98", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff201"]
)
def test_no_name_becomes_a_formula_in_a_csv(name: str) -> None:
    (_, found) = list(csv.reader(io.StringIO(as_csv(row(customer_name=name)), newline="")))
    assert found[3] == f"'{name}"


def sheet(tmp_path: Path, *rows: ExportRow) -> str:
    path = tmp_path / "bills.xlsx"
    writing.write_xlsx(rows, path)
    with zipfile.ZipFile(path) as book:
        parts = [name for name in book.namelist() if "worksheets/sheet" in name or "sharedStrings" in name]
        return "".join(book.read(name).decode() for name in parts)


def test_a_workbook_has_real_numbers_and_texts_that_are_never_formulas(tmp_path: Path) -> None:
    found = sheet(tmp_path, row(customer_name="=1+1"))
    assert "<f>" not in found
    assert ">=1+1<" in found
    numbers = {float(value) for value in re.findall(r"<v>([-0-9.]+)</v>", found)}
    assert {1838418.64, 27576.28, -0.2, 1892571.0, 0.05} <= numbers


def test_a_workbook_of_nothing_has_its_headings(tmp_path: Path) -> None:
    assert "Taxable value" in sheet(tmp_path)


def test_what_stops_the_rows_stops_the_workbook(tmp_path: Path) -> None:
    """A lost lease or a dead replica is raised out of the native writer, and is not a short file."""

    def rows() -> Any:
        yield row()
        raise TimeoutError("the replica is gone")

    with pytest.raises(TimeoutError, match="gone"):
        writing.write_xlsx(rows(), tmp_path / "broken.xlsx")


def test_a_hundred_thousand_rows_are_never_in_memory(tmp_path: Path) -> None:
    """No more than a handful of rows is alive at any time, whichever the format."""
    import weakref

    class Counted(ExportRow):
        __slots__ = ("__weakref__",)

    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    def rows() -> Any:
        nonlocal most
        facts = {name: getattr(row(), name) for name in ExportRow.__dataclass_fields__}
        for _ in range(5_000):
            one = Counted(**facts)
            alive.add(one)
            most = max(most, len(alive))
            yield one

    writing.write_xlsx(rows(), tmp_path / "many.xlsx")
    with (tmp_path / "many.csv").open("wb") as file:
        writing.write_csv(rows(), file)
    assert most < 50
