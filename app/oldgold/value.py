"""Owns what old gold is worth: fine weight by weight, purity and loss, and the rate of a fine gram. Whole paise.

It is a payment in kind and never comes into a bill's price: a bill has it as a credit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.money import BASIS_POINTS, ratio, round_half_up, whole
from app.kit.weights import FINE, MAX_MG, MG_PER_GRAM


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


def value_old_gold(gold: OldGold) -> PricedOldGold:
    """(gross − dirt) × purity × (1 − melting loss) is the fine weight, to the milligram; that is what is paid for."""
    gross = whole(gold.gross_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossMg")
    dirt = whole(gold.dirt_mg, "Dirt in mg", most=gross, field="dirtMg")
    fineness = whole(gold.fineness, "Fineness per ten thousand", least=1, most=FINE, field="fineness")
    loss = whole(gold.melting_loss_bp, "Melting loss in basis points", most=BASIS_POINTS, field="meltingLossBp")
    rate = whole(gold.fine_rate_paise_per_g, "Fine rate in paise per gram", least=1, field="fineRatePaisePerG")
    fine = round_half_up(ratio((gross - dirt) * fineness * (BASIS_POINTS - loss), FINE * BASIS_POINTS))
    value = round_half_up(ratio(fine * rate, MG_PER_GRAM))
    return PricedOldGold(gross - dirt, fine, whole(value, "The value of old gold in paise"))


def fine_rate(board: Mapping[tuple[str, int], int], metal: str, *, margin_bp: int) -> int | None:
    """What the shop pays for a fine gram: the board's finest rate of the metal, carried up to 1000/1000, less the
    shop's margin; half-up, once. None where the board has no rate of the metal."""
    finest = max((fineness for one, fineness in board if one == metal), default=None)
    if finest is None:
        return None
    margin = whole(margin_bp, "The margin in basis points", most=BASIS_POINTS, field="marginBp")
    return round_half_up(ratio(board[metal, finest] * FINE * (BASIS_POINTS - margin), finest * BASIS_POINTS))
