"""Owns the customers' refusals."""

from app.kit.errors import Conflict, NotFound, Unprocessable
from app.kit.texts import N_


class CustomerUnknown(NotFound):
    """There is no such customer in this shop."""

    default_message = N_("There is no such customer.")


class PhoneTaken(Conflict):
    """Another customer of the shop has this phone number."""

    default_action = N_("Find the customer by phone instead of entering them again.")


class PhoneMalformed(Unprocessable):
    """A phone number that cannot be dialled."""

    default_action = N_("Write ten digits, or + and the country's code.")


class CustomerFactsWrong(Unprocessable):
    """A name, e-mail address, PIN or state of a customer has a form that cannot be kept, or two facts contradict."""


class CustomerMerged(Conflict):
    """The customer was entered twice, and this entry was merged into the other one, which `fields` names."""

    default_action = N_("Choose the other entry; it has everything of this one.")


class NotTwoCustomers(Unprocessable):
    """A customer cannot be merged into themselves."""

    default_message = N_("These are not two customers.")


class NotOnePerson(Unprocessable):
    """The two entries have another PAN or GSTIN each, so they are two persons to the law."""

    default_action = N_("Correct the number that is wrong first; two persons stay two entries.")


class MergeNotConfirmed(Unprocessable):
    """Customers are merged for ever, so the choice is asked twice; the second answer was not the expected one."""

    default_action = N_("Write the name of the entry that goes, as it stands there.")


class DateUnknown(Unprocessable):
    """A birthday or anniversary that is no day of the year, or a kind of day that there is not."""


class FamilyUnknown(NotFound):
    """There is no such family in this shop, or the customer belongs to none."""

    default_message = N_("There is no such family.")


class InFamilyAlready(Conflict):
    """The customer belongs to a family: to one at most."""

    default_action = N_("Let them leave the other family first.")


class PaperUnknown(NotFound):
    """There is no such paper of a customer in this shop."""

    default_message = N_("There is no such paper.")


class PaperWrong(Unprocessable):
    """A paper's number does not have the form that such papers have, or there is no such kind of paper."""


class PaperTwice(Conflict):
    """A paper of this kind is kept of the customer already."""

    default_action = N_("Withdraw the other one first, or verify it.")


class ConsentMissing(Unprocessable):
    """A customer's paper is kept only with their consent to the text that is in force."""

    default_action = N_("Read the text to the customer, and mark that they agree.")


class PaperWithdrawn(Conflict):
    """The customer withdrew this paper: its number and its scan are gone."""


class ScanUnfit(Unprocessable):
    """A scan is a JPEG, PNG or PDF file of at most 5 MB."""

    default_message = N_("This file can't be kept as a scan.")
    default_action = N_("Choose a JPEG, PNG or PDF file of at most 5 MB.")


class ScanMissing(NotFound):
    """No scan of this paper is kept."""

    default_message = N_("There is no scan of this paper.")
