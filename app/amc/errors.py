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


class ExtensionNotLater(Unprocessable):
    """An extension must end after the contract's present end, and within a year of it."""

    default_message = N_("The new last day must lie after the present one, by a year at most.")
