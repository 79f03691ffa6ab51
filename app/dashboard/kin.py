"""Owns the pages of a customer's family and days of the year, and of merging doubled customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.credits import service as credits
from app.customers import service as customers
from app.customers.service import DATES, RELATIONS, Customer, SpecialDay
from app.dashboard import forms
from app.dashboard.accounts import tabs_of
from app.dashboard.forms import id_or_none
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.ledger import service as ledger
from shard_router import ShopSession

DAY_NAMES = {"birthday": N_("Birthday"), "anniversary": N_("Wedding anniversary")}
RELATION_NAMES = {
    "head": N_("head of the family"), "wife": N_("wife"), "husband": N_("husband"), "son": N_("son"),
    "daughter": N_("daughter"), "father": N_("father"), "mother": N_("mother"), "brother": N_("brother"),
    "sister": N_("sister"), "other": N_("other"),
}  # fmt: skip
AHEAD = 30


@pages.get("/customers/days", endpoint="customer_days")
@allow("customer.view")
def customer_days() -> str:
    """Whose birthdays and anniversaries come in the next weeks."""
    today = today_ist()
    coming = shop_read(lambda db: customers.upcoming(db, on=today, days=AHEAD))
    return show("customer_days.html", "customers", coming=coming, today=today, days=_texts(DAY_NAMES), ahead=AHEAD)


@pages.get("/customers/<id:customer_id>/family", endpoint="customer_family")
@allow("customer.view")
def customer_family(customer_id: UUID) -> str:
    return _page(customer_id, None)


@pages.post("/customers/<id:customer_id>/days")
@allow("customer.edit")
def set_customer_days(customer_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: customers.set_dates(
        db, customer_id=customer_id, expected_version=whole_number("version"),
        days={kind: _day(kind) for kind in DATES},
    )))  # fmt: skip
    return _after(customer_id, tried.refusal, "days")


@pages.post("/customers/<id:customer_id>/family")
@allow("customer.edit")
def join_customer_family(customer_id: UUID) -> Response | tuple[str, int]:
    """The other one is found by phone."""

    def work(db: ShopSession) -> Any:
        other = customers.find_by_phone(db, text_field("phone"))
        if other is None:
            forms.refuse("phone", _("Nobody has this phone number."))
            raise AssertionError("unreachable")
        return customers.join_family(
            db, customer_id=customer_id, with_id=other.id, relation=forms.one_of("relation", RELATIONS[1:])
        )

    tried = try_form(lambda: shop_write(work, rebuild=lambda db, _made: customers.family_of(db, customer_id)))
    return _after(customer_id, forms.beside(tried.refusal, {"customerId": "phone", "withId": "phone"}), "family")


@pages.post("/customers/<id:customer_id>/family/leave")
@allow("customer.edit")
def leave_customer_family(customer_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(lambda db: customers.leave_family(db, customer_id=customer_id)))
    return _after(customer_id, tried.refusal, "left")


# ---------------------------------------------------------------- doubled customers


@pages.route("/customers/<id:customer_id>/merge", methods=["GET", "POST"])
@allow("customer.merge")
def merge_customer(customer_id: UUID) -> str | Response | tuple[str, int]:
    """First the other entry is found by phone and shown beside this one; then the name is written again."""
    if request.method == "GET":
        return _merge_page(customer_id, None)
    tried = try_form(lambda: shop_write(lambda db: _merge(db, customer_id)))
    if tried.result is not None:
        return go_to(url_for("shop_pages.customer", customer_id=tried.result.id, saved="merged"))
    refusal = forms.beside(tried.refusal, {"into": "phone"})
    return _merge_page(customer_id, refusal), refusal.status if refusal else 422


def _merge(db: ShopSession, customer_id: UUID) -> Customer:
    into = id_or_none(text_field("into"))
    if into is None:
        forms.refuse("phone", _("Find the other entry first."))
        raise AssertionError("unreachable")
    return credits.merge_customers(
        db, winner_id=into, loser_id=customer_id, winner_version=whole_number("into_version"),
        loser_version=whole_number("version"), confirm=text_field("confirm"),
    )  # fmt: skip


def _merge_page(customer_id: UUID, refusal: Refusal | None) -> str:
    phone, into = request.values.get("phone", "").strip()[:40], id_or_none(request.values.get("into", ""))

    def read(db: ShopSession) -> tuple[Any, ...]:
        loser = customers.get_customer(db, customer_id)
        winner = customers.get_customer(db, into) if into else customers.find_by_phone(db, phone) if phone else None
        balances = ledger.balances_of(db, [one.id for one in (loser, winner) if one])
        return loser, winner, balances

    loser, winner, balances = shop_read(read)
    return show(
        "customer_merge.html", "customers", loser=loser, winner=winner, balances=balances, phone=phone,
        missed=bool(phone) and winner is None, refusal=refusal, typed=forms.typed(), key=form_key(),
    )  # fmt: skip


# ---------------------------------------------------------------- what is shown


def _page(customer_id: UUID, refusal: Refusal | None) -> str:
    def read(db: ShopSession) -> tuple[Any, ...]:
        person = customers.get_customer(db, customer_id)
        return person, customers.family_of(db, customer_id), customers.dates_of(db, customer_id)

    person, family, days = shop_read(read)
    return show(
        "customer_family.html", "customers", customer=person, family=family, refusal=refusal,
        typed={**{day.kind: _written(day) for day in days}, **forms.typed()}, days=_texts(DAY_NAMES),
        relations=_texts(RELATION_NAMES), tabs=tabs_of(customer_id, "family"), key=form_key(),
        saved=request.args.get("saved", ""),
    )  # fmt: skip


def _after(customer_id: UUID, refusal: Refusal | None, saved: str) -> Response | tuple[str, int]:
    if refusal is None:
        return go_to(url_for("shop_pages.customer_family", customer_id=customer_id, saved=saved))
    return _page(customer_id, refusal), refusal.status


def _day(kind: str) -> SpecialDay | None:
    """24-07 or 24-07-1980; empty: none."""
    text = text_field(kind).replace("/", "-").replace(".", "-")
    if not text:
        return None
    parts = text.split("-")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        forms.refuse(kind, _("A day like 24-07 or 24-07-1980 is expected."))
    day, month, *year = (int(part) for part in parts)
    return SpecialDay(kind, month, day, year[0] if year else None)


def _written(day: SpecialDay) -> str:
    return f"{day.day:02d}-{day.month:02d}" + (f"-{day.year}" if day.year else "")


def _texts(names: dict[str, Any]) -> dict[str, str]:
    return {key: str(_(name)) for key, name in names.items()}
