"""Owns where a measurement stands: databases of its own on the cluster's servers, and servers it started itself."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa

from app.settings import Settings, load
from migrations.fleet import Fleet, FleetConfig, Target
from migrations.runner import Runner
from shard_router.config import Account
from shard_router.topology import parse

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = ("app", "fleet_ro", "migrate", "mover", "purger")
WORKERS, THREADS = 2, 16


@dataclass(frozen=True)
class Server:
    """A server process with its workers."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """What the process and its children have used so far; a machine that others use too cannot change it much."""
        return sum(_cpu_seconds(pid) for pid in (self.pid, *_children(self.pid)))


@dataclass(frozen=True)
class Ground:
    """The servers of BOOLA_CLUSTER under names that nobody else uses."""

    name: str
    folder: Path

    @cached_property
    def file(self) -> Path:
        return Path(os.environ["BOOLA_CLUSTER"])

    @cached_property
    def raw(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.file.read_text())
        return read

    @cached_property
    def accounts(self) -> dict[str, Account]:
        return {name: Account(f"{self.name}_{name}", secrets.token_urlsafe(24)) for name in ACCOUNTS}

    @cached_property
    def admin(self) -> Account:
        return Account(self.raw["admin"]["user"], self.raw["admin"]["password"])

    @cached_property
    def fleet(self) -> Fleet:
        return Fleet(FleetConfig(
            topology=parse(self.file.read_text()), accounts=self.accounts, control_database=f"{self.name}_control",
            shard_database=f"{self.name}_shard", admin=self.admin, tls_ca=Path(self.raw["tls_ca"]),
        ))  # fmt: skip

    @property
    def shard(self) -> Target:
        """The one that the measured shop lives on."""
        return self.fleet.shards[0]

    def create(self) -> None:
        Runner(self.fleet.config).up()

    def drop(self) -> None:
        for target in self.fleet.targets:
            with self.fleet.connect(target, "admin", database=False) as connection:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{target.database}`")
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{self.name}_naive`")
                for account in self.accounts.values():
                    connection.execute(sa.text("DROP USER IF EXISTS :user@'%'"), {"user": account.user})

    def connect(self, who: Account, database: str, **more: Any) -> pymysql.Connection[Any]:
        """A bare connection to the measured shard's primary."""
        server = self.shard.server
        return pymysql.connect(
            host=server.host, port=server.port, user=who.user, password=who.password, database=database,
            ssl=self.fleet.tls, charset="utf8mb4", **more,
        )  # fmt: skip

    def status(self) -> dict[str, str]:
        """How safely the measured server writes: it is the same for all that is measured here."""
        wanted = ("sync_binlog", "innodb_flush_log_at_trx_commit", "rpl_semi_sync_source_wait_point")
        with self.fleet.connect(self.shard, "admin", database=False) as connection:
            variables = connection.execute(sa.text("SHOW VARIABLES")).all()
            found = {name: value for name, value in variables if name in wanted}
            semi = connection.execute(sa.text("SHOW STATUS LIKE 'Rpl_semi_sync_source_status'")).first()
        return {**found, "semi_sync": semi[1] if semi else "absent", "tls": "on"}

    # -- the product's settings -------------------------------------------------------------------------------------
    @cached_property
    def environment(self) -> dict[str, str]:
        """Production's own, but for where things are and limits that a load would run into."""
        keys = {
            name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("MASTER", "LINK", "TOKEN", "CSRF")
        }
        return {
            "BOOLA_TOPOLOGY_FILE": str(self.file),
            "BOOLA_SNAPSHOT_FILE": str(self.folder / "snapshot.json"),
            "BOOLA_SHARD_DATABASE": f"{self.name}_shard",
            "BOOLA_CONTROL_DATABASE": f"{self.name}_control",
            "BOOLA_MYSQL_TLS_CA": self.raw["tls_ca"],
            "BOOLA_MYSQL_ACCOUNT_PREFIX": f"{self.name}_",
            **{f"BOOLA_MYSQL_{name.upper()}_PASSWORD": one.password for name, one in self.accounts.items()},
            "BOOLA_REDIS_URL": self.raw["redis"],
            "BOOLA_REDIS_PREFIX": f"{self.name}:",
            "BOOLA_PUBLIC_URL": "http://127.0.0.1:1",
            "BOOLA_SIDE_URL": "http://127.0.0.1:2",
            "BOOLA_OBJECT_STORE_DIR": str(self.folder / "objects"),
            **{f"BOOLA_{name}_KEY": key for name, key in keys.items()},
            "BOOLA_RATE_CLIENT": "0/minute",
            "BOOLA_RATE_SHOP": "0/minute",
            "BOOLA_ENVIRONMENT": "bench",
        }

    def settings(self) -> Settings:
        for name, value in self.environment.items():
            os.environ[name] = value
        return load()

    @contextmanager
    def serving(self, application: str, environment: Mapping[str, str]) -> Iterator[Server]:
        """gunicorn as `./dev up` starts it, on a port of its own."""
        port = free_port()
        words = [
            *(sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
            *("--keep-alive", "75", "--no-control-socket", "--log-level", "warning"),
        ]
        log = (self.folder / f"{application.split(':', maxsplit=1)[0]}.log").open("w")
        process = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_listening(port, process)
            yield Server(port, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)
            log.close()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int, process: subprocess.Popen[bytes], limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at its start ({process.returncode})")
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server does not listen")
