"""Owns what a router is told once, when it is built: files, accounts, sizes and times. It reads no environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """One database account, as `accounts.py` names them."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Connections that one process may hold to ONE server, by what they are for.

    All together a server sees at most processes × (write + hot + read + fleet) of them; docs/router.md does the sum.
    """

    write: int = 8
    hot: int = 8
    read: int = 8
    control: int = 6
    lookup: int = 2  # the directory's own, on the control database
    fleet: int = 2
    poll: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. Each bounds how long one fault can hold up a caller or stay unseen."""

    connect: float = 2.0
    answer: float = 10.0  # one statement's reply, on every connection but the fleet's and the poller's
    pool: float = 2.0  # waiting for a free connection
    lock_wait: int = 2  # innodb_lock_wait_timeout; whole seconds, the server knows no less
    idle_ping: float = 30.0  # a connection idle for longer is pinged before use
    causal_wait: float = 0.05  # how long a read waits for a replica to catch up
    deciding: float = 1.5  # how long a write waits for a move to decide; a move may pause for as much, less 0.5
    redis: float = 0.1
    redis_rest: float = 1.0  # after a failure Redis is left alone for so long
    directory: float = 5.0  # a process believes a directory entry for so long
    directory_shared: int = 60  # Redis does
    unknown_shop: float = 5.0
    lookup: float = 1.0  # how long one look-up waits for the control database
    control_rest: float = 1.0  # after a failure the control database is left alone for so long
    topology: float = 1.0
    poll: float = 0.5
    poll_answer: float = 2.0
    snapshot: float = 10.0
    restamp: float = 0.2
    replica_lag: float = 3.0  # further behind than this, a replica is out of rotation
    fleet: float = 10.0
    shard_slow: float = 1.0  # half of a shard's threads busy with it for longer: newcomers are refused at once
    breaker_window: float = 10.0  # failures in a row further apart than this are no row
    breaker_rest: float = 1.0  # how long nobody asks a server whose breaker opened, if the poller hears nothing
    promotion: float = 5.0  # how long a write that a demoted primary refused waits for its successor


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """Everything a `Router` needs. `accounts` maps app, fleet_ro, … to users; a missing one falls back to `app`."""

    topology: Path
    accounts: Mapping[str, Account]
    snapshot: Path
    redis_url: str | None = field(default=None, repr=False)  # it may hold a password
    shard_database: str = "boolagold"
    control_database: str = "boolagold_control"
    tls_ca: Path | None = None
    token_keys: tuple[bytes, ...] = field(default=(), repr=False)  # the first signs, all verify
    redis_prefix: str = "boola:"
    pools: PoolSizes = PoolSizes()
    times: Times = Times()
    fleet_threads: int = 16  # one shard holds at most `pools.fleet` of them
    shard_threads: int = 8  # threads of one process that may be busy with one shard at once; 0: any number
    breaker_failures: int = 3  # in a row, of all processes of the host together, until nobody waits for a server
    background: bool = True  # pollers and watchers; off only where a test drives them by hand

    def account(self, name: str) -> Account:
        return self.accounts.get(name) or self.accounts["app"]
