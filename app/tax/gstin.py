"""Owns GSTIN and PAN: their shape, the check character, and words that name what is wrong."""

import datetime as dt
import re
from dataclasses import dataclass

from app.kit.clock import today_ist
from app.kit.texts import _
from app.tax.errors import MalformedGstin, MalformedPan
from app.tax.states import find_state

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 15
_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_SPACES = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Gstin:
    """A GSTIN that can exist; whether it is registered only the portal knows."""

    text: str

    @property
    def state_code(self) -> str:
        return self.text[:2]

    @property
    def pan(self) -> str:
        return self.text[2:12]


def parse_gstin(text: str, on: dt.date | None = None) -> Gstin:
    """The GSTIN in capitals without spaces; raises MalformedGstin naming the fault. `on` decides the state codes."""
    bare = _bare(text)
    if wrong := _what_is_wrong(bare, on or today_ist()):
        raise MalformedGstin(wrong, fields={"gstin": wrong})
    return Gstin(bare)


def parse_pan(text: str) -> str:
    """The PAN in capitals without spaces; raises MalformedPan."""
    bare = _bare(text)
    if wrong := _wrong_pan(bare, 0):
        if len(bare) != 10:
            wrong = _("A PAN has 10 characters; this one has %(count)s.", count=len(bare))
        raise MalformedPan(wrong, fields={"pan": wrong})
    return bare


def check_character(first_fourteen: str) -> str:
    """The fifteenth character: weights 1, 2, 1, 2 … from the left over base 36, p div 36 + p mod 36 summed."""
    total = 0
    for place, character in enumerate(first_fourteen):
        product = ALPHABET.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return ALPHABET[(36 - total % 36) % 36]


def _bare(text: object) -> str:
    """Letters are raised only in ASCII, since other scripts' capitals can change the length."""
    if not isinstance(text, str):
        return ""
    bare = _SPACES.sub("", text)
    return bare.upper() if bare.isascii() else bare


def _what_is_wrong(bare: str, on: dt.date) -> str:
    """Empty when nothing is; the first fault otherwise: length and alphabet, then part by part from the left."""
    return _wrong_characters(bare) or _wrong_state(bare[:2], on) or _wrong_pan(bare[2:12], 2) or _wrong_ending(bare)


def _wrong_characters(bare: str) -> str:
    if not bare:
        return _("A GSTIN is missing.")
    if len(bare) != LENGTH:
        return _("A GSTIN has 15 characters; this one has %(count)s.", count=len(bare))
    for place, character in enumerate(bare, start=1):
        if character not in ALPHABET:
            return _(
                "Character %(place)s of the GSTIN, “%(sign)s”, must be a letter A–Z or a digit.",
                place=place,
                sign=character,
            )
    return ""


def _wrong_state(code: str, on: dt.date) -> str:
    state = find_state(code, on)
    if state is None or not state.registers:
        return _("A GSTIN begins with the two digits of a state; nobody registers under “%(code)s”.", code=code)
    return ""


def _wrong_ending(bare: str) -> str:
    if bare[12] == "0":
        return _("Character 13 of the GSTIN counts the registrations of one PAN and cannot be 0.")
    if bare[14] != check_character(bare[:14]):
        return _("The last character of the GSTIN does not fit the others: at least one of them is mistyped.")
    return ""


def _wrong_pan(pan: str, before: int) -> str:
    """Empty when it is a PAN; else which character, counted from the start of what was typed, is of the wrong kind."""
    if _PAN.fullmatch(pan):
        return ""
    for place, character in enumerate(pan[:10]):
        digit_wanted = 5 <= place <= 8
        good = ALPHABET[:10] if digit_wanted else ALPHABET[10:]
        if character not in good:
            at = place + before + 1
            if digit_wanted:
                return _("Character %(at)s must be a digit (PAN: five letters, four digits, a letter).", at=at)
            return _("Character %(at)s must be a letter (PAN: five letters, four digits, a letter).", at=at)
    return _("A PAN has 10 characters.")
