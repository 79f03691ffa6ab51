"""The exports' API: ask for a file, see how far it is, fetch it."""

from typing import Any
from uuid import UUID

from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write
from app.kit.paging import Page, PageArgs
from app.reports import service
from app.reports.schemas import ExportIn, ExportOut, ExportPage
from app.reports.service import Export

blueprint = api_blueprint("exports", "/exports", description="A shop's data as files.")


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
