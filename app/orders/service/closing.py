"""Cancelling an order, with its advances given back."""

from uuid import UUID

from app.credits import service as credits
from app.credits.service import Payment
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.orders import repository
from app.orders.errors import OtherKindOfOrder
from app.orders.facts import said
from app.orders.models import OrderKind
from app.orders.service.moving import locked_order, step
from app.orders.service.reading import get_order
from app.orders.stages import CANCELLED
from app.orders.views import Order
from shard_router import ShopSession


def cancel(
    db: ShopSession, *, order_id: UUID, expected_version: int, reason: str, mode: str | None, keyring: Keyring,
    reference: str | None = None,
) -> Order:  # fmt: skip
    """Nothing will be made. What is left of its advances is given back by `mode`, or stays the customer's credit where
    None. Raises OrderUnknown, OrderClosed, OrderChanged, OtherKindOfOrder, and what `credits.pay_out` raises."""
    text = said(reason, 200, "reason")
    row = locked_order(db, order_id, expected_version, exclusive=mode is not None)
    if row.kind != OrderKind.ORDER.value:
        raise OtherKindOfOrder(_("%(number)s is a repair: it is handed back.", number=row.number))
    row.is_open, row.closed_at = 0, utc_now()
    step(db, row, CANCELLED, text)
    db.flush()
    given_back = _give_back(db, row.id, by=Payment(mode, 0, reference), reason=text, keyring=keyring) if mode else 0
    audit.record(db, "order.cancelled", row.id, {
        "number": row.number, "reason": text, "givenBackPaise": given_back, "mode": mode,
    })  # fmt: skip
    return get_order(db, row.id)


def _give_back(db: ShopSession, order_id: UUID, *, by: Payment, reason: str, keyring: Keyring) -> int:
    """What no bill used up, credit by credit, the way that `by` says."""
    ids = [row.credit_id for row in repository.advances_of(db, [order_id])]
    total = 0
    for credit_id, left in sorted(credits.left_of(db, ids).items()) if ids else ():
        if left:
            payments = [Payment(by.mode, left, by.reference)]
            credits.pay_out(db, credit_id=credit_id, payments=payments, reason=reason, keyring=keyring)
            total += left
    return total
