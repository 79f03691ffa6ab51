"""Owns the counter's routes: a sheet on which a bill grows line by line, priced by the server, then issued.

The sheet is a form that carries the whole draft, so nothing is kept between requests and two tills never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from flask import Response, g, request, url_for

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalNeeded
from app.credits import service as credits
from app.customers import service as customers
from app.customers.service import Customer, CustomerDraft
from app.dashboard import forms
from app.dashboard.approvals import STATES, asks
from app.dashboard.begun import begun_of
from app.dashboard.frame import credit_names, may, mode_names, pages, part, shop_facts, show
from app.dashboard.promised import NOTHING, at_orders_rates, promised_to
from app.dashboard.sheet import (
    CHARGES,
    EMPTY,
    Sheet,
    added,
    discount_text,
    fields_of,
    form_fields,
    is_weighed,
    keys_of,
    new_ware,
    paid_text,
    read_draft,
)
from app.dashboard.stock import stone_codes
from app.dashboard.telling import told
from app.estimates import service as estimates
from app.estimates.service import Estimate
from app.inventory import service as inventory
from app.inventory.errors import ItemUnknown
from app.invoices import service as invoices
from app.invoices.service import BillDraft, Document, LineDraft, PaymentDraft, PaymentMode
from app.invoices.service.drafts import MONEY
from app.kit.clock import today_ist
from app.kit.http import allow, claim_facts, runtime, shop_beside, shop_read, shop_scope, shop_write
from app.kit.idempotency import Claim, IdempotencyKeyMissing
from app.kit.ids import new_id, parse_id
from app.kit.pages import Refusal, Tried, form_key, go_to, text_field, try_form
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
    """A piece's or a lot's own page leads here with its code, an order's and a repair's with their customer, an
    estimate's with itself."""
    if estimate_id := _id_of("estimate"):
        draft, said = begun_of(estimate_id)
        return counter_page(draft, None, said=said)
    code, begun = request.args.get("code", "")[:24], EMPTY
    if customer := _id_of("customer"):
        repair = _id_of("repair")
        begun = replace(
            EMPTY, customer_id=customer, order_id=_id_of("order"),
            lines=(LineDraft(repair_id=repair),) if repair else (),
        )  # fmt: skip
    tried = try_form(lambda: _with_piece(begun, code)) if code else None
    draft = (tried.result if tried else None) or begun
    return counter_page(draft, tried.refusal if tried else None)


def counter_page(draft: BillDraft, refusal: Refusal | None, *, said: Sequence[str] = (), key: str = "") -> str:
    """`said`: what became of what the sheet began with; `key`: empty where that of the form was not used up."""
    return _whole(priced(draft, refusal), key or form_key(), said)


def _whole(sheet: Sheet, key: str, said: Sequence[str] = ()) -> str:
    """The page, with the sheets that are put aside."""
    held = shop_read(estimates.list_held).items
    return show(
        "counter.html", "bill", sheet=sheet, said=said, held=held, held_key=new_id().hex, **{**_choices(), "key": key}
    )


def _id_of(name: str) -> UUID | None:
    """An id of the address; None where it is none."""
    given = request.args.get(name, "")
    return try_form(lambda: parse_id(given)).result if given else None


@pages.post("/bills/sheet")
@allow("bill.issue")
def sheet() -> str | tuple[str, int]:
    """One step on the sheet: a piece scanned or put back, a customer found, a payment typed. Nothing is issued."""
    tried = try_form(read_draft)
    return sheet_answer(_stepped(tried.result) if tried.result else priced(form_fields(), tried.refusal))


def sheet_answer(stepped: Sheet) -> str | tuple[str, int]:
    """The sheet as it is now: the part for htmx, else the whole page."""
    key = new_id().hex  # this step may have used its own
    status = stepped.refusal.status if stepped.refusal else 200
    if "HX-Request" in request.headers:
        return part("_sheet.html", sheet=stepped, **{**_choices(), "key": key}), status
    return _whole(stepped, key), status


@pages.post("/bills")
@allow("bill.issue", entitled=True)
def issue_bill() -> Response | tuple[str, int]:
    """Issue what the sheet shows, at the total that it shows."""
    claim = claim_facts()
    if claim is None:
        raise IdempotencyKeyMissing()
    asked: list[UUID] = []
    tried = try_form(lambda: _issued(claim, asked))
    if tried.result is not None:
        return _seated(go_to(url_for("shop_pages.bill", invoice_id=tried.result.id, issued="yes")))
    draft = try_form(read_draft).result or form_fields()
    draft = replace(draft, approval_ids=tuple(dict.fromkeys((*draft.approval_ids, *asked))))
    page = counter_page(draft, forms.beside(tried.refusal, fields_of(draft)))
    return page, tried.refusal.status if tried.refusal else 422


def _issued(claim: Claim, asked: list[UUID]) -> Document:
    """The bill of the form. What a refusal told of a lot's cost is put before the owner, and into `asked`."""
    draft, keyring = read_draft(), runtime().keyring
    try:
        return shop_write(
            lambda db: invoices.issue_invoice(db, draft=draft, claim=claim, keyring=keyring),
            hot=True,
            rebuild=lambda db, made: invoices.get_invoice(db, made, keyring=keyring),
        )
    except ApprovalNeeded as refused:
        if invoices.tells_cost(draft, refused):
            asked.append(shop_beside(partial(invoices.keep_try, refused=refused)).id)
        raise


# ---------------------------------------------------------------- a step


def _stepped(draft: BillDraft) -> Sheet:
    """The sheet after the button that was pressed: what it says is done, and all of it priced anew."""
    step, _colon, what = request.form.get("step", "").partition(":")
    tried = try_form(lambda: _changed(draft, step, what))
    stepped = priced(tried.result or draft, forms.beside(tried.refusal, NEW_FIELDS))
    if step == "rest" and stepped.quote is not None:
        stepped = priced(_rest_paid(stepped, what), stepped.refusal)
    if step == "ask" and stepped.quote is not None:
        asked = try_form(lambda: _ask(stepped, what))
        stepped = priced(asked.result or stepped.draft, asked.refusal)
    return stepped


def priced(draft: BillDraft, refusal: Refusal | None) -> Sheet:
    """The draft with its price as of now; what hinders pricing is said where nothing else is."""
    questions = shop_read(lambda db: _asked(db, draft.approval_ids)) if draft.approval_ids else ()
    asked = replace(draft, expected_total_paise=None, approval_ids=tuple(one.id for one in questions))
    found = try_form(lambda: _customer(asked.customer_id))
    gone, customer = found.refusal, found.result
    promised = promised_to(customer.id) if customer else NOTHING
    asked = at_orders_rates(asked, promised)
    ready = bool(asked.lines) and all(is_weighed(line) for line in asked.lines)
    quoted = _quoted(asked) if ready else Tried(None, None)
    return Sheet(
        credits=_owed(customer),
        promised=promised,
        estimate=_estimate(asked.estimate_id),
        asked=questions,
        draft=replace(asked, customer_id=None) if gone else asked,
        quote=quoted.result,
        items=() if quoted.result else _known(asked.item_ids),
        lots=shop_read(lambda db: inventory.get_lots(db, asked.lot_ids)) if asked.lot_ids else {},
        customer=customer,
        refusal=refusal or forms.beside(quoted.refusal, fields_of(asked)) or gone,
        phone="" if customer else text_field("phone")[:20],
    )


def _quoted(draft: BillDraft) -> Tried[invoices.Quote]:
    """The price. Where less was handed over than is paid in cash, that is told, and the lines keep theirs."""
    quoted = try_form(lambda: shop_read(lambda db: invoices.quote(db, draft=draft)))
    if quoted.refusal is None or not any(path.endswith(".tenderedPaise") for path in quoted.refusal.fields):
        return quoted
    untold = replace(draft, payments=tuple(replace(one, tendered_paise=None) for one in draft.payments))
    return Tried(_quoted(untold).result, quoted.refusal)


def _estimate(estimate_id: UUID | None) -> Estimate | None:
    """What the sheet was made of; None where there is no such."""
    if estimate_id is None:
        return None
    return try_form(lambda: shop_read(lambda db: estimates.get_estimate(db, estimate_id))).result


def _owed(customer: Customer | None) -> tuple[credits.Credit, ...]:
    """What the customer may use up; only to who may see it."""
    if customer is None or not may("credit.view"):
        return ()
    return shop_read(lambda db: credits.open_credits(db, customer.id))


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
        kept = (line for key, line in zip(keys_of(draft), draft.lines, strict=True) if key != what)
        return replace(draft, lines=tuple(kept))
    if step == "add-ware":
        return replace(draft, lines=(*draft.lines, new_ware()))
    if step == "add-repair":
        return replace(draft, lines=(*draft.lines, LineDraft(repair_id=parse_id(what))))
    if step == "forget-estimate":
        return without_estimate(draft)
    return _other_customer(draft, step)


def _other_customer(draft: BillDraft, step: str) -> BillDraft:
    """What one customer is owed or was promised is nothing of another's bill."""
    bare = replace(
        draft, payments=tuple(payment for payment in draft.payments if payment.credit_id is None), scheme_ids=(),
        order_id=None, lines=tuple(
            replace(line, rate_lock_id=None, of_order=False) for line in draft.lines if line.repair_id is None
        ),
    )  # fmt: skip
    of_one = _estimate(draft.estimate_id)
    if of_one is not None and of_one.summary.customer_id is not None:
        bare = without_estimate(bare)
    if step == "find-customer":
        return replace(bare, customer_id=_found_by_phone())
    if step == "forget-customer":
        return replace(bare, customer_id=None)
    if step == "register-customer":
        return replace(bare, customer_id=_register().id)
    return draft


def without_estimate(draft: BillDraft) -> BillDraft:
    """The same at today's rates."""
    return replace(draft, estimate_id=None, lines=tuple(replace(line, of_estimate=False) for line in draft.lines))


def _with_piece(draft: BillDraft, code: str) -> BillDraft:
    if not code:
        return draft
    found, lot = shop_read(lambda db: _scanned(db, code))
    if lot is not None:
        return draft if lot.id in draft.lot_ids else added(draft, LineDraft(lot_id=lot.id))
    if found is None:
        raise ItemUnknown(_("No piece has the tag or HUID “%(code)s”, and no lot that code.", code=code[:24]))
    if found.id in draft.item_ids:
        return draft
    inventory.refuse_missing({found.id: found}, [found.id])
    return added(draft, LineDraft(found.id))


def _scanned(db: ShopSession, code: str) -> tuple[inventory.Item | None, inventory.Lot | None]:
    """What a code names: a piece in stock, else an open lot, else the piece that wore it last."""
    found = inventory.find_by_code(db, code)
    if found is not None and found.status == inventory.ItemStatus.IN_STOCK:
        return found, None
    return found, inventory.find_lot_by_code(db, code)


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


def _rest_paid(sheet: Sheet, what: str) -> BillDraft:
    """What is still to be paid, by a way of paying or out of a credit, as far as that goes."""
    draft = sheet.draft
    credit = next((one for one in sheet.credits if what == f"credit-{one.id}"), None)
    if credit is None and what not in MONEY:
        return draft
    credit_id, mode = (credit.id, PaymentMode.CREDIT.value) if credit else (None, what)
    others = tuple(one for one in draft.payments if (one.mode, one.credit_id) != (mode, credit_id))
    before = next((one for one in draft.payments if (one.mode, one.credit_id) == (mode, credit_id)), None)
    rest = sheet.total_paise - sum(payment.paise for payment in others)
    if credit is not None:
        paid = PaymentDraft(PaymentMode.CREDIT.value, min(rest, credit.left_paise), credit_id=credit.id)
    else:
        tendered = before.tendered_paise if before else None
        paid = PaymentDraft(
            what, rest, before.reference if before else None,
            tendered_paise=tendered if tendered is not None and tendered >= rest else None,
        )  # fmt: skip
    return replace(draft, payments=(*others, paid) if rest > 0 else others)


def _ask(sheet: Sheet, what: str) -> BillDraft:
    """Puts one of the things that the bill takes before the owner; the sheet waits for the answer."""
    wanted = sheet.wanted
    if not (what.isascii() and what.isdigit() and int(what[:4]) < len(wanted)):
        return sheet.draft
    want, reason = wanted[int(what[:4])], forms.line_or_none("ask_reason", most=300)
    asked = shop_write(lambda db: approvals.ask(
        db, kind=want.kind, right=want.right, subject_id=want.subject_id, facts=want.facts, reason=reason,
    ), rebuild=approvals.get_approval)  # fmt: skip
    return replace(sheet.draft, approval_ids=(*sheet.draft.approval_ids, asked.id))


def _asked(db: ShopSession, approval_ids: Sequence[UUID]) -> tuple[Approval, ...]:
    """What became of the questions; one that is not there was never asked."""
    found = (try_form(lambda one=one: approvals.get_approval(db, one)).result for one in approval_ids)  # type: ignore[misc]
    return tuple(one for one in found if one is not None)


@pages.get("/bills/asked/<id:approval_id>")
@allow("approval.ask")
def asked_for(approval_id: UUID) -> str:
    """One question of a sheet, which asks for itself again until there is an answer."""
    one = shop_read(lambda db: approvals.get_approval(db, approval_id))
    return part("_asked.html", one=one, answered=not one.is_open, **asked_words())


def asked_words() -> dict[str, object]:
    return {"asks": asks, "told_facts": told, "approval_states": STATES}


def _choices() -> dict[str, object]:
    states = [(state.code, f"{state.code} · {state.name}") for state in list_states(today_ist())]
    return {
        "modes": mode_names(), "states": [("", "—"), *states], "key": form_key(), "paid_text": paid_text,
        "stone_codes": [("", "—"), *stone_codes()], "charges": [(kind.value, _(name)) for kind, name in CHARGES],
        "discount_text": discount_text, "typed": forms.typed(), "home_state": shop_facts()["state_code"],
        "tills": _tills(), "wares": invoices.list_wares(today_ist()), "credit_names": credit_names(), **asked_words(),
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
