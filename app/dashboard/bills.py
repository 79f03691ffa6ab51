"""Owns the pages of issued documents: the list, one bill with its PDF, its credit note."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import credit_names, mode_names, pages, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.progress import follow
from app.estimates import service as estimates
from app.invoices import service as invoices
from app.invoices.service import Amount, Document, NoteDraft, PaymentDraft, StoredPdf
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.locale import parse_day
from app.kit.money import parse_rupees, to_rupee
from app.kit.pages import Refusal, Tried, form_key, go_to, text_field, try_form
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.numbering.service import DocumentKind
from app.oldgold import service as oldgold
from app.printing.at_once import printed
from app.printing.looks import USUAL
from app.printing.press import Press
from app.tax.states import state_of
from shard_router import ShopSession

KINDS = {
    DocumentKind.INVOICE.value: N_("Tax invoice"), DocumentKind.BILL_OF_SUPPLY.value: N_("Bill of supply"),
    DocumentKind.CREDIT_NOTE.value: N_("Credit note"), DocumentKind.DEBIT_NOTE.value: N_("Debit note"),
}  # fmt: skip
_AS_TYPED: Mapping[str, str] = {}
NOTES = (DocumentKind.CREDIT_NOTE.value, DocumentKind.DEBIT_NOTE.value)
STORE_CREDIT, ON_ACCOUNT = "store_credit", "on_account"
KEPT = (STORE_CREDIT, ON_ACCOUNT)
"""Ways in which a note's money does not change hands."""
FILTERS = ("from", "to", "number", "kind")
REASONS = (
    N_("Piece brought back"), N_("Exchanged for another piece"), N_("Wrong piece billed"), N_("Wrong customer billed"),
)  # fmt: skip
"""Offered while typing; any other reason is as good."""


@pages.get("/bills")
@allow("bill.view")
def bills() -> str:
    """Filters are the list's own; a filter that makes no sense is left out."""
    filters = _filters()
    page = shop_read(lambda db: invoices.list_invoices(db, **filters, after=request.args.get("after"), limit=50))
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS and value}
    more = url_for("shop_pages.bills", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "bills.html", "bills", page=page, filters=request.args, filtered=bool(kept), next_url=more,
        paged="after" in request.args, kinds=kind_names(), periods=forms.periods(today_ist()),
    )  # fmt: skip


@pages.get("/bills/<id:invoice_id>")
@allow("bill.view")
def bill(invoice_id: UUID) -> str:
    return _bill_page(invoice_id)


@pages.get("/bills/<id:invoice_id>/pdf")
@allow("bill.view")
def bill_pdf(invoice_id: UUID) -> Response:
    """To the file, by a link that was made just now; to the bill's page where it is still being made."""
    stored = shop_read(lambda db: invoices.find_pdf(db, invoice_id))
    if stored is None:
        return go_to(url_for("shop_pages.bill", invoice_id=invoice_id))
    return go_to(_link(stored, inline="download" not in request.args))


@pages.get("/bills/<id:invoice_id>/print")
@allow("bill.view")
def print_bill(invoice_id: UUID) -> Response:
    """On another paper or in another language, made now; the usual look for what there is not."""
    keyring = runtime().keyring
    return printed(lambda db: invoices.get_paper(db, invoice_id, keyring=keyring), look_asked(), Press.render_bill)


@pages.post("/bills/<id:invoice_id>/pdf")
@allow("bill.view")
def make_pdf(invoice_id: UUID) -> Response:
    """Where its making failed, somebody asks again."""
    shop_write(lambda db: invoices.ask_for_pdf(db, invoice_id))
    return go_to(url_for("shop_pages.bill", invoice_id=invoice_id))


@pages.post("/bills/<id:invoice_id>/credit-note")
@allow("note.issue", entitled=True)
def issue_note(invoice_id: UUID) -> Response | tuple[str, int]:
    """Reverse the ticked lines; the money goes back the way that was chosen."""
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: invoices.issue_credit_note(db, draft=_note(db, invoice_id), keyring=keyring),
        rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
    ))  # fmt: skip
    issued = tried.result
    if issued is not None and request.form.get("then") == "exchange":
        return go_to(url_for("shop_pages.new_bill", customer=issued.customer_id))
    return _issued_or_refused(tried, invoice_id, {"amounts.0": "less", "refunds": "mode"})


@pages.post("/bills/<id:invoice_id>/debit-note")
@allow("note.issue", entitled=True)
def issue_debit(invoice_id: UUID) -> Response | tuple[str, int]:
    """Charge more for one line; what is not paid now is owed by the bill's customer."""
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: invoices.issue_debit_note(db, draft=_debit(invoice_id), keyring=keyring),
        rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
    ))  # fmt: skip
    return _issued_or_refused(tried, invoice_id, {"amounts.0": "more", "amounts": "more", "payments": "debit_mode"})


@pages.post("/bills/<id:invoice_id>/cancellation")
@allow("bill.cancel", entitled=True)
def cancel_bill(invoice_id: UUID) -> Response | tuple[str, int]:
    """Take a bill of today back whose goods never left."""
    keyring = runtime().keyring

    def work(db: ShopSession) -> Document:
        reason = forms.line("cancel_reason", least=3, most=150)
        if request.form.get("not_handed_over") != "yes":
            forms.refuse("not_handed_over", _("Only what was not handed over can be cancelled."))
        return invoices.cancel_bill(db, invoice_id=invoice_id, reason=reason, handed_over=False, keyring=keyring)

    rebuilt = partial(invoices.get_invoice, keyring=keyring)
    return _issued_or_refused(try_form(lambda: shop_write(work, rebuild=rebuilt)), invoice_id)


def kind_names() -> dict[str, str]:
    return {kind: str(_(name)) for kind, name in KINDS.items()}


def _issued_or_refused(
    tried: Tried[Document], invoice_id: UUID, names: Mapping[str, str] = _AS_TYPED
) -> Response | tuple[str, int]:
    if tried.result is not None:
        return go_to(url_for("shop_pages.bill", invoice_id=tried.result.id, issued="yes"))
    refusal = forms.beside(tried.refusal, names)
    return _bill_page(invoice_id, refusal), refusal.status if refusal else 422


def _bill_page(invoice_id: UUID, refusal: Refusal | None = None) -> str:
    keyring = runtime().keyring
    document, (stored, job), notes, reversed_lines, estimate = shop_read(lambda db: (
        invoices.get_invoice(db, invoice_id, keyring=keyring), invoices.find_pdf_or_job(db, invoice_id),
        invoices.list_notes(db, invoice_id), invoices.reversed_lines(db, invoice_id),
        estimates.find_of_bill(db, invoice_id),
    ))  # fmt: skip
    is_bill = document.kind not in NOTES
    back = shop_read(lambda db: oldgold.bought_back(db, [line.id for line in document.lines])) if is_bill else {}
    left = shop_read(lambda db: invoices.lines_left(db, invoice_id)) if is_bill and notes else {
        line.id: line.total_paise for line in document.lines
    }  # fmt: skip
    return show(
        "bill.html", "bills", bill=document, notes=notes, kind_name=kind_names().get(document.kind, document.kind),
        looks=looks(but=USUAL), estimate=estimate,
        pdf_link=_link(stored, inline=True) if stored else "", pdf_name=stored.filename if stored else "",
        follow=follow(job.id) if job else None, refusal=refusal, key=form_key(), typed=forms.typed(),
        ticked=set(request.form.getlist("line_id")), supplied_to=state_of(document.place_of_supply, document.issued_on),
        modes=mode_names(), reasons=[_(reason) for reason in REASONS], today=today_ist(),
        reversible=[one for one in document.lines if one.id not in {*reversed_lines, *back}] if is_bill else [],
        bought_back=back,
        reversed_lines=reversed_lines, is_bill=is_bill, owed_paise=_owed(document, is_bill=is_bill),
        just_issued=request.args.get("issued") == "yes", left=left, explained=invoices.explained,
        other_metals=invoices.other_metals,
        credit_names=credit_names(), cancellable=is_bill and not notes and document.issued_on == today_ist(),
        was_cancelled=(document.reason or "").startswith(invoices.CANCELLED),
    )  # fmt: skip


def _link(stored: StoredPdf, *, inline: bool) -> str:
    return runtime().store.download_link(
        Bucket.INVOICES, stored.object_key, filename=stored.filename, disposition="inline" if inline else "attachment"
    )


def _owed(document: Document, *, is_bill: bool) -> int:
    """What was not paid when the bill was issued."""
    return document.total_paise - document.paid_paise if is_bill else 0


def _note(db: ShopSession, invoice_id: UUID) -> NoteDraft:
    """The ticked lines come back, or so much less for one line; the money goes the way that was chosen, as far as the
    bill was paid: back by a mode, into store credit, or off what is owed."""
    reason = forms.line("reason", least=3, most=200)
    mode = STORE_CREDIT if request.form.get("then") == "exchange" else forms.one_of("mode", [*mode_names(), *KEPT])
    ticked = tuple(parse_id(text) for text in request.form.getlist("line_id"))
    less = forms.figure("less", parse_rupees, empty=0)
    if not ticked and not less:
        forms.refuse("line_id", _("Tick the pieces that come back."))
    amounts = (Amount(parse_id(text_field("less_line")), total_paise=less),) if less else ()
    draft = NoteDraft(invoice_id=invoice_id, reason=reason, line_ids=ticked or None, amounts=amounts)
    due = invoices.refund_of(db, draft)
    if mode == STORE_CREDIT:
        return replace(draft, store_credit_paise=due)
    return replace(draft, refunds=(PaymentDraft(mode, due),) if due > 0 and mode != ON_ACCOUNT else ())


def _debit(invoice_id: UUID) -> NoteDraft:
    more = forms.figure("more", parse_rupees)
    mode = forms.one_of("debit_mode", [*mode_names(), ON_ACCOUNT])
    return NoteDraft(
        invoice_id=invoice_id, kind=DocumentKind.DEBIT_NOTE, reason=forms.line("debit_reason", least=3, most=200),
        amounts=(Amount(parse_id(text_field("more_line")), total_paise=more),),
        refunds=() if mode == ON_ACCOUNT else (PaymentDraft(mode, to_rupee(more) or more),),
    )  # fmt: skip


def _filters() -> dict[str, Any]:
    kind = request.args.get("kind")
    return {
        "issued_from": _day("from"), "issued_to": _day("to"), "kind": kind if kind in KINDS else None,
        "number": _number(request.args.get("number", "")),
    }  # fmt: skip


def _day(name: str) -> dt.date | None:
    return parse_day(request.args.get(name, ""))


def _number(text: str) -> str | None:
    """The beginning of a document's number; other letters than a number's begin none."""
    bare = text.strip().upper()[:16]
    return bare if bare and bare.isascii() else None
