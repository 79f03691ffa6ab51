"""The API of exports, business days and the audit log."""

from typing import Any
from uuid import UUID

from flask import Response

from app.cash import service as cash
from app.cash.service import Closing
from app.kit.audit_reading import LogPage
from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write
from app.kit.outbox import JobView
from app.kit.paging import Page, PageArgs
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import pdf
from app.reports import auditing, daybook, service, slips
from app.reports.schemas import (
    BookArgs,
    BookOut,
    BusinessDayOut,
    ClosingOut,
    DayArgs,
    DayIn,
    ExportIn,
    ExportOut,
    ExportPage,
    LogArgs,
    LogOut,
    ProfitArgs,
    ProfitOut,
    StandingOut,
    VerifyOut,
)
from app.reports.service import Export

blueprint = api_blueprint("exports", "/exports", description="A shop's data as files.")
days = api_blueprint("days", "/days", description="Business days: what each came to, and its closing.")
audit = api_blueprint("audit", "/audit", description="Who did what, chained by hash.")


@blueprint.post("")
@allow("export.run")
@blueprint.arguments(ExportIn)
@blueprint.response(202, ExportOut)
def ask_export(body: dict[str, Any], shop_id: int) -> Export:
    """Ask for a file of a period's bills; a job writes it. Also when the plan has ended: the data is the shop's."""
    return shop_write(lambda db: service.ask_export(db, **body))


@blueprint.get("")
@allow("export.run")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ExportPage)
def list_exports(args: dict[str, Any], shop_id: int) -> Page[Export]:
    """A page of exports, the newest first."""
    return shop_read(lambda db: service.list_exports(db, **args))


@blueprint.get("/<id:export_id>")
@allow("export.run")
@blueprint.response(200, ExportOut)
def get_export(shop_id: int, export_id: UUID) -> Export:
    """One export, with a link to its file once that is ready."""
    store = runtime().store
    return shop_read(lambda db: service.get_export(db, export_id, store=store))


# ---------------------------------------------------------------- business days


@days.get("")
@allow("cash.view")
@days.response(200, StandingOut)
def list_days(shop_id: int) -> dict[str, Any]:
    """Days that are closed, and the one to close next."""
    return shop_read(lambda db: {"closed": cash.closed_days(db), "to_close": daybook.day_to_close(db)})


@days.post("")
@allow("day.close")
@days.arguments(DayIn)
@days.response(201, ClosingOut)
def close_day(body: dict[str, Any], shop_id: int) -> Closing:
    """Close a business day for ever: all its drawers are counted first. What comes late is of the next day."""
    return shop_write(lambda db: daybook.close_day(db, business_on=body["on"], note=body["note"] or None))


@days.get("/figures")
@allow("report.view")
@days.arguments(DayArgs, location="query")
@days.response(200, BusinessDayOut)
def get_day(args: dict[str, Any], shop_id: int) -> daybook.Day:
    """What a business day comes to; once it is closed, what its closing kept."""
    return shop_read(lambda db: daybook.get_day(db, args["on"]))


@days.get("/book")
@allow("report.view")
@days.arguments(BookArgs, location="query")
@days.response(200, BookOut)
def list_book(args: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """A business day's documents and cash in the order of their making."""
    at, last = args["after_at"], args["after_id"]
    after = (at, last) if at is not None and last is not None else None
    page = shop_read(lambda db: daybook.list_rows(db, args["on"], after=after, limit=args["limit"]))
    return {"items": page.items, "more": page.next_after is not None}


@days.get("/profit")
@allow("report.view")
@days.arguments(ProfitArgs, location="query")
@days.response(200, ProfitOut)
def get_profit(args: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """A period's sales against what their metal costs at today's rate; 31 days at most."""
    return {"items": shop_read(lambda db: daybook.profit_of(db, first=args["first"], last=args["last"]))}


@days.get("/<id:closing_id>/slip")
@allow("report.view")
@days.arguments(PrintArgs, location="query")
@days.response(200, content_type="application/pdf")
def print_slip(args: dict[str, str | None], shop_id: int, closing_id: UUID) -> Response:
    """A closed business day as its slip, on the paper and in the language asked for."""
    slip = shop_read(lambda db: slips.day_slip(db, cash.closing_of(db, closing_id)))
    return pdf(lambda press: press.render_day(slip, asked(args)), f"day-{slip.business_on}")


# ---------------------------------------------------------------- the audit log


@audit.get("")
@allow("audit.view")
@audit.arguments(LogArgs, location="query")
@audit.response(200, LogOut)
def list_log(args: dict[str, Any], shop_id: int) -> LogPage:
    """Entries that fit, the newest first. A page may be short and still have a next one: `nextBelow` says so."""
    return shop_read(lambda db: auditing.list_log(db, **args))


@audit.post("/verify")
@allow("audit.view")
@audit.response(202, VerifyOut)
def verify_log(shop_id: int) -> JobView:
    """Walk the chain from its first entry to its head; the job's result names the first that does not hold, and the
    series of numbers that have a gap."""
    return shop_write(auditing.ask_to_verify)
