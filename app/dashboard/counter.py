"""Owns the counter's routes: a sheet on which a bill grows line by line, priced by the server, then issued.

The sheet is a form that carries the whole draft, so nothing is kept between requests and two tills never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import Response, g, request, url_for

from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard import forms
from app.dashboard.frame import mode_names, pages, part, shop_facts, show
from app.dashboard.sheet import EMPTY, Sheet, discount_text, form_fields, paid_text, read_draft
from app.inventory import service as inventory
from app.inventory.errors import ItemUnknown
from app.invoices import service as invoices
from app.invoices.service import BillDraft, LineDraft, PaymentDraft, PaymentMode
from app.kit.clock import today_ist
from app.kit.http import allow, claim_facts, runtime, shop_read, shop_scope, shop_write
from app.kit.idempotency import IdempotencyKeyMissing
from app.kit.ids import new_id
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.texts import _
from app.tax.states import list_states
from app.tenants.service.places import list_places
from shard_router import ShopSession

BUYER = {
    "new_name": 140, "new_address": 300, "new_city": 80, "new_pin": 8, "new_state": 2, "new_gstin": 20, "new_pan": 14,
}  # fmt: skip
SEATED_SECONDS = 365 * 24 * 3600
NEW_FIELDS = {
    "name": "new_name", "address": "new_address", "city": "new_city", "pin": "new_pin", "stateCode": "new_state",
    "state_code": "new_state", "gstin": "new_gstin", "pan": "new_pan",
}  # fmt: skip


@pages.get("/bills/new")
@allow("bill.issue")
def new_bill() -> str:
    """A piece's own page leads here with its tag."""
    code = request.args.get("code", "")[:24]
    tried = try_form(lambda: _with_piece(EMPTY, code)) if code else None
    draft = (tried.result if tried else None) or EMPTY
    return show("counter.html", "bill", sheet=_priced(draft, tried.refusal if tried else None), **_choices())


@pages.post("/bills/sheet")
@allow("bill.issue")
def sheet() -> str | tuple[str, int]:
    """One step on the sheet: a piece scanned or put back, a customer found, a payment typed. Nothing is issued."""
    tried = try_form(read_draft)
    stepped = _stepped(tried.result) if tried.result else _priced(form_fields(), tried.refusal)
    fresh = {**_choices(), "key": new_id().hex}  # this step may have used its key
    status = stepped.refusal.status if stepped.refusal else 200
    if "HX-Request" in request.headers:
        return part("_sheet.html", sheet=stepped, **fresh), status
    return show("counter.html", "bill", sheet=stepped, **fresh), status


@pages.post("/bills")
@allow("bill.issue", entitled=True)
def issue_bill() -> Response | tuple[str, int]:
    """Issue what the sheet shows, at the total that it shows."""
    claim, keyring = claim_facts(), runtime().keyring
    if claim is None:
        raise IdempotencyKeyMissing()
    tried = try_form(lambda: shop_write(
        lambda db: invoices.issue_invoice(db, draft=read_draft(), claim=claim, keyring=keyring),
        hot=True,
        rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return _seated(go_to(url_for("shop_pages.bill", invoice_id=tried.result.id, issued="yes")))
    draft = try_form(read_draft).result or form_fields()
    stepped = _priced(draft, tried.refusal)
    return show("counter.html", "bill", sheet=stepped, **_choices()), tried.refusal.status if tried.refusal else 422


# ---------------------------------------------------------------- a step


def _stepped(draft: BillDraft) -> Sheet:
    """The sheet after the button that was pressed: what it says is done, and all of it priced anew."""
    step, _colon, what = request.form.get("step", "").partition(":")
    tried = try_form(lambda: _changed(draft, step, what))
    stepped = _priced(tried.result or draft, forms.beside(tried.refusal, NEW_FIELDS))
    if step == "rest" and stepped.quote is not None and what in PaymentMode.__members__.values():
        stepped = _priced(_rest_paid(stepped.draft, what, stepped.quote.priced.total_paise), stepped.refusal)
    return stepped


def _priced(draft: BillDraft, refusal: Refusal | None) -> Sheet:
    """The draft with its price as of now; what hinders pricing is said where nothing else is."""
    asked = replace(draft, expected_total_paise=None)
    quoted = try_form(lambda: shop_read(lambda db: invoices.quote(db, draft=asked)) if asked.lines else None)
    found = try_form(lambda: _customer(asked.customer_id))
    gone = found.refusal
    return Sheet(
        draft=replace(asked, customer_id=None) if gone else asked,
        quote=quoted.result,
        items=() if quoted.result else _known(asked.item_ids),
        customer=found.result,
        refusal=refusal or quoted.refusal or gone,
        phone="" if found.result else text_field("phone")[:20],
    )


def _customer(customer_id: UUID | None) -> Customer | None:
    return None if customer_id is None else shop_read(lambda db: customers.get_customer(db, customer_id))


def _known(item_ids: Sequence[UUID]) -> tuple[inventory.Item, ...]:
    """The pieces of a draft that can't be priced, so that the one at fault can be taken off."""
    found = shop_read(lambda db: inventory.get_items(db, item_ids)) if item_ids else {}
    return tuple(found[one] for one in item_ids if one in found)


def _changed(draft: BillDraft, step: str, what: str) -> BillDraft:
    if step == "add":
        return _with_piece(draft, text_field("code"))
    if step == "remove":
        return replace(draft, lines=tuple(line for line in draft.lines if str(line.item_id) != what))
    if step == "find-customer":
        return replace(draft, customer_id=_found_by_phone())
    if step == "forget-customer":
        return replace(draft, customer_id=None)
    if step == "register-customer":
        return replace(draft, customer_id=_register().id)
    return draft


def _with_piece(draft: BillDraft, code: str) -> BillDraft:
    if not code:
        return draft
    found = shop_read(lambda db: inventory.find_by_code(db, code))
    if found is None:
        raise ItemUnknown(_("No piece has the tag or HUID “%(code)s”.", code=code[:24]))
    if found.id in draft.item_ids:
        return draft
    inventory.refuse_missing({found.id: found}, [found.id])
    return replace(draft, lines=(*draft.lines, LineDraft(found.id)))


def _found_by_phone() -> UUID | None:
    """The customer of the number; of nobody: the sheet offers to register them."""
    phone = text_field("phone")
    found = shop_read(lambda db: customers.find_by_phone(db, phone)) if phone else None
    return found.id if found else None


def _register() -> Customer:
    """The one who has this number already is taken as they are: two tills may register the same buyer."""
    given = {name: forms.line_or_none(name, most=most) for name, most in BUYER.items() if name != "new_name"}
    draft = CustomerDraft(
        name=forms.line("new_name", least=1, most=BUYER["new_name"]), phone=forms.line_or_none("phone", most=40),
        address=given["new_address"], city=given["new_city"], pin=given["new_pin"], state_code=given["new_state"],
        gstin=given["new_gstin"], pan=given["new_pan"],
    )  # fmt: skip
    keyring = runtime().keyring

    def work(db: ShopSession) -> Customer:
        known = customers.find_by_phone(db, draft.phone) if draft.phone else None
        return known or customers.register_customer(db, draft=draft, keyring=keyring)

    return shop_write(work, rebuild=customers.get_customer)


def _rest_paid(draft: BillDraft, mode: str, total_paise: int) -> BillDraft:
    others = tuple(payment for payment in draft.payments if payment.mode != mode)
    reference = next((payment.reference for payment in draft.payments if payment.mode == mode), None)
    rest = total_paise - sum(payment.paise for payment in others)
    return replace(draft, payments=(*others, PaymentDraft(mode, rest, reference)) if rest > 0 else others)


def _choices() -> dict[str, object]:
    states = [(state.code, f"{state.code} · {state.name}") for state in list_states(today_ist())]
    return {
        "modes": mode_names(), "states": [("", "—"), *states], "key": form_key(), "paid_text": paid_text,
        "discount_text": discount_text, "typed": forms.typed(), "home_state": shop_facts()["state_code"],
        "tills": _tills(),
    }  # fmt: skip


def _seated(answer: Response) -> Response:
    """The till that was chosen is where this browser stands: its next sheet begins with it."""
    till = text_field("till_id")
    if till:
        answer.set_cookie(
            "till", till, max_age=SEATED_SECONDS, path=f"/s/{g.shop_slug}", secure=request.is_secure, httponly=True,
            samesite="Lax",
        )  # fmt: skip
    return answer


def _tills() -> list[tuple[UUID, str]]:
    """What there is to choose from, the person's own till first: it is what a sheet begins with."""
    own = shop_scope()[0].actor.till_id
    places = sorted(shop_read(list_places), key=lambda place: place.till_id != own)
    return [(place.till_id, f"{place.till_code} · {place.outlet_name}") for place in places]
