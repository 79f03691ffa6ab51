"""The bills' API: quote, issue, list, read, reverse, and the way to the PDF."""

import datetime as dt
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from app.approvals.service import ApprovalNeeded
from app.invoices import service
from app.invoices.errors import PdfMissing
from app.invoices.schemas import (
    CancelIn,
    DebitNoteIn,
    InvoiceArgs,
    InvoiceOut,
    InvoicePage,
    NoteIn,
    NotesOut,
    PdfOut,
    QuoteOut,
)
from app.invoices.service import BillDraft, Document, InvoiceSummary, NoteDraft, StoredPdf
from app.invoices.shapes import BillIn
from app.kit.clock import utc_now
from app.kit.http import allow, api_blueprint, claim_facts, runtime, shop_beside, shop_read, shop_write
from app.kit.idempotency import IdempotencyKeyMissing
from app.kit.outbox import JobView
from app.kit.paging import Page
from app.kit.ports import Bucket
from app.numbering.service import DocumentKind
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.press import Press

blueprint = api_blueprint("invoices", "/invoices", description="Bills and credit notes: issued once, never changed.")

LINK_LASTS = dt.timedelta(minutes=10)
_pdf = PdfOut()


@blueprint.get("")
@allow("bill.view")
@blueprint.arguments(InvoiceArgs, location="query")
@blueprint.response(200, InvoicePage)
def list_invoices(args: dict[str, Any], shop_id: int) -> Page[InvoiceSummary]:
    """A page of bills and notes, the newest first."""
    return shop_read(lambda db: service.list_invoices(db, **args))


@blueprint.post("/quote")
@allow("bill.view")
@blueprint.arguments(BillIn)
@blueprint.response(200, QuoteOut)
def quote(draft: BillDraft, shop_id: int) -> Response:
    """What a bill would come to now, and what it still lacks; nothing is issued."""
    return jsonify(shop_read(lambda db: service.quote_facts(service.quote(db, draft=draft))))


@blueprint.post("")
@allow("bill.issue")  # the plan is checked by the service, in the bill's own transaction
@blueprint.arguments(BillIn)
@blueprint.response(201, InvoiceOut)
def issue_invoice(draft: BillDraft, shop_id: int) -> Response:
    """Issue a bill: priced, numbered, its pieces sold, in one transaction."""
    claim, keyring = claim_facts(), runtime().keyring
    if claim is None:
        raise IdempotencyKeyMissing()
    try:
        issued = shop_write(
            lambda db: service.issue_invoice(db, draft=draft, claim=claim, keyring=keyring),
            hot=True,
            rebuild=_again,
        )
    except ApprovalNeeded as refused:
        if service.tells_cost(draft, refused):
            shop_beside(partial(service.keep_try, refused=refused))
        raise
    return _written(issued, 201)


@blueprint.get("/<id:invoice_id>")
@allow("bill.view")
@blueprint.response(200, InvoiceOut)
def get_invoice(shop_id: int, invoice_id: UUID) -> Response:
    """One bill or note."""
    return _written(shop_read(lambda db: _again(db, invoice_id)), 200)


@blueprint.get("/<id:invoice_id>/credit-notes")
@allow("bill.view")
@blueprint.response(200, NotesOut)
def list_notes(shop_id: int, invoice_id: UUID) -> dict[str, Any]:
    """The credit and debit notes on a bill."""
    return {"items": shop_read(lambda db: service.list_notes(db, invoice_id))}


@blueprint.post("/<id:invoice_id>/credit-notes")
@allow("note.issue", entitled=True)
@blueprint.arguments(NoteIn)
@blueprint.response(201, InvoiceOut)
def issue_credit_note(body: dict[str, Any], shop_id: int, invoice_id: UUID) -> Response:
    """Reverse a bill, some of its lines, or amounts of them; pieces that come back are in stock again."""
    lines = body.pop("line_ids")
    draft = NoteDraft(
        invoice_id=invoice_id,
        line_ids=None if lines is None else tuple(lines),
        refunds=tuple(body.pop("refunds")),
        amounts=tuple(body.pop("amounts")),
        **body,
    )
    keyring = runtime().keyring
    issued = shop_write(lambda db: service.issue_credit_note(db, draft=draft, keyring=keyring), rebuild=_again)
    return _written(issued, 201)


@blueprint.post("/<id:invoice_id>/debit-notes")
@allow("note.issue", entitled=True)
@blueprint.arguments(DebitNoteIn)
@blueprint.response(201, InvoiceOut)
def issue_debit_note(body: dict[str, Any], shop_id: int, invoice_id: UUID) -> Response:
    """Charge what a bill charged too little, with its tax."""
    draft = NoteDraft(
        invoice_id=invoice_id, kind=DocumentKind.DEBIT_NOTE, reason=body["reason"], amounts=tuple(body["amounts"]),
        refunds=tuple(body["payments"]),
    )  # fmt: skip
    keyring = runtime().keyring
    issued = shop_write(lambda db: service.issue_debit_note(db, draft=draft, keyring=keyring), rebuild=_again)
    return _written(issued, 201)


@blueprint.post("/<id:invoice_id>/cancellation")
@allow("bill.cancel", entitled=True)
@blueprint.arguments(CancelIn)
@blueprint.response(201, InvoiceOut)
def cancel_bill(body: dict[str, Any], shop_id: int, invoice_id: UUID) -> Response:
    """Take a bill of today back whose goods never left: answers with its credit note. The bill's number stays used."""
    keyring = runtime().keyring
    issued = shop_write(
        lambda db: service.cancel_bill(db, invoice_id=invoice_id, keyring=keyring, **body), rebuild=_again
    )
    return _written(issued, 201)


@blueprint.get("/<id:invoice_id>/pdf")
@allow("bill.view")
@blueprint.response(200, PdfOut)
@blueprint.alt_response(202, schema=PdfOut, description="It is being made; follow the job.")  # type: ignore[untyped-decorator]
def get_pdf(shop_id: int, invoice_id: UUID) -> tuple[Response, int]:
    """A link to the PDF that expires after ten minutes, or how far its making is; 404 pdf_missing where that failed."""
    stored, job = shop_read(lambda db: service.find_pdf_or_job(db, invoice_id))
    if stored is not None:
        return _ready(stored), 200
    if job is None:
        raise PdfMissing()
    return _making(job), 202


@blueprint.get("/<id:invoice_id>/print")
@allow("bill.view")
@blueprint.arguments(PrintArgs, location="query")
@blueprint.response(200, content_type="application/pdf")
def print_invoice(args: dict[str, str], shop_id: int, invoice_id: UUID) -> Response:
    """The document on another paper or in another language, made now; the PDF that is kept stays what was issued."""
    keyring = runtime().keyring
    return printed(lambda db: service.get_paper(db, invoice_id, keyring=keyring), asked(args), Press.render_bill)


@blueprint.post("/<id:invoice_id>/pdf")
@allow("bill.view")
@blueprint.response(200, PdfOut)
@blueprint.alt_response(202, schema=PdfOut, description="It is being made; follow the job.")  # type: ignore[untyped-decorator]
def make_pdf(shop_id: int, invoice_id: UUID) -> tuple[Response, int]:
    """Make the PDF where it is not there: the bill itself asks for it once, this does where that failed."""
    job = shop_write(lambda db: service.ask_for_pdf(db, invoice_id))
    if job is not None:
        return _making(job), 202
    stored = shop_read(lambda db: service.find_pdf(db, invoice_id))
    assert stored is not None  # it is there, and is never deleted
    return _ready(stored), 200


def _ready(stored: StoredPdf) -> Response:
    url = runtime().store.download_link(
        Bucket.INVOICES, stored.object_key, filename=stored.filename, disposition="inline", lasts=LINK_LASTS
    )
    ready = {
        "status": "ready", "url": url, "expires_at": utc_now() + LINK_LASTS, "size_bytes": stored.size_bytes,
        "sha256": stored.sha256.hex(),
    }  # fmt: skip
    return jsonify(_pdf.dump(ready))


def _again(db: Any, invoice_id: UUID) -> Document:
    return service.get_invoice(db, invoice_id, keyring=runtime().keyring)


def _written(document: Document, status: int) -> Response:
    return Response(service.write_document(document), status, content_type="application/json")


def _making(job: JobView) -> Response:
    return jsonify(_pdf.dump({
        "status": "making", "job_id": job.id, "job_state": job.state.value, "steps_done": job.steps_done,
        "steps_total": job.steps_total,
    }))  # fmt: skip
