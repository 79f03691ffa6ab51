"""Owns the answers to "are you well": light ones for load balancers, whole ones for whoever is woken at night."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from flask import Blueprint, Response, jsonify

from app.kit.access import public
from app.kit.clock import rfc3339, utc_now
from app.kit.limits import unlimited
from app.kit.ports import CacheDown
from app.kit.runtime import runtime
from shard_router import Durability, ServerHealth

health = Blueprint("health", __name__)


@health.get("/healthz")
@unlimited
@public
def healthz() -> Response:
    """This process answers; touches nothing else."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@health.get("/health")
@unlimited
@public
def health_of_process() -> Response:
    return jsonify(_process())


@health.get("/api/health")
@public
def health_of_all() -> Response:
    """The parts in a word each."""
    database = database_health(runtime().router.health())
    cache = _cache()
    worst = "ok"
    if "down" in (database["status"],):
        worst = "down"
    elif database["status"] != "ok" or cache["status"] != "ok":
        worst = "degraded"
    return jsonify({**_process(), "status": worst, "database": database["status"], "cache": cache["status"]})


@health.get("/api/health/database")
@public
def health_of_database() -> tuple[Response, int]:
    """Control plane, every shard and every replica, as they were last seen; 503 while any primary is not reached."""
    rt = runtime()
    age = rt.router.directory.snapshot_age()
    found = {
        **database_health(rt.router.health()),
        "checkedAt": rfc3339(utc_now()),
        "topologyProblem": rt.router.topology_problem,
        "snapshotAgeSeconds": None if age is None else round(age, 1),
    }
    return jsonify(found), 503 if found["status"] == "down" else 200


@health.get("/api/health/cache")
@public
def health_of_cache() -> Response:
    """Redis and this process's hit rate. Never 503: without a cache everything works, only slower."""
    return jsonify(_cache())


def database_health(servers: list[ServerHealth]) -> dict[str, Any]:
    """Shards with their servers. down: a primary is not reached. degraded: a replica is out of rotation, or the
    primary's own settings do not promise that an acknowledged write outlives it (docs: guarantee mode)."""
    shards: dict[str, list[ServerHealth]] = defaultdict(list)
    for server in servers:
        shards[server.shard].append(server)
    found = [_shard(name, members) for name, members in shards.items()]
    seen = Counter(one["status"] for one in found)
    status = "down" if seen["down"] else "degraded" if seen["degraded"] else "ok"
    return {"status": status, "shards": found}


def _shard(name: str, members: list[ServerHealth]) -> dict[str, Any]:
    primary = next((one for one in members if one.role in ("primary", "proxy") and one.reachable), None)
    replicas = [one for one in members if one.role == "replica"]
    serving = sum(one.in_rotation for one in replicas)
    durable = primary.durability if primary is not None else None
    guaranteed = bool(replicas) and durable is not None and durable.guaranteed
    # The control plane's loss stops sign-up and settings; it has replicas only where somebody wants them.
    promised = not replicas or (guaranteed and durable is not None and not durable.thin)
    led_astray = any(one.role == "proxy" and one.problem for one in members)
    doubt = next((one.doubt for one in members if one.doubt), None)  # split brain, for one
    healthy = primary is not None and serving == len(replicas) and promised and not led_astray and doubt is None
    return {
        "shard": name,
        "status": "ok" if healthy else "degraded" if primary is not None else "down",
        "problem": doubt,
        "guaranteed": guaranteed,
        "durability": _durability(durable),
        "servers": [_server(one) for one in members],
    }


def _durability(found: Durability | None) -> dict[str, Any]:
    """Which durability the shard really has, as its primary's variables and confirming replicas tell. red: the end of
    one machine may lose an acknowledged write. yellow: it may not, and one more loss stops writes."""
    if found is None:
        return {"mode": "unknown", "light": "red", "confirming": None, "lostWhen": [], "thin": []}
    return {
        "mode": "guaranteed" if found.guaranteed else "degraded",
        "light": "red" if not found.guaranteed else "yellow" if found.thin else "green",
        "confirming": found.replicas,
        "lostWhen": list(found.lost_when),
        "thin": list(found.thin),
    }


def _server(one: ServerHealth) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "reachable": one.reachable,
        "readOnly": one.read_only,
        "lagMs": one.lag_ms,
        "inRotation": one.in_rotation if one.role == "replica" else None,
        "ageMs": one.age_ms,
        "problem": "not reached" if not one.reachable else one.problem or None,  # a driver's text may hold an address
    }


def _process() -> dict[str, Any]:
    return {"status": "ok", "time": rfc3339(utc_now()), "version": runtime().version}


def _cache() -> dict[str, Any]:
    rt = runtime()
    outcomes = rt.metrics.cache_outcomes()
    asked = sum(outcomes.values())
    try:
        milliseconds: float | None = round(rt.cache_store.ping(), 2)
    except CacheDown:
        milliseconds = None
    return {
        "status": "degraded" if milliseconds is None else "ok",
        "pingMs": milliseconds,
        "hits": outcomes["hit"],
        "misses": outcomes["miss"],
        "bypassed": outcomes["bypass"],
        "hitRate": round(outcomes["hit"] / asked, 4) if asked else None,
    }
