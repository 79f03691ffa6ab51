"""Owns trials and contracts: starting, ending on their date, extending, and telling the shop's shard."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.amc import repository
from app.amc.errors import ContractUnknown, ExtensionNotLater, FirstDayOutOfReach, NoPlanInForce, ReasonMissing
from app.amc.models import Contract, ContractEvent, ContractState, Plan
from app.amc.service.terms import arr_paise, last_day_of_trial, last_day_of_year, mrr_paise, standing
from app.kit.audit import record_platform
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.ports import EntitlementView
from app.tenants import service as tenants
from app.tenants.service import EntitlementDates
from shard_router import ControlSession

ANNUAL = "annual"
TRIAL_STARTED = "trial_started"
ACTIVATED = "activated"
ENDED = {ContractState.TRIAL: "trial_ended", ContractState.ACTIVE: "year_ended"}
EXTENDED = "extended"
LONGEST_EXTENSION = dt.timedelta(days=366)
FURTHEST_AHEAD = dt.timedelta(days=366)
SHORTEST_REASON = 5


@dataclass(frozen=True, slots=True)
class ContractView:
    """A shop's contract and how it stands today."""

    shop_id: int
    plan_code: str
    plan_name: str
    annual_price_paise: int
    state: ContractState
    starts_on: dt.date
    ends_on: dt.date
    entitlement: EntitlementView
    version: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that happened to a contract."""

    event: str
    on_date: dt.date
    reason: str | None
    actor_id: UUID | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What the contracts earn, and how many stand where."""

    mrr_paise: int
    arr_paise: int
    trials: int
    active: int
    expired: int


def start_trial(
    control: ControlSession, *, shop_id: int, on: dt.date, actor_id: UUID | None, plan_code: str = ANNUAL
) -> EntitlementDates:
    """The shop's trial by the plan in force that day; raises NoPlanInForce. The dates are what its shard is told."""
    plan = _plan_in_force(control, plan_code, on)
    row = Contract(
        shop_id=shop_id, plan_code=plan.code, plan_from=plan.valid_from, state=ContractState.TRIAL.value, starts_on=on,
        ends_on=last_day_of_trial(on, plan.trial_days), version=1, updated_at=utc_now(),
    )  # fmt: skip
    control.add(row)
    control.flush()
    _note(control, row, TRIAL_STARTED, on, reason=None, actor_id=actor_id)
    return _dates(row, plan)


def activate_contract(
    control: ControlSession, *, shop_id: int, starts_on: dt.date, reason: str, actor_id: UUID | None,
    plan_code: str = ANNUAL,
) -> ContractView:  # fmt: skip
    """A paid year from `starts_on`: the shop trades again within a minute. The year in force is not begun again.

    Another first day corrects the one before, also back to a day that counted once. Raises FirstDayOutOfReach.
    """
    row = _contract(control, shop_id)
    if row.state != ContractState.ACTIVE or row.starts_on != starts_on:
        _check_first_day(control, shop_id, starts_on)
        plan = _plan_in_force(control, plan_code, starts_on)
        row.plan_code, row.plan_from = plan.code, plan.valid_from
        row.state, row.starts_on, row.ends_on = ContractState.ACTIVE.value, starts_on, last_day_of_year(starts_on)
        _changed(control, row, ACTIVATED, starts_on, reason=_reason(reason), actor_id=actor_id)
    return get_contract(control, shop_id)


def extend_contract(
    control: ControlSession, *, shop_id: int, ends_on: dt.date, reason: str, actor_id: UUID
) -> ContractView:
    """An override with its reason, its actor and its own end; raises ExtensionNotLater, ReasonMissing."""
    row = _contract(control, shop_id)
    why = _reason(reason)
    latest = max(row.ends_on, today_ist()) + LONGEST_EXTENSION
    if not row.ends_on < ends_on <= latest:
        raise ExtensionNotLater(fields={"endsOn": str(ExtensionNotLater.default_message)})
    if row.state == ContractState.EXPIRED:
        paid = repository.find_event(control, shop_id, ACTIVATED) is not None
        row.state = (ContractState.ACTIVE if paid else ContractState.TRIAL).value
    row.ends_on = ends_on
    _changed(control, row, EXTENDED, ends_on, reason=why, actor_id=actor_id)
    return get_contract(control, shop_id)


def list_due(control: ControlSession, *, on: dt.date, after: int = 0, limit: int = 200) -> list[int]:
    """Shops whose trial's or year's last day lies before `on`, by number."""
    due = {
        shop_id
        for state in ENDED
        for shop_id in repository.list_ended(control, state.value, on, after=after, limit=limit)
    }
    return sorted(due)[:limit]


def end_contract(control: ControlSession, *, shop_id: int, on: dt.date) -> bool:
    """Ends a trial or year whose last day lies before `on`; False where there is nothing (any more) to end."""
    row = _contract(control, shop_id)
    event = ENDED.get(ContractState(row.state))
    if event is None or row.ends_on >= on:
        return False
    row.state = ContractState.EXPIRED.value
    _changed(control, row, event, row.ends_on + dt.timedelta(days=1), reason=None, actor_id=None)
    return True


def get_contract(control: ControlSession, shop_id: int) -> ContractView:
    """Raises ContractUnknown."""
    views = list_contracts(control, [shop_id])
    if not views:
        raise ContractUnknown()
    return views[0]


def list_contracts(control: ControlSession, shop_ids: Sequence[int]) -> list[ContractView]:
    today = today_ist()
    return [_view(row, plan, today) for row, plan in repository.list_contracts(control, shop_ids)]


def list_events(control: ControlSession, shop_id: int) -> list[EventView]:
    return [
        EventView(row.event, row.on_date, row.reason, row.actor_id, row.at)
        for row in repository.list_events(control, shop_id)
    ]


def list_dates(control: ControlSession, *, after: int, limit: int) -> list[tuple[int, EntitlementDates]]:
    """What every shard should know, shop by shop, for the reconciling job."""
    shop_ids = repository.list_shops_with_contract(control, after=after, limit=limit)
    found = {row.shop_id: _dates(row, plan) for row, plan in repository.list_contracts(control, shop_ids)}
    return sorted(found.items())


def read_figures(control: ControlSession) -> Figures:
    """MRR and ARR of active contracts: no tax, no trials, no one-offs."""
    prices = repository.list_active_prices(control)
    counts = repository.count_by_state(control)
    return Figures(
        mrr_paise(prices), arr_paise(prices), counts.get(ContractState.TRIAL.value, 0),
        counts.get(ContractState.ACTIVE.value, 0), counts.get(ContractState.EXPIRED.value, 0),
    )  # fmt: skip


def renew_dates(control: ControlSession, *, shop_id: int, above: int) -> None:
    """Gives the contract a version above the shard's and pushes it: the shard says something else."""
    row = _contract(control, shop_id)
    row.version = max(row.version, above) + 1
    _push(control, row)


def _changed(
    control: ControlSession, row: Contract, event: str, on_date: dt.date, *, reason: str | None, actor_id: UUID | None
) -> None:
    row.version, row.updated_at = row.version + 1, utc_now()
    _push(control, row)
    _note(control, row, event, on_date, reason=reason, actor_id=actor_id)


def _push(control: ControlSession, row: Contract) -> None:
    control.flush()
    plan = repository.get_plan_version(control, row.plan_code, row.plan_from)
    tenants.ask_to_push_entitlement(control, shop_id=row.shop_id, dates=_dates(row, plan))


def _note(
    control: ControlSession, row: Contract, event: str, on_date: dt.date, *, reason: str | None, actor_id: UUID | None
) -> None:
    control.add(ContractEvent(
        id=new_id(), shop_id=row.shop_id, version=row.version, event=event, on_date=on_date, reason=reason,
        actor_id=actor_id, at=utc_now(),
    ))  # fmt: skip
    control.flush()
    facts = {"event": event, "onDate": on_date.isoformat(), "endsOn": row.ends_on.isoformat(), "reason": reason}
    record_platform(control, "contract.changed", facts, actor_id=actor_id, shop_id=row.shop_id)


def _check_first_day(control: ControlSession, shop_id: int, starts_on: dt.date) -> None:
    today = today_ist()
    earliest = repository.get_first_event(control, shop_id).on_date
    if not earliest <= starts_on <= today + FURTHEST_AHEAD or last_day_of_year(starts_on) < today:
        raise FirstDayOutOfReach(fields={"startsOn": str(FirstDayOutOfReach.default_message)})


def _plan_in_force(control: ControlSession, code: str, on: dt.date) -> Plan:
    if (plan := repository.find_plan(control, code, on)) is None:
        raise NoPlanInForce()
    return plan


def _contract(control: ControlSession, shop_id: int) -> Contract:
    if (row := repository.find_contract(control, shop_id, lock=True)) is None:
        raise ContractUnknown()
    return row


def _reason(text: str) -> str:
    bare = " ".join(text.split())
    if len(bare) < SHORTEST_REASON:
        raise ReasonMissing(fields={"reason": str(ReasonMissing.default_message)})
    return bare[:300]


def _dates(row: Contract, plan: Plan) -> EntitlementDates:
    return EntitlementDates(row.state, plan.code, row.ends_on, plan.grace_days, plan.read_only_days, row.version)


def _view(row: Contract, plan: Plan, today: dt.date) -> ContractView:
    return ContractView(
        shop_id=row.shop_id, plan_code=plan.code, plan_name=plan.name, annual_price_paise=plan.annual_price_paise,
        state=ContractState(row.state), starts_on=row.starts_on, ends_on=row.ends_on,
        entitlement=standing(_dates(row, plan), today), version=row.version,
    )  # fmt: skip
