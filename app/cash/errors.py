"""Owns the cash book's refusals."""

from app.kit.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Unprocessable
from app.kit.texts import N_


class DrawerUnknown(NotFound):
    """The shop has no such till, and so no such drawer."""

    default_message = N_("There is no such till.")


class DrawerChanged(PreconditionFailed):
    """Somebody else opened, counted or closed this drawer since it was read (If-Match does not fit)."""

    default_message = N_("This drawer was opened, counted or closed since you looked at it.")
    default_action = N_("Look at it again.")


class ShiftOpen(Conflict):
    """The till's shift is open already, or is still open where it must be closed first."""

    default_action = N_("Count the drawer and close its shift first.")


class CountUnexplained(Unprocessable):
    """What was counted is not what the book expects, and nobody said why."""

    default_action = N_("Count again; if it stays so, write down why.")


class CountMalformed(Unprocessable):
    """A count names a note or coin that there is not, or so many of one that it is a slip."""


class CashShort(Conflict):
    """More cash would leave than the drawer or the safe holds by the book."""

    default_action = N_("Move cash into it first, or count the drawer: what it held before must be in the book.")


class SameDrawer(Unprocessable):
    """Cash would go from a drawer into the same one."""

    default_message = N_("Cash goes from one drawer to another, not to the same.")


class HandoverUnknown(NotFound):
    """There is no such handover."""

    default_message = N_("There is no such handover.")


class HandoverAnswered(Conflict):
    """The handover was taken, refused or called back before."""

    default_message = N_("This handover was answered before.")


class HandoverWaits(Conflict):
    """The drawer was given to somebody who has not answered yet."""

    default_action = N_("Whoever it was given to takes or refuses it first, or its giver calls it back.")


class NotTheTaker(Forbidden):
    """A handover is answered by whom it was given to, somebody else of the shop who may handle cash."""

    default_message = N_("Only whom the drawer was given to may answer.")


class NotTheGiver(Forbidden):
    """A handover is called back by its giver, or by whoever may close days."""

    default_message = N_("Only who handed the drawer over, or whoever may close days, calls it back.")


class DayClosed(Conflict):
    """The business day was closed before; nothing takes that back."""

    default_action = N_("Correct it by an entry of the next day.")


class DayNotDue(Conflict):
    """The business day has not begun yet, or an earlier one is still to be closed."""


class DrawerUncounted(Conflict):
    """A drawer took or gave cash on this day after it was last counted, so the day cannot be closed."""

    default_action = N_("Count the drawer first.")


class ClosingUnknown(NotFound):
    """This business day was not closed."""

    default_message = N_("This day was not closed.")
