"""The API of lots and of the places where stock lies."""

from typing import Any
from uuid import UUID

from app.inventory import service
from app.inventory.api.seen import lot_seen, piece_seen
from app.inventory.schemas.lots import (
    LotArgs,
    LotDrawIn,
    LotMergeIn,
    LotOut,
    LotPage,
    LotSplitIn,
    LotWeighIn,
    OpeningLotIn,
    PlaceOut,
    PlacesOut,
    ShiftIn,
    ShiftOut,
    TrayEdit,
    TrayIn,
)
from app.inventory.schemas.pieces import ItemOut, NewPieceIn, draft_of
from app.inventory.service import DRAWN, Item, Lot, LotDraft, Spot, StockPlace, Weights
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page

places = api_blueprint("places", "/stock-places", description="Outlets and the trays in them, where stock lies.")
lots = api_blueprint("lots", "/lots", description="Metal and loose stones kept by weight.")


@places.get("")
@allow("stock.view")
@places.response(200, PlacesOut)
def list_places(shop_id: int) -> dict[str, list[StockPlace]]:
    """Every outlet, its trays behind it."""
    return {"items": shop_read(service.list_stock_places)}


@places.post("")
@allow("stock.transfer")
@places.arguments(TrayIn)
@places.response(201, PlaceOut)
def add_tray(body: dict[str, Any], shop_id: int) -> StockPlace:
    """A new counter, tray or safe."""
    return shop_write(lambda db: service.add_tray(db, **body))


@places.patch("/<id:tray_id>")
@allow("stock.transfer")
@places.arguments(TrayEdit)
@places.response(200, PlaceOut)
def change_tray(body: dict[str, Any], shop_id: int, tray_id: UUID) -> StockPlace:
    """Rename a tray, give it up or take it back into use; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.change_tray(db, tray_id=tray_id, expected_version=version, **body))


@places.post("/shift")
@allow("stock.transfer")
@places.arguments(ShiftIn)
@places.response(200, ShiftOut)
def move_stock(body: dict[str, Any], shop_id: int) -> dict[str, int]:
    """Lay pieces and lots into another place of the same outlet."""
    return {"moved": shop_write(lambda db: service.move_stock(db, **body))}


@lots.get("")
@allow("stock.view")
@lots.arguments(LotArgs, location="query")
@lots.response(200, LotPage)
def list_lots(args: dict[str, Any], shop_id: int) -> Page[Lot]:
    """A page of lots."""
    place_id = args.pop("place_id")
    place_ids = () if place_id is None else (place_id,)
    return shop_read(lambda db: service.list_lots(db, place_ids=place_ids, **args)).map(lot_seen)


@lots.post("")
@allow("stock.adjust")
@lots.arguments(OpeningLotIn)
@lots.response(201, LotOut)
def receive_lot(body: dict[str, Any], shop_id: int) -> Lot:
    """Enter a lot that was there before the book; one that is bought comes with its purchase."""
    place_id = body.pop("place_id")
    draft = LotDraft(**body)
    return lot_seen(shop_write(lambda db: service.receive_lot(db, draft=draft, place_id=place_id)))


@lots.get("/<id:lot_id>")
@allow("stock.view")
@lots.response(200, LotOut)
def get_lot(shop_id: int, lot_id: UUID) -> Lot:
    """One lot."""
    return lot_seen(shop_read(lambda db: service.get_lot(db, lot_id)))


@lots.post("/<id:lot_id>/draw")
@allow("stock.adjust")
@versioned
@lots.arguments(LotDrawIn)
@lots.response(200, LotOut)
def draw_from_lot(body: dict[str, Any], shop_id: int, lot_id: UUID) -> Lot:
    """Write off a part of a lot as lost or as never there; needs If-Match."""
    version, reason, kind = expected_version(), body.pop("reason"), body.pop("kind")

    def work(db: Any) -> Lot:
        service.draw_from_lot(
            db, lot_id=lot_id, part=Weights(**body), target=Spot(DRAWN[kind]), kind=kind, expected_version=version,
            reason=reason,
        )  # fmt: skip
        return service.get_lot(db, lot_id)

    return lot_seen(shop_write(work))


@lots.post("/<id:lot_id>/weigh")
@allow("stock.adjust")
@versioned
@lots.arguments(LotWeighIn)
@lots.response(200, LotOut)
def weigh_lot(body: dict[str, Any], shop_id: int, lot_id: UUID) -> Lot:
    """Say what a lot really weighs; needs If-Match."""
    version, reason = expected_version(), body.pop("reason")
    weights = Weights(**body)
    return lot_seen(shop_write(lambda db: service.weigh_lot(
        db, lot_id=lot_id, expected_version=version, weights=weights, reason=reason
    )))  # fmt: skip


@lots.post("/<id:lot_id>/split")
@allow("stock.transfer")
@versioned
@lots.arguments(LotSplitIn)
@lots.response(201, LotOut)
def split_lot(body: dict[str, Any], shop_id: int, lot_id: UUID) -> Lot:
    """Make a part of a lot one of its own; needs If-Match."""
    version, code = expected_version(), body.pop("code")
    part = Weights(**body)
    return lot_seen(shop_write(
        lambda db: service.split_lot(db, lot_id=lot_id, expected_version=version, part=part, code=code)
    ))  # fmt: skip


@lots.post("/<id:lot_id>/merge")
@allow("stock.transfer")
@lots.arguments(LotMergeIn)
@lots.response(200, LotOut)
def merge_lots(body: dict[str, Any], shop_id: int, lot_id: UUID) -> Lot:
    """Put other lots of the same kind, purity and place into this one."""
    return lot_seen(shop_write(lambda db: service.merge_lots(db, into_id=lot_id, lot_ids=body["lot_ids"])))


@lots.post("/<id:lot_id>/tag")
@allow("stock.edit")
@versioned
@lots.arguments(NewPieceIn)
@lots.response(201, ItemOut)
def tag_from_lot(body: dict[str, Any], shop_id: int, lot_id: UUID) -> Item:
    """Tag a piece out of a lot, which falls by its weight; needs If-Match."""
    version, draft = expected_version(), draft_of(body)
    return piece_seen(shop_write(
        lambda db: service.tag_from_lot(db, lot_id=lot_id, expected_version=version, draft=draft)
    ))  # fmt: skip
