"""Owns shards as Group Replication: a member's options, starting a group once and never twice, joining, who leads."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pymysql

from ops import files
from ops.cluster.layout import GROUP_LINE, Layout, Server
from ops.cluster.mysql import MySQL, Root
from ops.cluster.replication import REPL
from ops.places import Instance
from ops.trouble import Trouble

JOINS_WITHIN = 60.0
PATIENCE = 3
"""Seconds until a member that says nothing counts as not there."""


def options(instance: Instance, layout: Layout, server: Server, group_name: str) -> dict[str, object]:
    """What makes a server fit to be a member; whether it is one, `settle` decides."""
    lines = {one.name: f"127.0.0.1:{instance.port(one.offset + GROUP_LINE)}" for one in layout.members(server.group)}
    ca = instance.folder / "tls" / "ca.pem"
    own = {
        "group-name": group_name,
        "local-address": lines[server.name],
        "group-seeds": ",".join(lines.values()),
        "start-on-boot": "OFF",
        "bootstrap-group": "OFF",
        "gtid-assignment-block-size": 1,  # one row of numbers: a gap for each primary would keep replicas from reads
        "member-expel-timeout": 0,  # a dead primary is followed at once, instead of 5 s later
        "unreachable-majority-timeout": 5,  # a member alone must not keep its writers waiting for ever
        "exit-state-action": "READ_ONLY",
        "consistency": "BEFORE_ON_PRIMARY_FAILOVER",  # a new primary first applies all that the old one acknowledged
        "recovery-use-ssl": "ON",
        "recovery-ssl-ca": ca,
        "ssl-mode": "REQUIRED",
    }
    return {"plugin-load-add": "group_replication.so"} | {
        f"loose-group-replication-{name}": value for name, value in own.items()
    }


@dataclass(frozen=True)
class Member:
    """A server as it sees itself in its group."""

    name: str
    state: str  # ONLINE, RECOVERING, OFFLINE, ERROR, UNREACHABLE
    uuid: str
    primary: str  # the uuid of whom it takes for the primary; empty if it knows none
    online: int  # members that it sees online
    known: int  # members that it counts

    @property
    def in_a_group(self) -> bool:
        """Online with the majority of those that it counts."""
        return self.state == "ONLINE" and self.online * 2 > self.known


def look(server: MySQL) -> Member:
    with server.root(patience=PATIENCE) as root:
        return _look(root, server.name)


def _look(root: Root, name: str) -> Member:
    rows = root.run("SELECT member_id, member_state, member_role FROM performance_schema.replication_group_members")
    uuid = str(root.value("SELECT @@GLOBAL.server_uuid AS u"))
    states = {str(row["member_id"]): str(row["member_state"]) for row in rows}
    primary = next((str(row["member_id"]) for row in rows if row["member_role"] == "PRIMARY"), "")
    online = sum(state == "ONLINE" for state in states.values())
    return Member(name, states.get(uuid) or "OFFLINE", uuid, primary, online, len(states))


def primary_of(servers: Sequence[MySQL]) -> str | None:
    """The name of the primary that the group itself has elected, asked of whoever is in it."""
    seen = _seen(servers)
    names = {member.uuid: member.name for member in seen.values()}
    inside = [member for member in seen.values() if member.in_a_group]
    found = {names.get(member.primary) for member in inside}
    return found.pop() if len(found) == 1 else None


def _seen(servers: Sequence[MySQL]) -> dict[str, Member]:
    found = {}
    for server in servers:
        try:
            found[server.name] = look(server)
        except pymysql.err.OperationalError:
            continue
    return found


def settle(group: str, servers: Sequence[MySQL]) -> tuple[str, Mapping[str, str]]:
    """Brings all members into one group; gives its primary's name, and why who stays outside does so.

    A group is begun only where every member answers and none of them is in one: so there are never two. A member that
    was frozen takes itself for one of the group until it hears that it is not: so all must see the same."""
    ends = time.monotonic() + JOINS_WITHIN
    outside: dict[str, str] = {}
    while True:
        seen = {server.name: look(server) for server in servers}
        if not any(member.in_a_group or member.state == "RECOVERING" for member in seen.values()):
            _bootstrap(group, servers)
            continue
        outside = {server.name: _join(server) for server in servers if seen[server.name].state in ("OFFLINE", "ERROR")}
        inside = [member for name, member in seen.items() if name not in outside]
        if all(member.in_a_group and member.known == len(inside) for member in inside) and not _joined(outside):
            break
        if time.monotonic() > ends:
            break
        time.sleep(0.1)
    primary = primary_of(servers)
    if primary is None:
        raise Trouble(f"The group of {group} agrees on no primary", "look at ./dev status and run it again")
    return primary, outside


def _joined(outside: Mapping[str, str]) -> bool:
    """Whether somebody has just been let in, so that the views are about to change."""
    return any(not why for why in outside.values())


def _bootstrap(group: str, servers: Sequence[MySQL]) -> None:
    """Begins the group from the member that has all that any member has: it alone can have acknowledged it all."""
    for server in servers:
        with server.root() as root:
            root.run("STOP GROUP_REPLICATION")
    first = fullest({server.name: _received(server) for server in servers}, servers)
    if first is None:
        raise Trouble(
            f"The members of {group} have each something that the others lack, so no one of them may begin the group",
            "compare their @@gtid_executed with ./dev cluster sql, and rebuild those whose writes may be lost",
        )
    with first.root() as root:
        _credentials(root, first)
        root.run("SET GLOBAL group_replication_bootstrap_group = ON")
        try:
            root.run("START GROUP_REPLICATION")
        finally:
            root.run("SET GLOBAL group_replication_bootstrap_group = OFF")


def _received(server: MySQL) -> str:
    """All that it executed, and what it took from the group and has yet to apply."""
    with server.root() as root:
        waiting = root.value(
            "SELECT received_transaction_set AS g FROM performance_schema.replication_connection_status"
            " WHERE channel_name = 'group_replication_applier'"
        )
        return f"{root.executed()},{str(waiting or '').replace(chr(10), '')}".strip(",")


def fullest(received: Mapping[str, str], servers: Sequence[MySQL]) -> MySQL | None:
    """The first whose transactions contain everybody's; None where there is no such member."""
    for server in servers:
        with server.root() as root:
            mine = received[server.name]
            if all(root.value("SELECT GTID_SUBSET(%s, %s) AS s", (other, mine)) for other in received.values()):
                return server
    return None


def _credentials(root: Root, server: MySQL) -> None:
    """By which a joining member copies what it lacks."""
    password = files.read(server.instance.secrets / "mysql_repl_password")
    root.run(
        "CHANGE REPLICATION SOURCE TO SOURCE_USER=%s, SOURCE_PASSWORD=%s FOR CHANNEL 'group_replication_recovery'",
        (REPL, password),
    )


def _join(server: MySQL) -> str:
    """Asks the group that is there to let it in; the reason where the group, or the server, will not have it."""
    with server.root() as root:
        root.run("STOP GROUP_REPLICATION")
        _credentials(root, server)
        try:
            root.run("START GROUP_REPLICATION")
        except pymysql.err.MySQLError as refused:
            return str(refused.args[-1])
    return ""


def set_primary(server: MySQL) -> None:
    """A planned change: the group drains the old primary and elects this member."""
    with server.root() as root:
        root.value("SELECT group_replication_set_as_primary(@@GLOBAL.server_uuid) AS done")


def member_state(server: MySQL) -> str:
    """One phrase on how a member is doing."""
    member = look(server)
    if member.in_a_group:
        return f"online, sees {member.online} of {member.known}"
    if member.state == "ONLINE":
        return f"sees {member.online} of {member.known}: no majority"
    return f"not in the group ({member.state.lower()})"
