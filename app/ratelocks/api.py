"""The API of locked rates: promise one against an advance, see what is left, give it up."""

from typing import Any
from uuid import UUID

from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page
from app.ratelocks import service
from app.ratelocks.schemas import RateLockArgs, RateLockIn, RateLockOut, RateLockPage
from app.ratelocks.service import RateLock

blueprint = api_blueprint("ratelocks", "/rate-locks", description="Rates promised against an advance.")


@blueprint.get("")
@allow("credit.view")
@blueprint.arguments(RateLockArgs, location="query")
@blueprint.response(200, RateLockPage)
def list_locks(args: dict[str, Any], shop_id: int) -> Page[RateLock]:
    """A page of locked rates, the newest first."""
    return shop_read(lambda db: service.list_locks(db, **args))


@blueprint.post("")
@allow("receipt.issue")
@blueprint.arguments(RateLockIn)
@blueprint.response(201, RateLockOut)
def lock_rate(body: dict[str, Any], shop_id: int) -> RateLock:
    """Lock a rate against an advance; one below the board takes `bill.lower_rate`, or its approval."""
    purity = body.pop("purity")
    return shop_write(lambda db: service.lock_rate(db, **purity, **body))


@blueprint.get("/<id:lock_id>")
@allow("credit.view")
@blueprint.response(200, RateLockOut)
def get_lock(shop_id: int, lock_id: UUID) -> RateLock:
    """One locked rate and what is left of it."""
    return shop_read(lambda db: service.get_lock(db, lock_id))


@blueprint.post("/<id:lock_id>/closing")
@versioned
@allow("receipt.issue")
@blueprint.response(200, RateLockOut)
def close_lock(shop_id: int, lock_id: UUID) -> RateLock:
    """Give up what is left; needs If-Match. The advance stays the customer's."""
    version = expected_version()
    return shop_write(lambda db: service.close_lock(db, lock_id=lock_id, expected_version=version))
