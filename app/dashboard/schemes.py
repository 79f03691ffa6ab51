"""Owns the pages of saving schemes: who saves and what is owed, a passbook, the counter where instalments are taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard import forms
from app.dashboard.frame import MODES, mode_names, pages, show
from app.dashboard.looks import look_asked, looks
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.money import parse_rupees, rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.paging import Page
from app.kit.texts import N_, _
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from app.schemes import service as schemes
from app.schemes.service import (
    EnrolDraft,
    Liability,
    Nominee,
    Notice,
    PaymentDraft,
    Plan,
    Scheme,
    SchemeState,
    SchemeSummary,
)
from app.schemes.service.printing import STATES, said
from shard_router import ShopSession

COLOURS = {"open": "good", "matured": "good", "closed": "secondary", "stopped": "warn"}
FILTERS = (("", N_("All")), ("due", N_("Instalment due")), *((state, STATES[state]) for state in STATES))


@pages.get("/schemes", endpoint="schemes")
@allow("scheme.view")
def schemes_page() -> str:
    """What is owed, what asks for attention, and the schemes."""
    args, today = request.args, today_ist()
    text, state = args.get("q", "").strip()[:60], args.get("state", "")

    def look(db: ShopSession) -> tuple[Page[SchemeSummary], Liability, list[Notice]]:
        saver = customers.find_by_phone(db, text) if text else None
        found = schemes.list_schemes(
            db, state=state if state in SchemeState.__members__.values() else None,
            due_by=today if state == "due" else None, customer_id=saver.id if saver else None,
            number=text if text and not saver else None, after=args.get("after"), limit=50,
        )  # fmt: skip
        return found, schemes.liability(db), schemes.notices(db, today)

    page, owed, notices = shop_read(look)
    kept: dict[str, Any] = {"q": text, "state": state}
    return show(
        "schemes.html", "schemes", page=page, owed=owed, notices=notices, today=today, **kept, **_words(),
        paged="after" in args, filters=[(key, _(name)) for key, name in FILTERS],
        next_url=url_for("shop_pages.schemes", after=page.next_cursor, **kept) if page.next_cursor else "",
        most=max((month.paise for month in owed.months), default=0),
    )  # fmt: skip


@pages.get("/schemes/collect")
@allow("scheme.collect")
def collect_page() -> str:
    """The counter: a phone number, and what its saver has to pay."""
    phone = request.args.get("phone", "").strip()[:20]

    def look(db: ShopSession) -> tuple[Customer | None, list[SchemeSummary]]:
        saver = customers.find_by_phone(db, phone) if phone else None
        return saver, schemes.schemes_of(db, saver.id) if saver else []

    saver, found = shop_read(look)
    return show(
        "scheme_collect.html", "schemes", phone=phone, saver=saver, found=found, today=today_ist(), key=form_key(),
        modes=mode_names(), **_words(),
    )  # fmt: skip


@pages.route("/schemes/new", methods=["GET", "POST"])
@allow("scheme.enroll")
def new_scheme() -> str | Response | tuple[str, int]:
    """A saver found or entered by phone, the plan, the instalment, who is nominated."""
    if request.method == "GET":
        return _new(None)
    keyring = runtime().keyring

    def work(db: ShopSession) -> Scheme:
        saver = _saver(db)
        draft = EnrolDraft(
            plan_id=parse_id(text_field("plan_id")), customer_id=saver.id, nominee=_nominee(),
            instalment_paise=forms.figure("instalment", parse_rupees),
        )  # fmt: skip
        return schemes.enrol(db, draft=draft, keyring=keyring)

    tried = try_form(lambda: shop_write(work, rebuild=schemes.get_scheme))
    if tried.result is not None:
        return go_to(url_for("shop_pages.scheme", scheme_id=tried.result.id, saved="new"))
    names = {"instalmentPaise": "instalment", "planId": "plan_id", "phone": "phone"}
    return _new(forms.beside(tried.refusal, names)), tried.refusal.status if tried.refusal else 422


@pages.get("/schemes/<id:scheme_id>")
@allow("scheme.view")
def scheme(scheme_id: UUID) -> str:
    return _passbook(scheme_id, None)


@pages.get("/schemes/<id:scheme_id>/print")
@allow("scheme.view")
def print_passbook(scheme_id: UUID) -> Response:
    """The passbook as it stands now."""
    keyring = runtime().keyring
    return printed(
        lambda db: schemes.get_paper(db, scheme_id, keyring=keyring), look_asked(SMALL), Press.render_passbook
    )


@pages.post("/schemes/<id:scheme_id>/instalments")
@allow("scheme.collect", entitled=True)
def collect_instalment(scheme_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    return _done(scheme_id, "paid", lambda db: schemes.collect(
        db, scheme_id=scheme_id, payments=_payments(), keyring=keyring
    ).scheme)  # fmt: skip


@pages.post("/schemes/<id:scheme_id>/maturity")
@allow("scheme.collect")
def mature_scheme(scheme_id: UUID) -> Response | tuple[str, int]:
    return _done(scheme_id, "matured", lambda db: schemes.mature(db, scheme_id=scheme_id))


@pages.post("/schemes/<id:scheme_id>/closing")
@allow("scheme.edit")
def close_scheme(scheme_id: UUID) -> Response | tuple[str, int]:
    return _done(scheme_id, "closed", lambda db: schemes.close_early(
        db, scheme_id=scheme_id, reason=forms.line("reason", least=3, most=200)
    ))  # fmt: skip


@pages.post("/schemes/<id:scheme_id>/refund")
@allow("credit.pay_out")
def refund_scheme(scheme_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    return _done(scheme_id, "refunded", lambda db: schemes.refund(
        db, scheme_id=scheme_id, payments=_payments(), reason=forms.line("reason", least=3, most=200), keyring=keyring
    ))  # fmt: skip


@pages.post("/schemes/<id:scheme_id>/taken-back")
@allow("credit.pay_out")
def take_back_instalments(scheme_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    return _done(scheme_id, "taken-back", lambda db: schemes.take_back(
        db, scheme_id=scheme_id, receipt_id=parse_id(text_field("receipt_id")),
        reason=forms.line("reason", least=3, most=200), keyring=keyring,
    ))  # fmt: skip


# ---------------------------------------------------------------- what was typed


def _done(scheme_id: UUID, what: str, work: Callable[[ShopSession], Scheme]) -> Response | tuple[str, int]:
    """One act on a scheme, and its passbook again: with the refusal, by what was refused on it."""
    tried = try_form(lambda: shop_write(work, rebuild=lambda db, _made: schemes.get_scheme(db, scheme_id)))
    if tried.result is not None:
        return go_to(url_for("shop_pages.scheme", scheme_id=scheme_id, saved=what))
    names = {"paise": "amount", "payments": "amount", "payments.0.paise": "amount"}
    return _passbook(scheme_id, forms.beside(tried.refusal, names)), tried.refusal.status if tried.refusal else 422


def _payments() -> tuple[PaymentDraft, ...]:
    """One way of paying for a payment: two are two receipts."""
    mode = forms.one_of("mode", dict(MODES))
    return (PaymentDraft(mode, forms.figure("amount", parse_rupees), forms.line_or_none("reference", most=60)),)


def _saver(db: ShopSession) -> Customer:
    """Of the phone number; whom nobody knows yet is entered by their name."""
    phone = forms.line("phone", least=1, most=40)
    known = customers.find_by_phone(db, phone)
    if known is not None:
        return known
    draft = CustomerDraft(name=forms.line("name", least=1, most=140), phone=phone)
    return customers.register_customer(db, draft=draft, keyring=runtime().keyring)


def _nominee() -> Nominee | None:
    name = forms.line("nominee", most=140)
    if not name:
        return None
    return Nominee(name=name, relation=forms.line("relation", least=1, most=40))


# ---------------------------------------------------------------- what is shown


def _new(refusal: Refusal | None) -> str:
    plans: list[Plan] = shop_read(lambda db: schemes.list_plans(db, on=today_ist()))
    choices = [(str(plan.id), f"{plan.name} · {plan.months} × {rupees(plan.least_paise)}") for plan in plans]
    return show(
        "scheme_new.html", "schemes", plans=plans, plan_choices=choices, refusal=refusal, key=form_key(),
        typed=forms.typed() or dict(request.args.items()), **_words(),
    )  # fmt: skip


def _passbook(scheme_id: UUID, refusal: Refusal | None) -> str:
    keyring = runtime().keyring

    def look(db: ShopSession) -> tuple[schemes.Passbook, str]:
        book = schemes.get_passbook(db, scheme_id, keyring=keyring)
        return book, customers.names_of(db, [book.scheme.customer_id]).get(book.scheme.customer_id, "")

    book, name = shop_read(look)
    paid = [month.paid for month in book.months if month.paid]
    return show(
        "scheme.html", "schemes", book=book, scheme=book.scheme, name=name, refusal=refusal, today=today_ist(),
        typed=forms.typed(), key=form_key(), saved=request.args.get("saved", ""), modes=mode_names(),
        last_receipt=paid[-1] if paid else None, looks=looks(but=SMALL), **_words(),
    )  # fmt: skip


def _words() -> dict[str, object]:
    return {"states": {state: str(_(name)) for state, name in STATES.items()}, "colours": COLOURS, "said": said}
