"""Owns the console's refusals."""

from collections.abc import Sequence

from app.kit.errors import Conflict, NotFound, PreconditionFailed, Unavailable, Unprocessable
from app.kit.texts import N_
from shard_router.moves import Reason


class MoveUnknown(NotFound):
    """No move of this id was ever asked for."""

    default_message = N_("There is no such move.")


class MoveNotPossible(Conflict):
    """A move, its way back or its end is refused, and nothing was begun; `reasons` names each (docs/moves.md)."""

    default_action = N_("Put right what is named and ask again.")

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)
        self.members = {"reasons": [{"code": one.code, "detail": str(one)} for one in reasons]}


class MovesNotSetUp(Unavailable):
    """This installation has no database account that moves shops."""

    default_message = N_("Shops cannot be moved from here: the database account for it is not set up.")
    default_action = N_("Set BOOLA_MYSQL_MOVER_PASSWORD for web and worker processes.")


class MoveServersAway(Unavailable):
    """A server that the move needs does not answer; nothing was decided and the shop trades where it did."""

    default_message = N_("A server that the move needs does not answer. Nothing was decided.")
    default_action = N_("Bring the server back, then ask again.")


class TableUnknown(NotFound):
    """No dated table of the product has this name."""

    default_message = N_("There is no such table.")


class TableUnusable(Unprocessable):
    """A table as it was sent cannot be used by what reads it; nothing was changed. The message says where."""

    default_action = N_("Correct what is named and send it again.")


class TableChangedMeanwhile(PreconditionFailed):
    """Somebody decided on this table after it was looked at."""

    default_message = N_("This table was changed since you opened it.")
    default_action = N_("Look at it again.")
