"""Owns the files that describe the cluster: cluster.json for tests and tools, topology.json for the application."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ops import files
from ops.cluster import redis
from ops.cluster.layout import CONTROL, SHARDS, members
from ops.cluster.replication import ADMIN
from ops.places import Instance
from ops.trouble import Trouble


def _group(instance: Instance, group: str, primary: str) -> dict[str, Any]:
    servers = {server.name: {"host": "127.0.0.1", "port": instance.port(server.offset)} for server in members(group)}
    return {"kind": "replication", "primary": primary, "servers": servers}


def describe(instance: Instance, primaries: dict[str, str]) -> dict[str, Any]:
    """Everything needed to reach the cluster as its administrator."""
    return {
        "version": 1,
        "tls_ca": str(instance.folder / "tls" / "ca.pem"),
        "admin": {"user": ADMIN, "password": files.secret(instance.secrets / "mysql_admin_password")},
        "control": _group(instance, CONTROL, primaries[CONTROL]),
        "shards": {shard: _group(instance, shard, primaries[shard]) for shard in SHARDS},
        "redis": redis.url(instance),
    }


def topology(cluster: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The application's view: where the servers are and which shards take new shops; no password inside.

    Running processes take a changed topology only when its version has grown beyond the one `before`."""
    shards = {name: {**group, "weight": 100, "takes_new": True} for name, group in cluster["shards"].items()}
    found = {"version": 1, "control": cluster["control"], "shards": shards}
    if before is None:
        return found
    same = {**found, "version": before["version"]} == before
    return {**found, "version": before["version"] + (0 if same else 1)}


def write_topology(folder: Path, cluster: dict[str, Any]) -> None:
    """Brings topology.json up to date, in one step; leaves it alone where nothing changed."""
    path = folder / "topology.json"
    try:
        before = json.loads(files.read(path) or "null")
    except ValueError:
        before = None
    now = topology(cluster, before)
    if now != before:
        files.write(path, json.dumps(now, indent=1) + "\n")


def write(instance: Instance, cluster: dict[str, Any]) -> None:
    """Writes both files, each in one step."""
    files.write(instance.cluster_file, json.dumps(cluster, indent=1) + "\n", mode=0o600)
    write_topology(instance.folder, cluster)


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
