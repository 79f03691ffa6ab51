"""Owns what an acknowledged commit is worth: read from a primary's own variables and the replicas that confirm to it.

Nothing here believes a settings file or a mode's name: whoever changes a variable by hand changes the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEVER_MS = 24 * 3_600_000
"""A semi-sync time-out from here on counts as never giving up: a person is there before it ends."""

CONFIRMING = 2
"""Replicas that confirm while all is well: with one, its loss stops the shard's writes, or leaves its primary alone."""

ASK = """SELECT variable_name, variable_value FROM performance_schema.global_variables WHERE variable_name IN (
 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'rpl_semi_sync_source_enabled', 'rpl_semi_sync_source_timeout',
 'rpl_semi_sync_source_wait_no_replica', 'rpl_semi_sync_source_wait_point')
 UNION ALL SELECT LOWER(variable_name), variable_value FROM performance_schema.global_status
 WHERE variable_name = 'Rpl_semi_sync_source_clients'"""
ASK_GROUP = "SELECT member_state FROM performance_schema.replication_group_members"


@dataclass(frozen=True, slots=True)
class Durability:
    """`lost_when`: how an acknowledged commit can be lost by the end of one machine; empty if it cannot.
    `thin`: what is less than it should be, and loses nothing yet."""

    replicas: int  # that confirm commits, or members online beside the primary
    lost_when: tuple[str, ...]
    thin: tuple[str, ...] = ()

    @property
    def guaranteed(self) -> bool:
        return not self.lost_when


def ask(cursor: Any, *, group: bool) -> Durability:
    """Of the primary on whose connection this is; two short reads at most."""
    cursor.execute(ASK)
    facts = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
    if not group:
        return judge(facts)
    cursor.execute(ASK_GROUP)
    return judge_group(facts, [str(state) for (state,) in cursor.fetchall()])


def judge(facts: Mapping[str, str]) -> Durability:
    """Of a primary with semi-sync replicas."""
    replicas = int(facts.get("rpl_semi_sync_source_clients", "0"))
    gives_up = _gives_up(facts)
    without = "the primary goes on alone" if gives_up else "writes wait"
    thin = _thin(replicas, f"no replica confirms: {without}", f"only one replica confirms: without it, {without}")
    return Durability(replicas, (*_flushes(facts), *_waits(facts)), thin)


def _flushes(facts: Mapping[str, str]) -> list[str]:
    found = []
    if facts.get("innodb_flush_log_at_trx_commit") != "1" or facts.get("sync_binlog") != "1":
        found.append("the primary's machine loses power: it does not flush each commit to disk")
    return found


def _waits(facts: Mapping[str, str]) -> list[str]:
    found = _gives_up(facts)
    if (
        facts.get("rpl_semi_sync_source_enabled") == "ON"
        and facts.get("rpl_semi_sync_source_wait_point") != "AFTER_SYNC"
    ):
        found.append("the primary dies in a commit that others have read already (wait point AFTER_COMMIT)")
    return found


def _gives_up(facts: Mapping[str, str]) -> list[str]:
    """How it comes to acknowledge what nobody else has; empty where writes wait for a replica however long."""
    if facts.get("rpl_semi_sync_source_enabled") != "ON":
        return ["the primary dies: it waits for no replica (semi-sync is off)"]
    found = []
    patience = int(facts.get("rpl_semi_sync_source_timeout", "0"))
    if patience < NEVER_MS:
        found.append(f"the primary dies after replicas were silent for {patience / 1000:g} s: it goes on alone then")
    if facts.get("rpl_semi_sync_source_wait_no_replica") != "ON":
        found.append("the primary dies while no replica is connected: it goes on alone then")
    return found


def judge_group(facts: Mapping[str, str], states: list[str]) -> Durability:
    """Of a group's primary: the majority has each commit before it is acknowledged."""
    online = states.count("ONLINE")
    lost = _flushes(facts)
    if online < 2:
        lost.append("the primary dies: it is the only member online")
    one = "only one other member confirms: without it, the group takes no writes"
    return Durability(max(0, online - 1), tuple(lost), _thin(online - 1, "no other member is online", one))


def _thin(others: int, none: str, one: str) -> tuple[str, ...]:
    if others >= CONFIRMING:
        return ()
    return (none,) if others <= 0 else (one,)
