"""The pieces' API: enter, correct, withdraw, list, find by a scanned code."""

from typing import Any
from uuid import UUID

from app.inventory import service
from app.inventory.api.seen import piece_seen
from app.inventory.errors import ItemUnknown
from app.inventory.schemas.pieces import (
    ItemArgs,
    ItemEdit,
    ItemIn,
    ItemOut,
    ItemPage,
    WithdrawalIn,
    changes_of,
    draft_of,
)
from app.inventory.service import Item
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page

blueprint = api_blueprint("items", "/items", description="Pieces in stock and sold.")


@blueprint.get("")
@allow("stock.view")
@blueprint.arguments(ItemArgs, location="query")
@blueprint.response(200, ItemPage)
def list_items(args: dict[str, Any], shop_id: int) -> Page[Item]:
    """A page of pieces."""
    place_id = args.pop("place_id")
    place_ids = () if place_id is None else (place_id,)
    return shop_read(lambda db: service.list_items(db, place_ids=place_ids, **args)).map(piece_seen)


@blueprint.post("")
@allow("stock.edit")
@blueprint.arguments(ItemIn)
@blueprint.response(201, ItemOut)
def register_item(body: dict[str, Any], shop_id: int) -> Item:
    """Enter a piece."""
    place_id, draft = body.pop("place_id", None), draft_of(body)
    return piece_seen(shop_write(lambda db: service.register_item(db, draft=draft, place_id=place_id)))


@blueprint.get("/<id:item_id>")
@allow("stock.view")
@blueprint.response(200, ItemOut)
def get_item(shop_id: int, item_id: UUID) -> Item:
    """One piece."""
    return piece_seen(shop_read(lambda db: service.get_item(db, item_id)))


@blueprint.get("/by-code/<path:code>")
@allow("stock.view")
@blueprint.response(200, ItemOut)
def find_by_code(shop_id: int, code: str) -> Item:
    """The piece of a scanned tag or HUID: in stock first, else the one that wore it last."""
    found = shop_read(lambda db: service.find_by_code(db, code))
    if found is None:
        raise ItemUnknown()
    return piece_seen(found)


@blueprint.patch("/<id:item_id>")
@allow("stock.edit")
@blueprint.arguments(ItemEdit)
@blueprint.response(200, ItemOut)
def edit_item(body: dict[str, Any], shop_id: int, item_id: UUID) -> Item:
    """Correct a piece in stock; needs If-Match."""
    version, changes = expected_version(), changes_of(body)
    return piece_seen(shop_write(
        lambda db: service.edit_item(db, item_id=item_id, expected_version=version, changes=changes)
    ))  # fmt: skip


@blueprint.post("/<id:item_id>/withdrawal")
@allow("stock.adjust")
@versioned
@blueprint.arguments(WithdrawalIn)
@blueprint.response(200, ItemOut)
def withdraw_item(body: dict[str, Any], shop_id: int, item_id: UUID) -> Item:
    """Take a piece out of stock that was not sold; needs If-Match."""
    version = expected_version()
    return piece_seen(
        shop_write(lambda db: service.withdraw_item(db, item_id=item_id, expected_version=version, **body))
    )
