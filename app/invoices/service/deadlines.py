"""Owns the last day for a credit note: dated data, since the law has moved it before."""

import datetime as dt
from pathlib import Path
from typing import Any

from app.invoices.errors import NoteTooLate
from app.kit.clock import financial_year
from app.kit.dated import read_table, remembered
from app.kit.texts import _

DATA = Path(__file__).parent.parent / "data" / "note_deadlines.json"


@remembered
def _records() -> tuple[dict[str, Any], ...]:
    return tuple(read_table(DATA)["records"])


def last_day_for_note(supplied_on: dt.date, today: dt.date) -> dt.date:
    """The last day on which a supply's credit note counts, by the rule that holds today."""
    end = financial_year(supplied_on).ends_on
    for record in _records():
        until = record["valid_to"]
        if record["valid_from"] <= today.isoformat() and (until is None or today.isoformat() <= until):
            return dt.date(end.year, record["month"], record["day"])
    raise LookupError(f"no rule for credit notes holds on {today}")


def check_in_time(supplied_on: dt.date, today: dt.date) -> None:
    """Raises NoteTooLate."""
    last = last_day_for_note(supplied_on, today)
    if today > last:
        message = _("A credit note on this bill could be issued until %(last)s (s.34).", last=f"{last:%d-%m-%Y}")
        raise NoteTooLate(message)
