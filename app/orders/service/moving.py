"""Bringing an order from stage to stage, putting it off: each step is kept with who and when."""

import datetime as dt
from uuid import UUID

from app.customers import service as customers
from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.texts import _
from app.orders import repository
from app.orders.errors import OrderChanged, OrderClosed, OrderDelivered, OrderUnknown, OtherKindOfOrder, RepairNotAgreed
from app.orders.facts import check_due, one_line
from app.orders.models import Order as OrderRow
from app.orders.models import OrderKind, OrderStep, Repair
from app.orders.service.keeping import check_days
from app.orders.service.reading import get_order
from app.orders.stages import AGREED, IN_WORK, READY, check_step
from app.orders.views import Order
from shard_router import ShopSession


def move_on(db: ShopSession, *, order_id: UUID, expected_version: int, stage: str, note: str | None = None) -> Order:
    """Bring it to one of the stages that follow; raises OrderUnknown, OrderClosed, OrderChanged, StageNotNext, and
    OrderDelivered for a repair that was billed: it waits for its customer."""
    row = locked_order(db, order_id, expected_version)
    check_not_billed(row)
    check_step(row.kind, row.stage, stage, today_ist())
    before = row.stage
    step(db, row, stage, one_line(note, 200, "note"))
    db.flush()
    audit.record(db, "order.moved", row.id, {"number": row.number, "from": before, "to": stage})
    return get_order(db, row.id)


def put_off(db: ShopSession, *, order_id: UUID, expected_version: int, due_on: dt.date) -> Order:
    """Another day of delivery is agreed; raises RateKeptTooLong where it is a later one, and the order keeps a rate
    not so long. What a lock keeps has the lock's own last day."""
    row = locked_order(db, order_id, expected_version)
    check_due(due_on, row.taken_on)
    if due_on > row.due_on and repository.keeps_rate(db, row.id):
        check_days(db, due_on=due_on, taken_on=row.taken_on)
    before, row.due_on = row.due_on, due_on
    touch(row)
    db.flush()
    audit.record(db, "order.put_off", row.id, {"before": before.isoformat(), "after": due_on.isoformat()})
    return get_order(db, row.id)


def follow_merge(db: ShopSession, *, loser_id: UUID, winner_id: UUID) -> int:
    """Two customers turned out to be one: how many orders and repairs followed. The merge's own entry says so."""
    return repository.give_to(db, loser_id, winner_id)


def locked_order(
    db: ShopSession, order_id: UUID, expected_version: int | None, *, exclusive: bool = False
) -> OrderRow:  # fmt: skip
    """The customer (`exclusive`: as who takes or gives their money holds them), then the open order, until the commit.

    Raises OrderUnknown, OrderChanged where it has another version, OrderClosed where it is over."""
    seen = repository.find_order(db, order_id)
    if seen is None:
        raise OrderUnknown()
    customers.hold(db, seen.customer_id, exclusive=exclusive)
    row = repository.find_order(db, order_id, lock=True)
    assert row is not None  # orders are never deleted
    check_fits(row, expected_version)
    return row


def check_fits(row: OrderRow, expected_version: int | None) -> None:
    """Raises OrderClosed, OrderChanged."""
    if not row.is_open:
        raise OrderClosed(_("%(number)s is %(stage)s.", number=row.number, stage=row.stage.replace("_", " ")))
    if expected_version is not None and row.version != expected_version:
        raise OrderChanged()


def locked_repair(db: ShopSession, order_id: UUID, expected_version: int) -> tuple[OrderRow, Repair]:
    """The same with the repair; raises OtherKindOfOrder too."""
    row = locked_order(db, order_id, expected_version)
    repair = repository.find_repair(db, order_id)
    if row.kind != OrderKind.REPAIR.value or repair is None:
        raise OtherKindOfOrder(_("%(number)s is no repair.", number=row.number))
    return row, repair


def check_not_billed(row: OrderRow) -> None:
    """What a bill charges is mended, and is handed back: what more is to be done is another repair. Only a bill of
    today can be cancelled first. An open order has no bill."""
    if row.invoice_id is not None:
        raise OrderDelivered(
            _("%(number)s was billed before.", number=row.number),
            action=_("Hand it back, and take it in anew for what more is to be done."),
        )


def check_agreed(row: OrderRow) -> None:
    """Work that the customer pays for is begun after they agreed."""
    if row.stage not in (AGREED, IN_WORK, READY):
        raise RepairNotAgreed(_("The customer has not agreed to the estimate of %(number)s.", number=row.number))


def step(db: ShopSession, row: OrderRow, stage: str, note: str | None, *, at: dt.datetime | None = None) -> None:
    """One row of who and when; the order is at this stage from now on."""
    db.flush()
    moment = at or utc_now()
    db.add(OrderStep(
        order_id=row.id, seq=repository.last_step(db, row.id) + 1, stage=stage, at=moment, note=note,
        actor_id=db.actor.person_id,
    ))  # fmt: skip
    row.stage = stage
    if at is None:  # else it is being taken, all in one
        touch(row)


def touch(row: OrderRow) -> None:
    row.version, row.updated_at = row.version + 1, utc_now()
