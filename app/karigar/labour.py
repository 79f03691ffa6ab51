"""Owns what the law makes of a karigar's bill: GST by who is registered, and the income tax that is kept back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.karigar.errors import LabourBillWrong
from app.kit.dated import read_table, remembered
from app.kit.money import percent_of, to_rupee
from app.kit.texts import _
from app.tax.rates import tax_rate
from app.tax.split import NOTHING, Heads, split_tax
from app.tax.states import Handover, supply_of

DATA = Path(__file__).parent / "data"
PAN_KIND = 3  # the letter of a PAN that says whether it is a person's, a family's, a firm's


@dataclass(frozen=True, slots=True)
class TdsRule:
    """When and at which rate tax is kept back from payments for work."""

    section: str
    single_paise: int
    year_paise: int
    individual_letters: Sequence[str]
    individual_bp: int
    other_bp: int
    no_pan_bp: int
    valid_from: dt.date
    valid_to: dt.date | None

    def rate_bp(self, pan: str | None) -> int:
        if pan is None:
            return self.no_pan_bp
        return self.individual_bp if pan[PAN_KIND] in self.individual_letters else self.other_bp


@dataclass(frozen=True, slots=True)
class Tds:
    """What is kept back from one bill: `base_paise` may hold earlier bills of the year on which nothing was kept."""

    section: str
    base_paise: int
    rate_bp: int
    paise: int


@dataclass(frozen=True, slots=True)
class LabourTax:
    """GST on a karigar's bill; `reverse_charge`: the shop owes it and not the karigar."""

    hsn: str
    rate_bp: int
    heads: Heads
    reverse_charge: bool


def tds_on(
    labour_paise: int, *, pan: str | None, billed_before_paise: int, taxed_before_paise: int, on: dt.date
) -> Tds:
    """The tax kept back from a bill, to the rupee, on its value without GST (Circular 23/2017).

    billed_before_paise, taxed_before_paise  labour of this karigar's earlier bills of the financial year, and as much
    of it as tax was kept back on
    """
    rule = _on(_tds_rules(), on)
    if billed_before_paise + labour_paise > rule.year_paise:
        base = billed_before_paise - taxed_before_paise + labour_paise
    else:
        base = labour_paise if labour_paise > rule.single_paise else 0
    rate = rule.rate_bp(pan) if base else 0
    # kept back to the rupee, and never more than the bill is
    return Tds(rule.section, base, rate, min(to_rupee(percent_of(base, rate)), labour_paise))


def labour_tax(
    labour_paise: int,
    *,
    charges_gst: bool,
    karigar_state: str | None,
    shop_state: str,
    shop_registered: bool,
    on: dt.date,
) -> LabourTax:
    """GST on job work; none from who is unregistered, unless the shop owes it for them (dated data)."""
    rule = _on(_tax_rules(), on)
    reverse = not charges_gst and rule.reverse_charge and shop_registered
    if not charges_gst and not reverse:
        return LabourTax(rule.hsn, 0, NOTHING, reverse_charge=False)
    use = rule.use if shop_registered else rule.use_of_unregistered
    hsn = rule.hsn if shop_registered else rule.hsn[:4]
    rate = tax_rate(hsn, on, use=use).rate_bp
    place = supply_of(
        shop_state=karigar_state or shop_state, on=on, handover=Handover.SHIPPED, destination=shop_state
    )  # the karigar supplies to the shop
    return LabourTax(rule.hsn, rate, split_tax(labour_paise, rate, place), reverse_charge=reverse)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """Under which code and use a karigar's labour stands in the table of taxes."""

    hsn: str
    use: str
    use_of_unregistered: str
    reverse_charge: bool
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _tds_rules() -> tuple[TdsRule, ...]:
    return tuple(
        TdsRule(
            row["section"], row["single_paise"], row["year_paise"], row["individual_letters"], row["individual_bp"],
            row["other_bp"], row["no_pan_bp"], *_validity(row),
        )
        for row in read_table(DATA / "labour_tds.json")["records"]
    )  # fmt: skip


@remembered
def _tax_rules() -> tuple[TaxRule, ...]:
    return tuple(
        TaxRule(row["hsn"], row["use"], row["use_of_unregistered"], row["reverse_charge"], *_validity(row))
        for row in read_table(DATA / "labour_tax.json")["records"]
    )


def _validity(row: dict[str, Any]) -> tuple[dt.date, dt.date | None]:
    ends = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]), None if ends is None else dt.date.fromisoformat(ends)


R = TypeVar("R", TdsRule, TaxRule)


def _on(rules: Sequence[R], on: dt.date) -> R:
    for rule in rules:
        if rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to):
            return rule
    raise LabourBillWrong(_("No rule is known for %(on)s.", on=f"{on:%d-%m-%Y}"), fields={"billedOn": "no rule known"})
