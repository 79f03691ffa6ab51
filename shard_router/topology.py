"""Owns the map of shards and servers: frozen values with a version, read from a file and refused whole if wrong."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from shard_router.errors import TopologyRefused

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """Who knows which server of a shard is the primary."""

    REPLICATION = "replication"  # this file does
    GROUP = "group"  # Group Replication does; the file's primary is where to ask first
    PROXY = "proxy"  # one address that routes by itself (Vitess, TiDB, MySQL Router, …)


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Shard:
    """`for_share`, `gtids` and `packets` are what a proxy declares that it can; plain MySQL can all three."""

    name: str
    kind: Kind
    primary: Server
    replicas: tuple[Server, ...] = ()
    weight: float = 1.0
    takes_new: bool = True
    for_share: bool = True
    gtids: bool = True
    packets: bool = True  # several statements in one round trip

    @property
    def abilities(self) -> tuple[Kind, bool, bool, bool]:
        """What its connections are made for."""
        return self.kind, self.for_share, self.gtids, self.packets

    @property
    def servers(self) -> tuple[Server, ...]:
        return (self.primary, *self.replicas)


@dataclass(frozen=True, slots=True)
class Range:
    """Shops `first` to `last`, both included, are placed on `shard`."""

    first: int
    last: int
    shard: str


@dataclass(frozen=True, slots=True)
class Topology:
    version: int
    control: Shard
    shards: Mapping[str, Shard]
    ranges: tuple[Range, ...] = ()
    source: str = field(default="", compare=False)

    def every(self) -> tuple[Shard, ...]:
        return (self.control, *self.shards.values())


ABILITIES = ("for_share", "gtids", "packets")
SHARD_KEYS = {"kind", "primary", "servers", "weight", "takes_new", *ABILITIES}
TOP_KEYS = {"version", "control", "shards", "ranges"}


def parse(text: str) -> Topology:
    """Every problem of the text is named at once. Keys that belong to others (admin, redis, tls_ca) are let be."""
    problems: list[str] = []
    try:
        raw = json.loads(text)
    except ValueError as bad:
        raise TopologyRefused([f"not JSON: {bad}"]) from bad
    if not isinstance(raw, dict):
        raise TopologyRefused(["not an object"])
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        problems.append("version must be a whole number from 1")
    control = _shard("control", raw.get("control"), problems)
    shards = _shards(raw.get("shards"), problems)
    ranges = _ranges(raw.get("ranges", []), shards, problems)
    _no_address_twice([*([control] if control else []), *shards.values()], problems)
    if problems or control is None or not isinstance(version, int):
        raise TopologyRefused(problems)
    return Topology(version, control, shards, ranges, source=text)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shards(raw: object, problems: list[str]) -> dict[str, Shard]:
    if not isinstance(raw, dict) or not raw:
        problems.append("shards must be an object with at least one shard")
        return {}
    found = {name: _shard(name, value, problems) for name, value in raw.items()}
    shards = {name: shard for name, shard in found.items() if shard is not None}
    if shards and not any(shard.takes_new and shard.weight > 0 for shard in shards.values()):
        problems.append("no shard takes new shops")
    return shards


def _shard(name: str, raw: object, problems: list[str]) -> Shard | None:
    if not isinstance(raw, dict):
        problems.append(f"{name}: missing, or not an object")
        return None
    before = len(problems)
    problems += [f"{name}: unknown key {key}" for key in sorted(raw.keys() - SHARD_KEYS)]
    if raw.get("kind") not in set(Kind):
        problems.append(f"{name}: kind must be one of {', '.join(Kind)}")
    servers = _servers(name, raw.get("servers"), problems)
    if raw.get("primary") not in servers:
        problems.append(f"{name}: primary {raw.get('primary')!r} is not one of its servers")
    weight = raw.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e9:
        problems.append(f"{name}: weight must be a number from 0")
    for key in ("takes_new", *ABILITIES):
        if not isinstance(raw.get(key, True), bool):
            problems.append(f"{name}: {key} must be true or false")
    if raw.get("kind") == Kind.PROXY and len(servers) != 1:
        problems.append(f"{name}: a proxy has exactly one address")
    return _build(name, raw, servers) if len(problems) == before else None


def _build(name: str, raw: dict[str, Any], servers: dict[str, Server]) -> Shard:
    primary = servers[raw["primary"]]
    proxy = raw["kind"] == Kind.PROXY
    return Shard(
        name=name,
        kind=Kind(raw["kind"]),
        primary=primary,
        replicas=tuple(server for server in servers.values() if server is not primary),
        weight=float(raw.get("weight", 1.0)),
        takes_new=raw.get("takes_new", True),
        **{ability: raw.get(ability, not proxy) for ability in ABILITIES},
    )


def _servers(shard: str, raw: object, problems: list[str]) -> dict[str, Server]:
    if not isinstance(raw, dict) or not raw:
        problems.append(f"{shard}: servers must be an object with at least one server")
        return {}
    servers = {}
    for name, value in raw.items():
        where = f"{shard}.{name}"
        if not isinstance(value, dict) or not value.keys() <= {"host", "port"}:
            problems.append(f"{where}: must be an object of host and port")
        elif not isinstance(value.get("host"), str) or not value["host"]:
            problems.append(f"{where}: host is missing")
        elif not _is_int(value.get("port")) or not 0 < value["port"] < 65536:
            problems.append(f"{where}: port must be from 1 to 65535")
        else:
            servers[name] = Server(name, value["host"], value["port"])
    return servers


def _ranges(raw: object, shards: dict[str, Shard], problems: list[str]) -> tuple[Range, ...]:
    if not isinstance(raw, list):
        problems.append("ranges must be a list of [first, last, shard]")
        return ()
    ranges = []
    for item in raw:
        if not (isinstance(item, list) and len(item) == 3 and _is_int(item[0]) and _is_int(item[1])):
            problems.append(f"range {item!r}: must be [first, last, shard]")
        elif item[2] not in shards or item[0] > item[1]:
            problems.append(f"range {item!r}: unknown shard, or it ends before it begins")
        else:
            ranges.append(Range(*item))
    ranges.sort(key=lambda one: one.first)
    for left, right in pairwise(ranges):
        if right.first <= left.last:
            problems.append(f"ranges {left.first}–{left.last} and {right.first}–{right.last} overlap")
    return tuple(ranges)


def _no_address_twice(shards: list[Shard], problems: list[str]) -> None:
    seen: dict[tuple[str, int], str] = {}
    names: set[str] = set()
    for server in (server for shard in shards for server in shard.servers):
        other = seen.setdefault((server.host, server.port), server.name)
        if other != server.name or server.name in names:
            problems.append(f"{server.name} and {other} are the same server, or share a name")
        names.add(server.name)


class TopologyFile:
    """The topology in force. `reload` swaps it whole when the file has a newer, faultless one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.after_fork()
        self._seen = self._stamp()
        self.current = parse(path.read_text())
        self.problem: str | None = None  # why the file as it stands now was refused; health shows it

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would never be released in the child."""
        self._lock = threading.Lock()

    def _stamp(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def reload(self) -> bool:
        """True if a new topology came into force."""
        with self._lock:
            try:
                stamp = self._stamp()
                if stamp == self._seen:
                    return False
                found = parse(self._path.read_text())
                self._accept(found)
            except (OSError, TopologyRefused) as refused:
                self._refuse(str(refused))
                return False
            self._seen, self.problem = stamp, None
            changed = found != self.current
            if changed:
                log.info("topology %s replaces %s", found.version, self.current.version)
                self.current = found
            return changed

    def _accept(self, found: Topology) -> None:
        now = self.current
        if found.version < now.version:
            raise TopologyRefused([f"version {found.version} is older than {now.version}, which is in force"])
        if found.version == now.version and found != now:
            raise TopologyRefused([f"the content changed but the version is still {now.version}"])

    def _refuse(self, why: str) -> None:
        if why != self.problem:
            log.error("topology file refused, version %s stays in force: %s", self.current.version, why)
        self.problem = why
