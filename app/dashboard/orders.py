"""Owns the pages of orders and repairs: the board by stage, taking in, one with its steps, its slip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalNeeded, ApprovalState
from app.credits.service import Payment
from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.frame import may, mode_names, pages, show
from app.dashboard.karigar_jobs import lot_name
from app.dashboard.karigars import purities, purity
from app.dashboard.looks import look_asked, looks
from app.dashboard.stock import category_name
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES
from app.karigar import service as karigars
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.paging import Page
from app.kit.texts import N_, _
from app.kit.weights import parse_grams
from app.orders import service as orders
from app.orders.service import Order, OrderDraft, RepairDraft, Wanted
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from shard_router import ShopSession

LINE_ROWS = 3
ON_BOARD = 200
BASES = (
    ("delivery", N_("That of the delivery")), ("today", N_("Today's, kept")),
)  # fmt: skip
ANSWERS = (("in_person", N_("In person")), ("phone", N_("By phone")), ("message", N_("By message")))
KINDS = (("order", N_("Orders")), ("repair", N_("Repairs")))
FIELDS = {
    **{f"lines.{at}.{path}": f"line-{at}-{name}" for at in range(LINE_ROWS)
       for path, name in (("description", "what"), ("category", "category"), ("fineness", "purity"),
                          ("weightMg", "weight"), ("pieces", "pieces"), ("estimatePaise", "estimate"))},
    "lines": "line-0-what", "fineness": "purity", "grossMg": "gross", "estimatePaise": "estimate",
    "customerId": "phone", "grossOutMg": "gross_out", "chargePaise": "charge", "whyItDiffers": "why",
    "netMg": "net", "costPaise": "cost", "lotId": "lot", "paise": "charge",
}  # fmt: skip


@pages.get("/orders", endpoint="orders")
@allow("order.view")
def order_board() -> str:
    """What is open, by its stage, what is due first on top; or what is looked for, over or not, the newest first."""
    kind = request.args.get("kind", "order")
    kind = kind if kind in dict(KINDS) else "order"
    if "q" in request.args:
        return _looked_for(kind, request.args["q"].strip()[:60])
    page, late = shop_read(lambda db: (
        orders.list_orders(db, kind=kind, is_open=True, limit=ON_BOARD), orders.count_overdue(db)
    ))  # fmt: skip
    today = today_ist()
    stages = [one for one in orders.list_stages(kind, today) if not one.closes]
    columns = [(one, [order for order in page.items if order.stage == one.stage]) for one in stages]
    return show(
        "orders.html", "orders", columns=columns, kind=kind, kinds=[(key, _(text)) for key, text in KINDS], late=late,
        today=today, more=page.next_cursor is not None, found=None, q="",
    )  # fmt: skip


def _looked_for(kind: str, text: str) -> str:
    """By the customer's phone or the beginning of a number; nothing: all there ever were."""

    def look(db: ShopSession) -> Page[Order]:
        customer = customers.find_by_phone(db, text) if text else None
        return orders.list_orders(
            db, kind=kind, customer_id=customer.id if customer else None, sort="-takenAt", limit=50,
            number=text if text and not customer else None, after=request.args.get("after"),
        )  # fmt: skip

    today, found = today_ist(), shop_read(look)
    here: dict[str, Any] = {"kind": kind, "q": text}
    return show(
        "orders.html", "orders", found=found, kind=kind, kinds=[(key, _(text)) for key, text in KINDS], late=0,
        today=today, q=text, stages={one.stage: one for one in orders.list_stages(kind, today)},
        paged="after" in request.args,
        next_url=url_for("shop_pages.orders", after=found.next_cursor, **here) if found.next_cursor else "",
    )  # fmt: skip


@pages.route("/orders/new", methods=["GET", "POST"])
@allow("order.take", entitled=True)
def new_order() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _new("order_new.html", None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: orders.take_order(db, draft=_order(db), advance=_advance(), keyring=keyring),
        rebuild=orders.get_order,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.order", order_id=tried.result.id, saved="new"))
    return _new("order_new.html", tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.route("/repairs/new", methods=["GET", "POST"])
@allow("order.take", entitled=True)
def new_repair() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _new("repair_new.html", None)
    keyring = runtime().keyring
    tried = try_form(lambda: shop_write(
        lambda db: orders.take_repair(db, draft=_repair(db), advance=_advance(), keyring=keyring),
        rebuild=orders.get_order,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.order", order_id=tried.result.id, saved="new"))
    return _new("repair_new.html", tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/orders/<id:order_id>")
@allow("order.view")
def order(order_id: UUID) -> str:
    return _page(order_id)


@pages.get("/orders/<id:order_id>/print")
@allow("order.view")
def print_order(order_id: UUID) -> Response:
    """The slip as the order is now."""
    return printed(lambda db: orders.order_slip(db, order_id), look_asked(SMALL), Press.render_slip)


@pages.post("/orders/<id:order_id>/stage")
@allow("order.work")
def move_order(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.move_on(
        db, order_id=order_id, expected_version=version, stage=forms.line("stage", least=1, most=16),
        note=forms.line_or_none("note", most=200),
    ))  # fmt: skip


@pages.post("/orders/<id:order_id>/due")
@allow("order.work")
def put_off_order(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.put_off(
        db, order_id=order_id, expected_version=version, due_on=forms.day("due_on")
    ))  # fmt: skip


@pages.post("/orders/<id:order_id>/advances")
@allow("order.take", entitled=True)
def add_advance(order_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    return _done(order_id, lambda db, version: orders.take_advance(
        db, order_id=order_id, expected_version=version, payments=_advance(required=True), keyring=keyring
    ))  # fmt: skip


@pages.post("/orders/<id:order_id>/cancellation")
@allow("credit.pay_out")
def cancel_order(order_id: UUID) -> Response | tuple[str, int]:
    keyring = runtime().keyring
    return _done(order_id, lambda db, version: orders.cancel(
        db, order_id=order_id, expected_version=version, reason=forms.line("reason", least=3, most=200),
        mode=text_field("mode") or None, keyring=keyring,
    ))  # fmt: skip


@pages.post("/repairs/<id:order_id>/estimate")
@allow("order.work")
def give_estimate(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.give_estimate(
        db, order_id=order_id, expected_version=version, paise=forms.figure("estimate", parse_rupees)
    ))  # fmt: skip


@pages.post("/repairs/<id:order_id>/answer")
@allow("order.work")
def note_answer(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.note_answer(
        db, order_id=order_id, expected_version=version, agreed=request.form.get("agreed") == "yes",
        by=forms.one_of("by", dict(ANSWERS)),
    ))  # fmt: skip


@pages.post("/repairs/<id:order_id>/uses")
@allow("stock.adjust")
def use_in_repair(order_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession, version: int) -> Order:
        net = forms.figure("net", parse_grams, empty=0)
        lot = text_field("lot")
        return orders.use(
            db, order_id=order_id, expected_version=version, description=forms.line("description", least=1, most=120),
            lot_id=parse_id(lot) if lot else None, net_mg=net, cost_paise=forms.figure("cost", parse_rupees, empty=0),
        )  # fmt: skip

    return _done(order_id, work)


@pages.post("/repairs/<id:order_id>/charge")
@allow("order.work")
def set_charge(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.set_charge(
        db, order_id=order_id, expected_version=version, paise=forms.figure("charge", parse_rupees),
        approval_id=_approval_id(),
    ))  # fmt: skip


@pages.post("/repairs/<id:order_id>/handing-back")
@allow("order.work")
def hand_back(order_id: UUID) -> Response | tuple[str, int]:
    return _done(order_id, lambda db, version: orders.hand_back(
        db, order_id=order_id, expected_version=version, gross_out_mg=forms.figure("gross_out", parse_grams),
        why_it_differs=forms.line_or_none("why", most=200), approval_id=_approval_id(),
    ))  # fmt: skip


def _done(order_id: UUID, work: Callable[[ShopSession, int], Order]) -> Response | tuple[str, int]:
    wanted: dict[str, Any] = {}

    def asking(db: ShopSession) -> Order:
        try:
            return work(db, whole_number("version"))
        except ApprovalNeeded as refused:
            wanted.update(refused.members["approval"])
            raise

    tried = try_form(lambda: shop_write(asking, rebuild=orders.get_order))
    if tried.result is not None:
        return go_to(url_for("shop_pages.order", order_id=order_id, saved="yes"))
    refusal = forms.beside(tried.refusal, FIELDS)
    return _page(order_id, refusal, wanted), refusal.status if refusal else 422


def _approval_id() -> UUID | None:
    text = text_field("approval_id")
    return parse_id(text) if text else None


def _allowed(order_id: UUID) -> Approval | None:
    """The owner's answer on this repair that the page was opened with, where it can be used."""
    text = text_field("approval_id") or request.args.get("approval", "")
    if not text or not may("approval.ask"):
        return None
    found = try_form(lambda: shop_read(lambda db: approvals.get_approval(db, parse_id(text)))).result
    usable = found is not None and found.state == ApprovalState.GRANTED and found.subject_id == order_id
    return found if usable else None


def _page(order_id: UUID, refusal: Refusal | None = None, wanted: dict[str, Any] | None = None) -> str:
    def read(db: ShopSession) -> tuple[Any, ...]:
        order = orders.get_order(db, order_id)
        wanted = order.repair is not None and order.is_open and may("stock.adjust")
        lots = inventory.list_lots(db, state="open", sort="code", limit=200).items if wanted else []
        return order, karigars.list_jobs(db, order_id=order_id, limit=20).items, lots

    found, jobs, lots = shop_read(read)
    stages = {one.stage: one for one in orders.list_stages(found.kind, today_ist())}
    here = stages.get(found.stage)
    following = [stages[one] for one in here.next if one in stages] if here and found.is_open else []
    return show(
        "order.html", "orders", order=found, jobs=jobs, stages=stages, following=following, refusal=refusal,
        key=form_key(), typed=forms.typed(), today=today_ist(), purities=purities(), modes=mode_names(),
        answers=[(key, _(text)) for key, text in ANSWERS], saved=request.args.get("saved", ""),
        bases={key: str(_(text)) for key, text in (*BASES, ("locked", N_("Locked")))},
        lots=[("", _("A part, no metal")), *((str(lot.id), lot_name(lot)) for lot in lots if lot.left.net_mg)],
        give_back=[("", _("Stays their credit")), *mode_names().items()], looks=looks(but=SMALL),
        wanted=wanted or None, allowed=_allowed(order_id), back=url_for("shop_pages.order", order_id=order_id),
    )  # fmt: skip


def _new(template: str, refusal: Refusal | None) -> str:
    return show(
        template, "orders", refusal=forms.beside(refusal, FIELDS), key=form_key(), typed=forms.typed(),
        rows=range(LINE_ROWS), purities=purities(), bases=[(key, _(text)) for key, text in BASES],
        categories=[(name, category_name(name)) for name in CATEGORIES], modes=list(mode_names().items()),
        phone=request.form.get("phone", request.args.get("phone", "")),
    )  # fmt: skip


def _customer(db: ShopSession) -> UUID:
    """Who has this phone; another is registered first, on the page that the refusal leads to."""
    found = customers.find_by_phone(db, text_field("phone"))
    if found is None:
        forms.refuse("phone", _("No customer has this number: enter them under Customers first."))
        raise AssertionError("unreachable")
    return found.id


def _order(db: ShopSession) -> OrderDraft:
    lines = []
    for at in range(LINE_ROWS):
        if text_field(f"line-{at}-what"):
            metal, fineness = purity(f"line-{at}-purity")
            lines.append(Wanted(
                forms.line(f"line-{at}-what", least=1, most=200), forms.one_of(f"line-{at}-category", CATEGORIES),
                metal, fineness, forms.figure(f"line-{at}-weight", parse_grams),
                forms.figure(f"line-{at}-pieces", _count, empty=1),
                forms.figure(f"line-{at}-estimate", parse_rupees, empty=0),
            ))  # fmt: skip
    if not lines:
        forms.refuse("line-0-what", _("Please fill this in."))
    return OrderDraft(
        customer_id=_customer(db), lines=tuple(lines), due_on=forms.day("due_on"),
        rate_basis=forms.one_of("rate_basis", dict(BASES)), note=forms.line_or_none("note", most=300),
    )  # fmt: skip


def _repair(db: ShopSession) -> RepairDraft:
    metal, fineness = purity("purity")
    estimate = text_field("estimate")
    return RepairDraft(
        customer_id=_customer(db), description=forms.line("description", least=1, most=200),
        condition=forms.line("condition", least=1, most=300), work=forms.line("work", least=1, most=200), metal=metal,
        fineness=fineness, gross_mg=forms.figure("gross", parse_grams), due_on=forms.day("due_on"),
        pieces=forms.figure("pieces", _count, empty=1), note=forms.line_or_none("note", most=300),
        estimate_paise=forms.figure("estimate", parse_rupees) if estimate else None,
    )  # fmt: skip


def _advance(*, required: bool = False) -> tuple[Payment, ...]:
    paise = forms.figure("advance", parse_rupees, empty=None if required else 0)
    if not paise:
        return ()
    return (Payment(forms.one_of("mode", mode_names()), paise, forms.line_or_none("reference", most=60)),)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 6):
        raise forms.TypedWrongly(_("A whole number is expected."))
    return int(text)
