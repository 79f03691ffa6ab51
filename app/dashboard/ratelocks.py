"""Owns the pages of locked rates: what is promised to whom and what is left of it, promising one, giving one up."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalNeeded, ApprovalState
from app.credits import service as credits
from app.customers import service as customers
from app.customers.service import Customer
from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.locale import date
from app.kit.money import grouped, parse_rupees, rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import grams, parse_grams
from app.ratelocks import service as ratelocks
from app.ratelocks.service import LockState, RateLock
from app.rates import service as rates
from shard_router import ShopSession

STATES = {
    LockState.OPEN: (N_("open"), "good"), LockState.USED: (N_("used up"), "secondary"),
    LockState.CLOSED: (N_("given up"), "secondary"), LockState.EXPIRED: (N_("expired"), "warn"),
}  # fmt: skip
USUAL_DAYS = 30
ADVANCE = credits.CreditKind.ADVANCE.value
PATHS = {
    "paisePerG": "rate", "mg": "grams", "expiresOn": "until", "creditId": "credit", "customerId": "phone",
    "purity": "purity",
}  # fmt: skip


@pages.get("/rates/locks", endpoint="rate_locks")
@allow("credit.view")
def rate_locks() -> str:
    return _list(None)


@pages.route("/rates/locks/new", methods=["GET", "POST"])
@allow("receipt.issue")
def new_rate_lock() -> str | Response | tuple[str, int]:
    """First the customer, found by phone; then the promise against one of their advances."""
    if request.method == "GET":
        return _form(None)
    wanted: dict[str, Any] = {}

    def work(db: ShopSession) -> RateLock:
        try:
            return ratelocks.lock_rate(db, **_typed())
        except ApprovalNeeded as refused:
            wanted.update(refused.members["approval"])
            raise

    tried = try_form(lambda: shop_write(work, rebuild=ratelocks.get_lock))
    if tried.result is not None:
        return go_to(url_for("shop_pages.rate_locks", saved="yes"))
    return _form(forms.beside(tried.refusal, PATHS), wanted), tried.refusal.status if tried.refusal else 422


@pages.post("/rates/locks/<id:lock_id>/closing")
@allow("receipt.issue")
def close_rate_lock(lock_id: UUID) -> Response | tuple[str, int]:
    version = whole_number("version")
    tried = try_form(lambda: shop_write(
        lambda db: ratelocks.close_lock(db, lock_id=lock_id, expected_version=version)
    ))  # fmt: skip
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rate_locks"))
    shop_read(lambda db: ratelocks.get_lock(db, lock_id))  # another shop's is not there
    return _list(tried.refusal), tried.refusal.status


# ---------------------------------------------------------------- parts


def _list(refusal: Refusal | None) -> str:
    only = request.args.get("customer", "")
    customer_id = forms.at_field("customer", lambda: UUID(only)) if _is_id(only) else None

    def look(db: ShopSession) -> tuple[Any, dict[UUID, str]]:
        page = ratelocks.list_locks(db, customer_id=customer_id, after=request.args.get("after"), limit=30)
        return page, customers.names_of(db, [one.customer_id for one in page.items])

    page, names = shop_read(look)
    kept = only if customer_id else None
    more = url_for("shop_pages.rate_locks", after=page.next_cursor, customer=kept) if page.next_cursor else ""
    return show(
        "rate_locks.html", "rates", page=page, names=names, next_url=more, refusal=refusal, states=STATES,
        paged="after" in request.args, saved=request.args.get("saved") == "yes", part=_part, today=today_ist(),
    )  # fmt: skip


def _part(one: RateLock) -> int:
    """How much is left, in hundredths of the bar."""
    return 100 * one.left_mg // one.mg


def _form(refusal: Refusal | None, wanted: dict[str, Any] | None = None) -> str:
    customer = _customer()

    def look(db: ShopSession) -> tuple[Any, Any]:
        return rates.get_board(db), credits.open_credits(db, customer.id) if customer else ()

    board, advances = shop_read(look)
    typed, allowed = forms.typed(), _allowed()
    values = {"until": date(today_ist() + dt.timedelta(days=USUAL_DAYS)), **_of_allowed(allowed), **typed}
    back = url_for("shop_pages.new_rate_lock", customer=customer.id if customer else "")
    return show(
        "rate_lock.html", "rates", customer=customer, phone=request.values.get("phone", "")[:20], values=values,
        refusal=refusal, key=form_key(), wanted=wanted or None, back=back, allowed=allowed,
        purities=[(f"{one.metal}-{one.fineness}", f"{one.label} · {rupees(one.paise_per_g)}") for one in board],
        advances=[
            (str(one.id), f"{rupees(one.left_paise)} · {date(one.made_on)}") for one in advances if one.kind == ADVANCE
        ],
        least=grouped(ratelocks.lock_terms(today_ist()).least_advance_bp).removesuffix(".00"),
    )  # fmt: skip


def _customer() -> Customer | None:
    """Of the address or the form; else by the phone number that was typed."""
    text, phone = request.values.get("customer", ""), request.values.get("phone", "").strip()[:40]
    if _is_id(text):
        return try_form(lambda: shop_read(lambda db: customers.get_customer(db, UUID(text)))).result
    return shop_read(lambda db: customers.find_by_phone(db, phone)) if phone else None


def _typed() -> dict[str, Any]:
    metal, _dash, fineness = text_field("purity").partition("-")
    if not (metal and fineness.isascii() and fineness.isdigit()):
        forms.refuse("purity", _("Choose one of these."))
    rate, approval, credit = text_field("rate"), text_field("approval_id"), text_field("credit")
    if not _is_id(credit):
        forms.refuse("credit", _("Choose one of these."))
    customer = text_field("customer")
    if not _is_id(customer):
        forms.refuse("phone", _("Choose the customer first."))
    return {
        "customer_id": UUID(customer), "metal": metal, "fineness": int(fineness[:5]),
        "mg": forms.figure("grams", parse_grams), "expires_on": forms.day("until"), "credit_id": UUID(credit),
        "paise_per_g": forms.figure("rate", parse_rupees) if rate else None,
        "approval_id": UUID(approval) if _is_id(approval) else None,
    }  # fmt: skip


def _allowed() -> Approval | None:
    """The owner's answer that the page was opened with, where it can be used."""
    text = request.values.get("approval_id") or request.args.get("approval", "")
    if not _is_id(text):
        return None
    found = try_form(lambda: shop_read(lambda db: approvals.get_approval(db, UUID(text)))).result
    usable = found is not None and found.state == ApprovalState.GRANTED and found.kind == ratelocks.ASKS
    return found if usable else None


def _of_allowed(allowed: Approval | None) -> dict[str, str]:
    """What was allowed, in the form's fields."""
    if allowed is None:
        return {}
    facts = allowed.facts
    until = {"until": date(dt.date.fromisoformat(facts["expiresOn"]))} if "expiresOn" in facts else {}
    return {
        "purity": f"{facts['metal']}-{facts['fineness']}", "grams": grams(facts["netMg"]),
        "rate": grouped(facts["toPaisePerG"]), **until,
    }  # fmt: skip


def _is_id(text: str) -> bool:
    try:
        return bool(text and UUID(text))
    except ValueError:
        return False
