"""Owns the pages of the cash book: a till's drawer counted, handed over, and its cash moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.cash import service as cash
from app.cash.errors import DrawerUnknown
from app.cash.service import Count, DrawerView, EntryKind, HandoverView
from app.dashboard import forms
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_scope, shop_write
from app.kit.ids import parse_id
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.tenants import service as tenants
from shard_router import ShopSession

KIND_NAMES = {
    "sale": N_("Sale"), "refund": N_("Refund"), "receipt": N_("Receipt"), "old_gold": N_("Old gold"),
    "karigar": N_("Karigar"), "supplier": N_("Supplier"), "expense": N_("Expense"), "income": N_("Other income"),
    "owner": N_("Owner"), "deposit": N_("To the bank"), "withdraw": N_("From the bank"), "transfer": N_("Transfer"),
    "float": N_("Float"), "shortage": N_("Shortage"), "excess": N_("Excess"),
}  # fmt: skip
BY_HAND = {
    "expense": N_("Expense"), "deposit": N_("To the bank"), "withdraw": N_("From the bank"),
    "income": N_("Other income"), "owner_out": N_("Owner takes"), "owner_in": N_("Owner brings"),
}  # fmt: skip
SAFE = "safe"
SAID = {
    "open": N_("The shift is open."), "close": N_("The drawer is counted and its shift closed."),
    "hand-over": N_("The drawer is handed over; whoever it was given to confirms."), "move": N_("The cash is booked."),
    "transfer": N_("The transfer is booked."), "take": N_("The drawer is yours."),
    "refuse": N_("The handover is refused."), "recall": N_("The drawer is called back; it is still to be opened."),
    "blind": N_("The setting is saved."),
}  # fmt: skip


@pages.get("/cash", endpoint="cash")
@allow("cash.view")
def cash_page() -> str:
    return _page("", None)


@pages.post("/cash/<id:till_id>/open")
@allow("cash.handle")
def open_shift(till_id: UUID) -> Response | tuple[str, int]:
    return _done("open", till_id, lambda db: cash.open_shift(
        db, till_id=till_id, expected_version=whole_number("version"), count=_count()
    ))  # fmt: skip


@pages.post("/cash/<id:till_id>/close")
@allow("cash.handle")
def close_shift(till_id: UUID) -> Response | tuple[str, int]:
    """With somebody named, the drawer is handed over to them."""
    if text_field("to_whom"):
        return _done("hand-over", till_id, lambda db: cash.hand_over(
            db, till_id=till_id, expected_version=whole_number("version"), count=_count(),
            to_whom=parse_id(text_field("to_whom")),
        ))  # fmt: skip
    return _done("close", till_id, lambda db: cash.close_shift(
        db, till_id=till_id, expected_version=whole_number("version"), count=_count()
    ))  # fmt: skip


@pages.post("/cash/<id:till_id>/blind")
@allow("day.close")
def set_blind(till_id: UUID) -> Response | tuple[str, int]:
    return _done("blind", till_id, lambda db: cash.set_blind(
        db, till_id=till_id, expected_version=whole_number("version"), blind=request.form.get("blind") == "yes"
    ))  # fmt: skip


@pages.post("/cash/<id:till_id>/move")
@allow("cash.handle")
def move_cash(till_id: UUID) -> Response | tuple[str, int]:
    return _done("move", till_id, lambda db: _move(db, till_id))


@pages.post("/cash/<id:till_id>/transfer")
@allow("cash.handle")
def transfer_cash(till_id: UUID) -> Response | tuple[str, int]:
    return _done("transfer", till_id, lambda db: _transfer(db, till_id))


@pages.post("/cash/handovers/<id:handover_id>")
@allow("cash.handle")
def answer_handover(handover_id: UUID) -> Response | tuple[str, int]:
    """Taken by counting, or refused with the reason."""
    handover = shop_read(lambda db: cash.get_handover(db, handover_id))
    version = whole_number("version")
    if text_field("answer") == "refuse":
        return _done("refuse", handover.till_id, lambda db: cash.refuse_handover(
            db, handover_id=handover_id, expected_version=version, note=forms.line("note", least=1, most=200)
        ))  # fmt: skip
    return _done("take", handover.till_id, lambda db: cash.take_over(
        db, handover_id=handover_id, expected_version=version, count=_count()
    ))  # fmt: skip


@pages.post("/cash/handovers/<id:handover_id>/recall")
@allow("cash.view")
def recall_handover(handover_id: UUID) -> Response | tuple[str, int]:
    handover, version = shop_read(lambda db: cash.get_handover(db, handover_id)), whole_number("version")
    return _done("recall", handover.till_id, lambda db: cash.recall_handover(
        db, handover_id=handover_id, expected_version=version, note=forms.line("note", least=1, most=200)
    ))  # fmt: skip


def _done(form: str, till_id: UUID, work: Callable[[ShopSession], Any]) -> Response | tuple[str, int]:
    """`form` names the one of the page's forms that was sent: a refusal is shown in it."""
    tried = try_form(lambda: shop_write(work))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.cash", till=till_id, saved=form))
    return _page(form, forms.beside(tried.refusal, _field_names()), till_id), tried.refusal.status


# ---------------------------------------------------------------- what was typed


def _count() -> Count:
    pieces = [
        (one.paise, forms.figure(_field(one.paise), _how_many, empty=0)) for one in cash.list_denominations(today_ist())
    ]
    return Count(pieces, forms.line_or_none("note", most=200))


def _how_many(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise forms.TypedWrongly(_("How many there are, in digits."))
    return int(text)


def _move(db: ShopSession, till_id: UUID) -> object:
    chosen = forms.one_of("kind", BY_HAND)
    kind = EntryKind.OWNER if chosen.startswith("owner") else EntryKind(chosen)
    sign = cash.BY_HAND.get(kind) or (-1 if chosen == "owner_out" else 1)
    paise = forms.figure("paise", parse_rupees) or int(forms.refuse("paise", _("Please fill this in.")))
    here = None if text_field("where") == SAFE else till_id
    note = forms.line("note", least=1, most=200)
    return cash.move_by_hand(db, till_id=here, kind=kind, paise=sign * paise, note=note)


def _transfer(db: ShopSession, till_id: UUID) -> object:
    """From this till to another or the safe, or the other way round."""
    paise = forms.figure("paise", parse_rupees) or int(forms.refuse("paise", _("Please fill this in.")))
    other_text = text_field("other")
    other = None if other_text == SAFE else parse_id(other_text)
    note = forms.line("note", most=200)
    ends = (other, till_id) if text_field("way") == "in" else (till_id, other)
    return cash.transfer(db, from_till_id=ends[0], to_till_id=ends[1], paise=paise, note=note)


def _field(paise: int) -> str:
    return f"n{paise}"


def _field_names() -> dict[str, str]:
    """A service's path → the form's field."""
    notes = enumerate(cash.list_denominations(today_ist()))
    return {"toWhom": "to_whom", "toTillId": "other", "tillId": "other", **{
        f"pieces.{place}.count": _field(one.paise) for place, one in notes
    }}  # fmt: skip


# ---------------------------------------------------------------- what is shown


def _page(sent: str, refusal: Refusal | None, till_id: UUID | None = None) -> str:
    found, _shop_id = shop_scope()
    asked = till_id or _asked_till()
    drawers, waiting, takers, people = shop_read(lambda db: (
        cash.list_drawers(db), cash.list_waiting(db), cash.list_takers(db),
        {one.person_id: one.name for one in tenants.list_kept_members(db) if one.active},
    ))  # fmt: skip
    drawer = _chosen(drawers, asked, found.actor.till_id)
    lines, safe = shop_read(lambda db: (
        cash.list_entries(db, till_id=drawer.till_id, after=request.args.get("after"), limit=30), cash.safe_paise(db),
    ))  # fmt: skip
    more = url_for("shop_pages.cash", till=drawer.till_id, after=lines.next_cursor) if lines.next_cursor else ""
    me = found.principal.person_id
    said = SAID.get(request.args.get("saved", ""))
    return show(
        "cash.html", "cash", drawers=drawers, drawer=drawer, safe_paise=safe, lines=lines.items, next_url=more,
        paged="after" in request.args, kinds={key: _(text) for key, text in KIND_NAMES.items()}, people=people,
        notes=[(one.paise, _field(one.paise)) for one in cash.list_denominations(today_ist())],
        others=[(SAFE, _("The safe")), *((str(one.till_id), one.till_code) for one in drawers if one is not drawer)],
        by_hand=[(key, _(text)) for key, text in BY_HAND.items()], sent=sent, refusal=refusal, key=form_key(),
        takers=[("", _("nobody: the till stays closed")), *((str(i), name) for i, name in takers.items())],
        handover=_waiting_here(waiting, drawer), me=me, typed=forms.typed() if sent else {},
        saved=_(said) if said else "",
    )  # fmt: skip


def _asked_till() -> UUID | None:
    text = request.args.get("till", "")
    return parse_id(text) if text else None


def _chosen(drawers: list[DrawerView], asked: UUID | None, sits_at: UUID | None) -> DrawerView:
    """The till asked for, else the one that the person sits at, else the first; raises DrawerUnknown."""
    known = {one.till_id: one for one in drawers}
    if asked is not None:
        if asked not in known:
            raise DrawerUnknown()
        return known[asked]
    return known[sits_at] if sits_at in known else drawers[0]


def _waiting_here(waiting: list[HandoverView], drawer: DrawerView) -> HandoverView | None:
    return next((one for one in waiting if one.till_id == drawer.till_id), None)
