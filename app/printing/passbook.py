"""Owns what a printed passbook says, and how its facts become the strings that its form sets."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.kit.clock import ist
from app.kit.money import grouped, rupees
from app.kit.weights import grams
from app.printing.bill import buyer_data, seller_data
from app.printing.documents import Buyer, Seller
from app.printing.fonts import Typeface
from app.printing.logos import logo_svg
from app.printing.looks import Label, fitted
from app.printing.words import amount_in_words


@dataclass(frozen=True, slots=True)
class PassbookLine:
    """One month: `paid_on` None where nothing came yet."""

    no: int
    due_on: dt.date
    paid_on: dt.date | None
    paise: int
    grams_mg: int
    receipt: str
    late: bool


@dataclass(frozen=True, slots=True)
class PassbookDocument:
    """A passbook as it stands at a moment; words of ours are Labels. `purity` is empty where no grams are shown."""

    number: str
    printed_at: dt.datetime  # aware
    seller: Seller
    saver: Buyer
    plan: str
    instalment_paise: int
    months: int
    begun_on: dt.date
    matures_on: dt.date
    stops_on: dt.date
    state: str
    bonus: str
    nominee: str
    purity: str
    lines: tuple[PassbookLine, ...]
    paid_paise: int
    grams_mg: int
    terms: tuple[str, ...] = ()


def passbook_data(book: PassbookDocument, type_: Typeface) -> dict[str, Any]:
    """The form's data: texts fit to be drawn, figures as they are read in India, empty where there is nothing."""
    say, printed = type_.fit, ist(book.printed_at)
    facts = [
        ("Passbook no.", book.number), ("Plan", book.plan), ("Instalment, monthly", rupees(book.instalment_paise)),
        ("Begun on", _day(book.begun_on)), ("Matures on", _day(book.matures_on)),
        ("Must be used by", _day(book.stops_on)), ("Status", book.state), ("Bonus", book.bonus),
        ("Nominee", book.nominee),
    ]  # fmt: skip
    return {
        "title": "SCHEME PASSBOOK",
        "number": say(book.number),
        "date": [printed.year, printed.month, printed.day],
        "as_of": Label(f"Printed: {printed:%d-%m-%Y %H:%M}"),
        "seller": seller_data(book.seller, say),
        "logo": logo_svg(book.seller.logo_png),
        "saver": buyer_data(book.saver, say),
        "facts": [[label, fitted(value, say)] for label, value in facts if value],
        "grams_head": Label(f"Grams · {say(book.purity)}") if book.purity else "",
        "rows": [_row(line, grams_shown=bool(book.purity)) for line in book.lines],
        "foot": [
            [Label("Instalments paid"), f"{sum(line.paid_on is not None for line in book.lines)} / {book.months}"],
            [Label("Total"), rupees(book.paid_paise)],
            *([[Label("Grams, for information"), grams(book.grams_mg)]] if book.purity else []),
        ],
        "words": amount_in_words(book.paid_paise),
        "terms": [fitted(term, partial(type_.fit, most=400)) for term in book.terms],
    }  # fmt: skip


def _row(line: PassbookLine, *, grams_shown: bool) -> dict[str, Any]:
    paid = line.paid_on is not None
    cells = [str(line.no), _day(line.due_on), _day(line.paid_on) if line.paid_on else "", line.receipt]
    cells.append(grouped(line.paise) if paid else "")
    if grams_shown:
        cells.append(grams(line.grams_mg) if paid else "")
    return {"cells": cells, "late": line.late}


def _day(day: dt.date) -> str:
    return f"{day:%d-%m-%Y}"
