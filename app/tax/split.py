"""Owns the split of tax into heads: CGST and SGST inside a state, IGST across, each rounded on its own."""

from dataclasses import dataclass

from app.kit.money import BASIS_POINTS, MAX_PAISE, ratio, round_half_up, whole
from app.tax.states import Supply


@dataclass(frozen=True, slots=True)
class Heads:
    """Tax per head in paise; SGST stands for UTGST too."""

    cgst_paise: int
    sgst_paise: int
    igst_paise: int

    @property
    def total_paise(self) -> int:
        return self.cgst_paise + self.sgst_paise + self.igst_paise


NOTHING = Heads(0, 0, 0)


@dataclass(frozen=True, slots=True)
class InclusivePrice:
    """An all-in price taken apart; the round-off brings the rounded parts back to the price."""

    taxable_paise: int
    heads: Heads
    round_off_paise: int


def split_tax(taxable_paise: int, rate_bp: int, supply: Supply) -> Heads:
    """Tax on a value; half the rate each for CGST and SGST, half-up from the value and not from the whole tax."""
    whole(taxable_paise, "A taxable value in paise")
    whole(rate_bp, "A rate of tax in basis points", most=BASIS_POINTS)
    if not supply.taxed:
        return NOTHING
    if supply.inter_state:
        return Heads(0, 0, round_half_up(ratio(taxable_paise * rate_bp, BASIS_POINTS)))
    half = round_half_up(ratio(taxable_paise * rate_bp, 2 * BASIS_POINTS))
    return Heads(half, half, 0)


def split_inclusive(price_paise: int, rate_bp: int, supply: Supply) -> InclusivePrice:
    """Taxable value and tax inside a price that includes tax: value = price ÷ (1 + rate), to the paisa."""
    whole(price_paise, "A price in paise", most=MAX_PAISE)
    whole(rate_bp, "A rate of tax in basis points", most=BASIS_POINTS)
    taxable = round_half_up(ratio(price_paise * BASIS_POINTS, BASIS_POINTS + rate_bp)) if supply.taxed else price_paise
    heads = split_tax(taxable, rate_bp, supply)
    return InclusivePrice(taxable, heads, price_paise - taxable - heads.total_paise)
