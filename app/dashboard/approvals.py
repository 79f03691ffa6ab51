"""Owns the pages of approvals: what waits for the owner's yes or no, and what became of what one asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from flask import Response, jsonify, request, url_for

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalState
from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.approval_costs import Cost, costs_of
from app.dashboard.frame import may, pages, part, show, waiting_approvals
from app.dashboard.telling import told
from app.inventory import service as inventory
from app.inventory.service import Item, Lot
from app.invoices import service as invoices
from app.kit.errors import BadRequest
from app.kit.http import allow, rate_limit, shop_read, shop_write
from app.kit.pages import Refusal, go_to, safe_next, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import purity_label
from app.tenants import service as tenants
from shard_router import ShopSession

ASKS = {
    "bill.discount": N_("A discount"), "bill.lower_rate": N_("A rate below the board"),
    "bill.raise_rate": N_("A rate above the board"), "bill.wastage": N_("Another wastage"),
    "bill.below_cost": N_("A sale below cost"),
    "rates.lower": N_("A lower board rate"), "karigar.settle": N_("Settling a karigar"),
    "stock.adjust": N_("Metal that is missing"),
}  # fmt: skip
STATES = {
    ApprovalState.ASKED: (N_("waits"), "warn"), ApprovalState.GRANTED: (N_("allowed"), "good"),
    ApprovalState.REFUSED: (N_("refused"), "bad"), ApprovalState.WITHDRAWN: (N_("taken back"), "secondary"),
    ApprovalState.SPENT: (N_("used"), "good"), ApprovalState.LAPSED: (N_("lapsed"), "secondary"),
}  # fmt: skip
UNNAMED = N_("A price that takes the owner’s word")
"""A sale below cost, as it is told to who may not know costs."""
LATEST = 20
MOST_FACTS = 16_000


@pages.get("/approvals", endpoint="approvals")
@allow("approval.ask")
def approvals_page() -> str:
    """What waits first, the oldest on top; whoever decides no question sees what they asked for."""
    return _list(None)


@pages.get("/approvals/waiting")
@allow("approval.decide")
def approvals_waiting() -> Response:
    """How many questions wait: for the number in the menu."""
    return jsonify({"waiting": waiting_approvals()})


@pages.post("/approvals")
@allow("approval.ask")
@rate_limit("60/minute")
def ask_approval() -> Response | str | tuple[str, int]:
    """What a page's refusal offered to ask for. From a step of htmx the answer is the part that waits for the owner."""
    tried = try_form(lambda: shop_write(_asked, rebuild=approvals.get_approval))
    if tried.result is None:
        return _list(tried.refusal), tried.refusal.status if tried.refusal else 422
    if "HX-Request" in request.headers:
        return _state(tried.result)
    return go_to(url_for("shop_pages.approval", approval_id=tried.result.id, next=safe_next("")))


@pages.get("/approvals/<id:approval_id>")
@allow("approval.ask")
def approval(approval_id: UUID) -> str:
    return _one(approval_id, None)


@pages.get("/approvals/<id:approval_id>/state")
@allow("approval.ask")
def approval_state(approval_id: UUID) -> str:
    """The part that other pages keep asking for: it carries `approval_id` once it may be used."""
    return _state(shop_read(lambda db: approvals.get_approval(db, approval_id)))


@pages.post("/approvals/<id:approval_id>/decision")
@allow("approval.decide")
def decide_approval(approval_id: UUID) -> Response | tuple[str, int]:
    """Allow or refuse, from the list or from the question's own page."""

    def work(db: ShopSession) -> Approval:
        answer = forms.one_of("answer", ("allow", "refuse"))
        return approvals.decide(
            db, approval_id=approval_id, expected_version=whole_number("version"), grant=answer == "allow",
            note=forms.line_or_none("note", most=300),
        )  # fmt: skip

    tried = try_form(lambda: shop_write(lambda db: _of_shop(db, approval_id, work)))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.approvals"))
    return _one(approval_id, tried.refusal), tried.refusal.status


@pages.post("/approvals/<id:approval_id>/withdrawal")
@allow("approval.ask")
def withdraw_approval(approval_id: UUID) -> Response | tuple[str, int]:
    version = whole_number("version")
    tried = try_form(lambda: shop_write(
        lambda db: approvals.withdraw(db, approval_id=approval_id, expected_version=version)
    ))  # fmt: skip
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.approval", approval_id=approval_id))
    return _one(approval_id, tried.refusal), tried.refusal.status


# ---------------------------------------------------------------- parts


def _of_shop(db: ShopSession, approval_id: UUID, work: Any) -> Approval:
    """A question of another shop is not there, whatever the form says besides."""
    approvals.get_approval(db, approval_id)
    found: Approval = work(db)
    return found


def _asked(db: ShopSession) -> Approval:
    subject = text_field("subject_id")
    return approvals.ask(
        db, kind=text_field("kind")[:60], right=text_field("right")[:60], subject_id=_id(subject) if subject else None,
        facts=_facts(), reason=forms.line_or_none("reason", most=300),
    )  # fmt: skip


def _facts() -> dict[str, Any]:
    """As the page wrote them into its form."""
    try:
        facts = orjson.loads(request.form.get("facts", "")[:MOST_FACTS])
    except orjson.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict):
        raise BadRequest(_("The form is not whole."))
    return facts


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest(_("The form is not whole.")) from None


def _list(refusal: Refusal | None) -> str:
    waits, known = shop_read(lambda db: (
        approvals.list_open(db), approvals.list_approvals(db, limit=LATEST, after=request.args.get("after")),
    ))  # fmt: skip
    done = [one for one in known.items if not one.is_open]
    more = url_for("shop_pages.approvals", after=known.next_cursor) if known.next_cursor else ""
    return show(
        "approvals.html", "approvals", waits=waits.items, done=done, next_url=more, refusal=refusal,
        **_around([*waits.items, *done]),
    )  # fmt: skip


def _one(approval_id: UUID, refusal: Refusal | None) -> str:
    one = shop_read(lambda db: approvals.get_approval(db, approval_id))
    return show(
        "approval.html", "approvals", one=one, refusal=refusal, values=forms.typed(), next_url=safe_next(""),
        **_around([one]),
    )  # fmt: skip


def _state(one: Approval) -> str:
    return part("_approval_state.html", one=one, **_around([one]))


def _around(those: Iterable[Approval]) -> dict[str, Any]:
    """Names of people and pieces, how each fact is told, and to who buys what the goods cost: a handful of statements,
    however many there are."""
    asked = list(those)
    about = [one.subject_id for one in asked if one.subject_id is not None]
    subjects = about if may("stock.view") else []
    buyers: dict[UUID, str] = {}

    def look(db: ShopSession) -> tuple[dict[UUID, str], dict[UUID, Item], dict[UUID, Lot], dict[UUID, Cost]]:
        buyers.update(customers.names_of(db, about) if may("customer.view") else {})
        people = {member.person_id: member.name for member in tenants.list_kept_members(db)}
        pieces = inventory.get_items(db, subjects) if subjects else {}
        lots = inventory.get_lots(db, subjects) if subjects else {}
        return people, pieces, lots, costs_of(db, asked, pieces, lots) if may("stock.buy") else {}

    people, pieces, lots, costs = shop_read(look)
    return {
        "people": people, "buyers": buyers, "pieces": pieces, "lots": lots, "costs": costs, "told": told,
        "asks": asks, "states": STATES,
        "may_allow": _may_allow, "purity_label": purity_label,
    }  # fmt: skip


def asks(right: str) -> str:
    if right == invoices.SELLS_BELOW and not (may("stock.buy") or may(right)):
        return str(_(UNNAMED))
    return str(_(ASKS[right])) if right in ASKS else right


def _may_allow(one: Approval, person_id: UUID) -> bool:
    """Whether to offer the answer; the service decides."""
    return may("approval.decide") and may(one.right) and one.asked_by != person_id
