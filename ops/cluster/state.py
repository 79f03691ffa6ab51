"""Owns the files that describe the cluster: cluster.json for tests and tools, topology.json for the application."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ops import files
from ops.cluster import redis
from ops.cluster.layout import CONTROL, PROXY_LINE, SHARDS
from ops.cluster.replication import ADMIN
from ops.cluster.setup import Setup
from ops.places import Instance
from ops.trouble import Trouble

DEVELOPMENT_SETUP = Setup()
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
        "shards": {shard: _group(instance, shard, primaries[shard], chosen) for shard in SHARDS},
        "redis": redis.url(instance),
    }


def topology(cluster: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The application's view: where the servers are and which shards take new shops; no password inside.

    What others wrote in the one `before` stays: shards that we do not run, ranges, and where new shops go.
    Running processes take a changed topology only when its version has grown."""
    known = before["shards"] if before is not None else {}
    shards = {name: {**NEW_SHARD, **known.get(name, {}), **group} for name, group in cluster["shards"].items()}
    others = {name: shard for name, shard in known.items() if name not in shards}
    found = {**(before or {}), "version": 1, "control": cluster["control"], "shards": {**shards, **others}}
    if before is None:
        return found
    same = {**found, "version": before["version"]} == before
    return {**found, "version": before["version"] + (0 if same else 1)}


def promoted_elsewhere(instance: Instance, group: str) -> str | None:
    """Whom topology.json calls the primary, where somebody changed that after us: cluster.json has what we wrote."""
    ours, theirs = (_read(path) for path in (instance.cluster_file, instance.folder / "topology.json"))
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


def write_topology(folder: Path, cluster: dict[str, Any]) -> None:
    """Brings topology.json up to date, in one step; leaves it alone where nothing changed."""
    path = folder / "topology.json"
    before = _read(path)
    now = topology(cluster, before)
    if now != before:
        files.write(path, json.dumps(now, indent=1) + "\n")


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
