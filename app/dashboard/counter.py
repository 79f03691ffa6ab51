"""Owns the counter: one sheet on which a bill grows line by line, priced by the server at each step, then issued.

The sheet is a form that carries the whole draft, so nothing is kept between requests and two tills never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard.frame import pages, part, show
from app.inventory import service as inventory
from app.inventory.errors import ItemUnknown
from app.invoices import service as invoices
from app.invoices.pricing import NO_DISCOUNT, Discount
from app.invoices.service import BillDraft, LineDraft, PaymentDraft, PaymentMode, Quote
from app.kit.clock import today_ist
from app.kit.errors import BadRequest
from app.kit.http import allow, claim_facts, runtime, shop_read, shop_write
from app.kit.idempotency import IdempotencyKeyMissing
from app.kit.ids import new_id, parse_id
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, try_form
from app.kit.texts import N_, _
from app.tax.states import list_states
from shard_router import ShopSession

MODES = (
    (PaymentMode.CASH, N_("Cash")), (PaymentMode.UPI, N_("UPI")), (PaymentMode.CARD, N_("Card")),
    (PaymentMode.BANK, N_("Bank")), (PaymentMode.CHEQUE, N_("Cheque")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the counter shows: the draft, what it would come to, and what was typed."""

    draft: BillDraft
    quote: Quote | None
    customer: Customer | None
    refusal: Refusal | None
    phone: str = ""

    @property
    def left_paise(self) -> int:
        """Still to be paid; below zero: too much was taken."""
        return (self.quote.priced.total_paise if self.quote else 0) - self.draft.paid_paise


@pages.get("/bills/new")
@allow("bill.issue")
def new_bill() -> str:
    return show("counter.html", "bill", sheet=Sheet(BillDraft(lines=()), None, None, None), **_choices())


@pages.post("/bills/sheet")
@allow("bill.issue")
def sheet() -> str:
    """One step on the sheet: a piece scanned or put back, a customer found, a payment typed. Nothing is issued."""
    tried = try_form(_read_draft)
    if tried.result is None:
        return part("_sheet.html", sheet=Sheet(BillDraft(lines=()), None, None, tried.refusal), **_choices())
    stepped = _stepped(tried.result)
    return part("_sheet.html", sheet=stepped, **{**_choices(), "key": new_id().hex})  # this step may have used its key


@pages.post("/bills")
@allow("bill.issue", entitled=True)
def issue_bill() -> Response | str | tuple[str, int]:
    """Issue what the sheet shows, at the total that it shows."""
    claim, keyring = claim_facts(), runtime().keyring
    if claim is None:
        raise IdempotencyKeyMissing()
    tried = try_form(lambda: shop_write(
        lambda db: invoices.issue_invoice(db, draft=_read_draft(), claim=claim, keyring=keyring),
        hot=True,
        rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.bill", invoice_id=tried.result.id, issued="yes"))
    draft = try_form(_read_draft).result or BillDraft(lines=())
    stepped = replace(_stepped(replace(draft, expected_total_paise=None)), refusal=tried.refusal)
    return show("counter.html", "bill", sheet=stepped, **_choices()), tried.refusal.status if tried.refusal else 422


# ---------------------------------------------------------------- the form


def _read_draft() -> BillDraft:
    """The draft that the form carries; raises what is wrong with a typed figure."""
    ids = [parse_id(text) for text in request.form.getlist("item_id")]
    discounts = [_discount(text) for text in request.form.getlist("discount")]
    making = [_discount(text) for text in request.form.getlist("making_discount")]
    if not len(ids) == len(discounts) == len(making):
        raise BadRequest(_("The form is not whole."))
    lines = tuple(LineDraft(*row) for row in zip(ids, discounts, making, strict=True))
    customer = optional("customer_id")
    expected = optional("expected_total_paise")
    return BillDraft(
        lines=lines,
        payments=_payments(),
        customer_id=parse_id(customer) if customer else None,
        ship_to=optional("ship_to"),
        pan_declared=request.form.get("pan_declared") == "yes",
        expected_total_paise=int(expected) if expected and expected.isdecimal() and len(expected) < 16 else None,
    )


def _payments() -> tuple[PaymentDraft, ...]:
    typed = [(mode.value, text_field(f"pay_{mode.value}"), optional(f"ref_{mode.value}")) for mode, _name in MODES]
    amounts = [(mode, parse_rupees(amount), reference) for mode, amount, reference in typed if amount]
    return tuple(PaymentDraft(mode, paise, reference) for mode, paise, reference in amounts if paise)


def _discount(text: str) -> Discount:
    """500 is rupees, 5% is percent with up to two decimals."""
    bare = text.strip()
    if not bare:
        return NO_DISCOUNT
    return Discount(bp=parse_rupees(bare[:-1])) if bare.endswith("%") else Discount(paise=parse_rupees(bare))


# ---------------------------------------------------------------- a step


def _stepped(draft: BillDraft) -> Sheet:
    """The sheet after the button that was pressed: what it says is done, and all of it priced anew."""
    step, _colon, what = request.form.get("step", "").partition(":")
    tried = try_form(lambda: _changed(draft, step, what))
    after = tried.result or draft
    quoted = try_form(lambda: shop_read(lambda db: invoices.quote(db, draft=after)) if after.lines else None)
    if step == "rest" and quoted.result is not None and what in PaymentMode.__members__.values():
        after = _rest_paid(after, what, quoted.result.priced.total_paise)
    customer = shop_read(lambda db: customers.get_customer(db, after.customer_id)) if after.customer_id else None
    phone = "" if customer else text_field("phone")
    return Sheet(after, quoted.result, customer, tried.refusal or quoted.refusal, phone)


def _changed(draft: BillDraft, step: str, what: str) -> BillDraft:
    if step == "remove":
        return replace(draft, lines=tuple(line for line in draft.lines if str(line.item_id) != what))
    if step == "forget-customer":
        return replace(draft, customer_id=None)
    if step == "register-customer":
        return replace(draft, customer_id=_register().id)
    if (code := text_field("code")) and step in ("", "add"):
        return _with_piece(draft, code)
    if (phone := text_field("phone")) and draft.customer_id is None:
        found = shop_read(lambda db: customers.find_by_phone(db, phone))
        return replace(draft, customer_id=found.id if found else None)
    return draft


def _with_piece(draft: BillDraft, code: str) -> BillDraft:
    found = shop_read(lambda db: inventory.find_by_code(db, code))
    if found is None:
        raise ItemUnknown(_("No piece has the tag or HUID “%(code)s”.", code=code[:24]))
    if found.id in draft.item_ids:
        return draft
    shop_read(lambda db: inventory.check_in_stock({found.id: found}, [found.id]))
    return replace(draft, lines=(*draft.lines, LineDraft(found.id)))


def _register() -> Customer:
    draft = CustomerDraft(
        name=text_field("new_name"), phone=optional("phone"), address=optional("new_address"),
        city=optional("new_city"), pin=optional("new_pin"), state_code=optional("new_state"),
        gstin=optional("new_gstin"), pan=optional("new_pan"),
    )  # fmt: skip
    keyring = runtime().keyring

    def work(db: ShopSession) -> Customer:
        known = customers.find_by_phone(db, draft.phone) if draft.phone else None
        return known or customers.register_customer(db, draft=draft, keyring=keyring)

    return shop_write(work, rebuild=_registered)


def _registered(db: ShopSession, made: UUID) -> Customer:
    return customers.get_customer(db, made)


def _rest_paid(draft: BillDraft, mode: str, total_paise: int) -> BillDraft:
    others: Sequence[PaymentDraft] = [payment for payment in draft.payments if payment.mode != mode]
    rest = total_paise - sum(payment.paise for payment in others)
    return replace(draft, payments=(*others, PaymentDraft(mode, rest)) if rest > 0 else tuple(others))


def _choices() -> dict[str, object]:
    return {
        "modes": [(mode.value, _(name)) for mode, name in MODES],
        "states": [(state.code, state.name) for state in list_states(today_ist())],
        "key": form_key(),
        "typed": _typed,
    }


def _typed(draft: BillDraft, mode: str) -> str:
    """What stands in a payment's field."""
    paise = sum(payment.paise for payment in draft.payments if payment.mode == mode)
    return grouped(paise) if paise else ""
