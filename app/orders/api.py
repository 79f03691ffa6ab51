"""The API of orders and repairs: taken, brought from stage to stage, mended, handed back, cancelled."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from app.kit.http import allow, api_blueprint, expected_version, runtime, shop_read, shop_write, versioned
from app.kit.paging import Page
from app.orders import service
from app.orders.schemas import (
    OrderAdvanceIn,
    OrderArgs,
    OrderCancellationIn,
    OrderEdit,
    OrderIn,
    OrderOut,
    OrderPage,
    OrderStageIn,
    RepairAnswerIn,
    RepairChargeIn,
    RepairEstimateIn,
    RepairHandingBackIn,
    RepairIn,
    RepairUseIn,
    order_of,
    payments_of,
    repair_of,
)  # fmt: skip
from app.orders.service import Order
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from shard_router import ShopSession

orders = api_blueprint("orders", "/orders", description="What customers ordered, and their pieces to be mended.")
repairs = api_blueprint("repairs", "/repairs", description="Customers' own pieces: estimate, work, handing back.")


@orders.get("")
@allow("order.view")
@orders.arguments(OrderArgs, location="query")
@orders.response(200, OrderPage)
def list_orders(args: dict[str, Any], shop_id: int) -> Page[Order]:
    """A page of orders and repairs, what is due first at its top."""
    return shop_read(lambda db: service.list_orders(db, **args))


@orders.post("")
@allow("order.take", entitled=True)
@orders.arguments(OrderIn)
@orders.response(201, OrderOut)
def take_order(body: dict[str, Any], shop_id: int) -> Order:
    """Take an order, with an advance where one is paid."""
    draft, advance, keyring = order_of(body), payments_of(body["advance"]), runtime().keyring
    return _written(lambda db: service.take_order(db, draft=draft, advance=advance, keyring=keyring))


@orders.get("/<id:order_id>")
@allow("order.view")
@orders.response(200, OrderOut)
def get_order(shop_id: int, order_id: UUID) -> Order:
    """One order or repair with its steps and advances."""
    return shop_read(lambda db: service.get_order(db, order_id))


@orders.get("/<id:order_id>/print")
@allow("order.view")
@orders.arguments(PrintArgs, location="query")
@orders.response(200, content_type="application/pdf")
def print_order(args: dict[str, str | None], shop_id: int, order_id: UUID) -> Response:
    """The slip of an order or repair as it is now, made now; usually on A5."""
    return printed(lambda db: service.order_slip(db, order_id), asked(args, SMALL), Press.render_slip)


@orders.patch("/<id:order_id>")
@allow("order.work")
@orders.arguments(OrderEdit)
@orders.response(200, OrderOut)
def put_off(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Agree on another day; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.put_off(db, order_id=order_id, expected_version=version, **body))


@orders.post("/<id:order_id>/stage")
@allow("order.work")
@versioned
@orders.arguments(OrderStageIn)
@orders.response(200, OrderOut)
def move_on(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Bring it to one of the stages that follow; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.move_on(db, order_id=order_id, expected_version=version, **body))


@orders.post("/<id:order_id>/advances")
@allow("order.take", entitled=True)
@versioned
@orders.arguments(OrderAdvanceIn)
@orders.response(201, OrderOut)
def take_advance(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Another advance on an open order; needs If-Match."""
    version, payments, keyring = expected_version(), payments_of(body["payments"]), runtime().keyring
    return _written(lambda db: service.take_advance(
        db, order_id=order_id, expected_version=version, payments=payments, keyring=keyring
    ))  # fmt: skip


@orders.post("/<id:order_id>/cancellation")
@allow("credit.pay_out")
@versioned
@orders.arguments(OrderCancellationIn)
@orders.response(200, OrderOut)
def cancel(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Nothing will be made; the advance goes back, or stays the customer's credit. Needs If-Match."""
    version, keyring = expected_version(), runtime().keyring
    return _written(lambda db: service.cancel(
        db, order_id=order_id, expected_version=version, keyring=keyring, **body
    ))  # fmt: skip


@repairs.post("")
@allow("order.take", entitled=True)
@repairs.arguments(RepairIn)
@repairs.response(201, OrderOut)
def take_repair(body: dict[str, Any], shop_id: int) -> Order:
    """Take a customer's own piece in to be mended."""
    draft, advance, keyring = repair_of(body), payments_of(body["advance"]), runtime().keyring
    return _written(lambda db: service.take_repair(db, draft=draft, advance=advance, keyring=keyring))


@repairs.post("/<id:order_id>/estimate")
@allow("order.work")
@versioned
@repairs.arguments(RepairEstimateIn)
@repairs.response(200, OrderOut)
def give_estimate(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Say what the work will cost, without tax; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.give_estimate(db, order_id=order_id, expected_version=version, **body))


@repairs.post("/<id:order_id>/answer")
@allow("order.work")
@versioned
@repairs.arguments(RepairAnswerIn)
@repairs.response(200, OrderOut)
def note_answer(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """The customer agreed to the estimate, or declined; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.note_answer(db, order_id=order_id, expected_version=version, **body))


@repairs.post("/<id:order_id>/uses")
@allow("stock.adjust")
@versioned
@repairs.arguments(RepairUseIn)
@repairs.response(201, OrderOut)
def use(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Metal or a part of ours goes into the piece; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.use(db, order_id=order_id, expected_version=version, **body))


@repairs.post("/<id:order_id>/charge")
@allow("order.work")
@versioned
@repairs.arguments(RepairChargeIn)
@repairs.response(200, OrderOut)
def set_charge(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """What a mended piece's work costs in the end, for its bill; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.set_charge(db, order_id=order_id, expected_version=version, **body))


@repairs.post("/<id:order_id>/handing-back")
@allow("order.work")
@versioned
@repairs.arguments(RepairHandingBackIn)
@repairs.response(200, OrderOut)
def hand_back(body: dict[str, Any], shop_id: int, order_id: UUID) -> Order:
    """Give the piece back, weighed; needs If-Match."""
    version = expected_version()
    return _written(lambda db: service.hand_back(db, order_id=order_id, expected_version=version, **body))


def _written(work: Callable[[ShopSession], Order]) -> Order:
    """The reply to a key that was sent before is made again, so that no customer's name is stored with one."""
    return shop_write(work, rebuild=service.get_order)
