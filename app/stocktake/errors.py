"""Owns the refusals of counting stock."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class StocktakeUnknown(NotFound):
    """There is no such count in this shop."""

    default_message = N_("There is no such count.")


class StocktakeOver(Conflict):
    """The count was closed or given up, so nothing is scanned into it any more."""

    default_action = N_("Open a new count for what is still to be scanned.")


class StocktakeNotClosed(Conflict):
    """Findings are there, and decided, once the count is closed."""

    default_message = N_("This count is not closed.")
    default_action = N_("Close it first: then it is said what is missing.")


class NothingToCount(Unprocessable):
    """No piece in stock is of the scope that is to be counted."""

    default_message = N_("No piece in stock is of this scope.")
    default_action = N_("Choose another place, category or metal.")


class TooMuchToCount(Unprocessable):
    """The scope holds more pieces than one count takes."""

    default_action = N_("Count place by place, or category by category.")


class ScansUnfit(Unprocessable):
    """Codes that are none, too many at once, or a weight that no scale shows."""


class FindingUnknown(NotFound):
    """There is no such finding of this count."""

    default_message = N_("There is no such finding.")


class FindingDecided(Conflict):
    """A finding is decided once."""

    default_message = N_("This finding was decided already.")
    default_action = N_("Look at the count again.")


class DecisionUnfit(Unprocessable):
    """What is missing is found or lost, a weight is corrected or kept, and what is extra is noted."""


class FindingOvertaken(Conflict):
    """The piece was sold, moved or weighed anew since the count was closed, so the finding no longer tells what is."""

    default_action = N_("Look at the piece; then note the finding as found or kept.")
