"""Owns the stock's refusals."""

from app.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kit.texts import N_


class ItemUnknown(NotFound):
    """There is no such piece in this shop."""

    default_message = N_("There is no such piece in stock.")


class TagTaken(Conflict):
    """Another piece in stock wears this tag."""

    default_action = N_("Give the piece another tag, or withdraw the wrong entry first.")


class HuidTaken(Conflict):
    """Another piece in stock carries this HUID (BIS: one article, one HUID)."""

    default_action = N_("Check the mark on both pieces; withdraw the wrong entry first.")


class ItemNotInStock(Conflict):
    """The piece was sold or withdrawn, so its entry no longer changes."""


class LowerPriceNotAllowed(Forbidden):
    """A piece is corrected, or entered again after it was withdrawn, so that it costs less than before: weight, purity,
    making, wastage, stones, hallmarking or tax. That needs the right to give discounts."""

    default_message = N_("Your role in this shop does not include making a piece cheaper.")
    default_action = N_("Ask somebody who may give discounts.")


class ItemAlreadySold(Conflict):
    """A piece of the bill has left the stock since it was scanned: sold on another bill, or withdrawn."""

    default_action = N_("Take it off the bill.")


class WeightsContradict(Unprocessable):
    """Net is not gross less stones, or the stones weigh more than the piece allows."""


class ItemFactsWrong(Unprocessable):
    """A tag, category or charge of a piece has a form that cannot be kept."""


class HsnDoesNotFit(Unprocessable):
    """The HSN is not that of the piece's category and metal, so its rate of tax would be wrong."""

    default_action = N_("Correct the HSN or the category.")


class HuidMalformed(Unprocessable):
    """A HUID is six letters or digits, as the laser mark shows it."""

    default_action = N_("Read the mark again under the glass.")


class ExemptionDoesNotHold(Unprocessable):
    """The reason given for having no HUID does not fit this piece, or is none of the order's."""


class HuidMissing(Unprocessable):
    """A piece that must be hallmarked has no HUID, so it cannot be sold (Hallmarking Order)."""

    default_action = N_("Enter its HUID, or the reason that it needs none, on the piece.")
