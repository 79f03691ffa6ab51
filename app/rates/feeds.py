"""Owns what is known of the world's prices: sources, what a quotation can be, how a rupee rate comes out of two."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.kit.dated import read_table, remembered
from app.kit.money import BASIS_POINTS, EXACT, round_half_up

DATA = Path(__file__).parent / "data"
SYMBOLS = {"gold": "XAU", "silver": "XAG"}
RUPEES = "INR"
MICROS = 1_000_000
MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Source:
    """One number of one source. `turned`: its answer is ounces, or dollars, for one of ours."""

    symbol: str
    feed: str
    url: str
    path: tuple[str, ...]
    turned: bool
    timeout_s: float
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Band:
    """What a quotation can be at all, and how far it may be from the last good one unconfirmed."""

    symbol: str
    least: Decimal
    most: Decimal
    band_bp: int
    agree_bp: int
    valid_from: dt.date
    valid_to: dt.date | None

    def possible(self, value: Decimal) -> bool:
        return self.least <= value <= self.most

    def near(self, value: Decimal, last: Decimal) -> bool:
        return _within(value, last, self.band_bp)

    def agree(self, one: Decimal, other: Decimal) -> bool:
        return _within(one, other, self.agree_bp)


@dataclass(frozen=True, slots=True)
class Terms:
    grams_per_ounce: Decimal
    stale_after: dt.timedelta
    fresh_after: dt.timedelta
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Duty:
    metal: str
    duty_bp: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _sources() -> tuple[Source, ...]:
    return tuple(
        Source(
            _one_of(row["symbol"], (*SYMBOLS.values(), RUPEES)), row["feed"], _address(row["url"]),
            tuple(row["path"].split(".")), row["turned"], row["timeout_ms"] / 1000, *_validity(row),
        )
        for row in _records("feeds.json")
    )  # fmt: skip


@remembered
def _bands() -> tuple[Band, ...]:
    return tuple(
        Band(
            row["symbol"], Decimal(row["least"]), Decimal(row["most"]), int(row["band_bp"]), int(row["agree_bp"]),
            *_validity(row),
        )
        for row in _records("feed_bands.json")
    )  # fmt: skip


@remembered
def _terms() -> tuple[Terms, ...]:
    return tuple(
        Terms(
            Decimal(row["grams_per_ounce"]), dt.timedelta(minutes=row["stale_after_minutes"]),
            dt.timedelta(minutes=row["fresh_after_minutes"]), *_validity(row),
        )
        for row in _records("feed_terms.json")
    )  # fmt: skip


@remembered
def _duties() -> tuple[Duty, ...]:
    return tuple(Duty(row["metal"], int(row["duty_bp"]), *_validity(row)) for row in _records("import_duty.json"))


def sources_on(on: dt.date) -> tuple[Source, ...]:
    """In the order in which they are asked."""
    return tuple(one for one in _sources() if _holds(one, on))


def band_of(symbol: str, on: dt.date) -> Band:
    """Raises LookupError where the table has none: no quotation is taken without one."""
    return next(one for one in _bands() if one.symbol == symbol and _holds(one, on))


def terms_on(on: dt.date) -> Terms:
    return next(one for one in _terms() if _holds(one, on))


def duty_bp(metal: str, on: dt.date) -> int:
    """Basis points of duty on the imported metal; none where the table names none."""
    return next((one.duty_bp for one in _duties() if one.metal == metal and _holds(one, on)), 0)


def picked(answer: Any, path: tuple[str, ...]) -> Decimal:
    """The number at a path of an answer; raises ValueError where there is no positive one."""
    found = answer
    for step in path:
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (LookupError, TypeError, ValueError):
            raise ValueError(f"the answer has no {'.'.join(path)}") from None
    try:
        number = found if isinstance(found, Decimal) else Decimal(found if isinstance(found, str) else "")
    except InvalidOperation:
        raise ValueError(f"{'.'.join(path)} is no number") from None
    if not number.is_finite() or number <= 0 or len(number.as_tuple().digits) > MOST_DIGITS:
        raise ValueError(f"{'.'.join(path)} is no price")
    return number


def turned(value: Decimal) -> Decimal:
    """Dollars for an ounce from ounces for a dollar."""
    return EXACT.divide(Decimal(1), value)


def micros(value: Decimal) -> int:
    """Millionths, half up: as quotations are kept."""
    return round_half_up(EXACT.multiply(value, Decimal(MICROS)))


def paise_per_gram(usd_micros: int, inr_micros: int, grams_per_ounce: Decimal) -> int:
    """Paise for a gram of the fine metal: USD an ounce × INR a USD ÷ grams an ounce, rounded once."""
    paise_an_ounce = EXACT.divide(Decimal(usd_micros * inr_micros * 100), Decimal(MICROS * MICROS))
    return round_half_up(EXACT.divide(paise_an_ounce, grams_per_ounce))


def difference_bp(now: int, before: int) -> int:
    """By how many basis points `now` is above `before` (below: negative)."""
    return round_half_up(EXACT.divide(Decimal((now - before) * BASIS_POINTS), Decimal(before)))


def _within(one: Decimal, other: Decimal, bp: int) -> bool:
    return abs(one - other) * BASIS_POINTS <= other * bp


def _records(name: str) -> list[Mapping[str, Any]]:
    records: list[Mapping[str, Any]] = read_table(DATA / name)["records"]
    return records


def _validity(row: Mapping[str, Any]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None


def _holds(record: Source | Band | Terms | Duty, day: dt.date) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"{text} is none of {', '.join(known)}")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text} is no web address")
    return text
