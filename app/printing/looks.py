"""Owns how a print can look: on which paper, and in whose language its labels stand.

Figures, names and the amount in words stay as they are: in English, as the law and the banks read them. A label that a
language has no words for stays English too, and a test says which there are.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "labels"


class Paper(StrEnum):
    A4 = "a4"
    A5 = "a5"  # across: as wide as A4 is
    ROLL = "roll"  # 80 mm, as long as the bill is


class Language(StrEnum):
    ENGLISH = "en"
    HINDI = "hi"
    GUJARATI = "gu"


@dataclass(frozen=True, slots=True)
class Look:
    """One way to print a document; the first one is what every bill is kept in."""

    paper: Paper = Paper.A4
    language: Language = Language.ENGLISH

    @property
    def mark(self) -> str:
        """Part of a stored print's name: nothing for the usual look."""
        return "" if self == USUAL else f"-{self.paper.value}-{self.language.value}"


USUAL = Look()

Say = Callable[[str], str]

IN_FORMS = (
    "Buyer", "Article", "HSN · tag · HUID", "Total", "Old gold received in payment", "Description", "Gross g", "Dirt g",
    "Purity", "Melt", "Fine g", "₹/g fine", "Value ₹", "Amount in words", "Terms", "Customer's signature", "served by",
    "Authorised signatory", "For", "Page", "of", "Towards",
)  # fmt: skip
"""Labels that stand in the forms themselves."""

_ALONE = ("title", "copy", "hsn_label", "party_label")
_LISTS = ("hsn_head", "hsn_foot", "notes", "signs")
_PAIRS = ("facts", "marks", "totals", "settled", "state", "payments")


def look_of(paper: str | None, language: str | None) -> Look:
    """From what is asked for; ValueError for what there is not. A language without forms prints in English."""
    known = set(Language.__members__.values())
    return Look(Paper(paper or "a4"), Language(language) if language in known else Language.ENGLISH)


@cache
def words_of(language: Language) -> Mapping[str, str]:
    """English label → its words."""
    if language is Language.ENGLISH:
        return {}
    words: dict[str, str] = json.loads((FOLDER / f"{language.value}.json").read_text(encoding="utf-8"))
    return words


def in_look(data: dict[str, Any], look: Look) -> dict[str, Any]:
    """A form's data with its labels in the language; names, figures and what people typed are left alone."""
    words = words_of(look.language)

    def say(label: str) -> str:
        whole = words.get(label)
        return _in_parts(label, words) if whole is None else whole

    told = {key: _said(key, value, say) for key, value in data.items()}
    return {**told, "labels": {label: words.get(label, label) for label in IN_FORMS}, "paper": look.paper.value}


def _said(key: str, value: Any, say: Say) -> Any:
    if key in _ALONE:
        return say(value)
    if key in _LISTS:
        return [say(one) for one in value]
    if key in _PAIRS:
        return [[say(row[0]), *row[1:]] for row in value]
    if key == "columns":
        return [[say(line) for line in heading] for heading in value]
    if isinstance(value, dict):
        return {inner: _said(inner, one, say) for inner, one in value.items()}
    return value


def _in_parts(label: str, words: Mapping[str, str]) -> str:
    """`UPI · 4277` and `CGST @ 1.5 %`: what stands before the sign is the label."""
    for sign in (" · ", " @ "):
        before, found, after = label.partition(sign)
        if found and before in words:
            return f"{words[before]}{sign}{after}"
    return label
