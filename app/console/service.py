"""Owns what the console puts together of several rooms: a shop with its contract and its home."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.amc import service as amc
from app.amc.service import ContractView, EventView
from app.console import figures
from app.console.figures import FiguresView
from app.kit.clock import today_ist
from app.kit.outbox import enqueue_control
from app.kit.paging import Page
from app.kit.ports import EntitlementState
from app.tenants import service as tenants
from app.tenants.service import ShopView
from shard_router import ControlSession, DirectoryUnavailable, Router, UnknownShop

SWEEP = "app.amc.jobs.sweep_trials"


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A shop as the console's list shows it."""

    shop_id: int
    slug: str
    name: str
    legal_name: str
    state_code: str
    gstin: str | None
    opened_at: dt.datetime
    ready_at: dt.datetime | None
    shard: str | None
    plan: str | None
    annual_price_paise: int | None
    contract_state: str | None
    ends_on: dt.date | None
    standing: EntitlementState | None
    version: int
    figures: FiguresView | None


@dataclass(frozen=True, slots=True)
class ShopDetail:
    """One shop with what happened to its contract."""

    shop: ShopRow
    events: tuple[EventView, ...]


@dataclass(frozen=True, slots=True)
class AskedSweep:
    """A sweep that a worker will do."""

    job_id: UUID
    on: dt.date


def list_shops(
    control: ControlSession, router: Router, *, text: str | None, sort: str | None, after: str | None, limit: int
) -> Page[ShopRow]:
    found = tenants.page_of_shops(control, text=text, sort=sort, after=after, limit=limit)
    shop_ids = [shop.shop_id for shop in found.items]
    contracts = {one.shop_id: one for one in amc.list_contracts(control, shop_ids)}
    counted = figures.figures_of(control, shop_ids)
    return found.map(lambda shop: _row(router, shop, contracts.get(shop.shop_id), counted.get(shop.shop_id)))


def get_shop(control: ControlSession, router: Router, shop_id: int) -> ShopDetail:
    """Raises ShopUnknown."""
    shop = tenants.get_shop(control, shop_id)
    contracts = amc.list_contracts(control, [shop_id])
    events = amc.list_events(control, shop_id)
    counted = figures.figures_of(control, [shop_id])
    return ShopDetail(_row(router, shop, contracts[0] if contracts else None, counted.get(shop_id)), tuple(events))


def ask_to_sweep(control: ControlSession, *, on: dt.date | None) -> AskedSweep:
    """Beside the scheduler's own: ending what has ended, now; up to today, since nothing may end before its date."""
    day = min(on or today_ist(), today_ist())
    return AskedSweep(enqueue_control(control, SWEEP, params={"on": day.isoformat()}), day)


def _row(router: Router, shop: ShopView, contract: ContractView | None, counted: FiguresView | None) -> ShopRow:
    return ShopRow(
        shop_id=shop.shop_id, slug=shop.slug, name=shop.name, legal_name=shop.legal_name, state_code=shop.state_code,
        gstin=shop.gstin, opened_at=shop.opened_at, ready_at=shop.ready_at, shard=_home(router, shop.shop_id),
        plan=contract.plan_name if contract else None,
        annual_price_paise=contract.annual_price_paise if contract else None,
        contract_state=contract.state.value if contract else None, ends_on=contract.ends_on if contract else None,
        standing=contract.entitlement.state if contract else None, version=shop.version, figures=counted,
    )  # fmt: skip


def _home(router: Router, shop_id: int) -> str | None:
    try:
        return router.directory.lookup(shop_id).shard
    except (UnknownShop, DirectoryUnavailable):
        return None
