"""Owns the refusals of plans and contracts."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class NoPlanInForce(Conflict):
    """No version of the plan is sold on this date."""

    default_message = N_("No such plan is sold on this date.")


class ContractUnknown(NotFound):
    """The shop has no contract."""

    default_message = N_("This shop has no contract.")


class ReasonMissing(Unprocessable):
    """An extension needs a reason that can be read later."""

    default_message = N_("Say why, in a few words.")


class FirstDayOutOfReach(Unprocessable):
    """A paid year begins no earlier than the shop's trial did, 366 days from today at most, and is not over yet."""

    default_message = N_("A paid year can't begin on this day.")
    default_action = N_(
        "Choose a day from the first of the trial on, whose year is not over, at most 366 days from today."
    )


class ExtensionNotLater(Unprocessable):
    """An extension must end after the contract's present end, and within a year of it."""

    default_message = N_("The new last day must lie after the present one, by a year at most.")
