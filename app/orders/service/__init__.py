"""Orders and repairs: taken with advances, brought from stage to stage, delivered on a bill or handed back weighed."""

from app.orders.models import OrderKind
from app.orders.repository import shop_sums
from app.orders.service.billing import (
    Charge,
    Delivery,
    bind_charges,
    bind_delivery,
    bind_step,
    look_at_charges,
    look_at_delivery,
    read_charges,
    read_delivery,
    reopen,
)
from app.orders.service.closing import cancel
from app.orders.service.keeping import stands_on
from app.orders.service.mending import give_estimate, hand_back, note_answer, set_charge, use
from app.orders.service.moving import follow_merge, move_on, put_off
from app.orders.service.printing import order_slip
from app.orders.service.reading import count_overdue, get_order, list_orders, orders_of
from app.orders.service.taking import NUMBERED, take_advance, take_order, take_repair
from app.orders.stages import list_stages
from app.orders.views import Order, OrderDraft, RepairDraft, Wanted

__all__ = [
    "NUMBERED", "Charge", "Delivery", "Order", "OrderDraft", "OrderKind", "RepairDraft", "Wanted", "bind_charges",
    "bind_delivery", "bind_step", "cancel", "count_overdue", "follow_merge", "get_order", "give_estimate", "hand_back",
    "list_orders", "list_stages", "look_at_charges", "look_at_delivery", "move_on", "note_answer", "order_slip",
    "orders_of", "put_off", "read_charges", "read_delivery", "reopen", "set_charge", "shop_sums", "stands_on",
    "take_advance", "take_order", "take_repair", "use",
]  # fmt: skip
