"""Owns one write outside a request: open, do, commit; again where nothing can have happened yet."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from shard_router import Actor, CausalToken, ControlSession, Mode, Router, ShopMoved, ShopSession

T = TypeVar("T")

DEADLOCK = 1213
TRIES = 3


def write_shop(
    router: Router, shop_id: int, actor: Actor, work: Callable[[ShopSession], T]
) -> tuple[T, CausalToken | None]:
    """One transaction of one shop; again once on ShopMoved and up to three times on a deadlock: both undid all."""
    moved = False
    tries = 0
    while True:
        try:
            with router.shop(shop_id, actor, mode=Mode.WRITE) as db:
                value = work(db)
                db.commit()
                return value, db.token
        except ShopMoved:
            if moved:
                raise
            moved = True
        except DBAPIError as error:
            tries += 1
            if tries >= TRIES or not is_deadlock(error):
                raise


def write_control(router: Router, work: Callable[[ControlSession], T]) -> T:
    """One transaction of the control plane, again on a deadlock."""
    tries = 0
    while True:
        try:
            with router.control() as control:
                value = work(control)
                control.commit()
                return value
        except DBAPIError as error:
            tries += 1
            if tries >= TRIES or not is_deadlock(error):
                raise


def is_deadlock(error: DBAPIError) -> bool:
    """MySQL chose this transaction to die and rolled it back whole."""
    return bool(error.orig is not None and error.orig.args and error.orig.args[0] == DEADLOCK)
