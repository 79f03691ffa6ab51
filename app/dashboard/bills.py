"""Owns the pages of issued documents: the list, one bill with its PDF, its credit note."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard.frame import pages, show
from app.invoices import service as invoices
from app.invoices.service import Document, NoteDraft, PaymentDraft, PaymentMode
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_scope, shop_write
from app.kit.ids import parse_id
from app.kit.outbox import JobView
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.ports import Bucket
from app.live import tickets
from app.numbering.service import DocumentKind
from app.tax.states import state_of
from shard_router import ShopSession

KINDS = (DocumentKind.INVOICE.value, DocumentKind.BILL_OF_SUPPLY.value, DocumentKind.CREDIT_NOTE.value)


@pages.get("/bills")
@allow("bill.view")
def bills() -> str:
    """Filters are the list's own; a filter that makes no sense is left out."""
    filters = _filters()
    page = shop_read(lambda db: invoices.list_invoices(db, **filters, after=request.args.get("after"), limit=50))
    kept = {name: value for name, value in request.args.items() if name in ("from", "to", "number", "kind")}
    more = url_for("shop_pages.bills", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show("bills.html", "bills", page=page, filters=request.args, next_url=more, today=today_ist())


@pages.get("/bills/<id:invoice_id>")
@allow("bill.view")
def bill(invoice_id: UUID) -> str:
    return _bill_page(invoice_id)


@pages.post("/bills/<id:invoice_id>/credit-note")
@allow("note.issue", entitled=True)
def issue_note(invoice_id: UUID) -> Response | tuple[str, int]:
    """Reverse the ticked lines; the money goes back the way that was chosen."""
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: invoices.issue_credit_note(db, draft=_note(db, invoice_id), keyring=keyring),
        rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.bill", invoice_id=tried.result.id, issued="yes"))
    return _bill_page(invoice_id, tried.refusal), tried.refusal.status if tried.refusal else 422


def _bill_page(invoice_id: UUID, refusal: Refusal | None = None) -> str:
    keyring = runtime().keyring
    document, stored, notes, reversed_lines = shop_read(lambda db: (
        invoices.get_invoice(db, invoice_id, keyring=keyring), invoices.find_pdf(db, invoice_id),
        invoices.list_notes(db, invoice_id), invoices.reversed_lines(db, invoice_id),
    ))  # fmt: skip
    link = job = None
    if stored is not None:
        link = runtime().store.download_link(
            Bucket.INVOICES, stored.object_key, filename=stored.filename, disposition="inline"
        )
    else:
        job = shop_write(lambda db: invoices.ask_for_pdf(db, invoice_id))
    return show(
        "bill.html", "bills", bill=document, notes=notes, pdf=stored, pdf_link=link, job=job,
        live=_live(job) if job else "", refusal=refusal, key=form_key(),
        place=state_of(document.place_of_supply, document.issued_on).name, modes=PaymentMode,
        reversible=[line for line in document.lines if line.id not in reversed_lines] if _is_bill(document) else [],
        just_issued=request.args.get("issued") == "yes",
    )  # fmt: skip


def _note(db: ShopSession, invoice_id: UUID) -> NoteDraft:
    """Refunds what the ticked lines come to, as far as the bill was paid, by one mode."""
    ticked = tuple(parse_id(text) for text in request.form.getlist("line_id"))
    due = invoices.refund_due(db, invoice_id, ticked or None)
    refunds = (PaymentDraft(text_field("mode"), due),) if due > 0 else ()
    return NoteDraft(invoice_id=invoice_id, reason=text_field("reason"), line_ids=ticked or None, refunds=refunds)


def _live(job: JobView) -> str:
    found, shop_id = shop_scope()
    ticket = tickets.write(runtime().signer, shop_id=shop_id, job_id=job.id, person_id=found.principal.person_id)
    return f"{runtime().side_url}/live/jobs/{ticket}"


def _is_bill(document: Document) -> bool:
    return document.kind != DocumentKind.CREDIT_NOTE.value


def _filters() -> dict[str, Any]:
    kind = request.args.get("kind")
    return {
        "issued_from": _day("from"), "issued_to": _day("to"), "kind": kind if kind in KINDS else None,
        "number": request.args.get("number", "").strip()[:16] or None,
    }  # fmt: skip


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
