"""Owns the tax room's refusals."""

from app.kit.errors import Unprocessable
from app.kit.texts import N_


class MalformedGstin(Unprocessable):
    """A GSTIN that cannot exist; the message names the place where it goes wrong."""

    default_action = N_("Compare it with the registration certificate.")


class MalformedPan(Unprocessable):
    """A PAN that cannot exist: it is five letters, four digits, a letter."""

    default_action = N_("Compare it with the card.")


class UnknownState(Unprocessable):
    """No state or union territory has this code on this day, or goods cannot be supplied from or to it."""


class UnknownHsn(Unprocessable):
    """The rate table holds no rate for this HSN or SAC on this day, or holds several and the use was not said."""
