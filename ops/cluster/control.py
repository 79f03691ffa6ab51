"""Owns the cluster's verbs: up, down, status, promote, destroy, sql; each may be run twice without harm."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops import files
from ops.cluster import redis, replication, roles, state, tls
from ops.cluster.layout import FIRST_PRIMARIES, GROUPS, REDIS, REDIS_OFFSET, SERVERS, members, server_named
from ops.cluster.mysql import DEVELOPMENT, MySQL, program_and_template, settings_text
from ops.cluster.roles import Duty, Order
from ops.debian import Say
from ops.places import Instance, port_base, remember_port_base
from ops.processes import Processes
from ops.trouble import Trouble

SPACE_NEEDED_MB = 400

PORTS_COME_FREE = 5.0
"""Seconds: a killed server keeps its port until its last thread is gone, a web server's workers until they notice."""


@dataclass(frozen=True)
class ServerStatus:
    """One line of `./dev status`."""

    name: str
    role: str
    port: int
    pid: int | None
    memory_mb: int
    note: str
    healthy: bool


class Cluster:
    """The servers of one instance."""

    def __init__(self, instance: Instance, say: Say) -> None:
        self.instance = instance
        self.say = say
        self.processes = Processes(instance.pids, instance.logs)
        self.mysql = {server.name: MySQL(instance, server, self.processes) for server in SERVERS}
        self.roles_file = instance.folder / "roles.json"

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        files.private_folder(self.instance.folder)
        name = self.instance.name
        return files.locked(
            self.instance.folder / ".lock", wait=lambda: self.say(f"another ./dev works on {name}, waiting for it")
        )

    # ---------------------------------------------------------------- up

    def up(self) -> list[str]:
        """Starts what does not run, brings every group to its recorded roles; returns the names it started."""
        with self._locked():
            before = set(self._running())
            self._check_same_ports(before)
            self._check_machine()
            primaries = self._primaries()
            tls.ensure(self.instance.folder / "tls")
            with ThreadPoolExecutor(len(SERVERS) + 1) as pool:
                fast = pool.submit(redis.start, self.instance, self.processes, self.say)
                self._start_mysql(pool)
                orders = {group: pool.submit(self._settle, group, primaries[group]) for group in GROUPS}
                for group in GROUPS:
                    self._report(orders[group].result())
                fast.result()
            redis.wait(self.instance, self.processes)
            remember_port_base(self.instance)
            state.write(self.instance, state.describe(self.instance, primaries))
            return sorted(set(self._running()) - before)

    def _primaries(self) -> dict[str, str]:
        """The recorded primaries; written on the first start, so that a lost record never looks like a new cluster."""
        if not self.roles_file.exists():
            if any(mysql.is_ready for mysql in self.mysql.values()):
                raise Trouble(
                    f"The record of primaries {self.roles_file} is gone, so nobody may say who takes writes",
                    f"restore it, or delete the data with ./dev cluster destroy --instance {self.instance.name}",
                )
            roles.save(self.roles_file, dict(FIRST_PRIMARIES))
        return roles.load(self.roles_file)

    def _start_mysql(self, pool: ThreadPoolExecutor) -> None:
        waiting = [mysql for mysql in self.mysql.values() if self.processes.alive(mysql.name) is None]
        stale = [mysql for mysql in self.mysql.values() if mysql not in waiting and not mysql.is_ready]
        self.processes.stop([mysql.name for mysql in stale])  # its first set-up was cut short
        if waiting or stale:
            program, template = program_and_template(self.say)
            settings = self.instance.folder / "mysql" / "my.cnf"
            files.write(settings, settings_text(DEVELOPMENT, self.instance.folder / "tls", base=program.base))
            self.say(f"starting {', '.join(sorted(mysql.name for mysql in (*waiting, *stale)))}")
            list(pool.map(lambda mysql: mysql.start(program, template, settings), [*waiting, *stale]))
        list(pool.map(_wait_and_prepare, self.mysql.values()))

    def _settle(self, group: str, primary: str) -> dict[str, Order]:
        servers = [self.mysql[server.name] for server in members(group)]
        decided = replication.settle(primary, servers)
        for name, order in decided.items():
            if order.duty is Duty.FOLLOW and not replication.caught_up(self.mysql[name], self.mysql[primary]):
                self.say(f"{name} has not caught up with {primary} yet: {replication.replica_state(self.mysql[name])}")
        return decided

    def _report(self, decided: dict[str, Order]) -> None:
        for name, order in decided.items():
            if order.duty is Duty.FENCED:
                self.say(f"{name} stays read-only and follows nobody: {order.why}")

    def _check_same_ports(self, running: set[str]) -> None:
        """Servers that run keep their ports; a new choice counts from the next start on."""
        recorded = port_base(self.instance.name, files.read(self.instance.folder / "port_base"))
        if running and recorded != self.instance.port_base:
            what = f"The servers run on the ports from {recorded} on, not from {self.instance.port_base}"
            raise Trouble(what, "end them with ./dev down, then start them on the others")

    def _check_machine(self) -> None:
        running = self._running()
        wanted = {mysql.name: mysql.port for mysql in self.mysql.values()} | {REDIS: self.instance.port(REDIS_OFFSET)}
        check_ports({name: port for name, port in wanted.items() if name not in running})
        free = shutil.disk_usage(self.instance.folder).free >> 20
        if free < SPACE_NEEDED_MB:
            raise Trouble(
                f"The disk is full: {free} MB are left",
                f"free at least {SPACE_NEEDED_MB} MB and run the same command again",
            )

    def _running(self) -> list[str]:
        return [name for name in (*self.mysql, REDIS) if self.processes.alive(name) is not None]

    # ---------------------------------------------------------------- down, destroy

    def down(self) -> list[str]:
        """Ends the servers this instance started, replicas first; returns their names."""
        with self._locked():
            return self._stop()

    def _stop(self) -> list[str]:
        primaries = set(roles.load(self.roles_file).values())
        replicas = [name for name in self.mysql if name not in primaries]
        return self.processes.stop([*replicas, REDIS]) + self.processes.stop(
            [name for name in self.mysql if name in primaries]
        )

    def destroy(self) -> None:
        """Ends the servers and deletes everything this instance kept: data, secrets, logs."""
        with self._locked():
            self._stop()
            for path in self.instance.folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != ".lock":
                    path.unlink()

    # ---------------------------------------------------------------- promote

    def promote(self, group: str, name: str) -> None:
        """A planned change of primary. The record changes before the new one opens: the old one stays shut for good."""
        server = server_named(name)
        if server is None or server.group != group:
            known = ", ".join(member.name for member in members(group)) or "none, since there is no such group"
            raise Trouble(f"{name} is no server of {group}", f"choose one of its servers ({known})")
        with self._locked():
            primaries = roles.load(self.roles_file)
            if primaries[group] == name:
                return
            replication.hand_over(self.mysql[primaries[group]], self.mysql[name])
            primaries[group] = name
            roles.save(self.roles_file, primaries)
            alive = [self.mysql[member.name] for member in members(group) if self.processes.alive(member.name)]
            self._report(replication.settle(name, alive))
            state.write(self.instance, state.describe(self.instance, primaries))

    def rebuild(self, name: str) -> None:
        """Throws a replica's data away and lets it follow its primary from the first transaction on."""
        primaries = roles.load(self.roles_file)
        mysql = self.mysql.get(name)
        if mysql is None or name in primaries.values():
            raise Trouble(
                f"{name} is no replica", f"choose one of {', '.join(set(self.mysql) - set(primaries.values()))}"
            )
        with self.mysql[primaries[mysql.server.group]].root() as root:
            if root.value("SELECT @@GLOBAL.gtid_purged AS g"):
                raise Trouble(
                    f"{name}'s primary no longer keeps its first transactions", "copy its data with MySQL's CLONE"
                )
        with self._locked():
            self.processes.stop([name])
            shutil.rmtree(mysql.folder)
        self.up()

    # ---------------------------------------------------------------- status, sql

    def status(self) -> list[ServerStatus]:
        """Every server with its role and how it is doing; asks, changes nothing."""
        primaries = set(roles.load(self.roles_file).values())
        with ThreadPoolExecutor(len(SERVERS)) as pool:
            found = list(pool.map(lambda mysql: self._status_of(mysql, mysql.name in primaries), self.mysql.values()))
        pid = self.processes.alive(REDIS)
        healthy = pid is not None and redis.answers(self.instance)
        note = "append-only file on" if healthy else "not running" if pid is None else "does not answer"
        return [
            *found,
            ServerStatus(REDIS, "queue, cache", self.instance.port(REDIS_OFFSET), pid, _memory(pid), note, healthy),
        ]

    def _status_of(self, mysql: MySQL, is_primary: bool) -> ServerStatus:
        role = f"{mysql.server.group} {'primary' if is_primary else 'replica'}"
        pid = self.processes.alive(mysql.name)
        if pid is None:
            return ServerStatus(mysql.name, role, mysql.port, None, 0, "not running", False)
        if not mysql.is_ready or not mysql.answers():
            return ServerStatus(mysql.name, role, mysql.port, pid, _memory(pid), "starting", False)
        with mysql.root() as root:
            read_only = bool(root.value("SELECT @@GLOBAL.read_only AS r"))
        note = ("read-only" if read_only else "takes writes") if is_primary else replication.replica_state(mysql)
        if not is_primary and not read_only:
            note += "; WRITABLE AGAINST THE RECORD: run ./dev cluster up"
        healthy = (not read_only) if is_primary else (read_only and note.startswith("replicating"))
        return ServerStatus(mysql.name, role, mysql.port, pid, _memory(pid), note, healthy)

    def sql(self, name: str, statement: str) -> list[dict[str, Any]]:
        """Runs one statement on one server as root."""
        if name not in self.mysql:
            raise Trouble(f"There is no server {name}", f"choose one of {', '.join(self.mysql)}")
        if self.processes.alive(name) is None:
            raise Trouble(f"{name} is not running", "start the cluster with ./dev cluster up")
        with self.mysql[name].root() as root:
            return root.run(statement)


def _wait_and_prepare(mysql: MySQL) -> None:
    mysql.wait()
    if not mysql.is_ready:
        replication.prepare(mysql)


def _memory(pid: int | None) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) >> 10
    return 0


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def check_ports(
    wanted: dict[str, int], is_free: Callable[[int], bool] = port_is_free, *, patience: float = PORTS_COME_FREE
) -> None:
    """Refuses to start while a port is taken, naming all of them at once."""
    ends = time.monotonic() + patience
    while taken := {name: port for name, port in wanted.items() if not is_free(port)}:
        if time.monotonic() < ends:
            time.sleep(0.05)
            continue
        raise Trouble(
            port_sentence(taken),
            "stop what uses it (./dev down in another clone?) or set BOOLA_PORT_BASE, for example to 21000",
        )


def port_sentence(taken: dict[str, int]) -> str:
    """Says which ports are taken and by whose server they were wanted."""
    ports = _joined(f"{port} (for {name})" for name, port in taken.items())
    return (
        f"Port {ports} is in use by another program"
        if len(taken) == 1
        else f"Ports {ports} are in use by other programs"
    )


def _joined(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def as_text(rows: list[dict[str, Any]]) -> str:
    """A result as lines of JSON, which shell scripts and people can both read."""
    return "\n".join(json.dumps(row, default=_printable, ensure_ascii=False) for row in rows)


def _printable(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
