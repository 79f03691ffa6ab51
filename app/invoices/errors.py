"""Owns the bills' refusals."""

from collections.abc import Mapping
from typing import Any

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class PdfMissing(NotFound):
    """A document's PDF is not there and nobody makes it: its making failed. A POST to the same address asks anew."""

    default_message = N_("The PDF could not be made.")
    default_action = N_("Ask for it again.")


class InvoiceUnknown(NotFound):
    """There is no such bill or note in this shop."""

    default_message = N_("There is no such bill.")


class PieceTwice(Unprocessable):
    """One piece stands on two lines of a bill."""

    default_action = N_("Take it off one of the lines.")


class LotTwice(Unprocessable):
    """One lot stands on two lines of a bill: what comes back of it later would be unclear."""

    default_action = N_("Put both weights on one line, or split the lot.")


class PriceChanged(Conflict):
    """The bill no longer comes to the total that the customer was told: a rate or a piece was changed meanwhile."""

    default_action = N_("Tell the customer the new total, then issue.")

    def __init__(self, message: str, *, quote: Mapping[str, Any]) -> None:
        super().__init__(message, fields={"expectedTotalPaise": "changed"})
        self.members = {"quote": quote}


class LineIncomplete(Unprocessable):
    """A line names neither a piece nor what it sells at a price, or says what does not go together."""


class WareUnknown(Unprocessable):
    """What a line sells at a price of its own is none of the kinds that have an HSN or SAC here."""

    default_action = N_("Choose what is sold from the list.")


class WareNeedsGstin(Unprocessable):
    """Job work at 5 % is for a registered owner: the bill needs a customer with a GSTIN."""

    default_message = N_("Job work for a registered owner needs a customer with a GSTIN.")
    default_action = N_("Name the owner, or bill it as making from the customer's own gold.")


class BuyerIsSeller(Unprocessable):
    """The bill is to the GSTIN that it is from: nobody supplies to themselves (CGST Act s.7)."""

    default_message = N_("This customer has the GSTIN of the shop itself.")
    default_action = N_("Correct the customer's GSTIN, or bill another customer.")


class OccasionMalformed(Unprocessable):
    """An occasion is a short word of small letters, digits and hyphens, no name of a person."""

    default_message = N_("An occasion is written like wedding-2026: small letters, digits and hyphens, at most 24.")


class CreditNeedsCustomer(Unprocessable):
    """A credit is used, but the bill does not say whose."""

    default_message = N_("A credit can only be used on a bill that names its customer.")
    default_action = N_("Add the customer.")


class PromiseNeedsCustomer(Unprocessable):
    """A locked rate, a scheme's bonus, an order or a repair is on the bill, but the bill does not say whose."""

    default_message = N_("What was promised to a customer is given on a bill that names them.")
    default_action = N_("Add the customer.")


class RateNotKept(Conflict):
    """The estimate keeps no rate for this piece: its days are over, the piece was not on it or is of another purity, or
    its rate there was not the board's."""

    default_action = N_("Take the board's rate, or enter the rate of the line itself.")


class BonusWithoutSavings(Unprocessable):
    """A scheme's bonus is claimed on a bill that does not use what was saved in it."""

    default_action = N_("Pay with what was saved in the scheme on the same bill.")


class PaymentsExceedTotal(Unprocessable):
    """More was taken than the bill comes to."""

    default_action = N_("Correct the payments; change is given before they are entered.")


class PaymentShort(Unprocessable):
    """Less was taken than the bill comes to, and nobody is named who owes the rest."""

    default_action = N_("Take the rest, or add the customer who owes it.")


class PanRequired(Unprocessable):
    """A sale of this value needs the buyer's PAN or the declaration form."""

    default_action = N_("Add the customer's PAN, or mark that the declaration form was signed.")


class CashLimitReached(Unprocessable):
    """So much cash must not be taken from one person in a day."""

    default_action = N_("Take the rest by UPI, card or bank.")


class AddressRequired(Unprocessable):
    """A bill of this value to an unregistered buyer must show name, address and state (Rule 46(e))."""

    default_action = N_("Add the customer's address and state.")


class CompositionAcrossStates(Unprocessable):
    """A composition dealer must not supply to another state (CGST Act s.10(2)(c))."""


class UnregisteredAcrossStates(Unprocessable):
    """A shop without a GSTIN must not supply goods to another state: that takes a registration whatever the turnover
    (CGST Act s.24(i))."""

    default_action = N_("Hand the goods over the counter, or enter the shop's GSTIN once it has one.")


class NoteTooLate(Conflict):
    """The last day for a credit note on this bill has passed (CGST Act s.34(2))."""


class NotReversible(Conflict):
    """A note cannot be reversed by a credit note: only a bill can."""


class LineUnknown(NotFound):
    """The bill has no such line."""


class LineAlreadyReversed(Conflict):
    """The line was reversed by a credit note before."""

    default_action = N_("Open the bill again: it lists its credit notes.")


class LineBoughtBack(Conflict):
    """What the line sold was bought back by the shop: no note brings it back again, or pays for its metal again."""

    default_action = N_("Open the purchase voucher: what was given for it stands there.")


class NoteExceedsLine(Conflict):
    """A note would take more off a line, or off the bill, than earlier notes have left of it."""

    default_action = N_("Open the bill again: it shows what is left of each line.")


class AmountUnclear(Unprocessable):
    """An amount of a note is given in more than one way, or in none."""


class StoreCreditNeedsCustomer(Unprocessable):
    """Store credit is owed to somebody, and the bill names no customer."""

    default_message = N_("The bill names no customer who could be owed store credit.")
    default_action = N_("Give the money back.")


class CancelTooLate(Conflict):
    """A bill is cancelled on its own day only; later it is changed by a credit note (s.34)."""

    default_action = N_("Issue a credit note.")


class CancelHandedOver(Conflict):
    """What was handed over is a supply: it comes back by a credit note, the bill is not cancelled."""

    default_message = N_("The goods were handed over, so this sale took place.")
    default_action = N_("Issue a credit note for what comes back.")


class RefundTooLarge(Unprocessable):
    """More would be given back than the note comes to, or than was ever paid on the bill."""


class RefundShort(Unprocessable):
    """Less is given back than the note comes to, and the bill names no customer to whom the rest is owed."""

    default_action = N_("Give all of it back: the bill names no customer.")
