"""The pieces' API: enter, correct, withdraw, list, find by a scanned code."""

from typing import Any
from uuid import UUID

from app.inventory import service
from app.inventory.errors import ItemUnknown
from app.inventory.schemas import ItemArgs, ItemEdit, ItemIn, ItemOut, ItemPage, WithdrawalIn, changes_of, draft_of
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
    return shop_read(lambda db: service.list_items(db, **args))


@blueprint.post("")
@allow("stock.edit")
@blueprint.arguments(ItemIn)
@blueprint.response(201, ItemOut)
def register_item(body: dict[str, Any], shop_id: int) -> Item:
    """Enter a piece."""
    draft = draft_of(body)
    return shop_write(lambda db: service.register_item(db, draft=draft))


@blueprint.get("/<id:item_id>")
@allow("stock.view")
@blueprint.response(200, ItemOut)
def get_item(shop_id: int, item_id: UUID) -> Item:
    """One piece."""
    return shop_read(lambda db: service.get_item(db, item_id))


@blueprint.get("/by-code/<path:code>")
@allow("stock.view")
@blueprint.response(200, ItemOut)
def find_by_code(shop_id: int, code: str) -> Item:
    """The piece of a scanned tag or HUID: in stock first, else the one that wore it last."""
    found = shop_read(lambda db: service.find_by_code(db, code))
    if found is None:
        raise ItemUnknown()
    return found


@blueprint.patch("/<id:item_id>")
@allow("stock.edit")
@blueprint.arguments(ItemEdit)
@blueprint.response(200, ItemOut)
def edit_item(body: dict[str, Any], shop_id: int, item_id: UUID) -> Item:
    """Correct a piece in stock; needs If-Match."""
    version, changes = expected_version(), changes_of(body)
    return shop_write(lambda db: service.edit_item(db, item_id=item_id, expected_version=version, changes=changes))


@blueprint.post("/<id:item_id>/withdrawal")
@allow("stock.edit")
@versioned
@blueprint.arguments(WithdrawalIn)
@blueprint.response(200, ItemOut)
def withdraw_item(body: dict[str, Any], shop_id: int, item_id: UUID) -> Item:
    """Take a piece out of stock that was not sold; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.withdraw_item(db, item_id=item_id, expected_version=version, reason=body["reason"])
    )
