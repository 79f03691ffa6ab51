"""Owns the dated rules of buying from a person: the usual terms, the limits, and papers that say who a seller is."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.kit.dated import read_table, remembered
from app.kit.money import indian_grouping
from app.kit.texts import _
from app.oldgold.errors import IdentityWrong
from app.tax.limits import Finding, is_reached
from app.tax.tables import Dated, Limit, holds_on

PAN = "pan"
T = TypeVar("T", bound=Dated)
DATA = Path(__file__).parent / "data"
_BETWEEN = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a shop keeps of the board's fine rate, and what it takes melting to cost; both in basis points."""

    margin_bp: int
    melting_loss_bp: int


@dataclass(frozen=True, slots=True)
class UsualTerms:
    """The trade's terms for a metal."""

    metal: str
    terms: Terms
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of identity; `kept`: how many of the number's last signs may be kept, None: all."""

    kind: str
    name: str
    pattern: re.Pattern[str]
    kept: int | None
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a seller is, by a paper: its number as it may be kept."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """A purchase as the limits see it, this one included in every sum."""

    value_paise: int
    cash_paise: int  # to this person on this day
    pan_given: bool  # or the declaration form
    photographed: bool  # every piece
    address_given: bool


def usual_terms(metal: str, on: dt.date) -> Terms:
    """The trade's terms for a metal; of a metal that the table does not name, none are taken."""
    return next((usual.terms for usual in _in_force(_buying(), on) if usual.metal == metal), Terms(0, 0))


def check_purchase(facts: PurchaseFacts, on: dt.date) -> tuple[Finding, ...]:
    """Everything the purchase still lacks on this day, blocking rules first; of two that block alike, one."""
    asked = {
        "cash": (facts.cash_paise, False),
        "pan": (facts.value_paise, facts.pan_given),
        "photo": (facts.value_paise, facts.photographed),
        "address": (facts.value_paise, facts.address_given),
    }
    found: dict[str, Finding] = {}
    for limit in sorted(_in_force(_limits(), on), key=lambda limit: limit.action != "block"):
        figure, satisfied = asked[limit.rule]
        if not satisfied and is_reached(limit, figure):
            found.setdefault(limit.rule, _finding(limit))
    return tuple(sorted(found.values(), key=lambda finding: not finding.blocks))


def list_papers(on: dt.date) -> tuple[Paper, ...]:
    """The papers that count on a day, in the order of the table."""
    return _in_force(_papers(), on)


def settled_identity(kind: str, number: str, on: dt.date) -> Identity:
    """The identity as it is kept: capitals without gaps, and no more of it than may be kept. Raises IdentityWrong."""
    paper = next((one for one in list_papers(on) if one.kind == kind), None)
    if paper is None:
        raise IdentityWrong(_("This paper does not say who somebody is."), fields={"identity.kind": "unknown"})
    bare = _BETWEEN.sub("", number).upper()
    if not bare.isascii() or not paper.pattern.fullmatch(bare):
        message = _("This is no number of the kind “%(paper)s”.", paper=paper.name)
        raise IdentityWrong(message, fields={"identity.number": "malformed"})
    if paper.kept is None:
        return Identity(kind, bare)
    return Identity(kind, "X" * (len(bare) - paper.kept) + bare[-paper.kept :])


def _finding(limit: Limit) -> Finding:
    figure = f"₹{indian_grouping(limit.figure_paise // 100)}"
    return Finding(
        rule=limit.rule, name=limit.name, message=limit.message.replace("{figure}", figure),
        figure_paise=limit.figure_paise, blocks=limit.action == "block",
    )  # fmt: skip


def _in_force(records: tuple[T, ...], on: dt.date) -> tuple[T, ...]:
    return tuple(record for record in records if holds_on(record, on))


@remembered
def _buying() -> tuple[UsualTerms, ...]:
    return tuple(
        UsualTerms(row["metal"], Terms(int(row["margin_bp"]), int(row["melting_loss_bp"])), *_validity(row))
        for row in read_table(DATA / "oldgold_buying.json")["records"]
    )


@remembered
def _limits() -> tuple[Limit, ...]:
    def limit(row: dict[str, Any]) -> Limit:
        valid_from, valid_to = _validity(row)
        return Limit(**{**row, "valid_from": valid_from, "valid_to": valid_to})

    return tuple(limit(row) for row in read_table(DATA / "oldgold_limits.json")["records"])


@remembered
def _papers() -> tuple[Paper, ...]:
    return tuple(
        Paper(row["kind"], row["name"], re.compile(row["pattern"], re.ASCII), row["kept"], *_validity(row))
        for row in read_table(DATA / "seller_identities.json")["records"]
    )


def _validity(row: dict[str, Any]) -> tuple[dt.date, dt.date | None]:
    until = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), dt.date.fromisoformat(until) if until else None
