"""Owns the form of document numbers under Rule 46(b): prefix/financial year/number, written, checked and read back."""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.kit.money import whole
from app.kit.texts import _
from app.numbering.errors import NumberFormUnlawful, SeriesExhausted, TillCodeUnfit

MAX_LENGTH = 16
MAX_PREFIX = 5
"""Leaves four digits: "CN-T2/26-27/9999" has 16 characters."""

MAX_TILL_CODE = 3
"""What a kind's two letters leave of a prefix: "CNT12/26-27/9999"."""

MAX_WIDTH = 8

_ALLOWED = re.compile(r"[A-Za-z0-9/-]+")
_TILL_CODE = re.compile(r"[A-Z1-9](?:[A-Z0-9-]?[A-Z0-9])?")
_PREFIX = re.compile(r"[A-Z1-9](?:[A-Z0-9-]{0,3}[A-Z0-9])?")
_YEAR = re.compile(r"([0-9]{2})-([0-9]{2})")
_OURS = re.compile(r"(?:(?P<prefix>[^/]+)/)?(?P<year>[0-9]{2}-[0-9]{2})/(?P<no>[0-9]{1,13})")


class DocumentKind(StrEnum):
    """Documents that draw a number of their own; each kind has its own series."""

    INVOICE = "invoice"
    BILL_OF_SUPPLY = "bill_of_supply"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"
    RECEIPT_VOUCHER = "receipt_voucher"
    REFUND_VOUCHER = "refund_voucher"
    PAYMENT_VOUCHER = "payment_voucher"
    PURCHASE_VOUCHER = "purchase_voucher"
    DELIVERY_CHALLAN = "delivery_challan"
    ESTIMATE = "estimate"
    PASSBOOK = "passbook"
    ORDER = "order"
    REPAIR = "repair"
    KARIGAR_PAYMENT = "karigar_payment"


PREFIXES = {
    DocumentKind.INVOICE: "",
    DocumentKind.BILL_OF_SUPPLY: "BS",
    DocumentKind.CREDIT_NOTE: "CN",
    DocumentKind.DEBIT_NOTE: "DN",
    DocumentKind.RECEIPT_VOUCHER: "RV",
    DocumentKind.REFUND_VOUCHER: "RF",
    DocumentKind.PAYMENT_VOUCHER: "PV",
    DocumentKind.PURCHASE_VOUCHER: "PU",
    DocumentKind.DELIVERY_CHALLAN: "DC",
    DocumentKind.ESTIMATE: "ES",
    DocumentKind.PASSBOOK: "SB",
    DocumentKind.ORDER: "OD",
    DocumentKind.REPAIR: "RP",
    DocumentKind.KARIGAR_PAYMENT: "KP",
}


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How a series writes its numbers. Two series of one registration never share a prefix, since with the year and
    the number it is all that tells their documents apart."""

    prefix: str = ""
    width: int = 5

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        whole(self.width, "The least number of digits", least=1, most=MAX_WIDTH)

    @property
    def highest(self) -> int:
        """The last number that fits into 16 characters."""
        return int("9" * self._room)

    def write(self, year_label: str, no: int) -> str:
        """A/26-27/00123; raises SeriesExhausted when it would be longer than 16."""
        check_year_label(year_label)
        whole(no, "A document number", least=1)
        if no > self.highest:
            raise SeriesExhausted(
                _(
                    "The series %(series)s is full: %(highest)s was its last number.",
                    series=self.prefix or year_label,
                    highest=self.highest,
                )
            )
        return self._head(year_label) + str(no).zfill(min(self.width, self._room))

    @property
    def _room(self) -> int:
        """Digits left beside prefix and year."""
        return MAX_LENGTH - len(self._head("00-00"))

    def _head(self, year_label: str) -> str:
        return f"{self.prefix}/{year_label}/" if self.prefix else f"{year_label}/"


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number of ours taken apart."""

    prefix: str
    year_label: str
    no: int


def prefix_for(kind: DocumentKind, till: str = "") -> str:
    """The usual prefix of a kind's series at a till: "T2" for invoices, "CNT2" for credit notes."""
    prefix = PREFIXES[kind] + till
    check_prefix(prefix)
    return prefix


def check_till_code(code: str) -> str:
    """A till's code, once it can stand in the number of every kind of document, and in no other till's numbers."""
    if len(code) > MAX_TILL_CODE:
        raise TillCodeUnfit(
            _("The till code “%(code)s” is too long.", code=code[:20]),
            action=_("Use at most %(most)s: the number of a credit note has room for no more.", most=MAX_TILL_CODE),
        )
    if not _TILL_CODE.fullmatch(code):
        raise TillCodeUnfit(_("The till code “%(code)s” cannot stand in a document number.", code=code))
    if code.startswith(tuple(letters for letters in PREFIXES.values() if letters)):
        raise TillCodeUnfit(_("The till code “%(code)s” begins like a kind of document.", code=code))
    return code


def check_prefix(prefix: str) -> None:
    """Capitals, digits and inner hyphens, at most five, no leading zero: portals refuse numbers that begin with 0, - or
    /, and take aB and AB for the same. A year's form is refused, since the number could then be read two ways."""
    if prefix and (not _PREFIX.fullmatch(prefix) or _YEAR.fullmatch(prefix)):
        message = _(
            "“%(prefix)s” cannot begin a document number: at most 5 capitals, digits and inner hyphens.",
            prefix=prefix[:20],
        )  # fmt: skip
        raise NumberFormUnlawful(message, fields={"prefix": "not allowed"})


def check_year_label(label: str) -> None:
    """26-27, and 99-00 at the century's end."""
    found = _YEAR.fullmatch(label)
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise NumberFormUnlawful(_("“%(label)s” is no financial year like 26-27.", label=label[:20]))


def check_number(text: str) -> str:
    """Any lawful document number, another seller's too: at most 16 letters, digits, - and /."""
    if len(text) > MAX_LENGTH:
        raise NumberFormUnlawful(
            _("A document number has at most 16 characters (Rule 46); this one has %(count)s.", count=len(text))
        )
    if not _ALLOWED.fullmatch(text):
        raise NumberFormUnlawful(_("A document number has only letters, digits, - and / (Rule 46)."))
    return text


def parse_number(text: str) -> DocumentNumber:
    """Prefix, year and number of a number that a NumberForm wrote; raises NumberFormUnlawful for others."""
    found = _OURS.fullmatch(check_number(text))
    if found is None or int(found["no"]) == 0:
        raise NumberFormUnlawful(_("“%(text)s” is not one of our document numbers.", text=text))
    prefix = found["prefix"] or ""
    check_prefix(prefix)
    check_year_label(found["year"])
    return DocumentNumber(prefix, found["year"], int(found["no"]))
