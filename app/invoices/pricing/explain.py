"""Owns how a price is explained: each step says what × what = what, by which rule, as a jeweller would say it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.invoices.pricing.facts import (
    Discount,
    MakingKind,
    PieceFacts,
    PricedAsTold,
    PricedLine,
    Stone,
    StoneKind,
    WastageKind,
)
from app.kit.money import rupees
from app.kit.texts import N_, _
from app.kit.weights import RateBasis, carats, fineness_mark, grams, karat_of, purity_label

RULES = {
    "metal": N_("%(weight)s g of %(purity)s × %(rate)s/g = %(paise)s"),
    "wastage_of_net": N_("wastage %(percent)s of %(weight)s g = %(lost)s g, priced at the metal's rate = %(paise)s"),
    "wastage_of_metals": N_("wastage %(percent)s of %(weight)s g = %(lost)s g, each metal at its own rate = %(paise)s"),
    "wastage_of_value": N_("wastage %(percent)s of the metal's %(base)s = %(paise)s"),
    "making_per_gram_net": N_("making %(weight)s g net × %(rate)s/g = %(paise)s"),
    "making_per_gram_gross": N_("making %(weight)s g gross × %(rate)s/g = %(paise)s"),
    "making_percent": N_("making %(percent)s of the metal's %(base)s = %(paise)s"),
    "making_fixed": N_("making %(pieces)s × %(rate)s = %(paise)s"),
    "making_discount": N_("off the making: %(percent)s of %(base)s = %(paise)s"),
    "making_discount_fixed": N_("off the making, %(base)s: %(paise)s"),
    "stones_per_carat": N_("%(name)s %(weight)s ct × %(rate)s/ct = %(paise)s"),
    "stones_per_piece": N_("%(name)s %(pieces)s pcs × %(rate)s = %(paise)s"),
    "hallmark": N_("hallmarking %(pieces)s × %(rate)s = %(paise)s"),
    "price": N_("%(pieces)s × %(rate)s = %(paise)s"),
    "price_with_tax": N_("%(pieces)s × %(rate)s with tax; ÷ (1 + %(percent)s) without = %(paise)s"),
    "agreed": N_("rounded up to the agreed price: %(paise)s"),
    "discount": N_("discount: %(percent)s of %(base)s = %(paise)s"),
    "discount_fixed": N_("discount on %(base)s: %(paise)s"),
    "bill_discount": N_("this line's part of the bill's discount: %(paise)s"),
    "bonus": N_("this line's part of the scheme's bonus: %(paise)s"),
    "taxable": N_("taxable value = %(paise)s"),
    "cgst": N_("CGST %(percent)s of %(base)s = %(paise)s"),
    "sgst": N_("SGST %(percent)s of %(base)s = %(paise)s"),
    "igst": N_("IGST %(percent)s of %(base)s = %(paise)s"),
    "own_rate": N_("at a rate of its own; the board says %(board)s/g"),
    "rate_by_fineness": N_("%(purity)s by fineness: %(rate)s × %(part)s ÷ 1000 = %(result)s/g"),
    "rate_by_karat": N_("%(purity)s by karat: %(rate)s × %(part)s ÷ 24 = %(result)s/g"),
}
"""By rule: the words of its step. `paise` is what it comes to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a price: its rule (a key of RULES), what went into it as it is read, what came out in paise, below
    zero where it takes something off."""

    rule: str
    paise: int
    given: dict[str, str] = field(default_factory=dict)

    def said(self, translate: Callable[..., str] = _) -> str:
        """In words, in the reader's language."""
        return translate(RULES[self.rule], **self.given, paise=rupees(self.paise))

    @property
    def in_english(self) -> str:
        """The words of the API, the same for everybody: a reply that is given again is the same bytes."""
        return RULES[self.rule] % {**self.given, "paise": rupees(self.paise)}


def explain(priced: PricedLine) -> tuple[Step, ...]:
    """How a line came to its price: what adds to it and takes off it, then the taxable value, then each head of tax.

    The steps before `taxable` add up to it, to the paisa.
    """
    facts = priced.line.facts
    of_goods = _as_told(priced, facts) if isinstance(facts, PricedAsTold) else _of_piece(priced, facts)
    return (*of_goods, *_taken_off(priced), *_taxed(priced))


def explain_rate(*, rate_24k_paise: int, rate_paise: int, fineness: int, basis: RateBasis) -> Step:
    """How a rate of a gold purity came from that of 24 karat; it adds nothing by itself."""
    by_karat = basis is RateBasis.KARAT
    part = str(karat_of(fineness)) if by_karat else fineness_mark(fineness)
    given = {
        "purity": purity_label("gold", fineness),
        "rate": rupees(rate_24k_paise),
        "part": part,
        "result": rupees(rate_paise),
    }
    return Step("rate_by_karat" if by_karat else "rate_by_fineness", 0, given)


def _of_piece(priced: PricedLine, facts: PieceFacts) -> Iterator[Step]:
    if (came := priced.line.rate_from) is not None:
        yield explain_rate(
            rate_24k_paise=came.rate_24k_paise, rate_paise=priced.line.rate_paise_per_g, fineness=facts.fineness,
            basis=came.basis,
        )  # fmt: skip
    if priced.line.board_paise_per_g is not None:
        yield Step("own_rate", 0, {"board": rupees(priced.line.board_paise_per_g)})
    own = priced.metal_paise - sum(priced.other_metals_paise)
    if facts.fineness:  # loose stones have none
        yield _metal(facts.own_mg, facts.metal, facts.fineness, priced.line.rate_paise_per_g, own)
    for part, paise in zip(facts.others, priced.other_metals_paise, strict=True):
        if part.rate_from is not None:
            yield explain_rate(
                rate_24k_paise=part.rate_from.rate_24k_paise, rate_paise=part.rate_paise_per_g, fineness=part.fineness,
                basis=part.rate_from.basis,
            )  # fmt: skip
        yield _metal(part.net_mg, part.metal, part.fineness, part.rate_paise_per_g, paise)
    percent = _percent(facts.wastage.bp)
    if facts.wastage.kind is WastageKind.PERCENT_OF_NET and facts.wastage.bp:
        given = {"percent": percent, "weight": grams(facts.net_mg), "lost": grams(priced.wastage_mg)}
        yield Step("wastage_of_metals" if facts.others else "wastage_of_net", priced.wastage_paise, given)
    elif facts.wastage.kind is WastageKind.PERCENT_OF_VALUE and facts.wastage.bp:
        yield Step("wastage_of_value", priced.wastage_paise, {"percent": percent, "base": rupees(priced.metal_paise)})
    if priced.making_paise:
        yield _making(priced, facts)
    if priced.making_discount_paise:
        yield _off("making_discount", facts.making_discount, priced.making_paise, priced.making_discount_paise)
    for stone, paise in zip(facts.stones, priced.stone_values_paise, strict=True):
        yield _stone(stone, paise)
    if priced.hallmark_paise:
        yield _counted("hallmark", facts.pieces, facts.hallmark_paise, priced.hallmark_paise)


def _as_told(priced: PricedLine, facts: PricedAsTold) -> Iterator[Step]:
    if facts.tax_included and priced.line.tax_bp:
        given = {
            "pieces": str(facts.pieces), "rate": rupees(facts.price_paise), "percent": _percent(priced.line.tax_bp),
        }  # fmt: skip
        yield Step("price_with_tax", priced.price_paise, given)
    else:
        yield _counted("price", facts.pieces, facts.price_paise, priced.price_paise)


def _taken_off(priced: PricedLine) -> Iterator[Step]:
    if priced.agreed_paise:
        yield Step("agreed", priced.agreed_paise)
    if priced.discount_paise:
        yield _off("discount", priced.line.facts.discount, _before_discount(priced), priced.discount_paise)
    if priced.bill_discount_paise:
        yield Step("bill_discount", -priced.bill_discount_paise)
    if priced.bonus_paise:
        yield Step("bonus", -priced.bonus_paise)
    yield Step("taxable", priced.taxable_paise)


def _taxed(priced: PricedLine) -> Iterator[Step]:
    base, bp = rupees(priced.taxable_paise), priced.line.tax_bp
    if priced.igst_paise:
        yield Step("igst", priced.igst_paise, {"percent": _percent(bp), "base": base})
    if priced.cgst_paise or priced.sgst_paise:
        half = _percent(bp, of=2)
        yield Step("cgst", priced.cgst_paise, {"percent": half, "base": base})
        yield Step("sgst", priced.sgst_paise, {"percent": half, "base": base})


def _before_discount(priced: PricedLine) -> int:
    return priced.value_paise - priced.agreed_paise


def _metal(mg: int, metal: str, fineness: int, rate: int, paise: int) -> Step:
    return Step("metal", paise, {"weight": grams(mg), "purity": purity_label(metal, fineness), "rate": rupees(rate)})


def _making(priced: PricedLine, facts: PieceFacts) -> Step:
    amount, paise = facts.making.amount, priced.making_paise
    match facts.making.kind:
        case MakingKind.PER_GRAM_NET:
            return Step("making_per_gram_net", paise, {"weight": grams(facts.net_mg), "rate": rupees(amount)})
        case MakingKind.PER_GRAM_GROSS:
            return Step("making_per_gram_gross", paise, {"weight": grams(facts.gross_mg), "rate": rupees(amount)})
        case MakingKind.PERCENT:
            return Step("making_percent", paise, {"percent": _percent(amount), "base": rupees(priced.metal_paise)})
        case MakingKind.FIXED:
            return _counted("making_fixed", facts.pieces, amount, paise)


def _stone(stone: Stone, paise: int) -> Step:
    name = stone.name or _STONE
    if stone.kind is StoneKind.PER_CARAT:
        return Step(
            "stones_per_carat", paise, {"name": name, "weight": carats(stone.mct), "rate": rupees(stone.rate_paise)}
        )
    return Step(
        "stones_per_piece", paise, {"name": name, "pieces": str(stone.pieces), "rate": rupees(stone.rate_paise)}
    )


def _off(rule: str, discount: Discount, base: int, paise: int) -> Step:
    if discount.bp:
        return Step(rule, -paise, {"percent": _percent(discount.bp), "base": rupees(base)})
    return Step(f"{rule}_fixed", -paise, {"base": rupees(base)})


def _counted(rule: str, pieces: int, each: int, paise: int) -> Step:
    return Step(rule, paise, {"pieces": str(pieces), "rate": rupees(each)})


_STONE = "stones"


def _percent(bp: int, *, of: int = 1) -> str:
    """1600 is 16 %, 150 is 1.5 %, half of 25 is 0.125 %."""
    whole, part = divmod(bp * 1_000 // of, 100_000)
    return f"{whole}.{part:05d}".rstrip("0").rstrip(".") + " %"
