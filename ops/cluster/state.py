"""Owns the files that describe the cluster: cluster.json for tests and tools, topology.json for the application."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ops import files
from ops.cluster import redis
from ops.cluster.layout import CONTROL, PROXY_LINE
from ops.cluster.replication import ADMIN
from ops.cluster.setup import Setup
from ops.places import Instance
from ops.trouble import Trouble

DEVELOPMENT_SETUP = Setup()
TOPOLOGY = "topology.json"
NEW_SHARD = {"weight": 100, "takes_new": True}


def _group(instance: Instance, group: str, primary: str, chosen: Setup) -> dict[str, Any]:
    door = PROXY_LINE if chosen.proxied else 0
    members = chosen.layout.members(group)
    servers = {one.name: {"host": "127.0.0.1", "port": instance.port(one.offset + door)} for one in members}
    return {"kind": chosen.layout.kind(group), "primary": primary, "servers": servers}


def describe(instance: Instance, primaries: dict[str, str], chosen: Setup = DEVELOPMENT_SETUP) -> dict[str, Any]:
    """Everything needed to reach the cluster as its administrator."""
    return {
        "version": 1,
        "tls_ca": str(instance.folder / "tls" / "ca.pem"),
        "admin": {"user": ADMIN, "password": files.secret(instance.secrets / "mysql_admin_password")},
        "control": _group(instance, CONTROL, primaries[CONTROL], chosen),
        "shards": {shard: _group(instance, shard, primaries[shard], chosen) for shard in chosen.layout.shards},
        "redis": redis.url(instance),
    }


def topology(
    cluster: dict[str, Any], before: dict[str, Any] | None = None, joining: Collection[str] = ()
) -> dict[str, Any]:
    """The application's view: where the servers are and which shards take new shops; no password inside.

    What others wrote in the one `before` stays: shards that we do not run, ranges, and where new shops go. A shard that
    it does not name is left out unless it is `joining`: nobody is sent to one that was not migrated and looked at.
    Running processes take a changed topology only when its version has grown."""
    known = before["shards"] if before is not None else {}
    ours = {name: group for name, group in cluster["shards"].items() if not before or name in {*known, *joining}}
    shards = {name: {**NEW_SHARD, **known.get(name, {}), **group} for name, group in ours.items()}
    others = {name: shard for name, shard in known.items() if name not in shards}
    found = {**(before or {}), "version": 1, "control": cluster["control"], "shards": {**shards, **others}}
    if before is None:
        return found
    same = {**found, "version": before["version"]} == before
    return {**found, "version": before["version"] + (0 if same else 1)}


def promoted_elsewhere(instance: Instance, group: str) -> str | None:
    """Whom topology.json calls the primary, where somebody changed that after us: cluster.json has what we wrote."""
    ours, theirs = _read(instance.cluster_file), in_force(instance.folder)
    if ours is None or theirs is None:
        return None
    mine, other = (found["control"] if group == CONTROL else found["shards"].get(group, {}) for found in (ours, theirs))
    named = other.get("primary")
    return str(named) if named and named != mine.get("primary") else None


def _read(path: Path) -> dict[str, Any] | None:
    """A file of ours; None where there is none, or it is damaged and about to be written anew."""
    try:
        found = json.loads(files.read(path) or "null")
        return found if isinstance(found, dict) and {"control", "shards"} <= found.keys() else None
    except ValueError:
        return None


def in_force(folder: Path) -> dict[str, Any] | None:
    """The topology that running processes follow."""
    return _read(folder / TOPOLOGY)


def held_back(instance: Instance, shards: Iterable[str]) -> list[str]:
    """Shards that have servers and that the topology in force does not name: to be added, or cut short in it."""
    named = (in_force(instance.folder) or {"shards": ()})["shards"]
    return [shard for shard in shards if shard not in named]


def write_topology(folder: Path, cluster: dict[str, Any], joining: Collection[str] = ()) -> None:
    """Brings topology.json up to date, in one step; leaves it alone where nothing changed."""
    before = in_force(folder)
    now = topology(cluster, before, joining)
    if now != before:
        files.write(folder / TOPOLOGY, json.dumps(now, indent=1) + "\n")


def with_shard(folder: Path, cluster: dict[str, Any], shard: str) -> dict[str, Any]:
    """The topology in force and this shard, which is closed to new shops unless it was there before."""
    before = in_force(folder)
    found = topology(cluster, before, [shard])
    if before is None or shard not in before["shards"]:
        found["shards"][shard]["takes_new"] = False
    return found


def open_to_new(folder: Path, shard: str) -> None:
    """New shops may be opened there from now on."""
    before = in_force(folder)
    if before is not None and not before["shards"][shard]["takes_new"]:
        before["shards"][shard]["takes_new"] = True
        files.write(folder / TOPOLOGY, json.dumps({**before, "version": before["version"] + 1}, indent=1) + "\n")


def write(instance: Instance, cluster: dict[str, Any]) -> None:
    """Writes both files, each in one step; in this order, or a crash between would look like somebody's promotion."""
    write_topology(instance.folder, cluster)
    files.write(instance.cluster_file, json.dumps(cluster, indent=1) + "\n", mode=0o600)


def given_file() -> Path | None:
    """The description of servers that somebody else runs, where BOOLA_CLUSTER names one."""
    path = os.environ.get("BOOLA_CLUSTER", "")
    return Path(path) if path else None


def load(path: Path) -> dict[str, Any]:
    """Reads a cluster's description and refuses one that lacks a part."""
    fix = "write it in the shape of a cluster.json that ./dev cluster up made"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Trouble(
            f"There is no cluster description at {path}", "run ./dev cluster up, or correct BOOLA_CLUSTER"
        ) from None
    except ValueError as error:
        raise Trouble(f"{path} is not JSON ({error})", fix) from None
    missing = [key for key in ("tls_ca", "admin", "control", "shards", "redis") if key not in found]
    if missing:
        raise Trouble(f"{path} lacks {', '.join(missing)}", fix)
    return dict(found)
