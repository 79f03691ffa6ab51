"""Owns the cluster's verbs: up, add, down, promote, rebuild, destroy, sql; each may be run twice without harm."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops import files
from ops.cluster import (
    backups,
    groups,
    promotion,
    proxies,
    rebuilding,
    redis,
    replication,
    roles,
    setup,
    state,
    status,
    tls,
)
from ops.cluster.layout import EVERY_SERVER, FIRST_PRIMARIES, PROXY_LINE, REDIS, REDIS_OFFSET, Layout, Mode
from ops.cluster.mysql import DURABILITIES, MySQL, program_and_template, settings_text
from ops.cluster.roles import Duty
from ops.cluster.setup import Setup
from ops.debian import Say
from ops.places import Instance, port_base, remember_port_base
from ops.processes import Processes
from ops.trouble import Trouble

SPACE_NEEDED_MB = 400

PORTS_COME_FREE = 5.0
"""Seconds: a killed server keeps its port until its last thread is gone, a web server's workers until they notice."""


class Cluster:
    """The servers of one instance."""

    def __init__(self, instance: Instance, say: Say) -> None:
        self.instance = instance
        self.say = say
        self.processes = Processes(instance.pids, instance.logs)
        self.roles_file = instance.folder / "roles.json"
        self._take(setup.load(instance))

    def _take(self, chosen: Setup) -> None:
        self.setup = chosen
        self.mysql = {server.name: self._server(server.name, chosen) for server in chosen.layout.servers}

    def _server(self, name: str, chosen: Setup) -> MySQL:
        server = next(one for one in EVERY_SERVER if one.name == name)
        options: dict[str, object] = {}
        if chosen.layout.kind(server.group) == "group":
            options = groups.options(self.instance, chosen.layout, server, chosen.group_names[server.group])
        door = PROXY_LINE if chosen.proxied else 0
        return MySQL(self.instance, server, self.processes, options, door=door)

    @property
    def layout(self) -> Layout:
        return self.setup.layout

    def members(self, group: str) -> list[MySQL]:
        return [self.mysql[server.name] for server in self.layout.members(group)]

    def primary(self, group: str) -> str:
        """The name of who takes writes, as recorded or as a group has elected."""
        return status.primaries_of(self)[group]

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """One launcher at a time changes an instance."""
        files.private_folder(self.instance.folder)
        name = self.instance.name
        return files.locked(
            self.instance.folder / ".lock", wait=lambda: self.say(f"another ./dev works on {name}, waiting for it")
        )

    # ---------------------------------------------------------------- up

    def up(self, mode: Mode | None = None, *, proxied: bool | None = None) -> list[str]:
        """Starts what does not run, brings every group to its roles; returns the names it started.

        A mode that is given is remembered; without one, the instance goes on as it was."""
        with self.locked():
            before = set(self._running())
            self._choose(mode, proxied=proxied)
            self._check_same_ports(before)
            self._check_machine()
            primaries = self._primaries()
            setup.save(self.instance, self.setup)
            remember_port_base(self.instance)
            tls.ensure(self.instance.folder / "tls")
            with ThreadPoolExecutor(len(self.mysql) + 1) as pool:
                fast = pool.submit(redis.start, self.instance, self.processes, self.say)
                self._start_proxies()
                self._start_mysql(pool, self.mysql.values())
                found = {group: pool.submit(self.settle, group, primaries[group]) for group in self.layout.groups}
                primaries = {group: one.result() for group, one in found.items()}
                fast.result()
            redis.wait(self.instance, self.processes)
            self.record(primaries)
            for shard in state.held_back(self.instance, self.layout.shards):
                self.say(f"{shard} takes part in nothing yet: ./dev cluster add {shard} goes on where it was cut short")
            backups.go_on(self)
            return sorted(set(self._running()) - before)

    def _choose(self, mode: Mode | None, *, proxied: bool | None) -> None:
        """Takes the mode that is asked for, and ends servers that it has not."""
        before = setup.load(self.instance)
        is_new = not any(mysql.is_ready for mysql in self.mysql.values())
        wanted = setup.changed(before, mode=mode, proxied=proxied, is_new=is_new)
        surplus = [server.name for server in before.layout.servers if wanted.layout.named(server.name) is None]
        leaders = set(roles.load(self.roles_file).values()) & set(surplus)
        if leaders:
            raise Trouble(
                f"{', '.join(sorted(leaders))} takes writes, and mode {wanted.mode} has no such server",
                "promote another one first",
            )
        if wanted.proxied != before.proxied and self._running():
            raise Trouble(
                "The servers run already, and clients know their addresses",
                "end them with ./dev cluster down, then change whether they stand behind proxies",
            )
        self.processes.stop(surplus)
        self._take(wanted)

    def _primaries(self) -> dict[str, str]:
        """Who is to take writes: the recorded ones, or whom somebody has promoted meanwhile by other means.

        Written on the first start, so that a lost record never looks like a new cluster."""
        if not self.roles_file.exists():
            if any(mysql.is_ready for mysql in self.mysql.values()):
                raise Trouble(
                    f"The record of primaries {self.roles_file} is gone, so nobody may say who takes writes",
                    f"restore it, or delete the data with ./dev cluster --instance {self.instance.name} destroy",
                )
            roles.save(self.roles_file, dict(FIRST_PRIMARIES))
        recorded = roles.load(self.roles_file)
        found = recorded | {group: self._primary_of(group, recorded[group]) for group in self.layout.groups}
        if found != recorded:
            roles.save(self.roles_file, found)
        return found

    def _primary_of(self, group: str, recorded: str) -> str:
        if self.layout.kind(group) == "group":
            return recorded  # the group itself says
        told = state.promoted_elsewhere(self.instance, group)
        if told is not None and self.layout.named(told) is not None and told != recorded:
            self.say(f"{told} is the primary of {group} by topology.json, where somebody wrote it")
            recorded = told
        alive = [mysql for mysql in self.members(group) if self.processes.alive(mysql.name) and mysql.is_ready]
        writable = [mysql.name for mysql in alive if replication.is_writable(mysql)]
        if writable and recorded not in writable:
            if len(writable) > 1:
                raise Trouble(
                    f"{' and '.join(writable)} both take writes and the record names {recorded}",
                    "decide whose writes count, fence the other with ./dev cluster sql NAME"
                    " 'SET GLOBAL super_read_only = ON', and run it again",
                )
            self.say(f"{writable[0]} takes writes for {group} in the place of {recorded}: somebody has promoted it")
            return writable[0]
        return recorded

    def _start_proxies(self) -> None:
        if self.setup.proxied:
            proxies.start(self.instance, self.processes, self.mysql.values())
        else:
            self.processes.stop([proxies.NAME])

    def _start_mysql(self, pool: ThreadPoolExecutor, wanted: Iterable[MySQL]) -> None:
        servers = list(wanted)
        waiting = [mysql for mysql in servers if self.processes.alive(mysql.name) is None]
        stale = [mysql for mysql in servers if mysql not in waiting and not mysql.is_ready]
        self.processes.stop([mysql.name for mysql in stale])  # its first set-up was cut short
        if waiting or stale:
            program, template = program_and_template(self.say)
            settings = self.instance.folder / "mysql" / "my.cnf"
            text = settings_text(DURABILITIES[self.setup.mode], self.instance.folder / "tls", base=program.base)
            files.write(settings, text)
            self.say(f"starting {', '.join(sorted(mysql.name for mysql in (*waiting, *stale)))}")
            list(pool.map(lambda mysql: mysql.start(program, template, settings), [*waiting, *stale]))
        list(pool.map(_wait_and_prepare, servers))

    def settle(self, group: str, primary: str, servers: Sequence[MySQL] | None = None) -> str:
        """Brings a group to its roles, says who is left out and why; returns the primary, which a group elects."""
        present = self.members(group) if servers is None else list(servers)
        for mysql in present:
            mysql.apply(DURABILITIES[self.setup.mode])
        if self.layout.kind(group) == "group":
            primary, outside = groups.settle(group, present)
            for name, why in outside.items():
                self.say(f"{name} stays outside the group of {group}: {why}")
            return primary
        for name, order in replication.settle(primary, present).items():
            if order.duty is Duty.FENCED:
                self.say(f"{name} stays read-only and follows nobody: {order.why}")
            elif order.duty is Duty.FOLLOW and not replication.caught_up(self.mysql[name], self.mysql[primary]):
                self.say(f"{name} has not caught up with {primary} yet: {replication.replica_state(self.mysql[name])}")
        return primary

    def record(self, primaries: dict[str, str]) -> None:
        """Writes down who takes writes, for the next start and for those who connect."""
        before = roles.load(self.roles_file)
        if before | primaries != before:
            roles.save(self.roles_file, before | primaries)
        state.write(self.instance, state.describe(self.instance, primaries, self.setup))

    def _check_same_ports(self, running: set[str]) -> None:
        """Servers that run keep their ports; a new choice counts from the next start on."""
        recorded = port_base(self.instance.name, files.read(self.instance.folder / "port_base"))
        if running and recorded != self.instance.port_base:
            what = f"The servers run on the ports from {recorded} on, not from {self.instance.port_base}"
            raise Trouble(what, "end them with ./dev down, then start them on the others")

    def _check_machine(self) -> None:
        running = self._running()
        wanted = {mysql.name: mysql.port for mysql in self.mysql.values()} | {REDIS: self.instance.port(REDIS_OFFSET)}
        if self.setup.proxied:
            stand = self.processes.alive(proxies.NAME) is not None
            doors = (proxies.states(self.instance) or self.mysql) if stand else {}
            new = [mysql for mysql in self.mysql.values() if mysql.name not in doors]
            wanted |= {f"the proxy of {mysql.name}": mysql.address for mysql in new}
        check_ports({name: port for name, port in wanted.items() if name not in running})
        free = shutil.disk_usage(self.instance.folder).free >> 20
        if free < SPACE_NEEDED_MB:
            raise Trouble(
                f"The disk is full: {free} MB are left",
                f"free at least {SPACE_NEEDED_MB} MB and run the same command again",
            )

    def _running(self) -> list[str]:
        names = [server.name for server in EVERY_SERVER]
        return [name for name in (*names, REDIS) if self.processes.alive(name) is not None]

    # ---------------------------------------------------------------- add

    def add(self, shard: str) -> None:
        """Starts the servers of one shard more, beside what runs; under the instance's lock.

        From the first start on it is one of the instance's shards. Those who trade are told by `ops.adding`."""
        chosen = setup.with_shard(self.setup, shard)
        self._check_running()
        self._take(chosen)
        self._check_same_ports(set(self._running()))
        self._check_machine()
        setup.save(self.instance, chosen)
        primary = self._primaries()[shard]
        servers = self.members(shard)
        with ThreadPoolExecutor(len(servers)) as pool:
            self._start_proxies()
            self._start_mysql(pool, servers)
        self.record(status.primaries_of(self) | {shard: self.settle(shard, primary)})

    def _check_running(self) -> None:
        """All primaries and Redis: without them a shard can be neither migrated nor looked at."""
        needed = [REDIS, *(name for group, name in status.primaries_of(self).items() if group in self.layout.groups)]
        absent = [name for name in needed if self.processes.alive(name) is None]
        if len(absent) == len(needed):
            what = f"The cluster {self.instance.name} does not run"
            raise Trouble(what, "start it with ./dev cluster up, then add the shard")
        if absent:
            raise Trouble(f"{_joined(absent)} does not run", "start it with ./dev cluster up, then add the shard")

    # ---------------------------------------------------------------- down, destroy

    def down(self) -> list[str]:
        """Ends the servers this instance started, replicas first; returns their names."""
        with self.locked():
            return self._stop()

    def _stop(self) -> list[str]:
        names = [server.name for server in EVERY_SERVER]
        self.processes.stop(backups.PROCESSES)
        self.processes.go_on(names)  # one that was frozen hears nothing else
        primaries = set(roles.load(self.roles_file).values())
        replicas = [name for name in names if name not in primaries]
        ended = self.processes.stop([*replicas, REDIS])
        self.processes.stop([proxies.NAME])
        return ended + self.processes.stop([name for name in names if name in primaries])

    def destroy(self, *, keep: Iterable[str] = ()) -> None:
        """Ends the servers and deletes all that this instance kept: data, secrets, logs. `keep`: folders that stay."""
        kept = {".lock", *keep}
        with self.locked():
            self._stop()
            for path in self.instance.folder.iterdir():
                if path.name in kept:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            self._take(Setup())

    # ---------------------------------------------------------------- promote, rebuild

    def promote(self, group: str, name: str, *, accept_loss: bool = False) -> None:
        """Changes a primary. The record changes before the new one opens: the old one stays shut for good."""
        server = self.layout.named(name)
        if server is None or server.group != group:
            known = ", ".join(member.name for member in self.layout.members(group))
            raise Trouble(
                f"{name} is no server of {group}",
                f"choose one of its servers ({known or 'none, since there is no such group'})",
            )
        with self.locked():
            promotion.promote(self, group, name, accept_loss=accept_loss)

    def rebuild(self, name: str) -> None:
        """Throws a replica's data away for a copy of its primary's, and lets it follow from there on."""
        with self.locked():
            self._primaries()  # whom somebody has promoted by other means must not be thrown away
            rebuilding.rebuild(self, name)
        self.up()

    # ---------------------------------------------------------------- sql

    def sql(self, name: str, statement: str) -> list[dict[str, Any]]:
        """Runs one statement on one server as root."""
        with self.running(name).root() as root:
            return root.run(statement)

    def running(self, name: str) -> MySQL:
        """The MySQL server of that name, which runs; else a sentence."""
        if name not in self.mysql:
            raise Trouble(f"There is no server {name}", f"choose one of {', '.join(self.mysql)}")
        if self.processes.alive(name) is None:
            raise Trouble(f"{name} is not running", "start the cluster with ./dev cluster up")
        return self.mysql[name]


def _wait_and_prepare(mysql: MySQL) -> None:
    mysql.wait()
    if not mysql.is_ready:
        replication.prepare(mysql)


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
