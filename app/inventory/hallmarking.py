"""Owns what the hallmarking order asks of a piece: dated data, so that a new metal or exemption needs no release."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict

from app.inventory.errors import ExemptionDoesNotHold, HuidMalformed
from app.kit.dated import read_table, remembered
from app.kit.texts import _

DATA = Path(__file__).parent / "data" / "hallmarking.json"
_HUID = re.compile(r"[A-Z0-9]{6}")


class Hallmark(StrEnum):
    """How a piece stands with the order."""

    HALLMARKED = "hallmarked"
    EXEMPT = "exempt"
    NOT_REQUIRED = "not_required"
    PENDING = "pending"  # must be hallmarked before it can be sold


class _Facts(TypedDict):
    """What exemptions ask of a piece."""

    category: str
    fineness: int
    gross_mg: int
    hsn: str


@dataclass(frozen=True, slots=True)
class Mandate:
    metal: str
    name: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Exemption:
    reason: str
    name: str
    below_mg: int | None
    least_fineness: int | None
    hsn: tuple[str, ...]
    categories: tuple[str, ...]
    automatic: bool
    valid_from: dt.date
    valid_to: dt.date | None

    def fits(self, *, category: str, fineness: int, gross_mg: int, hsn: str) -> bool:
        return (
            (self.below_mg is None or gross_mg < self.below_mg)
            and (self.least_fineness is None or fineness >= self.least_fineness)
            and (not self.hsn or hsn.startswith(self.hsn))
            and (not self.categories or category in self.categories)
        )


@remembered
def _data() -> tuple[tuple[Mandate, ...], tuple[Exemption, ...]]:
    known = read_table(DATA)
    mandates = tuple(Mandate(row["metal"], row["name"], *_validity(row)) for row in known["mandates"])
    exemptions = tuple(
        Exemption(
            row["reason"], row["name"], row["below_mg"], row.get("least_fineness"), tuple(row["hsn"]),
            tuple(row["categories"]), row["automatic"], *_validity(row),
        )
        for row in known["exemptions"]
    )  # fmt: skip
    return mandates, exemptions


def mandate_for(metal: str, on: dt.date) -> Mandate | None:
    """The rule that asks a HUID of this metal on a day."""
    return next((mandate for mandate in _data()[0] if mandate.metal == metal and _holds(mandate, on)), None)


def list_exemptions(on: dt.date) -> tuple[Exemption, ...]:
    return tuple(exemption for exemption in _data()[1] if _holds(exemption, on))


def check_huid(text: str) -> str:
    """The HUID in capitals; raises HuidMalformed."""
    bare = text.strip().upper() if text.isascii() else ""
    if not _HUID.fullmatch(bare):
        raise HuidMalformed(_("A HUID is six letters or digits."), fields={"huid": "not six letters or digits"})
    return bare


def exemption_of(
    reason: str | None, *, metal: str, category: str, fineness: int, gross_mg: int, hsn: str, on: dt.date
) -> str | None:
    """The reason that holds for a piece without HUID: the given one, checked, or the one that fits by itself."""
    facts: _Facts = {"category": category, "fineness": fineness, "gross_mg": gross_mg, "hsn": hsn}
    if reason is not None:
        _check(reason, facts, on)
        return reason
    if mandate_for(metal, on) is None:
        return None
    return next((one.reason for one in list_exemptions(on) if one.automatic and one.fits(**facts)), None)


def status_of(
    *,
    metal: str,
    category: str,
    fineness: int,
    gross_mg: int,
    hsn: str,
    huid: str | None,
    reason: str | None,
    on: dt.date,
) -> Hallmark:
    """How a piece stands on a day; an exemption that no longer fits or holds frees nothing."""
    if huid is not None:
        return Hallmark.HALLMARKED
    if mandate_for(metal, on) is None:
        return Hallmark.NOT_REQUIRED
    for exemption in list_exemptions(on):
        if exemption.reason == reason and exemption.fits(
            category=category, fineness=fineness, gross_mg=gross_mg, hsn=hsn
        ):
            return Hallmark.EXEMPT
    return Hallmark.PENDING


def is_freed(before: Hallmark, after: Hallmark) -> bool:
    """Whether what had to be hallmarked needs it no more."""
    bound = (Hallmark.HALLMARKED, Hallmark.PENDING)
    return before in bound and after not in bound


def _check(reason: str, facts: _Facts, on: dt.date) -> None:
    for exemption in list_exemptions(on):
        if exemption.reason == reason:
            if exemption.fits(**facts):
                return
            message = _("This piece is not exempt as “%(name)s”.", name=exemption.name)
            raise ExemptionDoesNotHold(message, fields={"huidExempt": "does not fit this piece"})
    raise ExemptionDoesNotHold(_("No such exemption is in the order."), fields={"huidExempt": "unknown"})


def _validity(row: dict[str, Any]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None


def _holds(record: Mandate | Exemption, day: dt.date) -> bool:
    return record.valid_from <= day and (record.valid_to is None or day <= record.valid_to)
