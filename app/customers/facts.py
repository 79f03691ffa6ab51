"""Owns the rules of what is written down about a customer: names, phones, tax numbers, addresses that can exist."""

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass

import phonenumbers

from app.customers.errors import CustomerFactsWrong, PhoneMalformed
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.tax.gstin import parse_gstin, parse_pan
from app.tax.states import state_of

HOME = "IN"
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PIN = re.compile(r"[1-9][0-9]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    """A customer as they are entered."""

    name: str
    phone: str | None = None
    email: str | None = None
    gstin: str | None = None
    pan: str | None = None
    address: str | None = None
    city: str | None = None
    pin: str | None = None
    state_code: str | None = None


def settled(draft: CustomerDraft, on: dt.date) -> CustomerDraft:
    """The draft in the forms that are kept; a GSTIN brings its PAN and its state."""
    gstin = parse_gstin(draft.gstin, on) if draft.gstin else None
    pan = parse_pan(draft.pan) if draft.pan else None
    state = draft.state_code or None
    if gstin is not None:
        if pan is not None and pan != gstin.pan:
            raise CustomerFactsWrong(_("The PAN is not the one inside the GSTIN."), fields={"pan": "not the GSTIN's"})
        pan, state = gstin.pan, gstin.state_code
    if state is not None:
        state_of(state, on)
    return dataclasses.replace(
        draft,
        name=_line(draft.name, 140, "name") or _refuse("name", "A customer has a name."),
        phone=dialled(draft.phone) if draft.phone else None,
        email=_email(draft.email) if draft.email else None,
        gstin=gstin.text if gstin else None,
        pan=pan,
        address=_line(draft.address, 300, "address"),
        city=_line(draft.city, 80, "city"),
        pin=_pin(draft.pin) if draft.pin else None,
        state_code=state,
    )


def dialled(text: str) -> str:
    """The number in full (E.164), an Indian one where no country is said; raises PhoneMalformed."""
    try:
        number = phonenumbers.parse(text[:40], HOME)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or number.extension or not phonenumbers.is_valid_number(number):
        raise PhoneMalformed(_("This is no phone number that can be dialled."), fields={"phone": "not a phone number"})
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _line(text: str | None, most: int, field: str) -> str | None:
    """One line without what does not print; None where nothing is left."""
    bare = " ".join((text or "").split())
    if len(bare) > most or len(bare.encode()) > 3 * most:  # bills keep it sealed, in 2 kB
        _refuse(field, _("At most %(most)s letters fit here.", most=most))
    if not is_readable(bare):
        _refuse(field, _(UNREADABLE))
    return bare or None


def _email(text: str) -> str:
    bare = text.strip()
    if len(bare) > 254 or not _EMAIL.fullmatch(bare):
        _refuse("email", _("This is no e-mail address."))
    return bare


def _pin(text: str) -> str:
    bare = text.replace(" ", "")
    if not (bare.isascii() and _PIN.fullmatch(bare)):
        _refuse("pin", _("A PIN code has six digits and does not begin with 0."))
    return bare


def _refuse(field: str, message: str) -> str:
    raise CustomerFactsWrong(message, fields={field: message})
