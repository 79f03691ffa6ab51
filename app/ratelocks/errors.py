"""Owns the refusals of locked rates."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class RateLockUnknown(NotFound):
    """There is no such locked rate in this shop."""

    default_message = N_("There is no such locked rate.")


class RateLockNotTheirs(Unprocessable):
    """The rate was locked for another customer."""

    default_message = N_("This rate was locked for another customer.")


class RateLockOtherPurity(Unprocessable):
    """The rate was locked for another metal or fineness than the piece has."""

    default_message = N_("The rate was locked for another purity.")


class RateLockShort(Conflict):
    """Fewer grams are left of the lock than are asked of it."""

    default_action = N_("Take what is left at the locked rate, and the rest at the board's.")


class RateLockExpired(Conflict):
    """The last day of the lock has passed."""

    default_message = N_("The time of this locked rate is over.")
    default_action = N_("The advance stays the customer's; the board's rate holds.")


class RateLockClosed(Conflict):
    """The lock was given up or used up."""

    default_message = N_("Nothing is left of this locked rate.")


class AdvanceTooSmall(Unprocessable):
    """A lock takes an advance of a share of what its grams cost."""

    default_action = N_("Take a larger advance, or lock fewer grams.")


class AdvanceNotFit(Unprocessable):
    """The credit is another customer's, is no advance, or keeps a rate already: another lock's, or an order's."""

    default_action = N_("Choose an open advance of this customer that keeps no other rate.")


class LockTooLong(Unprocessable):
    """A rate is locked from today on, for so many days at most."""
