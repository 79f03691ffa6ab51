"""Owns how the facts of an approval are told: by their names and units, so that every room's facts read well here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from app.kit.money import grouped, rupees
from app.kit.texts import N_, _
from app.kit.weights import carats, grams, purity_label

NAMES = {
    "from": N_("From"), "to": N_("To"), "cost": N_("It costs the shop"), "piece": N_("Piece"), "tag": N_("Tag"),
    "name": N_("Name"), "net": N_("Net weight"), "gross": N_("Gross weight"), "rated": N_("Weight at this rate"),
    "wastage": N_("Wastage"),
    "making": N_("Making"), "discount": N_("Discount"), "price": N_("Price"), "total": N_("Total"), "rate": N_("Rate"),
    "board": N_("Board rate"), "floor": N_("Cost"),
    "taxable": N_("Before tax"), "line": N_("Line"), "lines": N_("Lines"), "bill": N_("Bill"),
    "expiresOn": N_("Until"), "number": N_("Number"), "rates": N_("Rates"), "purity": N_("Purity"),
    "amount": N_("Amount"),
}  # fmt: skip
"""What facts are called; a name that is not here is shown as it is spelt, in words."""

ORDER = tuple(NAMES)
UNITS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("PaisePerG", lambda paise: _("%(rate)s a gram", rate=rupees(paise))),
    ("Paise", rupees),
    ("Mg", lambda mg: f"{grams(mg)} g"),
    ("Mct", lambda mct: f"{carats(mct)} ct"),
    ("Bp", lambda bp: f"{grouped(bp).removesuffix('.00')} %"),
)
HIDDEN = ("Id", "Hash")


class Told(NamedTuple):
    """One fact as it is shown; `depth` is how far it stands in."""

    name: str
    text: str
    depth: int


def told(facts: Mapping[str, Any]) -> list[Told]:
    """Facts as rows, groups and lists within them indented; the cost is shown by itself, in large."""
    return list(_rows({key: value for key, value in facts.items() if key != "costPaise"}, 0))


def _rows(facts: Mapping[str, Any], depth: int) -> Iterator[Told]:
    yield from _purity(facts, depth)
    for key, value in sorted(facts.items(), key=lambda fact: _place(fact[0])):
        if key.endswith(HIDDEN) or (key in ("metal", "fineness") and {"metal", "fineness"} <= facts.keys()):
            continue
        if isinstance(value, Mapping):
            yield Told(_name(key), "", depth)
            yield from _rows(value, depth + 1)
        elif isinstance(value, list):
            for at, one in enumerate(value, start=1):
                rows = list(_rows(one, depth + 1)) if isinstance(one, Mapping) else []
                yield Told(f"{_name(key)} {at}", "" if rows else _plain(one), depth)
                yield from rows
        else:
            yield _valued(key, value, depth)


def _place(key: str) -> tuple[int, str]:
    """In the order of NAMES, whatever order the database keeps."""
    bare = next((key.removesuffix(unit) for unit, _write in UNITS if key.endswith(unit)), key)
    return (ORDER.index(bare) if bare in ORDER else len(ORDER), key)


def _purity(facts: Mapping[str, Any], depth: int) -> Iterator[Told]:
    metal, fineness = facts.get("metal"), facts.get("fineness")
    if isinstance(metal, str) and type(fineness) is int and 0 < fineness <= 10_000:
        yield Told(_name("purity"), purity_label(metal, fineness), depth)


def _valued(key: str, value: Any, depth: int) -> Told:
    if type(value) is int and abs(value) <= 10**15:
        for unit, write in UNITS:
            if key.endswith(unit):
                return Told(_name(key.removesuffix(unit)), write(value), depth)
    return Told(_name(key), _plain(value), depth)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "—" if value is None else str(value)


def _name(key: str) -> str:
    known = NAMES.get(key)
    if known is not None:
        return _(known)
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key).strip()
    return words.capitalize() or key
