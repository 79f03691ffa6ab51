"""Owns the dated tables of the law (states, rates, limits): their records, how they are read, and which are in force.

The tables are JSON files beside this module. Who must correct one before a release does it in the console, or puts a
file of the same name into the corrections folder (app/kit/dated.py); it replaces the packaged table as a whole.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol, TypeVar

from app.kit.dated import BrokenTable, read_table, remembered

DATA = Path(__file__).parent / "data"
LIMIT_RULES = frozenset({"pan", "cash", "pmla", "address"})


class BrokenTaxTable(BrokenTable):
    """A table file that cannot be used: the operator's mistake, told at start and never to a shopkeeper."""


class Dated(Protocol):
    @property
    def valid_from(self) -> dt.date: ...
    @property
    def valid_to(self) -> dt.date | None: ...


@dataclass(frozen=True, slots=True)
class State:
    """A state or union territory as GST numbers it."""

    code: str
    abbreviation: str
    name: str
    territory_tax: bool  # the state's half is UTGST, not SGST
    registers: bool  # a GSTIN can begin with it
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The rate of the whole tax on an HSN or SAC."""

    hsn: str
    use: str  # tells apart supplies under one code: rough and polished diamonds
    description: str
    rate_bp: int
    valid_from: dt.date
    valid_to: dt.date | None
    source: str
    confirm: bool  # an accountant should confirm it


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure at the counter from or above which a rule bites."""

    rule: str
    figure_paise: int
    reached: str  # above | from
    action: str  # block | warn
    name: str
    message: str
    valid_from: dt.date
    valid_to: dt.date | None
    source: str
    confirm: bool


@dataclass(frozen=True, slots=True)
class TaxTables:
    states: tuple[State, ...]
    rates: tuple[TaxRate, ...]
    limits: tuple[Limit, ...]


@remembered
def current_tables() -> TaxTables:
    """The tables that every rule of this room reads; raises BrokenTaxTable."""
    return TaxTables(
        states=_table("states.json", State, _check_state, lambda state: state.code),
        rates=_table("rates.json", TaxRate, _check_rate, lambda rate: f"{rate.hsn} {rate.use}".strip()),
        limits=_table("limits.json", Limit, _check_limit, lambda limit: limit.rule),
    )


def holds_on(record: Dated, day: dt.date) -> bool:
    """Both ends belong to the validity."""
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)


R = TypeVar("R", State, TaxRate, Limit)


def _table(name: str, kind: type[R], check: Callable[[R], str], key: Callable[[R], str]) -> tuple[R, ...]:
    try:
        records = tuple(_record(kind, row) for row in read_table(DATA / name)["records"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenTaxTable(f"{name}: {error}") from error
    for record in records:
        if wrong := check(record) or _wrong_dates(record):
            raise BrokenTaxTable(f"{name}: {key(record)}: {wrong}")
    for one, other in combinations(records, 2):
        if key(one) == key(other) and _overlap(one, other):
            raise BrokenTaxTable(f"{name}: {key(one)}: two records hold on {max(one.valid_from, other.valid_from)}")
    return records


def _record(kind: type[R], row: Mapping[str, Any]) -> R:
    """A record from its JSON object; a missing, unknown or mistyped member is named."""
    known = {field.name: field.type for field in fields(kind)}
    if set(row) != set(known):
        raise BrokenTaxTable(f"members must be exactly {', '.join(known)}: {row}")
    return kind(**{name: _value(name, row[name], known[name]) for name in known})


def _value(name: str, value: Any, wanted: Any) -> Any:
    if wanted in (dt.date, dt.date | None):
        return None if value is None and wanted != dt.date else dt.date.fromisoformat(value)
    if type(value) is not wanted:
        raise BrokenTaxTable(f"{name} must be {wanted.__name__}, not {value!r}")
    return value


def _wrong_dates(record: Dated) -> str:
    backwards = record.valid_to is not None and record.valid_to < record.valid_from
    return "valid_to is before valid_from" if backwards else ""


def _overlap(one: Dated, other: Dated) -> bool:
    return holds_on(one, max(one.valid_from, other.valid_from)) and holds_on(
        other, max(one.valid_from, other.valid_from)
    )


def _check_state(state: State) -> str:
    return "" if _digits(state.code, {2}) and state.name else "code must be two digits with a name"


def _check_rate(rate: TaxRate) -> str:
    if not _digits(rate.hsn, {4, 6, 8}):
        return "hsn must have 4, 6 or 8 digits"
    return "" if 0 <= rate.rate_bp <= 10_000 else "rate_bp must be from 0 to 10000"


def _check_limit(limit: Limit) -> str:
    if limit.rule not in LIMIT_RULES:
        return f"rule must be one of {', '.join(sorted(LIMIT_RULES))}"
    if limit.reached not in ("above", "from") or limit.action not in ("block", "warn"):
        return "reached must be above or from, action block or warn"
    return "" if limit.figure_paise > 0 else "figure_paise must be positive"


def _digits(text: str, lengths: set[int]) -> bool:
    return text.isascii() and text.isdigit() and len(text) in lengths
