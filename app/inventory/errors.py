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


class MarksNotYours(Forbidden):
    """Another tag or HUID for a piece that has one, or its HUID taken off: they say which article of the stock it is,
    and let another one be entered in its place."""

    default_message = N_("Your role in this shop does not include changing a piece's tag or HUID.")
    default_action = N_("Ask somebody who may adjust the stock.")


class ExemptionNotYours(Forbidden):
    """A piece that must be hallmarked is freed of it: corrected so that an exemption fits, or tagged without HUID out
    of a lot that is sold to be melted."""

    default_message = N_("Your role in this shop does not include freeing a piece of its hallmark.")
    default_action = N_("Ask somebody who may adjust the stock, or have the piece hallmarked.")


class ItemAlreadySold(Conflict):
    """A piece of the bill has left the stock since it was scanned: sold on another bill, or withdrawn."""

    default_action = N_("Take it off the bill.")


class WeightsContradict(Unprocessable):
    """Net is not gross less stones, or the stones, or its other metals, weigh more than the piece allows."""


class ItemFactsWrong(Unprocessable):
    """A tag, category or charge of a piece has a form that cannot be kept, or one of its metals is named twice."""


class HsnDoesNotFit(Unprocessable):
    """The HSN is not that of the piece's category and metal, so its rate of tax would be wrong."""

    default_action = N_("Correct the HSN or the category.")


class HuidMalformed(Unprocessable):
    """A HUID is six letters or digits, as the laser mark shows it."""

    default_action = N_("Read the mark again under the glass.")


class ExemptionDoesNotHold(Unprocessable):
    """The reason given for having no HUID does not fit this piece, or is none of the order's."""


class HuidMissing(Unprocessable):
    """A piece that must be hallmarked has no HUID, so it cannot be sold (Hallmarking Order). By weight no lot of
    articles is sold, and old gold only to a buyer with a GSTIN, who melts it."""

    default_action = N_("Enter its HUID, or the reason that it needs none, on the piece.")


class CostNotYours(Forbidden):
    """What a piece cost is corrected by who buys stock."""

    default_message = N_("Your role in this shop does not include correcting what a piece cost.")
    default_action = N_("Ask somebody who buys stock.")


class StockPlaceUnknown(NotFound):
    """There is no such outlet or tray in this shop, or the tray is no longer used."""

    default_message = N_("There is no such place of stock.")


class TrayCodeTaken(Conflict):
    """Another counter, tray or safe has this code."""

    default_action = N_("Give it another code.")


class TrayInUse(Conflict):
    """A tray that pieces or lots lie in can't be given up."""

    default_action = N_("Move what lies there first.")


class AlreadyThere(Unprocessable):
    """A piece or lot is asked to be moved to where it lies."""

    default_action = N_("Choose another place, or leave it out.")


class LotUnknown(NotFound):
    """There is no such lot in this shop."""

    default_message = N_("There is no such lot.")


class LotCodeTaken(Conflict):
    """Another lot has this code."""

    default_action = N_("Give the lot another code.")


class LotNotOpen(Conflict):
    """Nothing is left of the lot, or it is on its way, so nothing can be taken from it."""


class LotTooSmall(Conflict):
    """More is asked of a lot than is left of it."""

    default_action = N_("Weigh what is left, and take no more than that.")


class LotFactsWrong(Unprocessable):
    """A lot's code, kind, purity or weights have a form that cannot be kept, or contradict each other."""


class LotsDiffer(Unprocessable):
    """Only lots of one kind and purity that lie in one place become one."""

    default_action = N_("Melt different purities together instead; move lots to one place first.")


class SupplierUnknown(NotFound):
    """There is no such supplier of this shop."""

    default_message = N_("There is no such supplier.")


class SupplierTaken(Conflict):
    """Another supplier of the shop has this GSTIN."""

    default_action = N_("Use the supplier that is there.")


class SupplierFactsWrong(Unprocessable):
    """A supplier's name or address can't be kept so, or their PAN and GSTIN contradict each other."""


class PurchaseUnknown(NotFound):
    """There is no such bill of a supplier in this shop."""

    default_message = N_("There is no such purchase.")


class PurchaseEmpty(Unprocessable):
    """A supplier's bill has lines; a return names lines of it, each once."""


class BillDayWrong(Unprocessable):
    """A supplier's bill is of a day to come, or of one before the first whose rates of tax are known."""

    default_action = N_("Copy the day from the bill.")


class BillEnteredBefore(Conflict):
    """A bill of this number, supplier and financial year was entered before."""

    default_action = N_("Look at the purchase that is there.")


class PurchaseTotalWrong(Unprocessable):
    """The bill's lines and taxes don't come to the total that it shows, by more than a round-off."""

    default_action = N_("Compare each line's value and tax with the bill.")


class NotReturnable(Conflict):
    """A line of a purchase went back before, or its piece or lot is no longer whole in stock."""


class ConsignmentUnknown(NotFound):
    """There is no such transfer, memo or melt in this shop."""

    default_message = N_("There is no such transfer, memo or melt.")


class ConsignmentEmpty(Unprocessable):
    """Nothing, or something twice, is named to be sent or taken back."""

    default_action = N_("Name at least one piece or lot, and each once.")


class MemoDayWrong(Unprocessable):
    """What goes out on approval cannot be due back before it went."""

    default_action = N_("Write the day on which it is to be back, today or later.")


class ConsignmentEnded(Conflict):
    """It ended before: all that was sent has come back, arrived or was melted."""


class WeightDiffers(Conflict):
    """What arrived weighs other than what was sent, by more than scales differ."""

    default_action = N_("Weigh it again; or accept the difference, which changes the piece's weight.")


class MeltContradicts(Unprocessable):
    """Different metals in one pot, or more fine metal out of it than went in."""


class NothingIsOwed(Unprocessable):
    """A payment of nothing, or in a way of paying that there is not."""
