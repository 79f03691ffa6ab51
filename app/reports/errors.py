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


class OnlyToday(Unprocessable):
    """What is owed is told as it stands: a file of it is of today, not of a day that was or will be."""

    default_message = N_("What is owed is told as it stands today.")
    default_action = N_("Choose today as the last day.")


class ExportNotFailed(Conflict):
    """Only an export whose writing failed is asked for again; another is under way or ready."""

    default_message = N_("This file did not fail.")
    default_action = N_("Look at the list again.")


class EntryUnknown(NotFound):
    """The audit log has no entry of this number."""

    default_message = N_("There is no such entry.")


class MonthTooLong(Unprocessable):
    """A report that is worked out at once covers 31 days at most."""

    default_message = N_("This report covers 31 days at most.")


class FormatUnfit(Unprocessable):
    """This kind of file is not written in that format: slips are printed, books are tables."""

    default_message = N_("This kind of file is not written like that.")
    default_action = N_("Books are csv or xlsx, slips are pdf.")
