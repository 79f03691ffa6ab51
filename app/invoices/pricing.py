"""Owns the price of a piece and of a bill: weights, rate and charges in, whole paise out, nothing else decided here.

Every component is rounded half-up to the paisa on its own line, each head of tax on its own from the line's taxable
value, and the bill once to the rupee by a round-off outside the taxable value. Old gold, advances and scheme balances
are payments: they never come in here. No float and no database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.kit.errors import Unprocessable
from app.kit.money import BASIS_POINTS, MAX_PAISE, percent_of, ratio, round_half_up, rupees, to_rupee, whole
from app.kit.texts import _
from app.kit.weights import FINE, MAX_MCT, MAX_MG, MCT_PER_CARAT, MG_PER_GRAM, fine_product, grams
from app.tax.split import split_tax
from app.tax.states import Supply

MAX_PIECES = 100_000
MAX_LINES = 500


class PieceImpossible(Unprocessable):
    """The facts of a piece contradict each other: net is not gross less stones, or metal has no rate."""


class DiscountTooLarge(Unprocessable):
    """A discount is larger than what it is taken from, or is given twice, in percent and in rupees."""


class BillEmpty(Unprocessable):
    """A bill without a line, or with more lines than one document can carry."""


class MakingKind(StrEnum):
    """What the making charge's amount means."""

    PER_GRAM_NET = "per_gram_net"  # paise per gram
    PER_GRAM_GROSS = "per_gram_gross"  # paise per gram
    PERCENT = "percent"  # basis points of the metal value
    FIXED = "fixed"  # paise per piece


class WastageKind(StrEnum):
    NONE = "none"
    PERCENT_OF_NET = "percent_of_net"  # a weight, to the milligram, then priced
    PERCENT_OF_VALUE = "percent_of_value"  # of the metal value


class StoneKind(StrEnum):
    PER_CARAT = "per_carat"
    PER_PIECE = "per_piece"


@dataclass(frozen=True, slots=True)
class Making:
    kind: MakingKind
    amount: int


@dataclass(frozen=True, slots=True)
class Wastage:
    kind: WastageKind = WastageKind.NONE
    bp: int = 0


@dataclass(frozen=True, slots=True)
class Stone:
    """Stones of one sort in a piece: `mct` thousandths of a carat or `pieces`, whichever the kind prices."""

    kind: StoneKind
    rate_paise: int
    mct: int = 0
    pieces: int = 0


@dataclass(frozen=True, slots=True)
class Discount:
    """Either basis points or paise."""

    bp: int = 0
    paise: int = 0


NO_WASTAGE = Wastage()
NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True)
class PieceFacts:
    """What is sold in one line; weights are of the whole line, making FIXED and the hallmark charge are per piece."""

    gross_mg: int
    stone_mg: int
    net_mg: int
    fineness: int
    making: Making
    wastage: Wastage = NO_WASTAGE
    stones: tuple[Stone, ...] = ()
    hallmark_paise: int = 0
    pieces: int = 1
    making_discount: Discount = NO_DISCOUNT
    discount: Discount = NO_DISCOUNT


@dataclass(frozen=True, slots=True)
class BillLine:
    """A piece with what the day says of it: the rate of its purity, its HSN and that HSN's rate of tax."""

    facts: PieceFacts
    rate_paise_per_g: int
    hsn: str
    tax_bp: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with every component in paise; making and stones stand before their discounts."""

    line: BillLine
    metal_paise: int
    wastage_mg: int
    wastage_paise: int
    making_paise: int
    making_discount_paise: int
    stone_values_paise: tuple[int, ...]
    stones_paise: int
    hallmark_paise: int
    discount_paise: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int

    @property
    def value_paise(self) -> int:
        """Before the line's discount, after the making's."""
        return self.taxable_paise + self.discount_paise

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise

    @property
    def fine_product(self) -> int:
        """Net weight × fineness, unrounded, for the ledgers."""
        return fine_product(self.line.facts.net_mg, self.line.facts.fineness)


@dataclass(frozen=True, slots=True)
class HsnTotal:
    """One row of the bill's HSN summary; the rows add up to the bill per head, to the paisa."""

    hsn: str
    tax_bp: int
    pieces: int
    net_mg: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int


@dataclass(frozen=True, slots=True)
class PricedBill:
    lines: tuple[PricedLine, ...]
    supply: Supply
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    hsn_totals: tuple[HsnTotal, ...] = field(repr=False)

    @property
    def tax_paise(self) -> int:
        return self.cgst_paise + self.sgst_paise + self.igst_paise


@dataclass(frozen=True, slots=True)
class OldGold:
    """A customer's gold: its purity as found and what melting takes are parts per ten thousand."""

    gross_mg: int
    dirt_mg: int
    fineness: int
    melting_loss_bp: int
    fine_rate_paise_per_g: int


@dataclass(frozen=True, slots=True)
class PricedOldGold:
    net_mg: int
    fine_mg: int
    value_paise: int


def price_bill(lines: Sequence[BillLine], supply: Supply) -> PricedBill:
    """Prices each line and rounds the sum to the rupee; a fault's field is named lines.<n>.<field>, counted from 0."""
    if not 1 <= len(lines) <= MAX_LINES:
        raise BillEmpty(
            _("A bill has from 1 to %(max_lines)s lines.", max_lines=MAX_LINES), fields={"lines": "none or too many"}
        )
    priced = tuple(_priced_at(place, line, supply) for place, line in enumerate(lines))
    taxable = sum(line.taxable_paise for line in priced)
    cgst = sum(line.cgst_paise for line in priced)
    sgst = sum(line.sgst_paise for line in priced)
    igst = sum(line.igst_paise for line in priced)
    parts = whole(taxable + cgst + sgst + igst, "The bill's total in paise")
    total = to_rupee(parts)
    return PricedBill(priced, supply, taxable, cgst, sgst, igst, total - parts, total, hsn_totals_of(priced))


def price_line(line: BillLine, supply: Supply) -> PricedLine:
    """Metal, wastage, making, stones, hallmark, discounts, taxable value and tax of one line."""
    facts = line.facts
    check_facts(facts)
    rate = whole(line.rate_paise_per_g, "A rate in paise per gram", field="ratePaisePerG")
    if facts.net_mg and not rate:
        raise PieceImpossible(_("A piece of metal needs a rate above zero."), fields={"ratePaisePerG": "zero"})
    metal = _value_of(facts.net_mg, rate)
    wastage_mg, wastage = _wastage(facts, metal, rate)
    making = _making(facts, metal)
    making_discount = _discount(facts.making_discount, making, "making charge", "makingDiscount")
    stone_values = tuple(_stone(stone) for stone in facts.stones)
    hallmark = facts.hallmark_paise * facts.pieces
    value = metal + wastage + making - making_discount + sum(stone_values) + hallmark
    whole(value, "The value of a line in paise")
    discount = _discount(facts.discount, value, "value of the piece", "discount")
    heads = split_tax(value - discount, line.tax_bp, supply)
    return PricedLine(
        line=line,
        metal_paise=metal,
        wastage_mg=wastage_mg,
        wastage_paise=wastage,
        making_paise=making,
        making_discount_paise=making_discount,
        stone_values_paise=stone_values,
        stones_paise=sum(stone_values),
        hallmark_paise=hallmark,
        discount_paise=discount,
        taxable_paise=value - discount,
        cgst_paise=heads.cgst_paise,
        sgst_paise=heads.sgst_paise,
        igst_paise=heads.igst_paise,
    )


def value_old_gold(gold: OldGold) -> PricedOldGold:
    """(gross − dirt) × purity × (1 − melting loss) is the fine weight, to the milligram; that is what is paid for."""
    gross = whole(gold.gross_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossMg")
    dirt = whole(gold.dirt_mg, "Dirt in mg", most=gross, field="dirtMg")
    fineness = whole(gold.fineness, "Fineness per ten thousand", least=1, most=FINE, field="fineness")
    loss = whole(gold.melting_loss_bp, "Melting loss in basis points", most=BASIS_POINTS, field="meltingLossBp")
    rate = whole(gold.fine_rate_paise_per_g, "Fine rate in paise per gram", least=1, field="fineRatePaisePerG")
    fine = round_half_up(ratio((gross - dirt) * fineness * (BASIS_POINTS - loss), FINE * BASIS_POINTS))
    return PricedOldGold(gross - dirt, fine, whole(_value_of(fine, rate), "The value of old gold in paise"))


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
    whole(facts.fineness, "Fineness per ten thousand", least=1, most=FINE, field="fineness")
    whole(facts.hallmark_paise, "The hallmarking charge in paise", field="hallmarkPaise")
    whole(facts.pieces, "The number of pieces", least=1, most=MAX_PIECES, field="pieces")
    most = BASIS_POINTS * 10 if facts.making.kind == MakingKind.PERCENT else MAX_PAISE
    whole(facts.making.amount, "The making charge", most=most, field="making.amount")
    whole(facts.wastage.bp, "Wastage in basis points", most=BASIS_POINTS, field="wastage.bp")
    for place, stone in enumerate(facts.stones):
        whole(stone.rate_paise, "The rate of a stone in paise", field=f"stones.{place}.ratePaise")
        whole(stone.mct, "A stone's weight in thousandths of a carat", most=MAX_MCT, field=f"stones.{place}.mct")
        whole(stone.pieces, "The number of stones", most=MAX_PIECES, field=f"stones.{place}.pieces")


def _priced_at(place: int, line: BillLine, supply: Supply) -> PricedLine:
    try:
        return price_line(line, supply)
    except Unprocessable as fault:
        fault.fields = {f"lines.{place}.{name}": wrong for name, wrong in (fault.fields or {"": "impossible"}).items()}
        raise


def _value_of(mg: int, paise_per_g: int) -> int:
    return round_half_up(ratio(mg * paise_per_g, MG_PER_GRAM))


def _wastage(facts: PieceFacts, metal: int, rate: int) -> tuple[int, int]:
    """Weight and value of the wastage; only the share of net weight has a weight."""
    match facts.wastage.kind:
        case WastageKind.PERCENT_OF_NET:
            mg = round_half_up(ratio(facts.net_mg * facts.wastage.bp, BASIS_POINTS))
            return mg, _value_of(mg, rate)
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


def _discount(discount: Discount, on: int, what: str, path: str) -> int:
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
