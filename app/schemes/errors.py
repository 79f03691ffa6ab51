"""Owns the schemes' refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class PlanUnknown(NotFound):
    """There is no such plan in this shop."""

    default_message = N_("There is no such plan.")


class SchemeUnknown(NotFound):
    """There is no such scheme in this shop."""

    default_message = N_("There is no such scheme.")


class PlanTooLong(Unprocessable):
    """A plan whose months could run past the day on which a scheme must have ended (365 days)."""

    default_action = N_("Eleven instalments are the most; the twelfth month is the bonus.")


class PlanFactsWrong(Unprocessable):
    """A plan's facts contradict each other: a percentage without a figure, grams without a purity."""


class PlanDaysOverlap(Conflict):
    """A plan of this code begins on that day or later: versions follow each other."""

    default_action = N_("Let the new version begin later, or choose another code.")


class PlanNotOffered(Conflict):
    """The plan is not open to new savers on this day."""

    default_message = N_("This plan takes no new savers now.")
    default_action = N_("Choose a plan that is offered today.")


class InstalmentAmountWrong(Unprocessable):
    """An instalment is not what was agreed: below the least, or no whole number of fixed instalments."""


class InstalmentsFull(Conflict):
    """All instalments of the scheme are paid."""

    default_message = N_("All instalments of this scheme are paid.")


class InstalmentsNotLast(Conflict):
    """Only the last receipt of a scheme is taken back, so that no month is missing between others."""

    default_message = N_("This is not the last receipt of the scheme.")
    default_action = N_("Take back the later ones first.")


class SchemeEnded(Conflict):
    """The scheme has ended: nothing is paid in any more, and it ends once."""

    default_message = N_("This scheme has ended.")


class SchemePastItsTerm(Conflict):
    """The day by which a scheme must have ended has come (365 days): nothing more is taken."""

    default_action = N_("End this scheme and begin a new one.")


class SchemeNotRipe(Conflict):
    """A scheme matures once all is paid in and its months are over."""

    default_action = N_("Take what is missing, or end it early without the bonus.")


class BonusAbsent(Conflict):
    """The scheme ended without a bonus, or has not ended yet."""

    default_message = N_("This scheme has no bonus to give.")


class BonusUsed(Conflict):
    """The bonus of this scheme was given on a bill before; it is given once."""

    default_message = N_("The bonus of this scheme was used before.")


class SchemeEmpty(Conflict):
    """Nothing was paid into the scheme, so there is nothing to pay back."""

    default_message = N_("Nothing was paid into this scheme.")
