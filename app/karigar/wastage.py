"""Owns the reckoning of a job: what was used up, what of it is allowed, in unrounded fine metal (mg × fineness)."""

from dataclasses import dataclass

from app.kit.money import BASIS_POINTS, MAX_PAISE, ratio, round_half_up, whole
from app.kit.weights import FINE, MG_PER_GRAM


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a job's metal. `wastage` + `excess` − `own` is what was issued and did not come back."""

    wastage: int  # used up within what is allowed
    excess: int  # used up beyond it
    own: int  # came back beyond what was issued: the karigar's own metal

    @property
    def used_up(self) -> int:
        return self.wastage + self.excess - self.own


def allowed_wastage(finished: int, allowed_bp: int) -> int:
    """So many basis points of the finished work, in fine units: ten-thousandths of a milligram of fine metal."""
    whole(finished, "Finished fine metal", most=10**19)
    whole(allowed_bp, "Allowed wastage in basis points", most=BASIS_POINTS)
    return round_half_up(ratio(finished * allowed_bp, BASIS_POINTS))


def settle(*, issued: int, returned: int, finished: int, written_off: int, allowed_bp: int) -> Settlement:
    """How a job's metal is accounted for when all its work has come back. All in fine units.

    written_off  wastage that was taken off this job before
    """
    used_up = issued - returned - finished - written_off
    allowed = max(allowed_wastage(finished, allowed_bp) - written_off, 0)
    return Settlement(
        wastage=min(max(used_up, 0), allowed), excess=max(used_up - allowed, 0) if used_up > 0 else 0,
        own=max(-used_up, 0),
    )  # fmt: skip


def price_of(fine: int, fine_rate_paise: int) -> int:
    """What fine metal costs, in paise, at a rate in paise per gram of the fine metal."""
    whole(fine, "Fine metal", most=10**19)
    whole(fine_rate_paise, "The rate of fine metal in paise per gram", most=MAX_PAISE)
    return round_half_up(ratio(fine * fine_rate_paise, FINE * MG_PER_GRAM))


def labour_of(basis: str, paise: int, *, net_mg: int) -> int:
    """A piece's labour: so much a gram net, or so much for it; `fixed` is of the whole job and none of a piece."""
    if basis == "per_gram_net":
        return round_half_up(ratio(paise * net_mg, MG_PER_GRAM))
    return paise if basis == "per_piece" else 0
