"""Orders and repairs as they are seen: one with all of it, pages in few statements."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.kit import paging
from app.kit.clock import today_ist
from app.kit.money import ratio, round_half_up
from app.orders import repository
from app.orders.errors import OrderUnknown
from app.orders.models import Order as OrderRow
from app.orders.models import OrderLine, Repair
from app.orders.views import Advance, Mending, Order, Step, Used, Wanted
from shard_router import ShopSession


def get_order(db: ShopSession, order_id: UUID) -> Order:
    """With its steps, advances and what was used; raises OrderUnknown."""
    row = repository.find_order(db, order_id)
    if row is None:
        raise OrderUnknown()
    steps = tuple(Step(one.stage, one.at, one.note, one.actor_id) for one in repository.steps_of(db, row.id))
    uses = tuple(
        Used(one.description, one.metal, one.fineness, one.net_mg, one.cost_paise, one.at)
        for one in repository.uses_of(db, row.id)
    )
    return _orders(db, [row], steps=steps, uses=uses)[0]


def list_orders(
    db: ShopSession,
    *,
    kind: str | None = None,
    stage: str | None = None,
    is_open: bool | None = None,
    overdue: bool = False,
    customer_id: UUID | None = None,
    number: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Order]:
    """A page of orders, what is due first at its top; with names, pieces and advances in a statement each."""
    statement = repository.list_orders(
        kind=kind, stage=stage, is_open=True if overdue else is_open, customer_id=customer_id,
        due_before=today_ist() if overdue else None, number=number,
    )  # fmt: skip
    found = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return paging.Page(_orders(db, found.items), found.next_cursor)


def count_overdue(db: ShopSession) -> int:
    """How many open orders and repairs were due before today."""
    return repository.overdue(db, today_ist())


def orders_of(db: ShopSession, invoice_id: UUID) -> list[Order]:
    """The orders that a bill delivered."""
    return _orders(db, repository.find_on_bill(db, invoice_id))


_ORDERS = paging.Orders(
    tie=OrderRow.id, default="dueOn", dueOn=OrderRow.due_on, takenAt=OrderRow.taken_at,
)  # fmt: skip


def _orders(
    db: ShopSession, rows: Sequence[OrderRow], *, steps: tuple[Step, ...] = (), uses: tuple[Used, ...] = ()
) -> list[Order]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    names = customers.names_of(db, {row.customer_id for row in rows})
    lines: defaultdict[UUID, list[Wanted]] = defaultdict(list)
    for line in repository.lines_of(db, ids):
        lines[line.order_id].append(Wanted(
            line.description, line.category, line.metal, line.fineness, _each_mg(line), line.pieces,
            line.estimate_paise, line.picture_id, line.rate_paise_per_g,
        ))  # fmt: skip
    repairs = {one.order_id: mending_of(one, uses) for one in repository.repairs_of(db, ids)}
    advances = _advances(db, ids)
    return [
        Order(
            row.id, row.kind, row.number, row.customer_id, names.get(row.customer_id, ""), row.rate_basis,
            row.rate_lock_id, row.note, row.taken_on, row.taken_at, row.stage, bool(row.is_open), row.due_on,
            row.invoice_id, row.closed_at, row.version, row.till_id, tuple(lines[row.id]), repairs.get(row.id), steps,
            tuple(advances[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def _each_mg(line: OrderLine) -> int:
    """The row has what all pieces weigh together."""
    return round_half_up(ratio(line.weight_mg, line.pieces))


def _advances(db: ShopSession, order_ids: Sequence[UUID]) -> defaultdict[UUID, list[Advance]]:
    found: defaultdict[UUID, list[Advance]] = defaultdict(list)
    rows = repository.advances_of(db, order_ids)
    left = credits.left_of(db, [row.credit_id for row in rows]) if rows else {}
    for row in rows:
        found[row.order_id].append(
            Advance(row.credit_id, row.receipt_id, row.paise, left.get(row.credit_id, 0), row.at)
        )
    return found


def mending_of(row: Repair, uses: tuple[Used, ...] = ()) -> Mending:
    return Mending(
        row.description, row.condition, row.work, row.metal, row.fineness, row.pieces, row.gross_mg, row.picture_id,
        row.estimate_paise, row.answered_at, row.answered_by, row.gross_out_mg, row.charge_paise, uses,
    )  # fmt: skip
