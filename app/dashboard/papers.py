"""Owns the page of a customer's papers: kept with consent, verified, withdrawn; numbers are shown by four signs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.customers.api import SCAN_BYTES, scan_reply
from app.customers.errors import ScanUnfit
from app.customers.service import Paper
from app.dashboard import forms
from app.dashboard.accounts import tabs_of
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write, takes_upload
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.ports import Bucket
from app.kit.texts import _
from app.tenants import service as tenants
from shard_router import ShopSession

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
"""A form that was sent without a file may come as either."""

ENVELOPE = 64 * 1024
"""What a multipart body may have around its file."""


@pages.get("/customers/<id:customer_id>/papers", endpoint="customer_papers")
@allow("customer.kyc")
def customer_papers(customer_id: UUID) -> str:
    return _page(customer_id, None)


@pages.post("/customers/<id:customer_id>/papers")
@allow("customer.kyc")
def add_customer_paper(customer_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(lambda db: customers.add_paper(
        db, customer_id=customer_id, kind=text_field("kind"), number=forms.line("number", least=1, most=40),
        consent=text_field("consent"), keyring=keyring,
    )))  # fmt: skip
    return _after(customer_id, forms.beside(tried.refusal, {}), "added")


@pages.post("/customers/<id:customer_id>/papers/<id:paper_id>/verify")
@allow("customer.kyc")
def verify_customer_paper(customer_id: UUID, paper_id: UUID) -> Response | tuple[str, int]:
    version = whole_number("version")
    tried = try_form(lambda: shop_write(
        lambda db: customers.verify_paper(db, paper_id=paper_id, expected_version=version)
    ))  # fmt: skip
    return _after(customer_id, tried.refusal, "verified")


@pages.post("/customers/<id:customer_id>/papers/<id:paper_id>/withdraw")
@allow("customer.kyc")
def withdraw_customer_paper(customer_id: UUID, paper_id: UUID) -> Response | tuple[str, int]:
    version = whole_number("version")
    tried = try_form(lambda: shop_write(
        lambda db: customers.withdraw_paper(db, paper_id=paper_id, expected_version=version)
    ))  # fmt: skip
    if tried.result is not None and tried.result[1] is not None:
        runtime().store.delete(Bucket.INVOICES, tried.result[1])
    return _after(customer_id, tried.refusal, "withdrawn")


@pages.post("/customers/<id:customer_id>/papers/<id:paper_id>/scan")
@allow("customer.kyc")
@takes_upload(max_bytes=SCAN_BYTES + ENVELOPE, content_types=FORMS)
def keep_customer_scan(customer_id: UUID, paper_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: _keep(db, paper_id)))
    return _after(customer_id, tried.refusal, "scanned")


@pages.get("/customers/<id:customer_id>/papers/<id:paper_id>/scan")
@allow("customer.kyc")
def customer_scan(customer_id: UUID, paper_id: UUID) -> Response:
    return scan_reply(paper_id)


def _keep(db: ShopSession, paper_id: UUID) -> Paper:
    """The sealed scan is in the store before the row that names it is committed."""
    file, parts = request.files.get("file"), runtime()
    plain = file.stream.read(SCAN_BYTES + 1) if file else b""
    if not plain or len(plain) > SCAN_BYTES:
        raise ScanUnfit(fields={"file": "too large, or empty"})
    paper, key, sealed = customers.keep_scan(
        db, paper_id=paper_id, expected_version=whole_number("version"), plain=plain, keyring=parts.keyring
    )
    parts.store.put(Bucket.INVOICES, key, sealed, content_type="application/octet-stream")
    return paper


def _page(customer_id: UUID, refusal: Refusal | None) -> str:
    def read(db: ShopSession) -> tuple[Any, ...]:
        names = {member.person_id: member.name for member in tenants.list_kept_members(db)}
        return customers.get_customer(db, customer_id), customers.kyc_of(db, customer_id), names

    person, kyc, names = shop_read(read)
    return show(
        "customer_papers.html", "customers", customer=person, kyc=kyc, refusal=refusal, typed=forms.typed(),
        kinds={kind.kind: str(_(kind.name)) for kind in customers.paper_kinds()},
        consent=customers.consent_text(today_ist()), names=names,
        tabs=tabs_of(customer_id, "papers"), key=form_key(),
        saved=request.args.get("saved", ""),
    )  # fmt: skip


def _after(customer_id: UUID, refusal: Refusal | None, saved: str) -> Response | tuple[str, int]:
    if refusal is None:
        return go_to(url_for("shop_pages.customer_papers", customer_id=customer_id, saved=saved))
    return _page(customer_id, refusal), refusal.status
