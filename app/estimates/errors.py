"""Owns the refusals of estimates and of sheets that were put aside."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class EstimateUnknown(NotFound):
    """There is no such estimate in this shop."""

    default_message = N_("There is no such estimate.")


class EstimateBilled(Conflict):
    """The estimate became a bill before."""

    default_action = N_("Look at that bill; what is sold beside it is a bill of its own.")


class EstimateLapsed(Conflict):
    """The last day of the estimate has passed."""

    default_action = N_("Bill it at today's rates, or make a new estimate.")


class EstimateNotTheirs(Unprocessable):
    """The estimate was made for another customer than the bill names."""

    default_action = N_("Name that customer, or bill it without the estimate.")


class EstimateTooLong(Unprocessable):
    """An estimate holds from today on, for so many days at most."""


class SheetEmpty(Unprocessable):
    """Nothing stands on the sheet, so there is nothing to put aside or to estimate."""

    default_message = N_("Nothing stands on the sheet yet.")
    default_action = N_("Scan a piece first.")


class SheetUnknown(NotFound):
    """No such sheet was put aside in this shop, or it was so long ago that it was thrown away."""

    default_message = N_("There is no such sheet.")
    default_action = N_("Begin a new one.")


class SheetRecalled(Conflict):
    """The sheet was taken up again before, at this till or another: nobody else goes on with it."""

    default_message = N_("Somebody else took this sheet up again.")
    default_action = N_("Look at the other till, or begin a new sheet.")
