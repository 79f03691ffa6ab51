"""Owns how a bill's facts become the strings that its form sets: every figure is written here, none in the form."""

from collections.abc import Callable
from functools import partial
from typing import Any

import segno

from app.kit.clock import ist
from app.kit.money import grouped, rupees
from app.kit.weights import carats, fineness_mark, grams, purity_label
from app.printing.documents import (
    ESTIMATES,
    WITHOUT_TAX,
    Article,
    BillDocument,
    Buyer,
    Form,
    HsnRow,
    OldGoldItem,
    Seller,
    StoneItem,
)
from app.printing.fonts import Typeface
from app.printing.logos import logo_svg
from app.printing.looks import Label, fitted
from app.printing.words import amount_in_words

TITLES = {
    Form.TAX_INVOICE: "TAX INVOICE",
    Form.BILL_OF_SUPPLY: "BILL OF SUPPLY",
    Form.CREDIT_NOTE: "CREDIT NOTE",
    Form.DEBIT_NOTE: "DEBIT NOTE",
    Form.ESTIMATE: "ESTIMATE",
    Form.ESTIMATE_UNTAXED: "ESTIMATE",
}
NUMBER_LABELS = {
    Form.TAX_INVOICE: "Invoice no.",
    Form.BILL_OF_SUPPLY: "Bill no.",
    Form.CREDIT_NOTE: "Note no.",
    Form.DEBIT_NOTE: "Note no.",
    Form.ESTIMATE: "Estimate no.",
    Form.ESTIMATE_UNTAXED: "Estimate no.",
}
TOTALS = {
    Form.CREDIT_NOTE: "Note total", Form.DEBIT_NOTE: "Note total", Form.ESTIMATE: "Estimate total",
    Form.ESTIMATE_UNTAXED: "Estimate total",
}  # fmt: skip
COMPOSITION = "Composition taxable person, not eligible to collect tax on supplies."
WIDE_PAISE = 10**9  # from a crore on, the columns need smaller type
LONGEST_WORD = 16  # of a description: what its column holds
SERVICES = "99"  # the chapter of codes that are called SAC

Cell = dict[str, Any]
Say = Callable[[str], str]
Column = tuple[list[str], Callable[[Article], list[str]]]
"""A heading and an article's figures, two lines each."""


def bill_data(bill: BillDocument, type_: Typeface) -> dict[str, Any]:
    """The form's data: texts fit to be drawn, figures as they are read in India, empty where there is nothing."""
    say: Say = type_.fit
    return {
        "title": TITLES[bill.form],
        "copy": bill.copy.value,
        "number": say(bill.number),
        "date": [ist(bill.issued_at).year, ist(bill.issued_at).month, ist(bill.issued_at).day],
        "seller": seller_data(bill.seller, say),
        "buyer": buyer_data(bill.buyer, say),
        "facts": [[label, say(value)] for label, value in _facts(bill)],
        "qr": qr_svg(bill.qr_text),
        "qr_caption": fitted(bill.qr_caption, say),
        "irn": say(bill.irn),
        "columns": [heading for heading, _ in _columns(bill)],
        "wide": _is_wide(bill),
        "rows": [_row(place, article, bill, type_) for place, article in enumerate(bill.articles, start=1)],
        "foot": _foot(bill),
        "hsn_head": _hsn_head(bill),
        "hsn_rows": [_hsn_row(row, bill) for row in bill.hsn_rows],
        "hsn_foot": _hsn_foot(bill),
        "old_gold": [_old_gold(item, say) for item in bill.old_gold],
        "totals": _totals(bill),
        "settled": _settled(bill, say),
        "words": amount_in_words(bill.total_paise),
        "hsn_label": "By HSN" if bill.form in WITHOUT_TAX else "Tax by HSN",
        "notes": [*bill.notes, *([COMPOSITION] if bill.composition else [])],
        "terms": [type_.fit(term, most=400) for term in bill.terms],
        "served_by": say(bill.served_by),
        "logo": logo_svg(bill.seller.logo_png),
    }


def seller_data(seller: Seller, say: Say) -> dict[str, Any]:
    contact = [say(part) for part in (seller.phone, seller.email) if part]
    marks = [("GSTIN", seller.gstin), ("State", f"{seller.state_name} ({seller.state_code})")]
    marks += [("BIS regn.", seller.bis_registration)] if seller.bis_registration else []
    return {
        "name": say(seller.name),
        "local_name": say(seller.local_name),
        "tagline": say(seller.tagline),
        "address": ", ".join(say(line) for line in seller.address if line),
        "contact": "  ·  ".join(contact),
        "marks": [[label, say(value)] for label, value in marks if value],
    }


def buyer_data(buyer: Buyer | None, say: Say) -> dict[str, Any]:
    if buyer is None:
        return {"name": Label("Cash customer"), "address": "", "marks": []}
    state = f"{buyer.state_name} ({buyer.state_code})" if buyer.state_code else ""
    marks = [("State", state), ("GSTIN", buyer.gstin), ("PAN", buyer.pan), ("Phone", buyer.phone)]
    return {
        "name": say(buyer.name),
        "address": ", ".join(say(line) for line in buyer.address if line),
        "marks": [[label, say(value)] for label, value in marks if value],
    }


def _facts(bill: BillDocument) -> list[tuple[str, str]]:
    issued = ist(bill.issued_at)
    facts = [
        (NUMBER_LABELS[bill.form], bill.number),
        ("Date", f"{issued:%d-%m-%Y}  {issued:%H:%M}"),
        ("Place of supply", f"{bill.place_name} ({bill.place_code}){' · inter-state' if bill.inter_state else ''}"),
    ]
    if bill.form in ESTIMATES:
        return [*facts, *bill.more_facts]
    facts.append(("Reverse charge", "Yes" if bill.reverse_charge else "No"))
    if bill.against:
        facts.append(("Against invoice", f"{bill.against.number} of {bill.against.issued_on:%d-%m-%Y}"))
        facts += [("Reason", bill.against.reason)] if bill.against.reason else []
    return facts


def qr_svg(text: str) -> str:
    """The matrix as SVG; 2,000 bytes are what a till's scanner reads off paper, and more than a signed e-invoice QR."""
    return segno.make(text, error="m").svg_inline(border=0, omitsize=True) if text else ""


def _columns(bill: BillDocument) -> list[Column]:
    """The columns after the description; discounts only where there are any."""
    columns: list[Column] = [
        (["Purity", "Pieces"], lambda a: [_purity(a), f"{a.pieces} {a.unit}"]),
        (["Gross g", "Stones g"], lambda a: [_some(a.gross_mg, grams), _less(a.stone_mg, grams)]),
        (["Net g", "Wastage g"], lambda a: [_some(a.net_mg, grams), _some(a.wastage_mg, grams)]),
        (["Rate ₹/g", ""], lambda a: [_some(a.rate_paise_per_g, grouped), ""]),
        (["Metal ₹", "Wastage ₹"], lambda a: _both(a.metal_paise, a.wastage_paise)),
        (["Making ₹", ""], lambda a: [_some(a.making_paise, grouped), a.making_note]),
        (["Stones ₹", "Hallmark ₹"], lambda a: _both(a.stones_paise, a.hallmark_paise)),
    ]
    if any(article.making_discount_paise or article.discount_paise for article in bill.articles):
        columns.append((["Discount ₹", "on making ₹"], _discounts))
    last = ["Value ₹", ""] if bill.form in WITHOUT_TAX else ["Taxable ₹", "Tax"]
    columns.append((last, lambda a: [grouped(a.taxable_paise), _tax_note(a, bill)]))
    return columns


def _is_wide(bill: BillDocument) -> bool:
    return any(article.metal_paise + article.taxable_paise >= WIDE_PAISE for article in bill.articles)


def _row(place: int, article: Article, bill: BillDocument, type_: Typeface) -> Cell:
    """One article: its number, its texts, and two lines in every column."""
    say = partial(type_.fit, longest_word=LONGEST_WORD // 2 if _is_wide(bill) else LONGEST_WORD)
    details = [("Tag", article.tag), ("SAC" if article.hsn.startswith(SERVICES) else "HSN", article.hsn)]
    return {
        "place": str(place),
        "name": say(article.description, most=160),
        "details": "  ·  ".join(f"{label} {say(value)}" for label, value in details if value),
        "huids": ", ".join(say(huid) for huid in article.huids),
        "stones": [*_metals(article, type_), *(_stone(stone, type_) for stone in article.stones)],
        "cells": [[say(line) for line in cell(article)] for _, cell in _columns(bill)],
    }


def _metals(article: Article, type_: Typeface) -> list[str]:
    """Each metal of an article of several, with its weight and rate; of one metal the columns say it."""
    if not article.others:
        return []
    own = article.net_mg - sum(part.net_mg for part in article.others)
    parts = [(article.metal, article.fineness, own, article.rate_paise_per_g)]
    parts += [(part.metal, part.fineness, part.net_mg, part.rate_paise_per_g) for part in article.others]
    return [
        type_.fit(f"{purity_label(metal, fineness)} {grams(mg)} g @\N{NO-BREAK SPACE}{grouped(rate)}", most=80)
        for metal, fineness, mg, rate in parts
    ]


def _stone(stone: StoneItem, type_: Typeface) -> str:
    name = type_.fit(stone.description, most=80, longest_word=LONGEST_WORD)
    counted = [f"{carats(stone.mct)} ct"] if stone.mct else []
    counted += [f"{stone.pieces} {'pc' if stone.pieces == 1 else 'pcs'}"] if stone.pieces else []
    return f"{name} {' / '.join(counted)} @\N{NO-BREAK SPACE}{grouped(stone.rate_paise)}"


def _foot(bill: BillDocument) -> list[list[str]]:
    """The articles' sums, under the same columns."""
    sums = Article(
        description="", hsn="", rate_paise_per_g=0, tax_bp=0,
        **{name: sum(getattr(article, name) for article in bill.articles) for name in (
            "pieces", "gross_mg", "stone_mg", "net_mg", "wastage_mg", "metal_paise", "wastage_paise", "making_paise",
            "making_discount_paise", "stones_paise", "hallmark_paise", "discount_paise", "taxable_paise",
        )},
    )  # fmt: skip
    cells = [cell(sums) for _, cell in _columns(bill)]
    cells[0] = ["", f"{sums.pieces} pieces" if sums.pieces != 1 else "1 piece"]
    cells[-1] = [grouped(bill.taxable_paise), ""]
    return cells


def _hsn_head(bill: BillDocument) -> list[str]:
    if bill.form in WITHOUT_TAX:
        return ["HSN/SAC", "Quantity", "Value ₹"]
    if bill.inter_state:
        return ["HSN/SAC", "Quantity", "Taxable ₹", "IGST", "IGST ₹"]
    return ["HSN/SAC", "Quantity", "Taxable ₹", "CGST", "CGST ₹", bill.state_head, f"{bill.state_head} ₹"]


def _hsn_row(row: HsnRow, bill: BillDocument) -> list[str]:
    quantity = f"{grams(row.net_mg)} GMS" if row.net_mg else f"{row.pieces} PCS"
    cells = [row.hsn, quantity, grouped(row.taxable_paise)]
    if bill.form in WITHOUT_TAX:
        return cells
    if bill.inter_state:
        return [*cells, percent(row.tax_bp), grouped(row.igst_paise)]
    half = _percent_of_half(row.tax_bp)
    return [*cells, half, grouped(row.cgst_paise), half, grouped(row.sgst_paise)]


def _hsn_foot(bill: BillDocument) -> list[str]:
    cells = ["Total", "", grouped(bill.taxable_paise)]
    if bill.form in WITHOUT_TAX:
        return cells
    if bill.inter_state:
        return [*cells, "", grouped(bill.igst_paise)]
    return [*cells, "", grouped(bill.cgst_paise), "", grouped(bill.sgst_paise)]


def _old_gold(item: OldGoldItem, say: Say) -> list[str]:
    name = say(item.description) + (f" · voucher {say(item.voucher)}" if item.voucher else "")
    return [
        name, grams(item.gross_mg), grams(item.dirt_mg), fineness_mark(item.fineness), percent(item.melting_loss_bp),
        grams(item.fine_mg), grouped(item.rate_paise_per_g), grouped(item.value_paise),
    ]  # fmt: skip


def _totals(bill: BillDocument) -> list[list[str]]:
    """Label and figure, from the taxable value to the bill; the last line is the bill itself."""
    taxed = bill.form not in WITHOUT_TAX
    rows = [["Taxable value" if taxed else "Value", grouped(bill.taxable_paise)]]
    if taxed and bill.inter_state:
        rows.append([f"IGST{_single_rate(bill, percent)}", grouped(bill.igst_paise)])
    elif taxed:
        rows.append([f"CGST{_single_rate(bill, _percent_of_half)}", grouped(bill.cgst_paise)])
        rows.append([f"{bill.state_head}{_single_rate(bill, _percent_of_half)}", grouped(bill.sgst_paise)])
    if bill.round_off_paise:
        rows.append(["Round off", grouped(bill.round_off_paise)])
    return [*rows, [TOTALS.get(bill.form, "Bill total"), rupees(bill.total_paise)]]


def _settled(bill: BillDocument, say: Say) -> list[list[str]]:
    """What has been paid or given back, and what is left."""
    back = bill.form is Form.CREDIT_NOTE
    rows = [["Old gold", grouped(item.value_paise)] for item in bill.old_gold]
    for payment in bill.payments:
        reference = f" · {say(payment.reference)}" if payment.reference else ""
        rows.append([f"{'Refunded by ' if back else ''}{say(payment.mode)}{reference}", grouped(payment.paise)])
    if not rows:
        return []
    left = bill.total_paise - sum(item.value_paise for item in bill.old_gold) - sum(p.paise for p in bill.payments)
    return [*rows, [_left_label(left, back), rupees(abs(left)) if left else ""]]


def _left_label(left: int, back: bool) -> str:
    if left == 0:
        return "Refunded in full" if back else "Paid in full"
    if left > 0:
        return "Left to refund" if back else "Balance due"
    return "Refunded too much" if back else "To return"


def _purity(article: Article) -> str:
    return purity_label(article.metal, article.fineness) if article.fineness else ""


def _both(upper: int, lower: int) -> list[str]:
    return [_some(upper, grouped), _some(lower, grouped)]


def _discounts(article: Article) -> list[str]:
    return [_less(article.discount_paise, grouped), _less(article.making_discount_paise, grouped)]


def _tax_note(article: Article, bill: BillDocument) -> str:
    return "" if bill.form in WITHOUT_TAX or not article.tax_bp else f"GST {percent(article.tax_bp)}"


def _single_rate(bill: BillDocument, write: Callable[[int], str]) -> str:
    """The rate beside a head's name when the whole bill has one; the HSN summary has it per row in any case."""
    rates = {row.tax_bp for row in bill.hsn_rows}
    return f" @ {write(rates.pop())}" if len(rates) == 1 else ""


def _some(number: int, write: Callable[[int], str]) -> str:
    return write(number) if number else ""


def _less(number: int, write: Callable[[int], str]) -> str:
    return f"−{write(number)}" if number else ""


def percent(bp: int) -> str:
    return _thousandths_of_a_percent(bp * 10)


def _percent_of_half(bp: int) -> str:
    return _thousandths_of_a_percent(bp * 5)


def _thousandths_of_a_percent(thousandths: int) -> str:
    """1.5 % from 1500: as many decimals as there are, up to three."""
    wholes, part = divmod(thousandths, 1_000)
    return f"{wholes}.{part:03d}".rstrip("0").rstrip(".") + " %"
