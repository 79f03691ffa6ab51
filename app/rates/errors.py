"""Owns the rate board's refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class UnknownPurity(Unprocessable):
    """No board carries this metal in this fineness (gold by IS 1417, silver by IS 2112, platinum by the trade)."""

    default_action = N_("Choose one of the purities that the board lists.")


class RateAbsurd(Unprocessable):
    """A rate lies outside what a gram of this metal can cost at all: a digit slipped."""

    default_action = N_("Check the digits: rates are in paise per gram.")


class RateTwice(Unprocessable):
    """One purity is given two rates in one go."""


class RateMissing(Conflict):
    """The board has no rate for this purity today, so nothing of it can be priced."""

    default_action = N_("Set the rate of this purity on the board first.")


class RateBusy(Conflict):
    """Somebody else set this rate for the first time in the same moment."""

    default_action = N_("Look at the board and set it again if needed.")


class RateUnknown(NotFound):
    """The board has no such rate."""
