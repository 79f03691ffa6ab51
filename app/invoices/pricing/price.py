"""Owns the price of a line and of a bill: weights, rate and charges in, whole paise out, nothing else decided here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.invoices.pricing.check import check_facts, check_told, discount_of
from app.invoices.pricing.facts import (
    MAX_LINES,
    NO_DISCOUNT,
    NO_TERMS,
    BillEmpty,
    BillLine,
    BillTerms,
    HsnTotal,
    MakingKind,
    PieceFacts,
    PieceImpossible,
    PricedAsTold,
    PricedBill,
    PricedLine,
    PriceToldTwice,
    Stone,
    StoneKind,
    WastageKind,
)
from app.invoices.pricing.shares import share_out
from app.kit.errors import Unprocessable
from app.kit.money import BASIS_POINTS, percent_of, ratio, round_half_up, to_rupee, whole
from app.kit.texts import _
from app.kit.weights import MCT_PER_CARAT, MG_PER_GRAM
from app.tax.split import split_inclusive, split_tax
from app.tax.states import Supply


@dataclass(frozen=True, slots=True)
class Valued:
    """A line before the bill's own terms and before tax."""

    line: BillLine
    metal_paise: int = 0
    others_paise: tuple[int, ...] = ()
    wastage_mg: int = 0
    wastage_paise: int = 0
    making_paise: int = 0
    making_discount_paise: int = 0
    stones_paise: tuple[int, ...] = ()
    hallmark_paise: int = 0
    price_paise: int = 0
    discount_paise: int = 0

    @property
    def left_paise(self) -> int:
        """After the line's own discounts."""
        before = self.metal_paise + self.wastage_paise + self.making_paise - self.making_discount_paise
        return before + sum(self.stones_paise) + self.hallmark_paise + self.price_paise - self.discount_paise


@dataclass(frozen=True, slots=True)
class Share:
    """A line's part of the bill's terms."""

    discount_paise: int = 0
    bonus_paise: int = 0
    agreed_paise: int = 0


NO_SHARE = Share()


def price_bill(lines: Sequence[BillLine], supply: Supply, terms: BillTerms = NO_TERMS) -> PricedBill:
    """Prices each line, shares out the bill's terms and rounds the sum to the rupee, or to the paisa to what was told.

    A fault's field is named lines.<n>.<field>, counted from 0.
    """
    if not 1 <= len(lines) <= MAX_LINES:
        raise BillEmpty(
            _("A bill has from 1 to %(max_lines)s lines.", max_lines=MAX_LINES), fields={"lines": "none or too many"}
        )
    valued = [_valued_at(place, line, supply) for place, line in enumerate(lines)]
    shares = _shares(valued, terms, supply)
    priced = tuple(_taxed(one, share, supply) for one, share in zip(valued, shares, strict=True))
    taxable = sum(line.taxable_paise for line in priced)
    cgst = sum(line.cgst_paise for line in priced)
    sgst = sum(line.sgst_paise for line in priced)
    igst = sum(line.igst_paise for line in priced)
    parts = whole(taxable + cgst + sgst + igst, "The bill's total in paise")
    total = to_rupee(parts) if terms.told_paise is None else terms.told_paise
    return PricedBill(priced, supply, taxable, cgst, sgst, igst, total - parts, total, hsn_totals_of(priced))


def price_line(line: BillLine, supply: Supply) -> PricedLine:
    """Metal, wastage, making, stones, hallmark, discounts, taxable value and tax of one line by itself."""
    return _taxed(_valued(line, supply), NO_SHARE, supply)


def hsn_totals_of(lines: Iterable[PricedLine]) -> tuple[HsnTotal, ...]:
    """Lines summed per HSN and rate of tax, in the order of the codes."""
    groups: dict[tuple[str, int], list[PricedLine]] = {}
    for line in lines:
        groups.setdefault((line.line.hsn, line.line.tax_bp), []).append(line)
    return tuple(
        HsnTotal(
            hsn=hsn,
            tax_bp=tax_bp,
            pieces=sum(line.line.facts.pieces for line in group),
            net_mg=sum(line.line.facts.net_mg for line in group),
            taxable_paise=sum(line.taxable_paise for line in group),
            cgst_paise=sum(line.cgst_paise for line in group),
            sgst_paise=sum(line.sgst_paise for line in group),
            igst_paise=sum(line.igst_paise for line in group),
        )
        for (hsn, tax_bp), group in sorted(groups.items())
    )


# ---------------------------------------------------------------- one line


def _valued_at(place: int, line: BillLine, supply: Supply) -> Valued:
    try:
        return _valued(line, supply)
    except Unprocessable as fault:
        found = (fault.fields or {"": "impossible"}).items()
        fault.fields = {f"lines.{place}.{name}".rstrip("."): wrong for name, wrong in found}
        raise


def _valued(line: BillLine, supply: Supply) -> Valued:
    facts = line.facts
    return _valued_as_told(line, facts, supply) if isinstance(facts, PricedAsTold) else _valued_piece(line, facts)


def _valued_piece(line: BillLine, facts: PieceFacts) -> Valued:
    check_facts(facts)
    rate = whole(line.rate_paise_per_g, "A rate in paise per gram", field="ratePaisePerG")
    if facts.own_mg and not rate:
        raise PieceImpossible(_("A piece of metal needs a rate above zero."), fields={"ratePaisePerG": "zero"})
    others = tuple(_value_of(part.net_mg, part.rate_paise_per_g) for part in facts.others)
    metal = _value_of(facts.own_mg, rate) + sum(others)
    wastage_mg, wastage = _wastage(facts, metal, rate)
    making = whole(_making(facts, metal), "The making charge in paise", field="making")
    making_discount = discount_of(facts.making_discount, making, "making charge", "makingDiscount")
    stones = tuple(_stone(stone) for stone in facts.stones)
    hallmark = facts.hallmark_paise * facts.pieces
    value = metal + wastage + making - making_discount + sum(stones) + hallmark
    whole(value, "The value of a line in paise")
    return Valued(
        line, metal_paise=metal, others_paise=others, wastage_mg=wastage_mg, wastage_paise=wastage,
        making_paise=making, making_discount_paise=making_discount, stones_paise=stones, hallmark_paise=hallmark,
        discount_paise=discount_of(facts.discount, value, "value of the piece", "discount"),
    )  # fmt: skip


def _valued_as_told(line: BillLine, facts: PricedAsTold, supply: Supply) -> Valued:
    check_told(facts)
    price = whole(facts.price_paise * facts.pieces, "The value of a line in paise", field="pricePaise")
    if facts.tax_included:
        price = split_inclusive(price, line.tax_bp, supply).taxable_paise
    return Valued(line, price_paise=price, discount_paise=discount_of(facts.discount, price, "price", "discount"))


def _taxed(valued: Valued, share: Share, supply: Supply) -> PricedLine:
    taxable = valued.left_paise + share.agreed_paise - share.discount_paise - share.bonus_paise
    heads = split_tax(taxable, valued.line.tax_bp, supply)
    return PricedLine(
        line=valued.line,
        metal_paise=valued.metal_paise,
        wastage_mg=valued.wastage_mg,
        wastage_paise=valued.wastage_paise,
        making_paise=valued.making_paise,
        making_discount_paise=valued.making_discount_paise,
        stone_values_paise=valued.stones_paise,
        stones_paise=sum(valued.stones_paise),
        hallmark_paise=valued.hallmark_paise,
        discount_paise=valued.discount_paise,
        taxable_paise=taxable,
        cgst_paise=heads.cgst_paise,
        sgst_paise=heads.sgst_paise,
        igst_paise=heads.igst_paise,
        other_metals_paise=valued.others_paise,
        price_paise=valued.price_paise,
        agreed_paise=share.agreed_paise,
        bill_discount_paise=share.discount_paise,
        bonus_paise=share.bonus_paise,
    )


# ---------------------------------------------------------------- the bill's terms


def _shares(valued: Sequence[Valued], terms: BillTerms, supply: Supply) -> list[Share]:
    """Each line's part of discount, bonus and of what an agreed price takes off or adds."""
    if terms == NO_TERMS:
        return [NO_SHARE] * len(valued)
    if terms.told_paise is not None and terms.discount != NO_DISCOUNT:
        message = _("A bill has an agreed price or a discount, not both.")
        raise PriceToldTwice(message, fields={"toldPaise": "beside a discount"})
    before = [one.left_paise for one in valued]
    discounts = share_out(discount_of(terms.discount, sum(before), "value of the bill", "discount"), before)
    left = [value - part for value, part in zip(before, discounts, strict=True)]
    bonus = whole(terms.bonus_paise, "A scheme's bonus in paise", most=sum(left), field="schemeIds")
    bonuses = share_out(bonus, left)
    if terms.told_paise is None:
        return [Share(*parts) for parts in zip(discounts, bonuses, strict=True)]
    left = [value - part for value, part in zip(left, bonuses, strict=True)]
    wanted = _backwards(terms.told_paise, left, [one.line.tax_bp for one in valued], supply)
    return [
        Share(max(now - then, 0), bonus_part, max(then - now, 0))
        for now, then, bonus_part in zip(left, wanted, bonuses, strict=True)
    ]


def _backwards(told_paise: int, left: Sequence[int], rates_bp: Sequence[int], supply: Supply) -> list[int]:
    """The lines' taxable values that make a bill of this total, tax included; what rounding leaves is the round-off."""
    told = whole(told_paise, "An agreed total in paise", least=1, field="toldPaise")
    if not any(left):
        raise PieceImpossible(_("A bill of nothing cannot come to a price."), fields={"toldPaise": "of nothing"})
    weights = [
        value * (BASIS_POINTS + (bp if supply.taxed else 0)) for value, bp in zip(left, rates_bp, strict=True)
    ]  # fmt: skip
    return [
        split_inclusive(part, bp, supply).taxable_paise
        for part, bp in zip(share_out(told, weights), rates_bp, strict=True)
    ]


# ---------------------------------------------------------------- the components


def _value_of(mg: int, paise_per_g: int) -> int:
    return round_half_up(ratio(mg * paise_per_g, MG_PER_GRAM))


def _wastage(facts: PieceFacts, metal: int, rate: int) -> tuple[int, int]:
    """Weight and value of the wastage, each metal at its own rate; only the share of net weight has a weight."""
    match facts.wastage.kind:
        case WastageKind.PERCENT_OF_NET:
            parts = [(facts.own_mg, rate), *((part.net_mg, part.rate_paise_per_g) for part in facts.others)]
            lost = [(round_half_up(ratio(mg * facts.wastage.bp, BASIS_POINTS)), per_g) for mg, per_g in parts]
            return sum(mg for mg, _per_g in lost), sum(_value_of(mg, per_g) for mg, per_g in lost)
        case WastageKind.PERCENT_OF_VALUE:
            return 0, percent_of(metal, facts.wastage.bp)
        case WastageKind.NONE:
            return 0, 0


def _making(facts: PieceFacts, metal: int) -> int:
    amount = facts.making.amount
    match facts.making.kind:
        case MakingKind.PER_GRAM_NET:
            return _value_of(facts.net_mg, amount)
        case MakingKind.PER_GRAM_GROSS:
            return _value_of(facts.gross_mg, amount)
        case MakingKind.PERCENT:
            return percent_of(metal, amount)
        case MakingKind.FIXED:
            return amount * facts.pieces


def _stone(stone: Stone) -> int:
    if stone.kind == StoneKind.PER_CARAT:
        return round_half_up(ratio(stone.mct * stone.rate_paise, MCT_PER_CARAT))
    return stone.pieces * stone.rate_paise
