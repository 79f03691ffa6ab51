"""Owns every statement on plans and contracts."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, func, select

from app.amc.models import Contract, ContractEvent, ContractState, Plan
from shard_router import ControlSession


def find_plan(control: ControlSession, code: str, on: dt.date) -> Plan | None:
    """The version in force on a day; of two that overlap the younger one."""
    in_force = select(Plan).where(
        Plan.code == code, Plan.valid_from <= on, (Plan.valid_to.is_(None)) | (Plan.valid_to >= on)
    )
    return control.scalars(in_force.order_by(Plan.valid_from.desc()).limit(1)).one_or_none()


def get_plan_version(control: ControlSession, code: str, valid_from: dt.date) -> Plan:
    return control.scalars(select(Plan).where(Plan.code == code, Plan.valid_from == valid_from)).one()


def find_contract(control: ControlSession, shop_id: int, *, lock: bool = False) -> Contract | None:
    wanted = select(Contract).where(Contract.shop_id == shop_id)
    return control.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def list_contracts(control: ControlSession, shop_ids: Sequence[int]) -> Sequence[Row[Contract, Plan]]:
    """The contracts of these shops, each with its plan's version."""
    return control.execute(
        select(Contract, Plan)
        .join(Plan, (Plan.code == Contract.plan_code) & (Plan.valid_from == Contract.plan_from))
        .where(Contract.shop_id.in_(shop_ids))
    ).all()


def list_ended(control: ControlSession, state: str, on: dt.date, *, after: int, limit: int) -> list[int]:
    """Shops whose contract still stands in this state although its last day is over."""
    due = select(Contract.shop_id).where(Contract.state == state, Contract.ends_on < on, Contract.shop_id > after)
    return list(control.scalars(due.order_by(Contract.shop_id).limit(limit)))


def list_shops_with_contract(control: ControlSession, *, after: int, limit: int) -> list[int]:
    wanted = select(Contract.shop_id).where(Contract.shop_id > after).order_by(Contract.shop_id).limit(limit)
    return list(control.scalars(wanted))


def count_by_state(control: ControlSession) -> dict[str, int]:
    counted = select(Contract.state, func.count()).group_by(Contract.state)
    return {row[0]: row[1] for row in control.execute(counted)}


def list_active_prices(control: ControlSession) -> list[tuple[int, int]]:
    """Annual price in paise and how many active contracts pay it."""
    priced = (
        select(Plan.annual_price_paise, func.count())
        .join(Contract, (Plan.code == Contract.plan_code) & (Plan.valid_from == Contract.plan_from))
        .where(Contract.state == ContractState.ACTIVE.value)
        .group_by(Plan.annual_price_paise)
    )
    return [(price, count) for price, count in control.execute(priced).all()]


def find_event(control: ControlSession, shop_id: int, event: str) -> ContractEvent | None:
    """The newest of its kind."""
    wanted = select(ContractEvent).where(ContractEvent.shop_id == shop_id, ContractEvent.event == event)
    return control.scalars(wanted.order_by(ContractEvent.version.desc()).limit(1)).one_or_none()


def get_first_event(control: ControlSession, shop_id: int) -> ContractEvent:
    """The start of the trial: every contract begins with it."""
    wanted = select(ContractEvent).where(ContractEvent.shop_id == shop_id).order_by(ContractEvent.version).limit(1)
    return control.scalars(wanted).one()


def list_events(control: ControlSession, shop_id: int) -> list[ContractEvent]:
    wanted = select(ContractEvent).where(ContractEvent.shop_id == shop_id)
    return list(control.scalars(wanted.order_by(ContractEvent.version)))
