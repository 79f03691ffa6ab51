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
    ROLL = "roll"  # 80 mm, as long as the document is


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
SMALL = Look(Paper.A5)
"""The usual look of vouchers, passbooks and slips."""


class Label(str):
    """Words of ours that stand where others stand that people typed; these are told in the language, those never."""

    __slots__ = ()


Say = Callable[[str], str]

IN_FORMS = (
    "Buyer", "Article", "HSN · tag · HUID", "Total", "Old gold received in payment", "Description", "Gross g", "Dirt g",
    "Purity", "Melt", "Fine g", "₹/g fine", "Value ₹", "Amount in words", "Terms", "Customer's signature", "served by",
    "Authorised signatory", "For", "Page", "of", "Towards", "Bought from", "Test", "Declaration of the seller",
    "Seller's signature or thumb", "Number, date, value and fingerprint", "Saver", "No.", "Due on", "Paid on",
    "Receipt", "late", "DAY CLOSING", "Note", "Closed", "Audit log: entry and hash", "Hash of these figures",
    "Counted by", "Owner",
)  # fmt: skip
"""Labels that stand in the forms themselves."""

_ALONE = ("title", "copy", "hsn_label", "party_label")
_LISTS = ("hsn_head", "hsn_foot", "notes", "signs")
_PAIRS = ("facts", "marks", "totals", "settled", "state", "payments")
_JOINTS = (" · ", " @ ", ": ")
"""What stands before one of these is a label of its own."""
_FOR = "For "


def look_of(paper: str | None, language: str | None, usual: Look = USUAL) -> Look:
    """From what is asked for; ValueError for what there is not. A language without forms prints in English."""
    known = set(Language.__members__.values())
    return Look(Paper(paper or usual.paper), Language(language) if language in known else Language.ENGLISH)


def fitted(text: str, fit: Say) -> str:
    """A text made fit for paper; a label stays one."""
    return Label(fit(text)) if isinstance(text, Label) else fit(text)


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
    if isinstance(value, Label) or key in _ALONE:
        return say(value)
    if isinstance(value, dict):
        return {inner: _said(inner, one, say) for inner, one in value.items()}
    return _listed(key, value, say) if isinstance(value, list) else value


def _listed(key: str, value: list[Any], say: Say) -> list[Any]:
    if key in _LISTS:
        return [say(one) for one in value]
    if key in _PAIRS:
        return [[say(row[0]), *(_said("", one, say) for one in row[1:])] for row in value]
    if key == "columns":
        return [[say(line) for line in heading] for heading in value]
    return [_said("", one, say) for one in value]


def _in_parts(label: str, words: Mapping[str, str]) -> str:
    """`UPI · 4277`, `CGST @ 1.5 %`, `Condition: bent`, `For Rajlaxmi`: what stands first is the label."""
    for sign in _JOINTS:
        before, found, after = label.partition(sign)
        if found and before in words:
            return f"{words[before]}{sign}{after}"
    if label.startswith(_FOR) and "For" in words:
        return f"{words['For']} {label.removeprefix(_FOR)}"
    return str(label)
