"""Owns money: whole paise inside, half-up where a fraction ends, ₹18,92,571.20 outside; no float ever passes."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from app.kit.errors import Unprocessable
from app.kit.texts import N_, _

MAX_PAISE = 10**12
"""₹1,000 crore: more than any one document of a shop; what lies above is a typing slip or an attack."""

PAISE_PER_RUPEE = 100
BASIS_POINTS = 10_000
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Sixty digits hold every product that the limits above allow, so only `round_half_up` ever drops a fraction."""

_RUPEES = re.compile(r"(?P<rupees>[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]+)(?:\.(?P<paise>[0-9]{1,2}))?")


class NumberNotWhole(Unprocessable):
    """Money, weights and rates are whole numbers of paise, milligrams and basis points; a fraction or text came."""


class NumberOutOfRange(Unprocessable):
    """A number is below what makes sense (a negative weight) or larger than any shop's books hold."""


class AmountUnreadable(Unprocessable):
    """A text is no amount of rupees with at most two decimals."""

    default_action = N_("Write it like 1,89,625.50.")


def whole(value: object, what: str, *, least: int = 0, most: int = MAX_PAISE, field: str = "") -> int:
    """The value itself when it is an int within bounds; bool, float, Decimal and text are refused.

    `what` names it in the message (“Net weight in mg”), `field` is its path in the input (“netMg”).
    """
    if type(value) is not int:
        raise NumberNotWhole(
            _("%(what)s must be a whole number, not %(value)s.", what=what, value=_described(value)),
            fields=_at(field, "not whole"),
        )
    if value < least:
        raise NumberOutOfRange(
            _("%(what)s must not be below %(least)s.", what=what, least=least), fields=_at(field, f"below {least}")
        )
    if value > most:
        raise NumberOutOfRange(
            _("%(what)s must not be above %(most)s.", what=what, most=most), fields=_at(field, f"above {most}")
        )
    return value


def round_half_up(exact: Decimal) -> int:
    """To the nearest whole, a half away from zero: how Indian tax law and every jeweller's calculator round."""
    if not isinstance(exact, Decimal) or not exact.is_finite():
        raise NumberNotWhole(_("An amount must be a finite decimal number, not %(value)s.", value=_described(exact)))
    if abs(exact) >= Decimal(10) ** 30:
        raise NumberOutOfRange(_("An amount is larger than can be kept."))
    return int(exact.quantize(Decimal(1), context=EXACT))


def round_paise(exact: Decimal) -> int:
    """Whole paise from an exact number of paise (not of rupees)."""
    return round_half_up(exact)


def ratio(numerator: int, denominator: int) -> Decimal:
    """A quotient kept to sixty digits; feed it to `round_half_up` at once."""
    return EXACT.divide(Decimal(numerator), Decimal(denominator))


def percent_of(paise: int, bp: int) -> int:
    """So many basis points of an amount, to the paisa."""
    return round_half_up(ratio(paise * bp, BASIS_POINTS))


def to_rupee(paise: int) -> int:
    """The nearest amount of whole rupees, in paise."""
    return round_half_up(ratio(paise, PAISE_PER_RUPEE)) * PAISE_PER_RUPEE


def grouped(paise: int) -> str:
    """18,92,571.20: lakh and crore commas, two decimals, no sign of currency; for columns."""
    whole(paise, "An amount in paise", least=-(10**30), most=10**30)
    rupees_part, paise_part = divmod(abs(paise), PAISE_PER_RUPEE)
    sign = "-" if paise < 0 else ""
    return f"{sign}{indian_grouping(rupees_part)}.{paise_part:02d}"


def rupees(paise: int) -> str:
    """₹18,92,571.20; a minus stands before the sign of the rupee."""
    text = grouped(paise)
    return f"-₹{text[1:]}" if text.startswith("-") else f"₹{text}"


def indian_grouping(number: int) -> str:
    """12,34,56,789: the last three digits together, then pairs."""
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return ",".join([*pairs, tail])


def parse_rupees(text: str) -> int:
    """Paise from what a person types: 1,89,625.50, ₹ 500, 12.5; a sign, exponent, NaN or third decimal is refused."""
    bare = text.strip().removeprefix("₹").strip() if isinstance(text, str) else ""
    found = _RUPEES.fullmatch(bare)
    if found is None or len(bare) > 40:
        shown = text if isinstance(text, str) else type(text).__name__
        raise AmountUnreadable(_("“%(text)s” is no amount in rupees.", text=str(shown)[:40]))
    paise = int(found["rupees"].replace(",", "")) * PAISE_PER_RUPEE + int((found["paise"] or "").ljust(2, "0"))
    return whole(paise, "An amount in paise")


def _at(field: str, wrong: str) -> dict[str, str] | None:
    return {field: wrong} if field else None


def _described(value: object) -> str:
    """Names the refused value without echoing something huge."""
    kind = type(value).__name__
    return f"{kind} {str(value)[:40]}" if isinstance(value, bool | float | Decimal) else kind
