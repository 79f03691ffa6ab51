"""Owns the credits' refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class CreditUnknown(NotFound):
    """There is no such credit in this shop."""

    default_message = N_("There is no such credit.")


class CreditNotTheirs(Unprocessable):
    """The credit belongs to another customer than the one who would use it."""

    default_action = N_("Choose one of this customer's own credits.")


class CreditSpent(Conflict):
    """Nothing is left of the credit: a bill used it up, or it was paid out or closed."""

    default_action = N_("Open the customer again: their credits show what is left.")


class CreditShort(Conflict):
    """Less is left of the credit than is asked of it."""

    default_action = N_("Use what is left, and take the rest in another way.")


class CreditExpired(Conflict):
    """The last day of the credit has passed."""


class CreditTwice(Unprocessable):
    """One credit is named twice where it can be used once."""

    default_action = N_("Put both amounts together.")


class CreditOpenedBefore(Conflict):
    """This document opened a credit of the kind before: one document is owed once."""
