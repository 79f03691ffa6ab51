"""The API of counting stock: open, scan, see what is missing, close, decide."""

from typing import Any
from uuid import UUID

from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page, PageArgs
from app.stocktake import service
from app.stocktake.schemas import (
    DecisionsIn,
    FindingArgs,
    FindingPage,
    ScansIn,
    ScansOut,
    StocktakeIn,
    StocktakeOut,
    StocktakePage,
    UnscannedPage,
)
from app.stocktake.service import Decided, Finding, ScanDraft, Stocktake, Unscanned

blueprint = api_blueprint("stocktakes", "/stocktakes", description="Counting the stock by scanning.")


@blueprint.get("")
@allow("stock.count")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, StocktakePage)
def list_stocktakes(args: dict[str, Any], shop_id: int) -> Page[Stocktake]:
    """A page of counts, the newest first."""
    return shop_read(lambda db: service.list_stocktakes(db, **args))


@blueprint.post("")
@allow("stock.count")
@blueprint.arguments(StocktakeIn)
@blueprint.response(201, StocktakeOut)
def open_stocktake(body: dict[str, Any], shop_id: int) -> Stocktake:
    """Begin to count a place, category or metal, or all."""
    return shop_write(lambda db: service.open_stocktake(db, **body))


@blueprint.get("/<id:stocktake_id>")
@allow("stock.count")
@blueprint.response(200, StocktakeOut)
def get_stocktake(shop_id: int, stocktake_id: UUID) -> Stocktake:
    """One count with its figures: of this moment while it is open."""
    return shop_read(lambda db: service.get_stocktake(db, stocktake_id))


@blueprint.post("/<id:stocktake_id>/scans")
@allow("stock.count")
@blueprint.arguments(ScansIn)
@blueprint.response(200, ScansOut)
def scan(body: dict[str, Any], shop_id: int, stocktake_id: UUID) -> dict[str, Any]:
    """Note what was scanned, many at once; a code scanned before changes nothing, so no key is needed."""
    drafts = [ScanDraft(**one) for one in body["scans"]]
    return {"scans": shop_write(lambda db: service.scan(db, stocktake_id=stocktake_id, scans=drafts))}


@blueprint.get("/<id:stocktake_id>/unscanned")
@allow("stock.count")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, UnscannedPage)
def list_unscanned(args: dict[str, Any], shop_id: int, stocktake_id: UUID) -> Page[Unscanned]:
    """A page of what was expected and not scanned, by tag."""
    return shop_read(lambda db: service.list_unscanned(db, stocktake_id, **args))


@blueprint.post("/<id:stocktake_id>/closing")
@allow("stock.count")
@versioned
@blueprint.response(200, StocktakeOut)
def close_stocktake(shop_id: int, stocktake_id: UUID) -> Stocktake:
    """End the count and keep what it found; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.close_stocktake(db, stocktake_id=stocktake_id, expected_version=version))


@blueprint.post("/<id:stocktake_id>/abandonment")
@allow("stock.count")
@versioned
@blueprint.response(200, StocktakeOut)
def abandon_stocktake(shop_id: int, stocktake_id: UUID) -> Stocktake:
    """Give the count up: nothing was found by it; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.abandon_stocktake(db, stocktake_id=stocktake_id, expected_version=version))


@blueprint.get("/<id:stocktake_id>/findings")
@allow("stock.count")
@blueprint.arguments(FindingArgs, location="query")
@blueprint.response(200, FindingPage)
def list_findings(args: dict[str, Any], shop_id: int, stocktake_id: UUID) -> Page[Finding]:
    """A page of what a closed count found, with what was decided."""
    return shop_read(lambda db: service.list_findings(db, stocktake_id, **args))


@blueprint.post("/<id:stocktake_id>/decisions")
@allow("stock.adjust")
@blueprint.arguments(DecisionsIn)
@blueprint.response(201, StocktakeOut)
def decide_findings(body: dict[str, Any], shop_id: int, stocktake_id: UUID) -> Stocktake:
    """Decide findings alike, all or none: what is lost leaves the stock, a corrected weight is entered."""
    decision, ids = Decided(body["decision"]), body["finding_ids"]
    return shop_write(lambda db: service.decide_findings(
        db, stocktake_id=stocktake_id, finding_ids=ids, decision=decision, reason=body["reason"]
    ))  # fmt: skip
