"""Owns the pages of money outside a bill: taken, listed, printed, taken back, and credits paid out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.credits import service as credits
from app.credits.service import Payment, StoredPdf, Voucher
from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.accounts import CREDITS
from app.dashboard.forms import id_or_none
from app.dashboard.frame import mode_names, pages, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.progress import follow
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.locale import parse_day
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, try_form, whole_number
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.ledger import service as ledger
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from shard_router import ShopSession

KINDS = {
    "receipt_voucher": N_("Receipt voucher"), "refund_voucher": N_("Refund voucher"),
    "payment_voucher": N_("Payment voucher"),
}  # fmt: skip
PURPOSES = {
    "advance": N_("Advance for goods"), "on_account": N_("On account, for earlier bills"),
    "scheme": N_("Scheme instalment"), "pay_out": N_("Credit paid out"),
}  # fmt: skip
TAKEN_HERE = ("on_account", "advance")
FILTERS = ("from", "to", "number", "kind")
ROWS = 2
"""Ways of paying that the form has: hardly anybody needs more at once."""


@pages.get("/receipts", endpoint="receipts")
@allow("credit.view")
def receipts_list() -> str:
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS and value}
    kind, number = request.args.get("kind"), request.args.get("number", "").strip().upper()[:16]
    page = shop_read(lambda db: credits.list_receipts(
        db, kind=kind if kind in KINDS else None, number=number if number.isascii() and number else None,
        issued_from=parse_day(request.args.get("from", "")), issued_to=parse_day(request.args.get("to", "")),
        after=request.args.get("after"), limit=50,
    ))  # fmt: skip
    return show(
        "receipts.html", "receipts", page=page, filters=request.args, filtered=bool(kept), kinds=_texts(KINDS),
        purposes=_texts(PURPOSES), modes=mode_names(), paged="after" in request.args,
        periods=forms.periods(today_ist()),
        next_url=url_for("shop_pages.receipts", **kept, after=page.next_cursor) if page.next_cursor else "",
    )  # fmt: skip


@pages.route("/receipts/new", methods=["GET", "POST"])
@allow("receipt.issue", entitled=True)
def new_receipt() -> str | Response | tuple[str, int]:
    """The customer is found by phone first; then what they owe is told beside the amount."""
    if request.method == "GET":
        return _form(None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: credits.receive(db, keyring=keyring, **_taken()),
        rebuild=lambda db, made: credits.get_receipt(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.receipt", receipt_id=tried.result.id, issued="yes"))
    return _form(_beside(tried.refusal)), tried.refusal.status if tried.refusal else 422


@pages.get("/receipts/<id:receipt_id>")
@allow("credit.view")
def receipt(receipt_id: UUID) -> str:
    return _page(receipt_id, None)


@pages.get("/receipts/<id:receipt_id>/pdf")
@allow("credit.view")
def receipt_pdf(receipt_id: UUID) -> Response:
    """To the file, by a link that was made just now; to the voucher's page where it is still being made."""
    stored = shop_read(lambda db: credits.find_pdf(db, receipt_id))
    if stored is None:
        return go_to(url_for("shop_pages.receipt", receipt_id=receipt_id))
    return go_to(_link(stored, inline="download" not in request.args))


@pages.get("/receipts/<id:receipt_id>/print")
@allow("credit.view")
def print_receipt(receipt_id: UUID) -> Response:
    """On another paper or in another language, made now; the usual look for what there is not."""
    keyring = runtime().keyring
    return printed(
        lambda db: credits.get_paper(db, receipt_id, keyring=keyring), look_asked(SMALL), Press.render_voucher
    )


@pages.post("/receipts/<id:receipt_id>/pdf")
@allow("credit.view")
def make_receipt_pdf(receipt_id: UUID) -> Response:
    """Where its making failed, somebody asks again."""
    shop_write(lambda db: credits.ask_for_pdf(db, receipt_id))
    return go_to(url_for("shop_pages.receipt", receipt_id=receipt_id))


@pages.post("/receipts/<id:receipt_id>/take-back")
@allow("credit.pay_out", entitled=True)
def take_back_receipt(receipt_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: credits.take_back(
            db, receipt_id=receipt_id, reason=forms.line("reason", least=3, most=200), keyring=keyring
        ),
        rebuild=lambda db, made: credits.get_receipt(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.receipt", receipt_id=tried.result.id, issued="yes"))
    return _page(receipt_id, forms.beside(tried.refusal, {})), tried.refusal.status if tried.refusal else 422


@pages.route("/credits/<id:credit_id>/pay-out", methods=["GET", "POST"])
@allow("credit.pay_out", entitled=True)
def pay_out_credit(credit_id: UUID) -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _pay_out_page(credit_id, None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: credits.pay_out(
            db, credit_id=credit_id, payments=_payments(), reason=forms.line("reason", least=3, most=200),
            keyring=keyring, expected_version=whole_number("version"),
        ),
        rebuild=lambda db, made: credits.get_receipt(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.receipt", receipt_id=tried.result.id, issued="yes"))
    return _pay_out_page(credit_id, _beside(tried.refusal)), tried.refusal.status if tried.refusal else 422


# ---------------------------------------------------------------- what was typed


def _taken() -> dict[str, Any]:
    customer_id = id_or_none(text_field("customer_id"))
    if customer_id is None:
        forms.refuse("phone", _("Find the customer first."))
    return {
        "customer_id": customer_id, "purpose": forms.one_of("purpose", TAKEN_HERE), "payments": _payments(),
        "note": forms.line_or_none("note", most=200),
    }  # fmt: skip


def _payments() -> tuple[Payment, ...]:
    """The rows that have an amount; the first must have one."""
    found = []
    for place in range(ROWS):
        if place and not text_field(f"amount_{place}"):
            continue
        paise = forms.figure(f"amount_{place}", parse_rupees)
        mode = forms.one_of(f"mode_{place}", mode_names())
        found.append(Payment(mode, paise, forms.line_or_none(f"reference_{place}", most=60)))
    return tuple(found)


def _beside(refusal: Refusal | None) -> Refusal | None:
    """A service's `payments.1.paise` is the form's second amount."""
    names = {"payments": "amount_0", "customerId": "phone"}
    for place in range(ROWS):
        names[f"payments.{place}.paise"] = f"amount_{place}"
        names[f"payments.{place}.mode"] = f"mode_{place}"
        names[f"payments.{place}.reference"] = f"reference_{place}"
    return forms.beside(refusal, names)


# ---------------------------------------------------------------- what is shown


def _form(refusal: Refusal | None) -> str:
    """The customer by their id, or found by the phone that was typed."""
    chosen = id_or_none(request.values.get("customer", "") or text_field("customer_id"))
    phone = request.values.get("phone", "").strip()[:40]

    def read(db: ShopSession) -> tuple[Any, Any]:
        if chosen is None:
            person = customers.find_by_phone(db, phone) if phone else None
        else:
            person = customers.get_customer(db, chosen)
        return person, ledger.balance_of(db, person.id) if person else None

    person, balance = shop_read(read)
    missed = bool(phone) and person is None
    return show(
        "receipt_new.html", "receipts", customer=person, balance=balance, phone=phone, missed=missed, refusal=refusal,
        typed=forms.typed(), purposes=[(key, _(PURPOSES[key])) for key in TAKEN_HERE], modes=mode_names(), rows=ROWS,
        key=form_key(), purpose=optional("purpose") or ("on_account" if balance and balance[0] > 0 else "advance"),
    )  # fmt: skip


def _page(receipt_id: UUID, refusal: Refusal | None) -> str:
    keyring = runtime().keyring

    def read(db: ShopSession) -> tuple[Voucher, Any, Any, Any]:
        voucher = credits.get_receipt(db, receipt_id, keyring=keyring)
        original = credits.get_receipt(db, voucher.reverses_id, keyring=keyring) if voucher.reverses_id else None
        return voucher, credits.find_pdf_or_job(db, receipt_id), credits.find_reversal(db, receipt_id), original

    voucher, (stored, job), reversal, original = shop_read(read)
    return show(
        "receipt.html", "receipts", voucher=voucher, kind_name=_(KINDS[voucher.kind]),
        purpose_name=_(PURPOSES[voucher.purpose]), modes=mode_names(), reversal=reversal, original=original,
        pdf_link=_link(stored, inline=True) if stored else "", pdf_name=stored.filename if stored else "",
        follow=follow(job.id) if job else None, refusal=refusal, typed=forms.typed(), key=form_key(),
        looks=looks(but=SMALL),
        reversible=voucher.kind == "receipt_voucher" and voucher.purpose in TAKEN_HERE and reversal is None,
        just_issued=request.args.get("issued") == "yes",
    )  # fmt: skip


def _pay_out_page(credit_id: UUID, refusal: Refusal | None) -> str:
    def read(db: ShopSession) -> tuple[Any, Any]:
        credit = credits.get_credit(db, credit_id)
        return credit, customers.get_customer(db, credit.customer_id)

    credit, person = shop_read(read)
    return show(
        "credit_pay_out.html", "customers", credit=credit, customer=person, kind_name=_(CREDITS[credit.kind]),
        refusal=refusal, typed=forms.typed(), modes=mode_names(), rows=ROWS, key=form_key(),
    )  # fmt: skip


def _link(stored: StoredPdf, *, inline: bool) -> str:
    return runtime().store.download_link(
        Bucket.INVOICES, stored.object_key, filename=stored.filename, disposition="inline" if inline else "attachment"
    )


def _texts(names: dict[str, Any]) -> dict[str, str]:
    return {key: str(_(name)) for key, name in names.items()}
