"""The labels' API: sizes, asking for labels of pieces, fetching them."""

from typing import Any
from uuid import UUID

from app.kit.clock import today_ist
from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write
from app.labels import service
from app.labels.schemas import LabelsIn, LabelSizesOut, LabelsOut
from app.labels.service import Labels

blueprint = api_blueprint("labels", "/labels", description="Labels of pieces for thermal printers.")


@blueprint.get("/sizes")
@allow("stock.view")
@blueprint.response(200, LabelSizesOut)
def list_sizes(shop_id: int) -> dict[str, Any]:
    """The labels that can be printed."""
    return {"sizes": service.list_sizes(today_ist())}


@blueprint.post("")
@allow("stock.view")
@blueprint.arguments(LabelsIn)
@blueprint.response(202, LabelsOut)
def ask_labels(body: dict[str, Any], shop_id: int) -> Labels:
    """Ask for labels as a PDF, a page each; a job prints them."""
    return shop_write(lambda db: service.ask_labels(db, **body))


@blueprint.get("/<id:labels_id>")
@allow("stock.view")
@blueprint.response(200, LabelsOut)
def get_labels(shop_id: int, labels_id: UUID) -> Labels:
    """How far they are, and a link to the PDF once it is there."""
    store = runtime().store
    return shop_read(lambda db: service.get_labels(db, labels_id, store=store))
