"""Owns the price of a piece and of a bill: weights, rate and charges in, whole paise out, nothing else decided here.

Every component is rounded half-up to the paisa on its own line, each head of tax on its own from the line's taxable
value, and the bill once to the rupee by a round-off outside the taxable value. Old gold, advances and scheme balances
are payments: they never come in here. No float and no database.
"""

from app.invoices.pricing.check import check_facts
from app.invoices.pricing.explain import RULES, Step, explain, explain_rate
from app.invoices.pricing.facts import (
    MAX_LINES,
    MAX_PIECES,
    NO_DISCOUNT,
    NO_TERMS,
    NO_WASTAGE,
    BillEmpty,
    BillLine,
    BillTerms,
    Discount,
    DiscountTooLarge,
    HsnTotal,
    LineKind,
    Making,
    MakingKind,
    MetalPart,
    PieceFacts,
    PieceImpossible,
    PricedAsTold,
    PricedBill,
    PricedLine,
    PriceToldTwice,
    RateFrom,
    Stone,
    StoneKind,
    Wastage,
    WastageKind,
)
from app.invoices.pricing.price import hsn_totals_of, price_bill, price_line
from app.invoices.pricing.shares import share_out

__all__ = [
    "MAX_LINES", "MAX_PIECES", "NO_DISCOUNT", "NO_TERMS", "NO_WASTAGE", "RULES", "BillEmpty", "BillLine", "BillTerms",
    "Discount", "DiscountTooLarge", "HsnTotal", "LineKind", "Making", "MakingKind", "MetalPart",
    "PieceFacts", "PieceImpossible", "PriceToldTwice", "PricedAsTold", "PricedBill", "PricedLine",
    "RateFrom", "Step", "Stone", "StoneKind", "Wastage", "WastageKind", "check_facts", "explain", "explain_rate",
    "hsn_totals_of", "price_bill", "price_line", "share_out",
]  # fmt: skip
