"""Owns weights and fineness: whole milligrams, thousandths of a carat, parts per ten thousand; karat by rounding."""

import re
from enum import StrEnum

from app.kit.errors import Unprocessable
from app.kit.money import MAX_PAISE, ratio, round_half_up, whole
from app.kit.texts import N_, _

MAX_MG = 10**9
"""One tonne: more than any one entry of a shop."""

MAX_MCT = 10**9
FINE = 10_000
MG_PER_GRAM = 1_000
MCT_PER_CARAT = 1_000
FINEST_KARAT = 24

_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,9})(?:\.(?P<part>[0-9]{1,3}))?")


class WeightUnreadable(Unprocessable):
    """A text is no weight with at most three decimals."""

    default_action = N_("Write it like 3.390.")


class RateBasis(StrEnum):
    """How a shop derives the rate of a purity from its 24K rate; one choice per shop."""

    FINENESS = "fineness"  # 916/1000
    KARAT = "karat"  # 22/24


def grams(mg: int) -> str:
    """3.390: always three decimals, as scales and bills show it."""
    return _thousandths(whole(mg, "A weight in mg", least=-(10**15), most=10**15))


def carats(mct: int) -> str:
    """0.136, from thousandths of a carat."""
    return _thousandths(whole(mct, "A weight in thousandths of a carat", least=-(10**15), most=10**15))


def parse_grams(text: str) -> int:
    """Milligrams from typed grams; negative, exponent, NaN and a fourth decimal are refused."""
    return whole(_parse_thousandths(text, "weight in grams"), "A weight in mg", most=MAX_MG)


def parse_carats(text: str) -> int:
    """Thousandths of a carat from typed carats."""
    return whole(_parse_thousandths(text, "weight in carats"), "A weight in thousandths of a carat", most=MAX_MCT)


def stone_mg(mct: int) -> int:
    """Weight of stones in milligrams: a carat is 0.200 g, so five thousandths of a carat are one milligram."""
    return round_half_up(ratio(whole(mct, "A weight in thousandths of a carat", most=MAX_MCT), 5))


def fine_product(mg: int, fineness: int) -> int:
    """Weight × fineness, unrounded, so that ledgers adding thousands of these do not drift."""
    whole(mg, "A weight in mg", least=-(10**15), most=10**15)
    return mg * whole(fineness, "Fineness per ten thousand", least=1, most=FINE)


def fine_mg(product: int) -> int:
    """Fine weight to the milligram from an unrounded product; for showing and for pricing, never for adding up."""
    return round_half_up(ratio(product, FINE))


def karat_of(fineness: int) -> int:
    """The karat that the trade calls a gold fineness: 9160 is 22, 5850 is 14, 9950 and 9990 are 24."""
    return round_half_up(ratio(whole(fineness, "Fineness per ten thousand", least=1, most=FINE) * FINEST_KARAT, FINE))


def fineness_mark(fineness: int) -> str:
    """Parts per thousand as stamped: 916, 999.5."""
    thousandths, tenth = divmod(whole(fineness, "Fineness per ten thousand", least=1, most=FINE), 10)
    return f"{thousandths}.{tenth}" if tenth else str(thousandths)


def purity_label(metal: str, fineness: int) -> str:
    """22K 916 for gold; other metals have no karat: silver 925."""
    mark = fineness_mark(fineness)
    return f"{karat_of(fineness)}K {mark}" if metal == "gold" else f"{metal.capitalize()} {mark}"


def rate_of_purity(rate_24k_paise: int, fineness: int, basis: RateBasis) -> int:
    """Rate per gram of a purity from the 24K rate, by fineness (916/1000) or by karat (22/24), to the paisa."""
    whole(rate_24k_paise, "A rate in paise per gram", least=1, most=MAX_PAISE)
    whole(fineness, "Fineness per ten thousand", least=1, most=FINE)
    if basis == RateBasis.KARAT:
        return round_half_up(ratio(rate_24k_paise * karat_of(fineness), FINEST_KARAT))
    return round_half_up(ratio(rate_24k_paise * fineness, FINE))


def _thousandths(count: int) -> str:
    wholes, part = divmod(abs(count), 1_000)
    return f"{'-' if count < 0 else ''}{wholes}.{part:03d}"


def _parse_thousandths(text: str, what: str) -> int:
    found = _DECIMAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        shown = text[:40] if isinstance(text, str) else type(text).__name__
        raise WeightUnreadable(_("“%(shown)s” is no %(what)s.", shown=shown, what=what))
    return int(found["whole"]) * 1_000 + int((found["part"] or "").ljust(3, "0"))
