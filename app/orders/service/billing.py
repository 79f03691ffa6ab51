"""What a bill does to orders, in its own packets: delivers one, charges repairs; undone where the bill is cancelled.

An order is delivered, and a repair charged, by one compare-and-set on its row, in the bill's transaction, behind the
customer's lock and their credits, before any piece is locked. Two bills that want the same order meet at that row.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.kit.clock import ist, utc_now
from app.kit.money import BASIS_POINTS
from app.kit.texts import _
from app.kit.weights import grams, purity_label
from app.orders import repository
from app.orders.errors import (
    OrderDelivered,
    OrderOverweight,
    OrderRateOpen,
    OrderUnknown,
    OtherKindOfOrder,
    RepairNotChargeable,
)
from app.orders.models import OrderKind
from app.orders.service.moving import step
from app.orders.stages import DELIVERED, READY, stage_of
from app.orders.terms import order_terms
from shard_router import Bound, PacketResult, ShopSession

Purity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An order that a bill delivers. `rates` are those it fixed, in paise per gram, `wanted_mg` what was ordered; the
    purity whose rate is `locked` is taken from its lock, not from here."""

    order_id: UUID
    number: str
    rates: Mapping[Purity, int]
    wanted_mg: Mapping[Purity, int]
    locked: Purity | None
    next_step: int
    advance_back: bool = False  # some of its advance was given back in money: it keeps no rate any more
    advance_taken: bool = False  # a rate was locked on its advance while the order was over: that one holds

    def rate_of(self, metal: str, fineness: int, *, field: str) -> int:
        """Raises OrderRateOpen where the order fixed none that a line can take from here."""
        if self.locked == (metal, fineness):
            message = _("The rate of %(number)s is locked: name the lock on its lines.", number=self.number)
            raise OrderRateOpen(message, fields={field: "locked"})
        if self.advance_back:
            message = _("Advance on %(number)s was given back: it keeps no rate.", number=self.number)
            raise OrderRateOpen(message, fields={field: "advance given back"})
        if self.advance_taken:
            message = _("Advance on %(number)s holds a locked rate: the order keeps none.", number=self.number)
            raise OrderRateOpen(message, fields={field: "advance holds another rate"})
        if (metal, fineness) not in self.rates:
            message = _(
                "%(number)s fixed no rate for %(purity)s.", number=self.number, purity=purity_label(metal, fineness)
            )
            raise OrderRateOpen(message, fields={field: "not fixed"})
        return self.rates[metal, fineness]

    def check_weight(self, taken: Mapping[Purity, int], on: dt.date) -> None:
        """`taken`: mg by purity at the order's rate. Raises OrderOverweight."""
        over = order_terms(on).weight_over_bp
        for purity, mg in taken.items():
            most = self.wanted_mg.get(purity, 0) * (BASIS_POINTS + over) // BASIS_POINTS
            if mg > most:
                message = _(
                    "%(number)s fixed its rate for %(most)s g at most; these pieces weigh %(mg)s g.",
                    number=self.number, most=grams(most), mg=grams(mg),
                )  # fmt: skip
                raise OrderOverweight(message, fields={"orderId": "heavier than ordered"})


@dataclass(frozen=True, slots=True)
class Charge:
    """A mended piece that a bill charges, without tax."""

    order_id: UUID
    number: str
    description: str
    paise: int


# ---------------------------------------------------------------- one is delivered


def bind_delivery(order_id: UUID, *, customer_id: UUID, document_id: UUID, now: dt.datetime) -> list[Bound]:
    """For the first packet; `read_delivery` reads what these three gave."""
    return [
        repository.DELIVER.bind(b_id=order_id, b_customer_id=customer_id, b_document_id=document_id, b_now=now),
        repository.ORDERS.bind(ids=[order_id], on=ist(now).date()),
        repository.LINES.bind(order_id=order_id),
    ]


def read_delivery(
    order_id: UUID, results: Sequence[PacketResult], *, customer_id: UUID, document_id: UUID, on: dt.date
) -> Delivery:
    """Raises OrderUnknown, OrderDelivered where it is over or another customer's, OtherKindOfOrder for a repair."""
    _taken, found, lines = results
    row = _known(found.rows, [order_id], "orderId")[0]
    _check_delivery(row, customer_id=customer_id, document_id=document_id, on=on)
    return _delivery(row, lines.rows)


def look_at_delivery(db: ShopSession, order_id: UUID, *, customer_id: UUID, on: dt.date) -> Delivery:
    """What a bill would deliver, with nothing done; raises what read_delivery does."""
    row = _known(repository.orders_seen(db, [order_id], on), [order_id], "orderId")[0]
    _check_delivery(row, customer_id=customer_id, document_id=None, on=on)
    return _delivery(row, repository.lines_seen(db, order_id))


def bind_step(db: ShopSession, delivery: Delivery, at: dt.datetime) -> Bound:
    """For the last packet: who delivered it, and when."""
    return repository.INSERT_STEP.bind(
        order_id=delivery.order_id, seq=delivery.next_step, stage=DELIVERED, at=at, note=None,
        actor_id=db.actor.person_id,
    )  # fmt: skip


# ---------------------------------------------------------------- repairs are charged


def bind_charges(order_ids: Iterable[UUID], *, customer_id: UUID, document_id: UUID, now: dt.datetime) -> list[Bound]:
    """For the first packet; `read_charges` reads what they gave. Nothing for none."""
    ids = _ordered(order_ids)
    if not ids:
        return []
    charges = [
        repository.CHARGE.bind(b_id=one, b_customer_id=customer_id, b_document_id=document_id, b_now=now) for one in ids
    ]
    return [*charges, repository.REPAIRS.bind(ids=ids)]


def read_charges(
    fields: Mapping[UUID, str], results: Sequence[PacketResult], *, customer_id: UUID, document_id: UUID
) -> dict[UUID, Charge]:
    """By id; `fields` names where each stands in the input. Raises OrderUnknown, OtherKindOfOrder, OrderDelivered,
    RepairNotChargeable."""
    return _charges(fields, results[-1].rows, customer_id=customer_id, document_id=document_id) if results else {}


def look_at_charges(db: ShopSession, fields: Mapping[UUID, str], *, customer_id: UUID) -> dict[UUID, Charge]:
    """What a bill would charge, with nothing done."""
    rows = repository.repairs_seen(db, _ordered(fields)) if fields else []
    return _charges(fields, rows, customer_id=customer_id, document_id=None)


# ---------------------------------------------------------------- undone


def reopen(db: ShopSession, *, document_id: UUID) -> None:
    """What a cancelled bill delivered is ready again, what it charged waits for another bill.

    Behind the customer's lock. Raises OrderDelivered where a repair on it was handed back meanwhile."""
    for row in repository.held_on_bill(db, document_id):
        if row.kind == OrderKind.REPAIR.value and not row.is_open:
            raise OrderDelivered(_("%(number)s was handed back: the customer has it.", number=row.number))
        row.invoice_id = None
        if row.kind == OrderKind.ORDER.value:
            row.is_open, row.closed_at = 1, None
            step(db, row, READY, _("the bill was cancelled"))
        else:
            row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()


# ---------------------------------------------------------------- parts


def _known(rows: Sequence[Any], order_ids: Sequence[UUID], field: str) -> Sequence[Any]:
    if len(rows) != len(order_ids):
        raise OrderUnknown(fields={field: "unknown"})
    return rows


def _check_delivery(row: Any, *, customer_id: UUID, document_id: UUID | None, on: dt.date) -> None:
    _check_owner(row, customer_id, "orderId")
    if row.kind != OrderKind.ORDER.value:
        message = _("%(number)s is a repair: it is handed back.", number=row.number)
        raise OtherKindOfOrder(message, fields={"orderId": "a repair"})
    taken = row.invoice_id == document_id if document_id is not None else bool(row.is_open)
    if not taken:
        message = _("%(number)s was delivered or cancelled before.", number=row.number)
        raise OrderDelivered(message, fields={"orderId": row.stage})
    stage_of(row.kind, DELIVERED, on)


def _check_owner(row: Any, customer_id: UUID, field: str) -> None:
    if row.customer_id != customer_id:
        message = _("%(number)s is another customer's order.", number=row.number)
        raise OrderDelivered(message, fields={field: "another customer's"})


def _delivery(row: Any, lines: Sequence[Any]) -> Delivery:
    rates: dict[Purity, int] = {}
    wanted: dict[Purity, int] = {}
    for line in lines:
        purity = line.metal, line.fineness
        if line.rate_paise_per_g is not None:
            rates[purity] = line.rate_paise_per_g
        wanted[purity] = wanted.get(purity, 0) + line.weight_mg
    locked = None if row.locked_metal is None else (row.locked_metal, int(row.locked_fineness))
    return Delivery(
        row.id, row.number, rates, wanted, locked, int(row.last_step) + 1, bool(row.advance_back),
        bool(row.advance_taken),
    )  # fmt: skip


def _charges(
    fields: Mapping[UUID, str], rows: Sequence[Any], *, customer_id: UUID, document_id: UUID | None
) -> dict[UUID, Charge]:
    known = {row.id: row for row in rows}
    found = {}
    for order_id, field in fields.items():
        row = known.get(order_id)
        if row is None:
            raise OrderUnknown(fields={field: "unknown"})
        _check_charge(row, field, customer_id=customer_id, document_id=document_id)
        paise = row.charge_paise if row.charge_paise is not None else row.estimate_paise or 0
        if not paise:
            message = _("%(number)s costs nothing: it is handed back without a bill.", number=row.number)
            raise RepairNotChargeable(message, fields={field: "costs nothing"})
        found[order_id] = Charge(order_id, row.number, row.description, paise)
    return found


def _check_charge(row: Any, field: str, *, customer_id: UUID, document_id: UUID | None) -> None:
    _check_owner(row, customer_id, field)
    if row.kind != OrderKind.REPAIR.value:
        message = _("%(number)s is no repair.", number=row.number)
        raise OtherKindOfOrder(message, fields={field: "an order"})
    if row.stage != READY or not row.is_open:
        message = _("%(number)s is not ready yet, or was handed back.", number=row.number)
        raise RepairNotChargeable(message, fields={field: row.stage})
    if row.invoice_id != document_id:
        message = _("%(number)s was billed before.", number=row.number)
        raise OrderDelivered(message, fields={field: "billed"})


def _ordered(order_ids: Iterable[UUID]) -> list[UUID]:
    return sorted(set(order_ids), key=lambda one: one.bytes)
