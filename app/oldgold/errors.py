"""Owns the refusals of the old-gold room."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class OldGoldUnknown(NotFound):
    """There is no such purchase voucher in this shop."""

    default_message = N_("There is no such purchase voucher.")


class IdentityWrong(Unprocessable):
    """A seller's paper is of no known kind, its number has another form, or it is another's PAN than the customer's."""

    default_action = N_("Copy kind and number from the paper itself.")


class SellerRegistered(Unprocessable):
    """Who has a GSTIN sells by a bill of their own: that is a supplier's purchase, not old gold."""

    default_message = N_("This seller has a GSTIN.")
    default_action = N_("Enter their bill among the purchases from suppliers.")


class OldGoldEmpty(Unprocessable):
    """A purchase voucher without a line, or with more lines than one voucher can carry."""


class OldGoldUnsettled(Unprocessable):
    """What is paid and credited is not what the old gold is worth."""


class OldMetalUnrated(Unprocessable):
    """The board has no rate of the metal, so nothing says what it is worth."""

    default_action = N_("Set a rate of this metal on the board first.")


class OldGoldValueChanged(Conflict):
    """The old gold is worth another amount by now than was shown: the board moved."""

    default_action = N_("Look at the value again and agree on it anew.")


class OldGoldBlocked(Unprocessable):
    """A limit on buying from a person bites; the rule is named."""


class OldGoldPhotoUnknown(NotFound):
    """The photograph named is not there."""

    default_message = N_("There is no such picture.")


class SoldLineUnknown(NotFound):
    """What is bought back is none of the lines with metal of this shop's bills."""

    default_message = N_("There is no such line with metal on a bill.")


class NotWhatWasSold(Unprocessable):
    """What is bought back is of another metal than what was sold, or heavier: it is another piece."""

    default_action = N_("Buy it as old gold, without its bill.")


class BoughtBackBefore(Conflict):
    """What a line sold is bought back once, and not after a credit note gave back its piece or its metal's price."""

    default_action = N_("Open the bill again: it shows what came back.")


class BuyingTermsWrong(Unprocessable):
    """Terms of buying that begin in the past, or for a metal that the board does not know."""
