"""Owns the statements that count failed sign-ins."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.mysql import insert

from app.tenants.models import SignInGate
from shard_router import ControlSession


def lock_gates(control: ControlSession, gates: Sequence[bytes], now: dt.datetime) -> dict[bytes, SignInGate]:
    """The gates' rows, made where there are none, locked in one order so that two sign-ins never wait in a circle."""
    wanted = sorted(set(gates))
    fresh = insert(SignInGate).values([{"gate": gate, "failures": 0, "first_at": now} for gate in wanted])
    control.execute(fresh.on_duplicate_key_update(failures=SignInGate.failures))
    locked = select(SignInGate).where(SignInGate.gate.in_(wanted)).order_by(SignInGate.gate).with_for_update()
    return {row.gate: row for row in control.scalars(locked)}


def delete_gate(control: ControlSession, gate: bytes) -> None:
    control.execute(delete(SignInGate).where(SignInGate.gate == gate))


def take_back_failure(control: ControlSession, gate: bytes) -> None:
    """A try that was counted before it was checked turned out to be good."""
    control.execute(
        update(SignInGate)
        .where(SignInGate.gate == gate, SignInGate.failures > 0)
        .values(failures=SignInGate.failures - 1)
    )


def unlock_gate(control: ControlSession, gate: bytes, locked_until: dt.datetime) -> None:
    """Opens a gate that one's own good try had shut; a lock that somebody else set since stays."""
    control.execute(
        update(SignInGate)
        .where(SignInGate.gate == gate, SignInGate.locked_until == locked_until)
        .values(locked_until=None)
    )


def delete_gates_before(control: ControlSession, moment: dt.datetime, *, now: dt.datetime, limit: int = 5000) -> int:
    """Forgets gates whose day is over and that are not locked; how many there were."""
    stale = select(SignInGate.gate).where(SignInGate.first_at < moment).limit(limit)
    gates = [gate for (gate,) in control.execute(stale).all()]
    if not gates:
        return 0
    gone = control.execute(
        delete(SignInGate).where(
            SignInGate.gate.in_(gates), (SignInGate.locked_until.is_(None)) | (SignInGate.locked_until < now)
        )
    )
    return int(getattr(gone, "rowcount", 0))
