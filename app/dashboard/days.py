"""Owns the pages of business days: the day book with chart and profit, and the closing that keeps a day for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.cash import service as cash
from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.cashbook import KIND_NAMES
from app.dashboard.exports import FORMATS
from app.dashboard.frame import may, mode_names, pages, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.lots import OF_METAL
from app.dashboard.stock import named
from app.invoices import service as invoices
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.locale import parse_day
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.texts import N_, _
from app.kit.weights import fine_mg, purity_label
from app.printing.at_once import pdf
from app.printing.looks import USUAL
from app.reports import daybook, slips
from app.reports import service as reports
from app.tenants import service as tenants

DOCUMENT_NAMES = {
    "invoice": N_("Bill"), "bill_of_supply": N_("Bill of supply"), "credit_note": N_("Credit note"),
    "debit_note": N_("Debit note"), "receipt_voucher": N_("Receipt voucher"),
    "refund_voucher": N_("Refund voucher"), "payment_voucher": N_("Payment voucher"),
}  # fmt: skip
PURPOSES = {
    "advance": N_("Advances"), "on_account": N_("Dues paid"), "scheme": N_("Schemes"),
    "pay_out": N_("Credits paid out"),
}  # fmt: skip


@pages.get("/day", endpoint="day")
@allow("report.view")
def day_page() -> str:
    """One business day: what it came to, all that was booked on it, and what its sales left."""
    on = parse_day(request.args.get("on", "")) or today_ist()
    found, page, profit, takings = shop_read(lambda db: (
        daybook.get_day(db, on), daybook.list_rows(db, on, after=_after()), daybook.profit_of(db, first=on, last=on),
        invoices.takings_by_day(db, first=on.replace(day=1), last=_last_drawn(on)),
    ))  # fmt: skip
    more = _more(on, page)
    return show(
        "day.html", "day", day=found, rows=page.items, next_url=more, paged="at" in request.args, profit=profit,
        before=on - dt.timedelta(days=1), after=on + dt.timedelta(days=1), today=today_ist(), names=_names(page.items),
        **_words(), key=form_key(), formats=FORMATS, looks=looks(but=USUAL),
        chart=[[one.day.day for one in takings], [one.paise for one in takings], []], codes=_codes(found.figures),
    )  # fmt: skip


@pages.get("/day/close", endpoint="close_day")
@allow("day.close")
def close_page() -> str:
    return _closing(None)


@pages.post("/day/close")
@allow("day.close")
def end_day() -> Response | tuple[str, int]:
    """For ever; the same day sent twice is closed once."""
    tried = try_form(lambda: shop_write(
        lambda db: daybook.close_day(db, business_on=_seen_day(), note=forms.line_or_none("note", most=200)),
        rebuild=cash.closing_of,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.day", on=f"{tried.result.business_on:%d-%m-%Y}", closed="yes"))
    return _closing(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.post("/day/print")
@allow("export.run")
def print_day() -> Response | tuple[str, int]:
    """The closing's slip, or the day's book as a file: written by a job, fetched from the exports."""
    on = forms.day("on")
    tried = try_form(lambda: shop_write(
        lambda db: reports.ask_export(
            db, kind=forms.one_of("kind", reports.KINDS), format=forms.one_of("format", reports.FORMATS),
            issued_from=on, issued_to=on,
        ),
        rebuild=reports.get_export,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.exports", job=tried.result.job_id))
    return go_to(url_for("shop_pages.day", on=f"{on:%d-%m-%Y}"))


@pages.get("/day/<id:closing_id>/slip")
@allow("report.view")
def print_slip(closing_id: UUID) -> Response:
    """A closed day's slip on any paper and in any language, made now."""
    slip, look = shop_read(lambda db: slips.day_slip(db, cash.closing_of(db, closing_id))), look_asked()
    return pdf(lambda press: press.render_day(slip, look), f"day-{slip.business_on}")


def _closing(refusal: Refusal | None) -> str:
    """Step by step: the tills that are still to be counted, what the day comes to, then the closing itself."""
    asked = parse_day(request.values.get("on", ""))
    on, drawers, closed, people = shop_read(lambda db: (
        asked or daybook.day_to_close(db), cash.list_drawers(db), cash.closed_days(db, limit=10),
        {one.person_id: one.name for one in tenants.list_kept_members(db)},
    ))  # fmt: skip
    figures, uncounted = shop_read(lambda db: (daybook.figures_of(db, on), cash.tills_to_count(db, on)))
    return show(
        "day_close.html", "day", on=on, drawers=drawers, figures=figures, closed=closed, refusal=refusal,
        to_count=[one for one in drawers if one.till_id in uncounted], **_words(),
        key=form_key(), typed=forms.typed(), people=people, today=today_ist(),
    )  # fmt: skip


def _seen_day() -> dt.date:
    """The day that was ticked beside its figures: none is closed that the page did not show."""
    on = forms.day("on")
    if text_field("sure") != on.isoformat():
        forms.refuse("sure", _("Look at the figures of %(day)s, and tick it.", day=f"{on:%d-%m-%Y}"))
    return on


def _last_drawn(on: dt.date) -> dt.date:
    """The month of the day, as far as it has come."""
    end = (on.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return max(on, min(end, today_ist()))


def _after() -> tuple[dt.datetime, UUID] | None:
    at, last = request.args.get("at", ""), request.args.get("id", "")
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, parse_id(last)) if moment.tzinfo is not None and last else None


def _more(on: dt.date, page: daybook.BookPage) -> str:
    if page.next_after is None:
        return ""
    at, last = page.next_after
    return url_for("shop_pages.day", on=f"{on:%d-%m-%Y}", at=at.isoformat(), id=last)


def _names(rows: list[daybook.BookRow]) -> dict[UUID, str]:
    """Of the customers, for who may see them."""
    wanted = [row.customer_id for row in rows if row.customer_id]
    return shop_read(lambda db: customers.names_of(db, wanted)) if wanted and may("customer.view") else {}


def _codes(figures: dict[str, Any]) -> dict[str, str]:
    return {one["till"]: one["code"] for one in figures["cash"] if one["till"]}


def _words() -> dict[str, Any]:
    """What the day's figures are told with."""
    return {
        "kinds": _kinds(), "modes": {**mode_names(), "credit": _("Credits used")}, "purposes": _purposes(),
        "label": purity_label,
        "metals": dict(named(OF_METAL)), "fine_mg": fine_mg,
    }  # fmt: skip


def _purposes() -> dict[str, str]:
    return {key: str(_(text)) for key, text in PURPOSES.items()}


def _kinds() -> dict[str, str]:
    return {key: str(_(text)) for key, text in (KIND_NAMES | DOCUMENT_NAMES).items()}
