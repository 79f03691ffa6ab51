"""Owns the ways in which money comes and goes outside a bill, and the rules of a list of payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.credits.errors import VoucherPaymentsWrong
from app.kit.money import whole
from app.kit.texts import _

MAX_PAYMENTS = 10
MAX_REFERENCE = 60


class Mode(StrEnum):
    CASH = "cash"
    UPI = "upi"
    CARD = "card"
    BANK = "bank"
    CHEQUE = "cheque"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken or given back in one way."""

    mode: str
    paise: int
    reference: str | None = None


def check_payments(payments: Sequence[Payment]) -> int:
    """What they come to in paise; raises VoucherPaymentsWrong and what is wrong with an amount."""
    if not 1 <= len(payments) <= MAX_PAYMENTS:
        message = _("A voucher has from 1 to %(most)s payments.", most=MAX_PAYMENTS)
        raise VoucherPaymentsWrong(message, fields={"payments": "none or too many"})
    for place, payment in enumerate(payments):
        if payment.mode not in Mode.__members__.values():
            raise VoucherPaymentsWrong(_("Unknown way of paying."), fields={f"payments.{place}.mode": "unknown"})
        whole(payment.paise, "A payment in paise", least=1, field=f"payments.{place}.paise")
        if len(payment.reference or "") > MAX_REFERENCE:
            raise VoucherPaymentsWrong(
                _("At most %(most)s letters fit here.", most=MAX_REFERENCE),
                fields={f"payments.{place}.reference": "too long"},
            )
    return whole(sum(payment.paise for payment in payments), "All payments in paise", field="payments")


def cash_in(payments: Sequence[Payment]) -> int:
    """Paise of them that are cash."""
    return sum(payment.paise for payment in payments if payment.mode == Mode.CASH.value)
