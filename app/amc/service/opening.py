"""Owns selling a shop its trial: the tenants' room opens it, this one adds the contract, a job does the shard."""

import datetime as dt
from uuid import UUID

from app.amc.service.contracts import start_trial
from app.kit.clock import today_ist
from app.tenants import service as tenants
from app.tenants.service import NewPassword, NewShop, OpenedShop
from shard_router import ControlSession, Router


def open_shop(
    control: ControlSession, router: Router, *, new: NewShop, one_time: NewPassword, actor_id: UUID | None,
    on: dt.date | None = None,
) -> OpenedShop:  # fmt: skip
    """Shop, owner, place and trial in this transaction, and the job that prepares its shard.

    After the commit call `tenants.announce`; `tenants.prepare_shop` does the job's work at once where no worker runs.
    """
    opened = tenants.open_shop(control, router, new=new, one_time=one_time, actor_id=actor_id)
    dates = start_trial(control, shop_id=opened.shop.shop_id, on=on or today_ist(), actor_id=actor_id)
    tenants.ask_to_prepare(control, shop_id=opened.shop.shop_id, dates=dates)
    return opened
