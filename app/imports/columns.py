"""Owns which column of a list is which fact: by its heading, in the languages that shops write."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.imports.errors import HeadingsUnfit
from app.kit.dated import read_table, remembered
from app.kit.texts import _

DATA = Path(__file__).parent / "data" / "import_words.json"
STOCK, CUSTOMERS = "stock", "customers"
KINDS = (STOCK, CUSTOMERS)


@dataclass(frozen=True, slots=True)
class Words:
    """Each known word, bare, by what it means."""

    headings: dict[str, dict[str, str]]  # kind → bare heading → field
    titles: dict[str, dict[str, str]]  # kind → field → the template's heading
    required: dict[str, tuple[str, ...]]
    metals: dict[str, str]
    categories: dict[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each fact stands; `ignored` are headings that say nothing to us."""

    places: dict[str, int]
    headings: dict[str, str]  # field → the heading as the list has it
    ignored: tuple[str, ...]


@remembered
def words() -> Words:
    table: dict[str, Any] = read_table(DATA)
    units = {bare(unit) for unit in table["units"]}
    return Words(
        headings={kind: {_heading(text, units): field for field, texts in table[kind].items() for text in texts}
                  for kind in KINDS},
        titles={kind: {field: texts[0] for field, texts in table[kind].items()} for kind in KINDS},
        required={kind: tuple(table["required"][kind]) for kind in KINDS},
        metals={bare(text): metal for metal, texts in table["metals"].items() for text in texts},
        categories={bare(text): name for name, texts in table["categories"].items() for text in texts},
    )  # fmt: skip


@remembered
def _units() -> frozenset[str]:
    return frozenset(bare(unit) for unit in read_table(DATA)["units"])


def bare(text: str) -> str:
    """A word without case, signs and blanks; marks of Indian scripts are part of their letters."""
    folded = unicodedata.normalize("NFC", text).casefold()
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" or one == "%" else " " for one in folded)
    return " ".join(kept.split())


def map_columns(kind: str, headings: Sequence[str]) -> Columns:
    """Raises HeadingsUnfit, naming every column that is missing or comes twice."""
    known, units = words(), _units()
    places: dict[str, int] = {}
    named: dict[str, str] = {}
    ignored: list[str] = []
    wrong: dict[str, str] = {}
    for place, heading in enumerate(headings):
        field = known.headings[kind].get(_heading(heading, units))
        if field is None:
            ignored += [heading] if heading else []
        elif field in places:
            wrong[heading] = _("“%(other)s” says the same.", other=named[field])
        else:
            places[field], named[field] = place, heading
    titles = known.titles[kind]
    wrong |= {titles[field]: _("This column is missing.") for field in known.required[kind] if field not in places}
    if wrong:
        message = _("The columns can't be told: %(names)s.", names=", ".join(wrong))
        raise HeadingsUnfit(message, fields=wrong)
    return Columns(places, named, tuple(ignored))


def _heading(text: str, units: frozenset[str] | set[str]) -> str:
    """Without the unit behind it: Gross Wt (gms) is Gross Wt."""
    parts = bare(text).split(" ")
    while len(parts) > 1 and parts[-1] in units and not (parts[-1] in ("gram", "g") and parts[-2] in ("per",)):
        parts.pop()
    return " ".join(parts)
