"""What a repair costs the shop that a clerk alone may not decide: a charge below what was agreed, a loss of weight.

Approvals are used up before the customer is locked (docs/decisions/0040). What is looked at here, unlocked, holds
behind the lock too: the repair has the same version then, or nothing is done.
"""

from uuid import UUID

from app.approvals import service as approvals
from app.inventory import service as inventory
from app.kit.clock import today_ist
from app.orders import repository
from app.orders.errors import OrderUnknown
from app.orders.models import Order as OrderRow
from app.orders.models import OrderKind, Repair
from app.orders.service.moving import check_fits
from shard_router import ShopSession

CHARGE, DISCOUNT = "repair.charge", "bill.discount"
LOSS, WRITES_OFF = "repair.loss", "stock.adjust"


def allow_charge(
    db: ShopSession, order_id: UUID, expected_version: int, *, paise: int, approval_id: UUID | None
) -> UUID | None:
    """The approval that a lower charge used up: what the customer agreed to is the price, and less is a discount. None
    where it is not lower, or the actor may give one. Raises OrderUnknown, OrderChanged, OrderClosed, ApprovalNeeded."""
    row, repair = _seen(db, order_id, expected_version)
    if repair is None:
        return None
    agreed = repair.estimate_paise or 0
    least = agreed if repair.charge_paise is None else min(agreed, repair.charge_paise)
    if paise >= least:
        return None
    facts = {"number": row.number, "fromPaise": least, "toPaise": paise, "costPaise": least - paise}
    return approvals.require(
        db, right=DISCOUNT, kind=CHARGE, subject_id=row.id, facts=facts, approval_id=approval_id, document_id=row.id
    )


def allow_loss(
    db: ShopSession, order_id: UUID, expected_version: int, *, gross_out_mg: int, approval_id: UUID | None
) -> UUID | None:
    """The same of a piece that goes back lighter than two scales of a shop may differ: its metal is written off."""
    row, repair = _seen(db, order_id, expected_version)
    if repair is None:
        return None
    expected = expected_out_mg(db, repair)
    if expected - gross_out_mg <= inventory.scales_differ_mg(today_ist()):
        return None
    facts = {"number": row.number, "fromMg": expected, "toMg": gross_out_mg}
    return approvals.require(
        db, right=WRITES_OFF, kind=LOSS, subject_id=row.id, facts=facts, approval_id=approval_id, document_id=row.id
    )


def expected_out_mg(db: ShopSession, repair: Repair) -> int:
    """What it must weigh if nothing was taken off it: its own weight and that of the metal that went into it."""
    return repair.gross_mg + sum(one.net_mg for one in repository.uses_of(db, repair.order_id) if one.metal)


def _seen(db: ShopSession, order_id: UUID, expected_version: int) -> tuple[OrderRow, Repair | None]:
    """None for an order that is no repair: what comes next refuses it."""
    row = repository.find_order(db, order_id)
    if row is None:
        raise OrderUnknown()
    check_fits(row, expected_version)
    return row, repository.find_repair(db, order_id) if row.kind == OrderKind.REPAIR.value else None
