"""Owns the judgement of a shard before shops are trusted to it: reachable, safe, its schema right, accounts let in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
from sqlalchemy import Select

from shard_router.engines import shared_tls
from shard_router.questions import ServerHealth
from shard_router.router import Router
from shard_router.tables import shop_fence
from shard_router.topology import Server, Shard

USED = ("app", "fleet_ro", "mover", "purger")
"""Accounts that work on a shard from day to day, as far as this process was given them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `wrong` is empty where all is well; `note` is less than it should be, and bears."""

    what: str
    wrong: str = ""
    note: str = ""


def judge(
    router: Router, name: str, *, version: Select[str], needed: str, accept_degraded: bool = False
) -> list[Finding]:
    """Everything at once. `version` reads a database's schema version; a shard is fit at `needed` exactly.

    `accept_degraded`: that an acknowledged commit may be lost with one server is told, and bears."""
    shard = router.shard(name)
    router.health_watch.look_at(shard)
    seen = [one for one in router.health() if one.shard == name]
    found = [Finding(f"{one.name} ({one.role})", _of_server(one)) for one in seen]
    if not seen[0].reachable:
        return found
    return [*found, *_safe(seen[0], accept_degraded), *_accounts(router, shard), _schema(router, name, version, needed)]


def _of_server(seen: ServerHealth) -> str:
    if not seen.reachable:
        return f"not reachable: {seen.problem}"
    if seen.role == "primary":
        return "it is read-only" if seen.read_only else ""
    return "" if seen.in_rotation else seen.problem or "it is not in rotation"


def _safe(primary: ServerHealth, accept_degraded: bool) -> Iterator[Finding]:
    worth = primary.durability
    if worth is None:
        yield Finding("acknowledged commits", "what they are worth could not be asked")
        return
    lost = f"lost when {'; or when '.join(worth.lost_when)}" if worth.lost_when else ""
    yield Finding("acknowledged commits", *(("", lost) if accept_degraded else (lost,)))
    yield Finding("replicas that confirm", note="; ".join(worth.thin))


def _accounts(router: Router, shard: Shard) -> Iterator[Finding]:
    for account in USED:
        if account in router.config.accounts:
            yield Finding(f"account {account}", _let_in(router, shard.primary, account))


def _let_in(router: Router, server: Server, account: str) -> str:
    config, who = router.config, router.config.accounts[account]
    try:
        link = pymysql.connect(
            host=server.host, port=server.port, user=who.user, password=who.password, database=config.shard_database,
            connect_timeout=config.times.connect, read_timeout=config.times.answer,
            ssl=shared_tls(config.tls_ca) if config.tls_ca else None,
        )  # fmt: skip
        with link, link.cursor() as cursor:
            cursor.execute(f"SELECT epoch FROM {shop_fence.name} LIMIT 1")  # noqa: S608 (a name of ours)
    except pymysql.Error as refused:
        return str(refused.args[-1])
    return ""


def _schema(router: Router, name: str, version: Select[str], needed: str) -> Finding:
    with router.fleet(reason="is the shard fit") as fleet:
        result = fleet.each(lambda session, _: session.scalar(version), shards=[name])
    if name in result.missing:
        return Finding("schema", f"its version could not be read: {result.missing[name]}")
    found = result.parts[name]
    return Finding("schema", "" if found == needed else f"it is at {found or 'none'}; migrate it to {needed}")
