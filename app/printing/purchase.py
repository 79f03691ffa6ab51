"""Owns what a printed voucher of old gold says, and how its facts become the strings that its form sets."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.kit.clock import ist
from app.kit.money import grouped, rupees
from app.kit.weights import fineness_mark, grams
from app.printing.bill import buyer_data, percent, qr_svg, seller_data
from app.printing.documents import Buyer, Payment, Seller
from app.printing.fonts import Typeface
from app.printing.logos import logo_svg
from app.printing.looks import Label, fitted
from app.printing.words import amount_in_words


@dataclass(frozen=True, slots=True)
class PurchaseArticle:
    """One piece as it was weighed, tested and valued."""

    description: str
    metal: str
    gross_mg: int
    dirt_mg: int
    net_mg: int
    fineness: int
    test: str  # a Label: what it was tested by, and behind it what was noted
    melting_loss_bp: int
    fine_mg: int
    rate_paise_per_g: int
    value_paise: int


@dataclass(frozen=True, slots=True)
class PurchaseDocument:
    """Everything on the voucher. `shop` buys, `customer` sells; None once their key was destroyed."""

    number: str
    issued_at: dt.datetime  # aware; printed in IST, and the PDF's own date: one voucher is always the same bytes
    shop: Seller
    customer: Buyer | None
    identity: str
    articles: tuple[PurchaseArticle, ...]
    payouts: tuple[Payment, ...]
    value_paise: int
    qr_text: str = ""
    terms: tuple[str, ...] = ()


HEAD = ("Article", "Gross g", "Dirt g", "Net g", "Purity", "Melt", "Fine g", "₹/g fine", "Value ₹")
PLEDGE = Label(
    "I sell these articles of my own free will. They are mine, bear no charge, and were come by lawfully. "
    "I have seen the weighing and the test, and agree to both."
)


def purchase_data(voucher: PurchaseDocument, type_: Typeface) -> dict[str, Any]:
    """The form's data: texts fit to be drawn, figures as they are read in India."""
    say, issued = type_.fit, ist(voucher.issued_at)
    unnamed = {"name": Label("Particulars erased"), "address": "", "marks": []}
    return {
        "title": "PURCHASE VOUCHER",
        "number": say(voucher.number),
        "date": [issued.year, issued.month, issued.day],
        "seller": seller_data(voucher.shop, say),
        "logo": logo_svg(voucher.shop.logo_png),
        "customer": buyer_data(voucher.customer, say) if voucher.customer else unnamed,
        "facts": [
            ["Voucher no.", say(voucher.number)], ["Date", f"{issued:%d-%m-%Y}  {issued:%H:%M}"],
            ["Identity", say(voucher.identity)], ["Tax", Label("None: bought from an unregistered person")],
        ],
        "qr": qr_svg(voucher.qr_text),
        "head": [Label(one) for one in HEAD],
        "rows": [_row(article, type_) for article in voucher.articles],
        "totals": [["Value of the metal", rupees(voucher.value_paise)]],
        "settled": [_payout(payout, type_) for payout in voucher.payouts],
        "words": amount_in_words(voucher.value_paise),
        "pledge": PLEDGE,
        "terms": [type_.fit(term, most=400) for term in voucher.terms],
    }  # fmt: skip


def _row(article: PurchaseArticle, type_: Typeface) -> dict[str, Any]:
    return {
        "name": type_.fit(article.description, most=160, longest_word=16),
        "test": fitted(article.test, partial(type_.fit, most=160, longest_word=16)),
        "cells": [
            grams(article.gross_mg), grams(article.dirt_mg), grams(article.net_mg),
            f"{article.metal.capitalize()} {fineness_mark(article.fineness)}", percent(article.melting_loss_bp),
            grams(article.fine_mg), grouped(article.rate_paise_per_g), grouped(article.value_paise),
        ],
    }  # fmt: skip


def _payout(payout: Payment, type_: Typeface) -> list[str]:
    reference = f" · {type_.fit(payout.reference)}" if payout.reference else ""
    return [f"{type_.fit(payout.mode)}{reference}", grouped(payout.paise)]
