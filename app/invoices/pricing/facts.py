"""Owns what goes into a price and what comes out: facts of a line, terms of a bill, every component in paise."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.kit.errors import Unprocessable
from app.kit.weights import RateBasis, fine_product
from app.tax.states import Supply

MAX_PIECES = 100_000
MAX_LINES = 500


class PieceImpossible(Unprocessable):
    """The facts of a piece contradict each other: net is not gross less stones, or metal has no rate."""


class DiscountTooLarge(Unprocessable):
    """A discount is larger than what it is taken from, or is given twice, in percent and in rupees."""


class BillEmpty(Unprocessable):
    """A bill without a line, or with more lines than one document can carry."""


class PriceToldTwice(Unprocessable):
    """A bill has an agreed price and a discount of its own: either says what the other should come to."""


class LineKind(StrEnum):
    """What a line sells. A lot is metal by weight that is not one tagged piece."""

    PIECE = "piece"
    LOT = "lot"
    FIXED = "fixed"  # imitation, boxes, stones sold by the price: no metal, no rate
    SERVICE = "service"  # repair, job work


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
    name: str = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """Either basis points or paise."""

    bp: int = 0
    paise: int = 0


@dataclass(frozen=True, slots=True)
class MetalPart:
    """A further metal of a piece (a platinum shank, a silver back): its share of the net weight at its own rate."""

    metal: str
    fineness: int
    net_mg: int
    rate_paise_per_g: int
    rate_from: "RateFrom | None" = None  # where its rate was reckoned from that of 24 karat


NO_WASTAGE = Wastage()
NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True)
class PieceFacts:
    """What is sold in one line; weights are of the whole line, making FIXED and the hallmark charge are per piece.

    `net_mg` is all metal, gross less stones; what `others` weigh is part of it, the rest is `metal` at the line's rate.
    """

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
    others: tuple[MetalPart, ...] = ()
    metal: str = "gold"

    @property
    def kind(self) -> LineKind:
        return LineKind.PIECE

    @property
    def own_mg(self) -> int:
        """Net weight at the line's own rate."""
        return self.net_mg - sum(part.net_mg for part in self.others)


@dataclass(frozen=True, slots=True)
class PricedAsTold:
    """Goods or a service at a price of its own, each; `tax_included`: that price has the tax inside (an MRP)."""

    kind: LineKind
    price_paise: int
    pieces: int = 1
    tax_included: bool = False
    discount: Discount = NO_DISCOUNT

    gross_mg = stone_mg = net_mg = fineness = 0


@dataclass(frozen=True, slots=True)
class BillLine:
    """What is sold with what the day says of it: the rate of its purity, its HSN or SAC and that code's rate of tax."""

    facts: PieceFacts | PricedAsTold
    rate_paise_per_g: int
    hsn: str
    tax_bp: int
    rate_from: "RateFrom | None" = None  # where the rate was reckoned from that of 24 karat
    board_paise_per_g: int | None = None  # what the board says where the line has a rate of its own


@dataclass(frozen=True, slots=True)
class RateFrom:
    """The rate of 24 karat that another purity's was reckoned from, and by which rule."""

    rate_24k_paise: int
    basis: RateBasis


@dataclass(frozen=True, slots=True)
class BillTerms:
    """What holds for a bill as a whole, all before tax but the last.

    discount     of the sum of the lines after their own discounts
    bonus_paise  a scheme's bonus: a discount agreed when the scheme began
    told_paise   what the customer was told, tax and all: the bill comes to exactly this
    """

    discount: Discount = NO_DISCOUNT
    bonus_paise: int = 0
    told_paise: int | None = None


NO_TERMS = BillTerms()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with every component in paise; making and stones stand before their discounts.

    taxable = metal + wastage + making − making_discount + stones + hallmark + price + agreed
              − discount − bill_discount − bonus
    """

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
    other_metals_paise: tuple[int, ...] = ()  # within metal_paise, in the order of `others`
    price_paise: int = 0  # of goods or a service at a price of its own, tax taken out
    agreed_paise: int = 0  # what a price that was told adds
    bill_discount_paise: int = 0  # this line's part of the bill's discount
    bonus_paise: int = 0  # this line's part of a scheme's bonus

    @property
    def value_paise(self) -> int:
        """Before any discount but the making's."""
        return self.taxable_paise + self.discounts_paise

    @property
    def discounts_paise(self) -> int:
        """All that was taken off this line, the making's discount aside."""
        return self.discount_paise + self.bill_discount_paise + self.bonus_paise

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise

    @property
    def fine_product(self) -> int:
        """Weight × fineness of the line's own metal, unrounded, for the ledgers; 0 where there is none."""
        facts = self.line.facts
        return fine_product(facts.own_mg, facts.fineness) if isinstance(facts, PieceFacts) else 0


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

    @property
    def discounts_paise(self) -> int:
        """The bill's own discount and bonus, over all lines."""
        return sum(line.bill_discount_paise + line.bonus_paise for line in self.lines)
