"""Owns the pages of the shop's customers: found by phone or name, entered, corrected, with their bills."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard import forms
from app.dashboard.accounts import tabs_of
from app.dashboard.estimates import COLOURS, STATES
from app.dashboard.frame import may, pages, show
from app.estimates import service as estimates
from app.invoices import service as invoices
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.pages import Refusal, form_key, go_to, try_form, whole_number
from app.tax.states import list_states
from shard_router import ShopSession

LONGEST = {
    "name": 140, "phone": 40, "email": 254, "gstin": 20, "pan": 14, "address": 300, "city": 80, "pin": 8,
    "state_code": 2,
}  # fmt: skip
"""Fields of the form, and how long each may be before the rules look at it."""


@pages.get("/customers", endpoint="customers")
@allow("customer.view")
def customers_list() -> str:
    """A whole phone number finds its owner at once; anything else is looked for in names and phones."""
    text = request.args.get("q", "").strip()[:60]
    found = shop_read(lambda db: customers.find_by_phone(db, text)) if _is_number(text) else None
    page = shop_read(lambda db: customers.list_customers(
        db, text=text or None, after=request.args.get("after"), limit=50
    ))  # fmt: skip
    more = url_for("shop_pages.customers", q=text, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "customers.html", "customers", people=[found] if found else page.items, q=text, next_url="" if found else more,
        paged="after" in request.args,
    )  # fmt: skip


@pages.route("/customers/new", methods=["GET", "POST"])
@allow("customer.edit")
def new_customer() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(None, None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: customers.register_customer(db, draft=_draft(), keyring=keyring),
        rebuild=customers.get_customer,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.customer", customer_id=tried.result.id, saved="new"))
    return _form(None, forms.beside(tried.refusal, {})), tried.refusal.status if tried.refusal else 422


@pages.get("/customers/<id:customer_id>")
@allow("customer.view")
def customer(customer_id: UUID) -> str:
    return _form(customer_id, None)


@pages.post("/customers/<id:customer_id>")
@allow("customer.edit")
def edit_customer(customer_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: _edit(db, customer_id), rebuild=customers.get_customer))
    if tried.result is not None:
        return go_to(url_for("shop_pages.customer", customer_id=customer_id, saved="yes"))
    return _form(customer_id, forms.beside(tried.refusal, {})), tried.refusal.status if tried.refusal else 422


def _edit(db: ShopSession, customer_id: UUID) -> Customer:
    """Only what differs is a change, so that a PAN which came with a GSTIN goes with it."""
    before = customers.get_customer(db, customer_id)
    changes = {name: value for name, value in _typed().items() if value != getattr(before, name)}
    return customers.edit_customer(
        db,
        customer_id=customer_id,
        expected_version=whole_number("version"),
        changes=changes,
        keyring=runtime().keyring,
    )


def _draft() -> CustomerDraft:
    read: dict[str, Any] = _typed()
    return CustomerDraft(**read)


def _typed() -> dict[str, str | None]:
    read = {name: forms.line_or_none(name, most=most) for name, most in LONGEST.items() if name != "name"}
    return {"name": forms.line("name", least=1, most=LONGEST["name"]), **read}


def _form(customer_id: UUID | None, refusal: Refusal | None) -> str:
    person = bills = told = None
    if customer_id is not None:
        person = shop_read(lambda db: customers.get_customer(db, customer_id))
        if may("bill.view"):
            bills = shop_read(lambda db: invoices.list_invoices(db, customer_id=customer_id, limit=20))
            told = shop_read(lambda db: estimates.list_estimates(db, customer_id=customer_id, limit=20)).items
    values = {name: request.form.get(name, getattr(person, name, None) if person else "") for name in LONGEST}
    states = [("", "—"), *((state.code, f"{state.code} · {state.name}") for state in list_states(today_ist()))]
    return show(
        "customer.html", "customers", customer=person, values=values, refusal=refusal, states=states, bills=bills,
        estimates=told, estimate_states=dict(STATES), estimate_colours=COLOURS,
        key=form_key(), saved=request.args.get("saved", ""), tabs=tabs_of(person.id, "details") if person else [],
    )  # fmt: skip


def _is_number(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "").lstrip("+")
    return digits.isascii() and digits.isdigit()
