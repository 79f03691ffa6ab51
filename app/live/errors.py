"""Owns the refusals of the side service."""

from app.kit.errors import BadRequest, Conflict, Forbidden, NotFound, TooManyRequests
from app.kit.texts import N_


class TicketRefused(Forbidden):
    """The ticket to follow a job is not ours, or its time or sign-in has ended; the job's address gives a new one."""

    default_message = N_("This can no longer be followed from here.")
    default_action = N_("Ask for the job again to get a new ticket.")


class TooManyStreams(TooManyRequests):
    """One person follows more jobs at once than a person can look at."""

    default_message = N_("Too many live views are open.")
    default_action = N_("Close some of them.")


class FileMissing(NotFound):
    """There is no such file, or it is not for anybody to see."""

    default_message = N_("There is no such file.")


class UploadLengthWrong(BadRequest):
    """An upload is not of the length that its link was signed for, or it broke off."""

    default_message = N_("The file did not arrive whole.")
    default_action = N_("Send it again.")


class UploadAlreadyThere(Conflict):
    """A link takes one file once; what it took can't be exchanged behind our back."""

    default_message = N_("A file was already sent with this link.")
    default_action = N_("Ask for a new link.")
