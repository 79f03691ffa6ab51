"""Owns the refusals of exports."""

from app.kit.errors import Conflict, NotFound, Unprocessable
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


class ExportNotFailed(Conflict):
    """Only an export whose writing failed is asked for again; another is under way or ready."""

    default_message = N_("This file did not fail.")
    default_action = N_("Look at the list again.")
