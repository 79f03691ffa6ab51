"""The API of credits and receipts: what the shop owes its customers, and money taken or given back outside a bill."""

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from app.credits import service
from app.credits.errors import ReceiptPdfMissing
from app.credits.schemas import (
    CreditArgs,
    CreditOut,
    CreditPage,
    CreditUsesOut,
    MergedOut,
    MergeIn,
    PayOutIn,
    ReceiptArgs,
    ReceiptIn,
    ReceiptOut,
    ReceiptPage,
    TakeBackIn,
    VoucherPdfOut,
)
from app.credits.service import Credit, StoredPdf, Voucher, VoucherSummary
from app.customers import service as customers
from app.customers.service import Customer
from app.kit.clock import utc_now
from app.kit.http import allow, api_blueprint, expected_version, runtime, shop_read, shop_write, versioned
from app.kit.outbox import JobView
from app.kit.paging import Page
from app.kit.ports import Bucket
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from shard_router import ShopSession

credits = api_blueprint("credits", "/credits", description="What the shop owes its customers until a bill uses it up.")
merges = api_blueprint("customer_merges", "/customers", description="Doubled customers made one.")
receipts = api_blueprint("receipts", "/receipts", description="Vouchers for money taken or given back outside a bill.")

LINK_LASTS = dt.timedelta(minutes=10)
_pdf = VoucherPdfOut()


@credits.get("")
@allow("credit.view")
@credits.arguments(CreditArgs, location="query")
@credits.response(200, CreditPage)
def list_credits(args: dict[str, Any], shop_id: int) -> Page[Credit]:
    """A page of credits, the newest first."""
    return shop_read(lambda db: service.list_credits(db, **args))


@credits.get("/<id:credit_id>")
@allow("credit.view")
@credits.response(200, CreditOut)
def get_credit(shop_id: int, credit_id: UUID) -> Credit:
    """One credit."""
    return shop_read(lambda db: service.get_credit(db, credit_id))


@credits.get("/<id:credit_id>/uses")
@allow("credit.view")
@credits.response(200, CreditUsesOut)
def list_uses(shop_id: int, credit_id: UUID) -> dict[str, Any]:
    """What happened to a credit, in order."""

    def read(db: ShopSession) -> dict[str, Any]:
        service.get_credit(db, credit_id)
        return {"items": service.uses_of(db, [credit_id])}

    return shop_read(read)


@credits.post("/<id:credit_id>/pay-outs")
@versioned
@allow("credit.pay_out", entitled=True)
@credits.arguments(PayOutIn)
@credits.response(201, ReceiptOut)
def pay_out(body: dict[str, Any], shop_id: int, credit_id: UUID) -> Voucher:
    """Give a credit, or a part of it, back in money, by a voucher; needs If-Match of the credit."""
    version, keyring = expected_version(), runtime().keyring
    return shop_write(
        lambda db: service.pay_out(db, credit_id=credit_id, keyring=keyring, expected_version=version, **body),
        rebuild=_again,
    )


@merges.post("/<id:customer_id>/merge")
@versioned
@allow("customer.merge")
@merges.arguments(MergeIn)
@merges.response(200, MergedOut)
def merge_customer(body: dict[str, Any], shop_id: int, customer_id: UUID) -> Customer:
    """Merge this entry into another one, for ever; needs If-Match of this one and the version of the other, and this
    one's name again."""
    version = expected_version()
    return shop_write(lambda db: service.merge_customers(
        db, winner_id=body["into"], loser_id=customer_id, winner_version=body["into_version"], loser_version=version,
        confirm=body["confirm"],
    ), rebuild=customers.get_customer)  # fmt: skip


@receipts.get("")
@allow("credit.view")
@receipts.arguments(ReceiptArgs, location="query")
@receipts.response(200, ReceiptPage)
def list_receipts(args: dict[str, Any], shop_id: int) -> Page[VoucherSummary]:
    """A page of vouchers, the newest first."""
    return shop_read(lambda db: service.list_receipts(db, **args))


@receipts.post("")
@allow("receipt.issue", entitled=True)
@receipts.arguments(ReceiptIn)
@receipts.response(201, ReceiptOut)
def receive(body: dict[str, Any], shop_id: int) -> Voucher:
    """Take money: an advance opens a credit, money on account pays the customer's bills."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.receive(db, keyring=keyring, **body), rebuild=_again)


@receipts.get("/<id:receipt_id>")
@allow("credit.view")
@receipts.response(200, ReceiptOut)
def get_receipt(shop_id: int, receipt_id: UUID) -> Voucher:
    """One voucher."""
    return shop_read(lambda db: _again(db, receipt_id))


@receipts.post("/<id:receipt_id>/take-back")
@allow("credit.pay_out", entitled=True)
@receipts.arguments(TakeBackIn)
@receipts.response(201, ReceiptOut)
def take_back(body: dict[str, Any], shop_id: int, receipt_id: UUID) -> Voucher:
    """Take a whole receipt back by a voucher of the same payments; an advance must be untouched."""
    keyring = runtime().keyring
    return shop_write(lambda db: service.take_back(db, receipt_id=receipt_id, keyring=keyring, **body), rebuild=_again)


@receipts.get("/<id:receipt_id>/pdf")
@allow("credit.view")
@receipts.response(200, VoucherPdfOut)
@receipts.alt_response(202, schema=VoucherPdfOut, description="It is being made; follow the job.")  # type: ignore[untyped-decorator]
def get_pdf(shop_id: int, receipt_id: UUID) -> tuple[Response, int]:
    """A link to the PDF that expires after ten minutes, or how far its making is; 404 where that failed."""
    stored, job = shop_read(lambda db: service.find_pdf_or_job(db, receipt_id))
    if stored is not None:
        return _ready(stored), 200
    if job is None:
        raise ReceiptPdfMissing()
    return _making(job), 202


@receipts.get("/<id:receipt_id>/print")
@allow("credit.view")
@receipts.arguments(PrintArgs, location="query")
@receipts.response(200, content_type="application/pdf")
def print_receipt(args: dict[str, str | None], shop_id: int, receipt_id: UUID) -> Response:
    """The voucher on another paper or in another language, made now; usually on A5. The PDF that is kept stays."""
    keyring = runtime().keyring
    return printed(
        lambda db: service.get_paper(db, receipt_id, keyring=keyring), asked(args, SMALL), Press.render_voucher
    )


@receipts.post("/<id:receipt_id>/pdf")
@allow("credit.view")
@receipts.response(200, VoucherPdfOut)
@receipts.alt_response(202, schema=VoucherPdfOut, description="It is being made; follow the job.")  # type: ignore[untyped-decorator]
def make_pdf(shop_id: int, receipt_id: UUID) -> tuple[Response, int]:
    """Make the PDF where it is not there: the voucher itself asks for it once, this does where that failed."""
    job = shop_write(lambda db: service.ask_for_pdf(db, receipt_id))
    if job is not None:
        return _making(job), 202
    stored = shop_read(lambda db: service.find_pdf(db, receipt_id))
    assert stored is not None  # it is there, and is never deleted
    return _ready(stored), 200


def _again(db: ShopSession, receipt_id: UUID) -> Voucher:
    return service.get_receipt(db, receipt_id, keyring=runtime().keyring)


def _ready(stored: StoredPdf) -> Response:
    url = runtime().store.download_link(
        Bucket.INVOICES, stored.object_key, filename=stored.filename, disposition="inline", lasts=LINK_LASTS
    )
    return jsonify(_pdf.dump({
        "status": "ready", "url": url, "expires_at": utc_now() + LINK_LASTS, "size_bytes": stored.size_bytes,
        "sha256": stored.sha256.hex(),
    }))  # fmt: skip


def _making(job: JobView) -> Response:
    return jsonify(_pdf.dump({
        "status": "making", "job_id": job.id, "job_state": job.state.value, "steps_done": job.steps_done,
        "steps_total": job.steps_total,
    }))  # fmt: skip
