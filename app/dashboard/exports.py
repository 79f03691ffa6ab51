"""Owns the page of exports: a period's bills asked for as a file, how far it is, and the way to it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.dashboard.progress import followed
from app.kit.clock import today_ist, utc_now
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.locale import date
from app.kit.pages import Refusal, form_key, go_to, try_form
from app.kit.texts import N_, _
from app.reports import service as reports
from app.reports.errors import ExportUnknown
from app.reports.service import Export

KIND_NAMES = {
    "invoices": N_("Bills and notes"), "day_book": N_("Day book"), "cash_book": N_("Cash book"),
    "outstanding": N_("Outstanding"), "day_slip": N_("Closing slip, A4"), "day_slip_80": N_("Closing slip, 80 mm"),
}  # fmt: skip
TABLES = ("invoices", "day_book", "cash_book", "outstanding")
NOT_FOUND = 404
FORMATS = (("xlsx", N_("Excel (XLSX)")), ("csv", N_("Text (CSV)")))


@pages.get("/exports", endpoint="exports")
@allow("export.run")
def exports_page() -> str:
    return _page(None)


@pages.post("/exports")
@allow("export.run")
def ask_export() -> Response | tuple[str, int]:
    """Also when the plan has ended: the data is the shop's."""
    tried = try_form(lambda: shop_write(
        lambda db: reports.ask_export(
            db, kind=forms.one_of("kind", TABLES) if "kind" in request.form else TABLES[0],
            format=forms.one_of("format", dict(FORMATS)), issued_from=forms.day("from"),
            issued_to=forms.day("to"),
        ),
        rebuild=reports.get_export,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.exports", job=tried.result.job_id))
    return _page(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.post("/exports/<id:export_id>/again")
@allow("export.run")
def write_again(export_id: UUID) -> Response | tuple[str, int]:
    """After its writing failed."""
    tried = try_form(lambda: shop_write(lambda db: reports.ask_export_again(db, export_id), rebuild=reports.get_export))
    if tried.result is not None:
        return go_to(url_for("shop_pages.exports", job=tried.result.job_id))
    if tried.refusal is not None and tried.refusal.status == NOT_FOUND:
        raise ExportUnknown()
    return _page(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/exports/<id:export_id>")
@allow("export.run")
def export_file(export_id: UUID) -> Response:
    """To the file, by a link that is good for ten minutes; back to the list where there is no file (any more)."""
    store = runtime().store
    export = shop_read(lambda db: reports.get_export(db, export_id, store=store))
    return go_to(export.download_url or url_for("shop_pages.exports"))


def _page(refusal: Refusal | None) -> str:
    page = shop_read(lambda db: reports.list_exports(db, after=request.args.get("after"), limit=20))
    more = url_for("shop_pages.exports", after=page.next_cursor) if page.next_cursor else ""
    today = today_ist()
    usual = {"from": date(today.replace(day=1)), "to": date(today)}
    asked = {name: request.args.get(name, "")[:10] or day for name, day in usual.items()}
    values = {**asked, "format": "xlsx", "kind": TABLES[0], **forms.typed()}
    now = utc_now()
    return show(
        "exports.html", "exports", page=page, values=values, formats=[(key, _(text)) for key, text in FORMATS],
        refusal=refusal, key=form_key(), next_url=more, periods=forms.periods(today), paged="after" in request.args,
        kinds=[(kind, _(KIND_NAMES[kind])) for kind in TABLES],
        kind_names={key: _(text) for key, text in KIND_NAMES.items()},
        there=lambda one: _there(one, now),
        follow=followed() if may("bill.view") else None,
    )  # fmt: skip


def _there(export: Export, now: dt.datetime) -> bool:
    """Whether its file can be fetched."""
    return export.state == "ready" and export.expires_at is not None and export.expires_at > now
