"""Owns the rate board's refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable


class UnknownPurity(Unprocessable):
    """No board carries this metal in this fineness (gold by IS 1417, silver by IS 2112, platinum by the trade)."""

    default_action = "Choose one of the purities that the board lists."


class RateAbsurd(Unprocessable):
    """A rate lies outside what a gram of this metal can cost at all: a digit slipped."""

    default_action = "Check the digits: rates are in paise per gram."


class RateTwice(Unprocessable):
    """One purity is given two rates in one go."""


class RateMissing(Conflict):
    """The board has no rate for this purity today, so nothing of it can be priced."""

    default_action = "Set the rate of this purity on the board first."


class RateBusy(Conflict):
    """Somebody else set this rate for the first time in the same moment."""

    default_action = "Look at the board and set it again if needed."


class RateUnknown(NotFound):
    """The board has no such rate."""
