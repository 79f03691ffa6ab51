"""Owns how a voucher's facts become the strings that its form sets: every figure is written here, none in the form."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.clock import ist
from app.kit.money import grouped, rupees
from app.printing.bill import buyer_data, qr_svg, seller_data
from app.printing.documents import Buyer, Payment, Seller
from app.printing.fonts import Typeface
from app.printing.logos import logo_svg
from app.printing.looks import Label, fitted
from app.printing.words import amount_in_words


class VoucherForm(StrEnum):
    """What the voucher is; decides its title and who gave whom the money."""

    RECEIPT = "receipt_voucher"
    REFUND = "refund_voucher"
    PAYMENT = "payment_voucher"


TITLES = {
    VoucherForm.RECEIPT: "RECEIPT VOUCHER",
    VoucherForm.REFUND: "REFUND VOUCHER",
    VoucherForm.PAYMENT: "PAYMENT VOUCHER",
}


@dataclass(frozen=True, slots=True)
class VoucherDocument:
    """Everything on the paper. `issued_at` is aware; printed in IST, and the PDF's own date."""

    form: VoucherForm
    number: str
    issued_at: dt.datetime
    seller: Seller
    payer: Buyer | None
    towards: str  # what the money is for; a Label where the words are ours
    payments: tuple[Payment, ...]
    total_paise: int
    note: str = ""
    about: str = ""  # of a refund: the number of the receipt that it takes back
    state: tuple[tuple[str, int], ...] = ()  # what is left afterwards: label and paise
    qr_text: str = ""
    qr_caption: str = ""


def voucher_data(voucher: VoucherDocument, type_: Typeface) -> dict[str, Any]:
    """The form's data: texts fit to be drawn, figures as they are read in India, empty where there is nothing."""
    say = type_.fit
    issued = ist(voucher.issued_at)
    facts = [("Voucher no.", voucher.number), ("Date", f"{issued:%d-%m-%Y}  {issued:%H:%M}")]
    facts += [("Takes back", voucher.about)] if voucher.about else []
    taken = voucher.form is VoucherForm.RECEIPT
    return {
        "title": TITLES[voucher.form],
        "number": say(voucher.number),
        "date": [issued.year, issued.month, issued.day],
        "seller": seller_data(voucher.seller, say),
        "logo": logo_svg(voucher.seller.logo_png),
        "party_label": "Received from" if taken else "Paid to",
        "payer": buyer_data(voucher.payer, say) | ({} if voucher.payer else {"name": Label("Customer")}),
        "facts": [[label, say(value)] for label, value in facts],
        "total": rupees(voucher.total_paise),
        "words": amount_in_words(voucher.total_paise),
        "towards": fitted(voucher.towards, say),
        "payments": [
            [say(one.mode) + (f" · {say(one.reference)}" if one.reference else ""), grouped(one.paise)]
            for one in voucher.payments
        ],
        "state": [[say(label), rupees(paise)] for label, paise in voucher.state],
        "note": type_.fit(voucher.note, most=400),
        "qr": qr_svg(voucher.qr_text),
        "qr_caption": fitted(voucher.qr_caption, say),
        "signs": ["Customer's signature", f"For {say(voucher.seller.name)}"],
    }
