"""Owns how an amount of a whole bill is shared out over its lines: by largest remainder, to the paisa."""

from collections.abc import Sequence


def share_out(paise: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Parts of `paise` in proportion to the weights, summing to it exactly; a weight of 0 gets nothing.

    No part is larger than its weight while the amount is not larger than their sum. All weights 0: all parts 0.
    """
    whole = sum(weights)
    if not whole:
        return (0,) * len(weights)
    parts = [divmod(paise * weight, whole) for weight in weights]
    left = paise - sum(part for part, _ in parts)
    first = sorted(range(len(parts)), key=lambda place: -parts[place][1])[:left]  # stable: of equals the earlier line
    return tuple(part + (place in first) for place, (part, _) in enumerate(parts))
