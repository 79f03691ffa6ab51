"""The API of accounts: one customer's, and who owes the shop how much for how long."""

from typing import Any
from uuid import UUID

from app.kit.http import allow, api_blueprint, shop_read
from app.ledger import service
from app.ledger.schemas import LedgerArgs, LedgerOut, OutstandingArgs, OutstandingOut
from app.ledger.service import Ledger, Outstanding

blueprint = api_blueprint("ledger", "/ledger", description="What customers owe, and what the shop owes them.")


@blueprint.get("/outstanding")
@allow("ledger.view")
@blueprint.arguments(OutstandingArgs, location="query")
@blueprint.response(200, OutstandingOut)
def outstanding(args: dict[str, Any], shop_id: int) -> Outstanding:
    """A page of those who owe, the most first, with the sums of all."""
    return shop_read(lambda db: service.outstanding(db, **args))


@blueprint.get("/customers/<id:customer_id>")
@allow("ledger.view")
@blueprint.arguments(LedgerArgs, location="query")
@blueprint.response(200, LedgerOut)
def ledger(args: dict[str, Any], shop_id: int, customer_id: UUID) -> Ledger:
    """One customer's account: every document in order, with both balances after it."""
    return shop_read(lambda db: service.ledger_of(db, customer_id, **args))
