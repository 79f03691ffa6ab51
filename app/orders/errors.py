"""Owns the refusals of orders and repairs."""

from app.kit.errors import Conflict, NotFound, PreconditionFailed, Unprocessable
from app.kit.texts import N_


class OrderUnknown(NotFound):
    """There is no such order or repair in this shop."""

    default_message = N_("There is no such order.")


class OrderFactsWrong(Unprocessable):
    """An order's pieces, days, amounts or stage have a form that cannot be kept, or contradict."""


class OrderPictureUnknown(NotFound):
    """An order or a repair names a picture that this shop does not have."""

    default_message = N_("There is no such picture.")
    default_action = N_("Take or choose another.")


class OrderClosed(Conflict):
    """The order was delivered, handed back or cancelled before: it no longer changes."""

    default_action = N_("Take a new order.")


class StageNotNext(Conflict):
    """An order does not go from its stage to the one that was asked for."""


class OrderChanged(PreconditionFailed):
    """The order changed since it was looked at."""

    default_message = N_("Somebody else changed this order meanwhile.")
    default_action = N_("Look at it again.")


class OrderDelivered(Conflict):
    """The order was delivered on a bill before, or is another customer's."""


class OtherKindOfOrder(Conflict):
    """What only a repair has was asked of an order, or the other way round."""


class RepairWeightDiffers(Unprocessable):
    """A piece goes back with another weight than it came with, and than what was used on it: somebody says why."""

    default_action = N_("Weigh it again, enter the metal used, or say why it differs.")


class RepairNotAgreed(Conflict):
    """A repair that costs something is begun only after the customer agreed to its estimate."""

    default_action = N_("Give an estimate, and note that the customer agreed.")


class OrderRateOpen(Unprocessable):
    """A line asks for its order's rate, and the order fixed none for this purity, locked it, or lost its advance."""

    default_action = N_("Leave the rate to the board, or name the locked rate.")


class OrderOverweight(Conflict):
    """More is delivered at the rate that an order fixed than was ordered, and than may weigh over."""

    default_action = N_("Let the pieces beyond the order take the board's rate.")


class RateKeptTooLong(Unprocessable):
    """An order keeps the rate of its day for so many days at most, unless by somebody who may lower a rate."""

    default_action = N_("Agree on an earlier day, or on the rate of the delivery.")


class OrderAdvanceTooSmall(Unprocessable):
    """An order keeps the rate of its day against an advance, unless by somebody who may lower a rate."""

    default_action = N_("Take a larger advance, or agree on the rate of the delivery.")


class RepairNotChargeable(Conflict):
    """A repair is billed when its piece is mended and ready, and costs something."""

    default_action = N_("Bring the repair to “ready”, and say what it costs.")


class RepairNotBilled(Conflict):
    """A mended piece that costs something goes back after it was billed."""

    default_action = N_("Bill the repair, or set its charge to nothing.")
