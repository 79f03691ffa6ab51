"""Owns what is refused before anything is priced: numbers out of bounds, weights or discounts that cannot be."""

from app.invoices.pricing.facts import (
    MAX_PIECES,
    Discount,
    DiscountTooLarge,
    MakingKind,
    PieceFacts,
    PieceImpossible,
    PricedAsTold,
)
from app.kit.money import BASIS_POINTS, MAX_PAISE, percent_of, rupees, whole
from app.kit.texts import _
from app.kit.weights import FINE, MAX_MCT, MAX_MG, grams


def check_facts(facts: PieceFacts) -> None:
    """Raises when a number of the piece is out of bounds or its weights do not add up; also for stock being entered."""
    gross = whole(facts.gross_mg, "Gross weight in mg", most=MAX_MG, field="grossMg")
    stones = whole(facts.stone_mg, "Stone weight in mg", most=MAX_MG, field="stoneMg")
    net = whole(facts.net_mg, "Net weight in mg", most=MAX_MG, field="netMg")
    if net != gross - stones:
        message = _(
            "Net weight %(net)s g is not gross %(gross)s g less stones %(stones)s g.",
            net=grams(net), gross=grams(gross), stones=grams(stones),
        )  # fmt: skip
        raise PieceImpossible(message, fields={"netMg": "not gross less stones"})
    least = 1 if facts.own_mg else 0  # loose stones have none
    whole(facts.fineness, "Fineness per ten thousand", least=least, most=FINE, field="fineness")
    whole(facts.hallmark_paise, "The hallmarking charge in paise", field="hallmarkPaise")
    whole(facts.pieces, "The number of pieces", least=1, most=MAX_PIECES, field="pieces")
    most = BASIS_POINTS * 10 if facts.making.kind == MakingKind.PERCENT else MAX_PAISE
    whole(facts.making.amount, "The making charge", most=most, field="making.amount")
    whole(facts.wastage.bp, "Wastage in basis points", most=BASIS_POINTS, field="wastage.bp")
    for place, stone in enumerate(facts.stones):
        whole(stone.rate_paise, "The rate of a stone in paise", field=f"stones.{place}.ratePaise")
        whole(stone.mct, "A stone's weight in thousandths of a carat", most=MAX_MCT, field=f"stones.{place}.mct")
        whole(stone.pieces, "The number of stones", most=MAX_PIECES, field=f"stones.{place}.pieces")
    _check_metals(facts)


def check_told(facts: PricedAsTold) -> None:
    """Raises when the price or the number of pieces is out of bounds."""
    whole(facts.price_paise, "A price in paise", field="pricePaise")
    whole(facts.pieces, "The number of pieces", least=1, most=MAX_PIECES, field="pieces")


def discount_of(discount: Discount, on: int, what: str, path: str) -> int:
    """Paise off; never more than what it is taken from, so that no component turns negative."""
    bp = whole(discount.bp, f"The discount on the {what} in basis points", most=BASIS_POINTS, field=f"{path}.bp")
    paise = whole(discount.paise, f"The discount on the {what} in paise", field=f"{path}.paise")
    if bp and paise:
        raise DiscountTooLarge(
            _("The discount on the %(what)s is given twice.", what=what), fields={path: "percent and rupees"}
        )
    if paise > on:
        message = _(
            "A discount of %(discount)s is more than the %(what)s, %(base)s.",
            discount=rupees(paise), what=what, base=rupees(on),
        )  # fmt: skip
        raise DiscountTooLarge(message, fields={path: "larger than its base"})
    return paise or percent_of(on, bp)


def _check_metals(facts: PieceFacts) -> None:
    left = facts.net_mg
    for place, part in enumerate(facts.others):
        left -= whole(part.net_mg, "Net weight in mg", least=1, most=MAX_MG, field=f"others.{place}.netMg")
        whole(part.fineness, "Fineness per ten thousand", least=1, most=FINE, field=f"others.{place}.fineness")
        whole(part.rate_paise_per_g, "A rate in paise per gram", least=1, field=f"others.{place}.ratePaisePerG")
    if left < 0:
        message = _("The metals of the piece weigh more than its net weight of %(net)s g.", net=grams(facts.net_mg))
        raise PieceImpossible(message, fields={"others": "more than net"})
