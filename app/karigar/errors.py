"""Owns the karigar room's refusals."""

from app.kit.errors import Conflict, NotFound, PreconditionFailed, Unprocessable
from app.kit.texts import N_


class KarigarUnknown(NotFound):
    """There is no such karigar in this shop."""

    default_message = N_("There is no such karigar.")


class KarigarJobUnknown(NotFound):
    """There is no such karigar's job in this shop."""

    default_message = N_("There is no such job.")


class ChallanUnknown(NotFound):
    """There is no such challan or receipt in this shop."""

    default_message = N_("There is no such challan.")


class KarigarCodeTaken(Conflict):
    """Another karigar of the shop has this short name."""

    default_action = N_("Choose another short name: jobs are called after it.")


class KarigarFactsWrong(Unprocessable):
    """A karigar's name, short name, tax number or allowed wastage has a form that cannot be kept."""


class KarigarResting(Conflict):
    """The karigar is marked as no longer working for the shop, so nothing new is given to them."""

    default_action = N_("Mark them as working again first.")


class JobFactsWrong(Unprocessable):
    """A job's work, metal, labour or days have a form that cannot be kept, or contradict."""


class JobClosed(Conflict):
    """The job was received in full, or cancelled, before: nothing more is issued or received on it."""

    default_action = N_("Open a new job for new work.")


class JobNotEmpty(Conflict):
    """A job is cancelled only when all that was issued on it has come back."""

    default_action = N_("Receive the metal and stones back first.")


class NothingMoved(Unprocessable):
    """A challan or receipt without a line."""

    default_message = N_("Nothing is issued or received by this.")


class OtherMetal(Unprocessable):
    """A job is of one metal, in which its wastage is reckoned; another metal needs a job of its own."""

    default_action = N_("Open another job for the other metal.")


class MoreThanIssued(Unprocessable):
    """More metal or stones would come back from a karigar unworked than lie with them."""

    default_action = N_("Check the weights and counts against the challans of the job.")


class StonesMissing(Unprocessable):
    """A job is closed only when every stone that was issued on it is set, returned, or said to be broken or lost."""

    default_action = N_("Enter what was returned, broken or lost.")


class ExcessWastage(Unprocessable):
    """More metal was used up than the karigar is allowed: somebody says whether it is carried, charged or accepted."""

    default_action = N_("Carry it on the karigar's account, charge it, or ask for it to be accepted.")


class ExcessNotExcess(Unprocessable):
    """Excess wastage would be charged or accepted where there is none."""


class LabourBilled(Conflict):
    """The labour of a job stands on an earlier bill of the karigar, or the bill itself was noted before."""

    default_action = N_("Look at the karigar's bills.")


class LabourBillWrong(Unprocessable):
    """A labour bill names a job that is not the karigar's, or not finished, or amounts that cannot be."""


class PaymentTooLarge(Unprocessable):
    """A karigar would be paid more than is owed to them."""


class ReceivedMeanwhile(PreconditionFailed):
    """The job changed since it was looked at: somebody else issued or received on it."""

    default_message = N_("Somebody else issued or received on this job meanwhile.")
    default_action = N_("Look at the job again.")
