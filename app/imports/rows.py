"""Owns what a row of a list means: its texts read by the house's rules, everything wrong with it told at its column."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from app.customers import service as customers
from app.customers.service import CustomerDraft
from app.imports.columns import CUSTOMERS, STOCK, Columns, bare, words
from app.imports.sheet import DATE_MARK
from app.inventory import service as inventory
from app.inventory.service import ItemDraft, OtherMetal, Stone
from app.kit.errors import AppError, Unprocessable
from app.kit.money import parse_rupees
from app.kit.texts import _
from app.kit.weights import karat_of, parse_carats, parse_grams
from app.rates import service as rates
from app.rates.purities import Purity
from app.tax.states import list_states

T = TypeVar("T")
_PATHS = {
    "tag": "tag", "name": "name", "category": "category", "purity": "purity", "hsn": "hsn", "huid": "huid",
    "huidExempt": "huid_exempt", "stoneMg": "stone_mg", "netMg": "net_mg", "grossMg": "gross_mg",
    "hallmarkPaise": "hallmark_paise", "costPaise": "cost_paise", "phone": "phone", "email": "email",
    "gstin": "gstin", "pan": "pan", "address": "address", "city": "city", "pin": "pin", "stateCode": "state_code",
    "wastage.bp": "wastage_percent",
}  # fmt: skip
"""Where a service's refusal points to → the column that caused it; stones and making are found below."""

_LONG = ("address",)
"""What spreadsheets write on several lines of a cell; it is kept as one."""

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(k(?:t|arat)?|ct|carat)?", re.I)
_PURITY = re.compile(rf"{_PART.pattern}(?:[\s/]*{_PART.pattern})?%?", re.I)
_HUID_NUMBER = re.compile(r"[0-9.]+(?:e\+?[0-9]+)?", re.I)


class CellUnreadable(Unprocessable):
    """What stands in a cell of an import is not what belongs there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, at which column, and what stands there."""

    row: int
    column: str
    value: str
    rule: str
    code: str


@dataclass(slots=True)
class Row:
    """One row being read: what it says, and what is wrong with it."""

    number: int
    cells: Sequence[str]
    columns: Columns
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A cell that must be text on one line; a date or formula is told and read as nothing."""
        text = self._cell(name)
        if text.startswith(DATE_MARK):
            self.wrong(name, _("This cell is a date. Make its column text and write it again."), "cell_unreadable")
            return ""
        if text.startswith("="):
            self.wrong(name, _("This cell is a formula. Paste it as a value."), "cell_unreadable")
            return ""
        if name not in _LONG and len(text.splitlines()) > 1:  # two rows that a quotation mark made one, most often
            self.wrong(name, _("This cell has several lines. Write it on one."), "cell_unreadable")
            return ""
        return text

    def read(self, name: str, parse: Callable[[str], T], empty: T) -> T:
        """A cell by its parser; what is wrong with it is told and `empty` stands for it."""
        text = self.text(name)
        if not text:
            return empty
        try:
            return parse(text)
        except AppError as error:
            self.wrong(name, error.message, error.code)
            return empty

    def must(self, name: str) -> str:
        text = self.text(name)
        if not self._cell(name):
            self.wrong(name, _("Please fill this in."), "cell_unreadable")
        return text

    def wrong(self, name: str, rule: str, code: str) -> None:
        value = self._cell(name).removeprefix(DATE_MARK)
        titles = words().titles
        heading = self.columns.headings.get(name) or titles[STOCK].get(name) or titles[CUSTOMERS].get(name, name)
        found = Problem(self.number, heading, value[:60], str(rule), code)
        if found not in self.problems:  # a cell may be read twice
            self.problems.append(found)

    def refused(self, error: AppError) -> None:
        """What a service says no to, at the column that it points to."""
        paths = list(error.fields or {})
        name = next((found for path in paths if (found := self._column_of(path))), "")
        rule = f"{error.message} {error.action}".strip() if error.message else str(error.action)
        self.wrong(name or next(iter(self.columns.places)), rule, error.code)

    def _cell(self, name: str) -> str:
        place = self.columns.places.get(name)
        return "" if place is None else self.cells[place]

    def _column_of(self, path: str) -> str:
        if path in _PATHS:
            return _PATHS[path]
        if path.startswith("making"):
            return next((one for one in _MAKING if one in self.columns.places), "")
        if path.startswith("otherMetals"):
            return _OTHER.get(path.rpartition(".")[2], "other_metal")
        return "stone_kind" if path.startswith("stones") and "stone_kind" in self.columns.places else ""


@dataclass(frozen=True, slots=True)
class ReadPiece:
    """A piece of the stock as its row says; `place_id` where the row names a place."""

    row: int
    draft: ItemDraft
    place_id: UUID | None


@dataclass(frozen=True, slots=True)
class ReadCustomer:
    row: int
    draft: CustomerDraft


# ---------------------------------------------------------------- pieces

_MAKING = {
    "making_per_gram": "per_gram_net", "making_percent": "percent", "making_fixed": "fixed",
}  # fmt: skip


def read_piece(row: Row, places: Mapping[str, UUID], on: dt.date) -> ReadPiece | None:
    """The piece, settled as it will be entered; None where something is wrong with it."""
    known = words()
    metal = row.read("metal", lambda text: _word(text, known.metals), "") if row.must("metal") else ""
    fineness = row.read("purity", lambda text: fineness_of(metal, text, on), 0) if row.must("purity") and metal else 0
    category = row.read("category", lambda text: known.categories.get(bare(text), text), "")
    draft = ItemDraft(
        tag=row.must("tag"), name=row.must("name"), category=category or row.must("category"), metal=metal,
        fineness=fineness, gross_mg=row.read("gross_mg", _grams, 0) if row.must("gross_mg") else 0,
        hsn=row.text("hsn") or "7113", huid=row.read("huid", _huid, "") or None,
        huid_exempt=row.text("huid_exempt") or None, stone_mg=row.read("stone_mg", _grams, 0) or None,
        net_mg=row.read("net_mg", _grams, 0) or None, hallmark_paise=row.read("hallmark_paise", _paise, 0),
        cost_paise=row.read("cost_paise", _paise, 0) or None, stones=_stones(row), others=_others(row, on),
        **_making(row), **_wastage(row),
    )  # fmt: skip
    place_id = row.read("place", lambda text: _place(text, places), None) if row.text("place") else None
    if row.problems:
        return None
    try:
        return ReadPiece(row.number, inventory.settled(draft, on), place_id)
    except AppError as error:
        row.refused(error)
        return None


def _making(row: Row) -> dict[str, Any]:
    given = [name for name in _MAKING if row.text(name) not in ("", "0")]
    if len(given) > 1:
        row.wrong(given[1], _("Making is said twice: per gram, percent or fixed."), "cell_unreadable")
    if not given:
        return {}
    name = given[0]
    charge = {"making_bp": row.read(name, _percent, 0)} if name == "making_percent" else {
        "making_paise": row.read(name, _paise, 0)
    }  # fmt: skip
    return {"making_kind": _MAKING[name], **charge}


def _wastage(row: Row) -> dict[str, Any]:
    bp = row.read("wastage_percent", _percent, 0)
    return {"wastage_kind": "percent_of_net", "wastage_bp": bp} if bp else {}


def _stones(row: Row) -> tuple[Stone, ...]:
    """One kind of stone a row; without a name it is a stone all the same."""
    carats = row.read("stone_carat", _carats, 0)
    kind, pieces = row.text("stone_kind"), row.read("stone_pieces", _count, 1)
    if not carats:
        return ()
    return (Stone(kind or "stone", pieces, carats, "per_carat", row.read("stone_rate", _paise, 0)),)


_OTHER = {"metal": "other_metal", "fineness": "other_purity", "netMg": "other_net_mg"}


def _others(row: Row, on: dt.date) -> tuple[OtherMetal, ...]:
    """One other metal a row; a piece of three is corrected on its page."""
    if not any(row.text(name) for name in _OTHER.values()):
        return ()
    metal = row.read("other_metal", lambda text: _word(text, words().metals), "") if row.must("other_metal") else ""
    fineness = 0
    if row.must("other_purity") and metal:
        fineness = row.read("other_purity", lambda text: fineness_of(metal, text, on), 0)
    return (OtherMetal(metal, fineness, row.read("other_net_mg", _grams, 0) if row.must("other_net_mg") else 0),)


def fineness_of(metal: str, text: str, on: dt.date) -> int:
    """22K, 22 kt, 916, 91.6, 9160 or 22K 916 of a metal's purities on the board; raises CellUnreadable."""
    known = _finenesses(rates.list_purities(on))
    found: set[int] | None = None
    if _PURITY.fullmatch(text.strip()):
        for number, karat in _PART.findall(text):
            meant = known.get((metal, f"{_bare(number)}{'k' if karat else ''}"), frozenset())
            found = set(meant) if found is None else found & meant
    if not found:
        raise CellUnreadable(_("No purity of this metal is written so: write 22K or 916."))
    if len(found) > 1:
        marks = ", ".join(str(one) for one in sorted(found))
        raise CellUnreadable(_("This may be %(marks)s per ten thousand: write the fineness.", marks=marks))
    return found.pop()


@lru_cache(maxsize=4)
def _finenesses(purities: tuple[Purity, ...]) -> dict[tuple[str, str], frozenset[int]]:
    """What may stand for a purity → its fineness, of each metal."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for purity in purities:
        number = purity.fineness
        forms = {str(number), *(_bare(f"{Decimal(number).scaleb(-places):f}") for places in (1, 2, 4))}
        if purity.metal == "gold":
            forms |= {f"{karat_of(number)}k", str(karat_of(number))}
        for form in forms:
            found[purity.metal, form].add(number)
    return {key: frozenset(meant) for key, meant in found.items()}


def _bare(number: str) -> str:
    """Without noughts at its end: 916.0 is 916."""
    return number.rstrip("0").rstrip(".") if "." in number else number


# ---------------------------------------------------------------- customers


def read_customer(row: Row, on: dt.date) -> ReadCustomer | None:
    """The customer, settled as they will be entered; None where something is wrong with the row."""
    draft = CustomerDraft(
        name=row.must("name"), state_code=row.read("state_code", lambda text: _state(text, on), "") or None,
        **{name: row.text(name) or None for name in ("phone", "email", "gstin", "pan", "address", "city", "pin")},
    )  # fmt: skip
    if row.problems:
        return None
    try:
        return ReadCustomer(row.number, customers.settled(draft, on))
    except AppError as error:
        row.refused(error)
        return None


def _state(text: str, on: dt.date) -> str:
    code = text.split("-", maxsplit=1)[0].strip()
    if code.isascii() and code.isdigit():
        return code.zfill(2)
    for state in list_states(on):
        if bare(state.name) == bare(text):
            return state.code
    raise CellUnreadable(_("No state of India is written so."))


# ---------------------------------------------------------------- cells


def _word(text: str, known: Mapping[str, str]) -> str:
    found = known.get(bare(text))
    if found is None:
        raise CellUnreadable(_("Metals are gold, silver and platinum."))
    return found


def _place(text: str, places: Mapping[str, UUID]) -> UUID:
    found = places.get(bare(text))
    if found is None:
        raise CellUnreadable(_("There is no such outlet or tray."))
    return found


def _huid(text: str) -> str:
    if len(text) != 6 and _HUID_NUMBER.fullmatch(text):
        raise CellUnreadable(_("A spreadsheet took this HUID for a number. Make its column text and write it again."))
    return text


def _grams(text: str) -> int:
    return parse_grams(_number(text, r"g|gm|gms|gram|grams"))


def _carats(text: str) -> int:
    return parse_carats(_number(text, r"ct|cts|carat|carats"))


def _paise(text: str) -> int:
    return parse_rupees(re.sub(r"^(?:₹|rs\.?|inr)\s*|\s*/-$", "", _number(text, ""), flags=re.I))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise CellUnreadable(_("A number of pieces is expected."))
    return int(text)


def _percent(text: str) -> int:
    """16, 16 % or 16.25 in basis points. A spreadsheet's own percentage comes as 0.16, so that must be written out."""
    try:
        exact = Decimal(_number(text, "%")) * 100
    except InvalidOperation:
        raise CellUnreadable(_("A percentage with at most two decimals is expected.")) from None
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 <= exact <= 100_000:
        raise CellUnreadable(_("A percentage with at most two decimals is expected."))
    if 0 < exact < 100 and "%" not in text:
        raise CellUnreadable(
            _("Is this below one percent, or a fraction? Write 16 for sixteen percent, or 0.5 % as text.")
        )
    return int(exact)


def _number(text: str, units: str) -> str:
    """Without the unit behind it and noughts beyond what is read: 3.3900 gms is 3.39."""
    bare_text = re.sub(rf"\s*(?:{units})\.?$", "", text.strip(), flags=re.I) if units else text.strip()
    return _bare(bare_text)
