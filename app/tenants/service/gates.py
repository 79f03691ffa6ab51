"""Owns the throttle of sign-ins: failures are counted per person and per network address and pause both for a while.

The counters stand in the control plane, so losing Redis or starting again forgets none. A try is counted before its
password is checked and taken back when it was good: a hundred tries sent at once get no more guesses than one by one.
"""

import datetime as dt
import hashlib
import ipaddress
import math
from dataclasses import dataclass

from app.kit.clock import utc_now
from app.tenants.errors import SignInPaused
from app.tenants.models import SignInGate
from app.tenants.repository import gates as repository
from app.tenants.repository import keys as sessions
from shard_router import ControlSession

FORGOTTEN_AFTER = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """How many failures shut a gate, and for how long: twice as long with each further shutting, up to a limit."""

    per_person: int = 5
    per_address: int = 20
    first_pause: dt.timedelta = dt.timedelta(minutes=15)
    longest_pause: dt.timedelta = dt.timedelta(hours=12)

    def pause(self, shuttings: int) -> dt.timedelta:
        return min(self.first_pause * int(2 ** min(shuttings - 1, 10)), self.longest_pause)


@dataclass(frozen=True, slots=True)
class Try:
    """One counted try, to be taken back if it was good."""

    person: bytes
    address: bytes
    person_shut_until: dt.datetime | None
    address_shut_until: dt.datetime | None

    @property
    def shut_a_gate(self) -> bool:
        return self.person_shut_until is not None or self.address_shut_until is not None


def count_try(control: ControlSession, *, subject: str, address: str, policy: GatePolicy) -> Try:
    """Counts a try as failed; raises SignInPaused, counting nothing, while one of its gates is shut."""
    now = utc_now()
    person, network = gate_of("person", subject), gate_of("address", network_of(address))
    rows = repository.lock_gates(control, [person, network], now)
    _refuse_if_shut(list(rows.values()), now)
    return Try(
        person, network,
        _count(rows[person], policy.per_person, policy, now), _count(rows[network], policy.per_address, policy, now),
    )  # fmt: skip


def forgive_try(control: ControlSession, tried: Try, *, wholly: bool = True) -> None:
    """The try was good: the person's failures are forgotten (`wholly`), the address loses only this one."""
    if wholly:
        repository.delete_gate(control, tried.person)
    else:
        repository.take_back_failure(control, tried.person)
        if tried.person_shut_until is not None:
            repository.unlock_gate(control, tried.person, tried.person_shut_until)
    repository.take_back_failure(control, tried.address)
    if tried.address_shut_until is not None:
        repository.unlock_gate(control, tried.address, tried.address_shut_until)


def purge_sign_ins(control: ControlSession) -> int:
    """Gates whose day is over, and signed-out tokens that have expired anyway; how many."""
    now = utc_now()
    gone = repository.delete_gates_before(control, now - FORGOTTEN_AFTER, now=now)
    return gone + sessions.delete_ended_sessions_before(control, now)


def gate_of(kind: str, subject: str) -> bytes:
    """A gate's key: no address and no e-mail of a stranger is kept in the clear."""
    return hashlib.sha256(f"{kind}\n{subject}".encode()).digest()


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 host, but a whole /64 of IPv6, since one household is given that many."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _refuse_if_shut(rows: list[SignInGate], now: dt.datetime) -> None:
    shut = [row.locked_until for row in rows if row.locked_until is not None and row.locked_until > now]
    if shut:
        raise SignInPaused(headers={"Retry-After": str(max(1, math.ceil((max(shut) - now).total_seconds())))})


def _count(row: SignInGate, limit: int, policy: GatePolicy, now: dt.datetime) -> dt.datetime | None:
    """One more failure; when the gate shuts with it, until when."""
    if now - row.first_at > FORGOTTEN_AFTER:
        row.failures, row.first_at = 0, now
    row.failures += 1
    row.locked_until = now + policy.pause(row.failures // limit) if row.failures % limit == 0 else None
    return row.locked_until
