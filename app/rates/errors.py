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


class FeedMissing(Conflict):
    """The shop was not told a rate of the feed yet, so nothing can be suggested."""

    default_message = N_("No rate of the feed is known here yet.")
    default_action = N_("Ask for a fresh one; it comes in a few seconds.")


class FeedStale(Conflict):
    """The feed is too old to be accepted as it is; a person may still type a rate."""

    default_message = N_("The market's rate is too old to be accepted.")
    default_action = N_("Ask for a fresh one, or set the rate by hand.")


class NothingSuggested(Conflict):
    """The board says already what the feed and the rules come to."""

    default_message = N_("The board already stands at the suggested rates.")


class SuggestionMoved(Conflict):
    """The feed or the rules changed after the suggestion was shown, so what was accepted is not what would be set."""

    default_message = N_("The suggestion changed after you saw it.")
    default_action = N_("Look at the new one and accept it.")


class RuleAbsurd(Unprocessable):
    """A premium, a rounding or a bound lies outside what a shop can mean."""

    default_action = N_("Check the figures: a premium is at most a fifth of the rate.")


class QuoteUnknown(NotFound):
    """There is no such quotation of the feed."""

    default_message = N_("There is no such quotation.")


class QuoteDecided(Conflict):
    """The quotation does not wait for anybody: it is good, or was decided."""

    default_message = N_("This quotation was decided already.")
