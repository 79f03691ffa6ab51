"""Owns the pages of the shop's customers: found by phone or name, entered, corrected, with their bills."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.customers.service import CustomerDraft
from app.dashboard.frame import may, pages, show
from app.invoices import service as invoices
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, try_form, whole_number
from app.tax.states import list_states

FIELDS = ("name", "phone", "email", "gstin", "pan", "address", "city", "pin", "state_code")


@pages.get("/customers", endpoint="customers")
@allow("customer.view")
def customers_list() -> str:
    text = request.args.get("q", "").strip()[:80]
    digits = text.replace(" ", "").lstrip("+")
    found = shop_read(lambda db: customers.find_by_phone(db, text)) if digits.isdecimal() else None
    page = shop_read(lambda db: customers.list_customers(
        db, text=text or None, after=request.args.get("after"), limit=50
    ))  # fmt: skip
    more = url_for("shop_pages.customers", q=text, after=page.next_cursor) if page.next_cursor else ""
    people = [found] if found else page.items
    return show("customers.html", "customers", people=people, q=text, next_url="" if found else more)


@pages.route("/customers/new", methods=["GET", "POST"])
@allow("customer.edit")
def new_customer() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(None, None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: customers.register_customer(db, draft=_draft(), keyring=keyring), rebuild=customers.get_customer
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.customer", customer_id=tried.result.id))
    return _form(None, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.route("/customers/<id:customer_id>", methods=["GET"])
@allow("customer.view")
def customer(customer_id: UUID) -> str:
    return _form(customer_id, None)


@pages.post("/customers/<id:customer_id>")
@allow("customer.edit")
def edit_customer(customer_id: UUID) -> Response | tuple[str, int]:
    changes = {name: optional(name) for name in FIELDS}
    tried = try_form(lambda: shop_write(lambda db: customers.edit_customer(
        db, customer_id=customer_id, expected_version=whole_number("version"), changes=changes
    ), rebuild=customers.get_customer))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.customer", customer_id=customer_id, saved="yes"))
    return _form(customer_id, tried.refusal), tried.refusal.status if tried.refusal else 422


def _draft() -> CustomerDraft:
    return CustomerDraft(**{"name": text_field("name"), **{name: optional(name) for name in FIELDS if name != "name"}})


def _form(customer_id: UUID | None, refusal: Refusal | None) -> str:
    person = bills = None
    if customer_id is not None:
        person = shop_read(lambda db: customers.get_customer(db, customer_id))
        if may("bill.view"):
            bills = shop_read(lambda db: invoices.list_invoices(db, customer_id=customer_id, limit=20))
    values = {name: request.form.get(name, getattr(person, name, None) if person else "") for name in FIELDS}
    states = [("", "—"), *((state.code, state.name) for state in list_states(today_ist()))]
    return show(
        "customer.html", "customers", customer=person, values=values, refusal=refusal, states=states, bills=bills,
        key=form_key(), saved=request.args.get("saved") == "yes",
    )  # fmt: skip
