"""Owns what the counter offers of a customer's promises: locked rates, orders to deliver, repairs, bonuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from flask import request

from app.dashboard.frame import may
from app.inventory import service as inventory
from app.inventory.service import Item
from app.invoices.service import BillDraft, LineDraft
from app.kit.http import shop_read
from app.orders import service as orders
from app.orders.service import Order
from app.ratelocks import service as ratelocks
from app.ratelocks.service import RateLock
from app.rates import service as rates
from app.schemes import service as schemes
from app.schemes.service import Bonus
from shard_router import ShopSession

MOST = 20


@dataclass(frozen=True, slots=True)
class Promised:
    """What a customer may take on this bill, as far as the actor may see it."""

    locks: tuple[RateLock, ...] = ()
    bonuses: tuple[Bonus, ...] = ()
    orders: tuple[Order, ...] = ()
    repairs: tuple[Order, ...] = ()
    locked: Mapping[UUID, tuple[str, int]] = field(default_factory=dict)  # of the orders' locks, spent ones too

    def locks_of(self, metal: str, fineness: int) -> list[RateLock]:
        return [one for one in self.locks if (one.metal, one.fineness) == (metal, fineness)]

    def order(self, order_id: UUID | None) -> Order | None:
        return next((one for one in self.orders if one.id == order_id), None)

    def fixed_rate(self, order_id: UUID | None, metal: str, fineness: int) -> int | None:
        """Paise per gram that the chosen order fixed for a purity, where its rate is no lock's."""
        order = self.order(order_id)
        if order is None or (
            order.rate_lock_id is not None and self.locked.get(order.rate_lock_id) == (metal, fineness)
        ):
            return None
        return next(
            (line.rate_paise_per_g for line in order.lines if (line.metal, line.fineness) == (metal, fineness)), None
        )

    def __bool__(self) -> bool:
        return bool(self.locks or self.bonuses or self.orders or self.repairs)


NOTHING = Promised()


def at_orders_rates(draft: BillDraft, promised: Promised) -> BillDraft:
    """The chosen order's rates for pieces of which nobody could choose yet, where the board's are above them."""
    new = [line.item_id for line in draft.lines if line.item_id is not None and _is_unsaid(line)]
    if not new or promised.order(draft.order_id) is None:
        return draft
    items, board = shop_read(lambda db: (inventory.get_items(db, new), rates.read_board(db)))

    def is_better(item: Item | None) -> bool:
        fixed = promised.fixed_rate(draft.order_id, item.metal, item.fineness) if item else None
        return item is not None and fixed is not None and fixed < board.get((item.metal, item.fineness), 0)

    better = {one for one in new if is_better(items.get(one))}
    lines = (replace(line, of_order=True) if line.item_id in better else line for line in draft.lines)
    return replace(draft, lines=tuple(lines))


def _is_unsaid(line: LineDraft) -> bool:
    """Whether the page did not offer a choice of the rate, and nothing else chose it."""
    chosen = line.rate_paise_per_g or line.rate_lock_id or line.of_order or line.of_estimate
    return not chosen and f"promise-{line.item_id}" not in request.form


def promised_to(customer_id: UUID) -> Promised:
    """In one look."""

    def read(db: ShopSession) -> Promised:
        seen = may("order.view")
        found = orders.list_orders(db, customer_id=customer_id, is_open=True, limit=MOST).items if seen else []
        named = [one.rate_lock_id for one in found if one.rate_lock_id is not None]
        return Promised(
            locked={one.id: (one.metal, one.fineness) for one in ratelocks.look_at(db, named)} if named else {},
            locks=tuple(ratelocks.open_locks(db, customer_id)) if may("credit.view") else (),
            bonuses=tuple(schemes.bonuses_of(db, customer_id)) if may("scheme.view") else (),
            orders=tuple(one for one in found if one.repair is None),
            repairs=tuple(
                one for one in found
                if one.repair is not None and one.stage == "ready" and one.invoice_id is None and one.repair.due_paise
            ),
        )  # fmt: skip

    return shop_read(read)
