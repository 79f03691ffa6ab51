"""Owns the other metals of a piece: a platinum shank, a silver back, white gold beside yellow; each by its own weight.

A piece has one main metal, which its HSN, hallmark and place in the lists follow. `net_mg` is all its metal together;
what the others do not weigh is the main metal.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.inventory.errors import ItemFactsWrong, WeightsContradict
from app.kit.money import whole
from app.kit.texts import _
from app.kit.weights import MAX_MG, grams, purity_label
from app.rates import service as rates

MAX_OTHERS = 6


@dataclass(frozen=True, slots=True)
class OtherMetal:
    """So much of a piece's net weight is of this purity, and not of its main metal's."""

    metal: str
    fineness: int
    net_mg: int

    @property
    def purity_label(self) -> str:
        return purity_label(self.metal, self.fineness)


def check_others(others: Sequence[OtherMetal], *, metal: str, fineness: int, net_mg: int, on: dt.date) -> None:
    """Raises UnknownPurity, NumberOutOfRange, ItemFactsWrong, WeightsContradict, each at otherMetals.<n>."""
    if len(others) > MAX_OTHERS:
        message = _("A piece lists at most %(most)s metals beside its main one.", most=MAX_OTHERS)
        raise ItemFactsWrong(message, fields={"otherMetals": "too many"})
    seen, left = {(metal, fineness)}, net_mg
    for place, part in enumerate(others):
        at = f"otherMetals.{place}"
        rates.check_purity(part.metal, part.fineness, on, field=f"{at}.{_doubtful(part, on)}")
        if (part.metal, part.fineness) in seen:
            message = _("%(purity)s is named twice: write its whole weight once.", purity=part.purity_label)
            raise ItemFactsWrong(message, fields={f"{at}.fineness": "named twice"})
        seen.add((part.metal, part.fineness))
        left -= whole(part.net_mg, "Net weight in mg", least=1, most=MAX_MG, field=f"{at}.netMg")
        if left <= 0:
            message = _(
                "The other metals weigh %(others)s g, and leave nothing of the net %(net)s g for the main metal.",
                others=grams(weight_of(others[: place + 1])), net=grams(net_mg),
            )  # fmt: skip
            raise WeightsContradict(message, fields={f"{at}.netMg": "not below net"})


def weight_of(others: Iterable[OtherMetal]) -> int:
    """What they weigh together, in mg."""
    return sum(part.net_mg for part in others)


def is_less(before: Sequence[OtherMetal], after: Sequence[OtherMetal]) -> bool:
    """Whether any of the metals that were there is gone or weighs less; one that was added takes from nobody by itself:
    what it takes of the main metal is seen there."""
    now = {(part.metal, part.fineness): part.net_mg for part in after}
    return any(now.get((part.metal, part.fineness), 0) < part.net_mg for part in before)


def _doubtful(part: OtherMetal, on: dt.date) -> str:
    """Which of the two a refusal is about: of a known metal it is the fineness."""
    return "fineness" if any(purity.metal == part.metal for purity in rates.list_purities(on)) else "metal"
