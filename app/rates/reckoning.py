"""Owns how a shop's rate comes out of the feed: duty, purity, premium, rounding; exact until it is rounded once."""

from dataclasses import dataclass
from decimal import Decimal

from app.kit.money import BASIS_POINTS, EXACT, round_half_up
from app.kit.weights import FINE, FINEST_KARAT, RateBasis, karat_of

ROUNDINGS = (1, 10, 50, 100, 500, 1_000, 5_000, 10_000)
"""To the paisa, 10 p, 50 p, ₹1, ₹5, ₹10, ₹50, ₹100."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a shop adds to the feed for a purity. Both premiums may be negative: a discount."""

    premium_bp: int = 0
    premium_paise_per_g: int = 0
    round_to_paise: int = 100


PLAIN = Rule()


def suggest(fine_paise_per_g: int, *, fineness: int, basis: RateBasis, rule: Rule, duty_bp: int = 0) -> int:
    """Paise a gram of the purity: the fine rate with duty, times its share of fine metal, times the premium in bp, plus
    the premium in paise, to the nearest multiple of the rounding (a half upwards)."""
    share = (karat_of(fineness), FINEST_KARAT) if basis == RateBasis.KARAT else (fineness, FINE)
    above = Decimal(fine_paise_per_g * (BASIS_POINTS + duty_bp) * share[0] * (BASIS_POINTS + rule.premium_bp))
    exact = EXACT.divide(above, Decimal(BASIS_POINTS * share[1] * BASIS_POINTS)) + rule.premium_paise_per_g
    step = Decimal(rule.round_to_paise)
    return round_half_up(EXACT.divide(exact, step)) * rule.round_to_paise
