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

SHARD_DATABASE = "boolagold"
CONTROL_DATABASE = "boolagold_control"
CANARY = SHARDS[0]


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


def topology(cluster: dict[str, Any]) -> dict[str, Any]:
    """The application's view: where the databases are and which shards take new shops; no password inside."""
    shards = {
        name: {
            **group,
            "database": SHARD_DATABASE,
            "weight": 100,
            "accepts_new": True,
            "canary": name == _canary(cluster),
        }
        for name, group in cluster["shards"].items()
    }
    return {"version": 1, "control": {**cluster["control"], "database": CONTROL_DATABASE}, "shards": shards}


def _canary(cluster: dict[str, Any]) -> str:
    return CANARY if CANARY in cluster["shards"] else min(cluster["shards"])


def write(instance: Instance, cluster: dict[str, Any]) -> None:
    """Writes both files, each in one step."""
    files.write(instance.cluster_file, json.dumps(cluster, indent=1) + "\n", mode=0o600)
    files.write(instance.folder / "topology.json", json.dumps(topology(cluster), indent=1) + "\n")


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
