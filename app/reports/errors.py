"""Owns the refusals of exports."""

from app.kit.errors import NotFound, Unprocessable
from app.kit.texts import N_


class ExportUnknown(NotFound):
    """The shop has no such export."""

    default_message = N_("There is no such export.")


class PeriodBackwards(Unprocessable):
    """The period ends before it begins."""

    default_message = N_("The period ends before it begins.")


class PeriodTooLong(Unprocessable):
    """One export covers five years at most."""

    default_message = N_("One export covers five years at most.")
    default_action = N_("Ask for shorter periods, one after the other.")
