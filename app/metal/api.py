"""The metal book's API: what accounts hold on a day, and the book's rows."""

import dataclasses
from types import EllipsisType
from typing import Any
from uuid import UUID

from app.kit.http import allow, api_blueprint, shop_read, shop_scope
from app.kit.paging import Page
from app.metal import service
from app.metal.schemas import BalanceArgs, BalancesOut, EntryArgs, MetalEntryPage
from app.metal.service import Account, Balance, Line

blueprint = api_blueprint("metal", "/metal", description="The book of metal: every gram from account to account.")
SEES_COST = "stock.buy"


@blueprint.get("/balances")
@allow("stock.view")
@blueprint.arguments(BalanceArgs, location="query")
@blueprint.response(200, BalancesOut)
def list_balances(args: dict[str, Any], shop_id: int) -> dict[str, list[Balance]]:
    """What each account holds by ref and purity, now or at the end of a past day."""
    found = shop_read(lambda db: service.balances(
        db, account=_account(args), ref=_ref(args.pop("ref")), upto=args["upto"]
    ))  # fmt: skip
    return {"items": found if _sees_cost() else [_without_cost(one) for one in found]}


@blueprint.get("/entries")
@allow("stock.view")
@blueprint.arguments(EntryArgs, location="query")
@blueprint.response(200, MetalEntryPage)
def list_entries(args: dict[str, Any], shop_id: int) -> Page[Line]:
    """A page of the book."""
    account, ref = _account(args), _ref(args.pop("ref"))
    args.pop("account")
    page = shop_read(lambda db: service.entries(db, account=account, ref=ref, **args))
    return page if _sees_cost() else page.map(lambda line: dataclasses.replace(line, cost_paise=None))  # type: ignore[arg-type]


def _account(args: dict[str, Any]) -> Account | None:
    return None if args["account"] is None else Account(args["account"])


def _ref(given: UUID | None) -> UUID | EllipsisType:
    return ... if given is None else given


def _sees_cost() -> bool:
    found, _shop_id = shop_scope()
    return SEES_COST in found.actor.rights


def _without_cost(one: Balance) -> Balance:
    return dataclasses.replace(one, held=dataclasses.replace(one.held, cost_paise=None))  # type: ignore[arg-type]
