"""Owns the credits' refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class CreditUnknown(NotFound):
    """There is no such credit in this shop."""

    default_message = N_("There is no such credit.")


class CreditNotTheirs(Unprocessable):
    """The credit belongs to another customer than the one who would use it."""

    default_action = N_("Choose one of this customer's own credits.")


class CreditSpent(Conflict):
    """Nothing is left of the credit: a bill used it up, or it was paid out or closed."""

    default_action = N_("Open the customer again: their credits show what is left.")


class CreditShort(Conflict):
    """Less is left of the credit than is asked of it."""

    default_action = N_("Use what is left, and take the rest in another way.")


class CreditExpired(Conflict):
    """The last day of the credit has passed."""


class CreditTwice(Unprocessable):
    """One credit is named twice where it can be used once."""

    default_action = N_("Put both amounts together.")


class CreditOpenedBefore(Conflict):
    """This document opened a credit of the kind before: one document is owed once."""


class VoucherPaymentsWrong(Unprocessable):
    """A voucher has no payment or too many, or one of them no amount or an unknown way."""


class CashOfDayReached(Unprocessable):
    """So much cash must not be taken from one person in a day, bills and receipts together, nor for one order or saving
    scheme on whatever days."""

    default_action = N_("Take the rest by UPI, card or bank.")


class CashPayOutTooLarge(Unprocessable):
    """So much of what a customer left with the shop must not be paid back in cash."""

    default_action = N_("Pay it by bank or UPI.")


class MoreThanOwed(Unprocessable):
    """More is paid on account than the customer owes."""

    default_action = N_("Take what they owe on account, and the rest as an advance.")


class ReceiptUnknown(NotFound):
    """There is no such receipt in this shop."""

    default_message = N_("There is no such receipt.")


class ReceiptTakenBack(Conflict):
    """The receipt was taken back by another voucher before."""

    default_action = N_("Open the receipt again: it names that voucher.")


class ReceiptNotReversible(Conflict):
    """Only a receipt can be taken back, and only where what it brought is still there."""


class ReceiptPdfMissing(NotFound):
    """A voucher's PDF is not there and nobody makes it: its making failed. A POST to the same address asks anew."""

    default_message = N_("The PDF could not be made.")
    default_action = N_("Ask for it again.")


class AdvanceStoodOn(Conflict):
    """A credit is given back while what it brought still holds: a locked rate, the price of an exchange, a bonus."""

    default_action = N_("Give up what it was left for first, or use it on a bill.")
