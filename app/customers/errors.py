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
