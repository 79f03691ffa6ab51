"""Owns the refusals of sign-in, people and shops."""

from app.kit.access import ShopUnknown
from app.kit.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
)  # fmt: skip
from app.kit.texts import N_

__all__ = ["ShopUnknown"]  # the edge's own refusal: a shop that is not there and another's look the same


class SignInRefused(Unauthorized):
    """The e-mail, the password or the code is wrong, or the person may not sign in; which of them is never said."""

    default_message = N_("The e-mail, the password or the code is not right.")
    default_action = N_("Check them and try again; after several failures sign-in pauses for a while.")


class SignInPaused(TooManyRequests):
    """Too many failed sign-ins for this person or from this network address; Retry-After says for how long."""

    default_message = N_("Too many sign-ins have failed, so sign-in pauses for a while.")
    default_action = N_("Wait as long as Retry-After says, then try again.")


class SignInBusy(TooManyRequests):
    """More people sign in at this moment than passwords can be checked."""

    default_message = N_("Many people are signing in just now.")
    default_action = N_("Try again in a few seconds.")


class SignedOut(Unauthorized):
    """The access token was signed out, alone or together with all others of this person."""

    default_message = N_("You were signed out.")
    default_action = N_("Please sign in again.")


class SignInClosed(Unavailable):
    """The control plane is out of reach: nobody new can sign in; who is signed in works on."""

    default_message = N_("Sign-in and people's settings cannot be reached for the moment; billing goes on.")
    default_action = N_("Try again in a minute.")


class PasswordTooWeak(Unprocessable):
    """A password is shorter than 10 characters, longer than 72 bytes, the e-mail, or too easy to guess."""

    default_action = N_("Choose another one: a sentence of your own does well.")


class OldPasswordWrong(Unprocessable):
    """The present password was not given rightly when a new one was set."""

    default_message = N_("The present password is not right.")


class MalformedEmail(Unprocessable):
    """The text is no e-mail address that mail can be sent to."""

    default_message = N_("This is no e-mail address.")


class MalformedPhone(Unprocessable):
    """The text is no telephone number."""

    default_message = N_("This is no telephone number.")
    default_action = N_("Write it with the area or country code, like +91 98200 12345.")


class EmailTaken(Conflict):
    """A person with this e-mail address exists."""

    default_message = N_("A person with this e-mail address exists already.")


class PersonUnknown(NotFound):
    """There is no such person, or not in this shop."""

    default_message = N_("There is no such person in this shop.")


class AlreadyMember(Conflict):
    """The person already belongs to this shop."""

    default_message = N_("This person already belongs to the shop.")
    default_action = N_("Change the role instead.")


class LastOwner(Conflict):
    """A shop keeps at least one owner; the last one can be neither removed nor given another role."""

    default_message = N_("A shop keeps at least one owner.")
    default_action = N_("Make somebody else an owner first.")


class ShopBeingPrepared(Unavailable):
    """The shop was opened a moment ago and its shard is still being given its rows; Retry-After says when to come."""

    default_message = N_("The shop is being prepared.")
    default_action = N_("Try again in a few seconds.")


class GstinOfOtherState(Unprocessable):
    """The GSTIN's first two digits name another state than the shop's."""

    default_action = N_("Correct the state or the GSTIN.")


class ShardUnknown(Unprocessable):
    """No shard of this name takes new shops."""

    default_message = N_("There is no shard of this name.")


class ChangedMeanwhile(PreconditionFailed):
    """Somebody else changed this since it was read (If-Match does not fit)."""

    default_message = N_("Somebody else changed this in the meantime.")
    default_action = N_("Look at it again, then repeat your change.")


class NoSigningKey(Unavailable):
    """No key that may sign access tokens could be read or made."""

    default_message = N_("Sign-in is not possible for the moment.")
    default_action = N_("Try again in a minute.")


class NewPasswordNeeded(Forbidden):
    """The one-time password was right: send it once more with `newPassword`, and both are done."""

    default_message = N_("This password was given to you for one use.")
    default_action = N_("Choose a password of your own.")


class MalformedPin(Unprocessable):
    """An Indian PIN code has six digits, the first of them not 0."""

    default_message = N_("A PIN code has six digits.")


class NameUnusable(Unprocessable):
    """A name, or a line of an address, is empty or holds signs that nobody sees."""

    default_message = N_("This can't be empty.")


class CompositionWithoutGstin(Unprocessable):
    """The composition scheme was chosen without a GSTIN: only who is registered may be in it (CGST Act, section 10)."""

    default_message = N_("Only a registered shop can be in the composition scheme.")
    default_action = N_("Give the GSTIN, or take composition away.")


class PlaceUnknown(NotFound):
    """The shop has no such registration, outlet or till."""

    default_message = N_("The shop has no such registration, outlet or till.")


class TillUnknown(NotFound):
    """There is no such till in this shop, or none yet."""

    default_message = N_("There is no such till.")
    default_action = N_("Choose one of the shop's tills.")


class TillCodeTaken(Conflict):
    """Another till of the shop has this code: it is part of the numbers of its documents."""

    default_message = N_("Another till of the shop has this code.")


class InvitationUnknown(NotFound):
    """There is no such invitation: it was answered, taken back, is past its 7 days, or is another's."""

    default_message = N_("There is no such invitation any more.")


class InvitationRefused(Unprocessable):
    """E-mail and code fit no invitation that still counts; or the address has a sign-in, which accepts it instead."""

    default_message = N_("This e-mail and this code fit no invitation.")
    default_action = N_("Who has a sign-in already signs in and accepts there. Else ask the shop for a new code.")


class NotOneself(Conflict):
    """An admin cannot disable themselves: somebody must be left who can enable them again."""

    default_message = N_("Nobody disables themselves.")
    default_action = N_("Ask another admin.")


class BelongsElsewhere(Conflict):
    """The person belongs to another shop too, or to the vendor: one shop does not end their sign-ins everywhere."""

    default_message = N_("This person is signed out everywhere by themselves only.")
    default_action = N_("Take away the membership if they are to have no access here.")


class NotWhileActing(Forbidden):
    """Somebody signed in as another person touches no credentials, rights or people."""

    default_message = N_("This cannot be done for somebody else.")
