"""Owns what ties servers together: first accounts, following a primary, opening and fencing, and planned promotion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pymysql

from ops import files
from ops.cluster.mysql import MySQL, Root
from ops.cluster.roles import Duty, Order, Seen, orders
from ops.places import Instance
from ops.trouble import Trouble

ADMIN = "boola_admin"
REPL = "repl"
NOT_ANSWERING = 3
"""Seconds until a server that says nothing is taken for one that is not there."""
COPIES_WITHIN = 3600
"""Seconds until a copy of a server's data is given up."""


def prepare(mysql: MySQL) -> None:
    """The accounts a server needs before it replicates. Not logged: it must start with no transaction of its own."""
    secrets = mysql.instance.secrets
    passwords = {name: files.secret(secrets / f"mysql_{name}_password") for name in ("root", "admin", "repl")}
    with mysql.root() as root:
        root.run("SET SESSION sql_log_bin = 0")
        root.run("SET GLOBAL super_read_only = OFF")
        for user, key, grant in (
            (ADMIN, "admin", "ALL PRIVILEGES ON *.* TO %s@'%%' WITH GRANT OPTION"),
            (REPL, "repl", "REPLICATION SLAVE ON *.* TO %s@'%%'"),
        ):
            root.run("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (user, passwords[key]))
            root.run(f"GRANT {grant}", (user,))
        root.run("ALTER USER 'root'@'localhost' IDENTIFIED BY %s", (passwords["root"],))
        root.run("SET GLOBAL super_read_only = ON")
    mysql.mark_ready()


def settle(primary: str, servers: Sequence[MySQL]) -> dict[str, Order]:
    """Brings one group to its recorded roles: all others are fenced before the recorded primary is opened."""
    leader = next(server for server in servers if server.name == primary)
    followers = [server for server in servers if server is not leader]
    for server in followers:
        with server.root() as root:
            root.run("SET GLOBAL super_read_only = ON")
    decided = orders(primary, [_look(server, leader) for server in servers])
    for server in followers:
        if decided[server.name].duty is Duty.FOLLOW:
            _follow(server, leader)
        else:
            with server.root() as root:
                root.run("STOP REPLICA")
    open_for_writes(leader)
    return decided


def open_for_writes(leader: MySQL) -> None:
    """It follows nobody, waits for its replicas at each commit, and then takes writes; in this order."""
    with leader.root() as root:
        if root.run("SHOW REPLICA STATUS"):
            root.run("STOP REPLICA")
            root.run("RESET REPLICA ALL")
        root.run("SET GLOBAL rpl_semi_sync_source_enabled = ON")
        if root.value("SELECT @@GLOBAL.read_only AS r"):
            root.run("SET GLOBAL super_read_only = OFF")
            root.run("SET GLOBAL read_only = OFF")


def _look(server: MySQL, leader: MySQL) -> Seen:
    if server is leader:
        return Seen(server.name)
    with server.root() as root:
        executed = root.executed()
    with leader.root() as root:
        extra = root.value("SELECT GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed) AS g", (executed,))
    return Seen(server.name, extra=str(extra or "").replace("\n", ""))


def _follow(server: MySQL, leader: MySQL) -> None:
    with server.root() as root:
        # A replica waits for nobody: what it applies has been acknowledged already.
        root.run("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        status = root.run("SHOW REPLICA STATUS")
        if status and int(status[0]["Source_Port"]) == leader.address:
            if (status[0]["Replica_IO_Running"], status[0]["Replica_SQL_Running"]) != ("Yes", "Yes"):
                root.run("START REPLICA")
            return
        root.run("STOP REPLICA")
        _point(root, server.instance, leader.address)
        root.run("START REPLICA")


def _point(root: Root, instance: Instance, port: int) -> None:
    root.run(
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=%s, SOURCE_USER=%s, SOURCE_PASSWORD=%s,"
        " SOURCE_AUTO_POSITION=1, SOURCE_SSL=1, SOURCE_SSL_CA=%s, SOURCE_SSL_VERIFY_SERVER_CERT=1,"
        " SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=86400, SOURCE_HEARTBEAT_PERIOD=2",
        (port, REPL, files.read(instance.secrets / "mysql_repl_password"), str(instance.folder / "tls" / "ca.pem")),
    )


def caught_up(server: MySQL, leader: MySQL, limit: int = 20) -> bool:
    """Whether everything the leader has executed so far arrives at the server within the limit."""
    with leader.root() as root:
        executed = root.executed()
    with server.root() as root:
        return bool(root.value(f"SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, {limit:d}) AS w", (executed,)) == 0)


def is_writable(server: MySQL) -> bool | None:
    """Whether it takes writes; None if it does not answer."""
    try:
        with server.root(patience=NOT_ANSWERING) as root:
            return not root.value("SELECT @@GLOBAL.read_only AS r")
    except pymysql.err.OperationalError:
        return None


def hand_over(old: MySQL, new: MySQL) -> None:
    """Stops writes on an old primary that answers, and waits until the new one has all of them."""
    with old.root() as root:
        root.run("SET GLOBAL super_read_only = ON")
    if not caught_up(new, old):
        open_for_writes(old)
        raise Trouble(
            f"{new.name} has not caught up with {old.name} within 20 s",
            "look at ./dev status and try again; nothing was changed",
        )


def received(server: MySQL) -> str:
    """All that it has executed, and what it has taken from its primary and is about to."""
    with server.root() as root:
        taken = root.value(
            "SELECT received_transaction_set AS g FROM performance_schema.replication_connection_status"
            " WHERE channel_name = ''"
        )
        return f"{root.executed()},{str(taken or '').replace(chr(10), '')}".strip(",")


def lacks(mine: str, others: str, on: MySQL) -> str:
    """The transactions of `others` that `mine` has not."""
    with on.root() as root:
        return str(root.value("SELECT GTID_SUBTRACT(%s, %s) AS g", (others, mine)) or "").replace("\n", "")


def copy(donor: MySQL, folder: Path) -> None:
    """All that it has at this moment, by MySQL's CLONE, as a data folder; it works on meanwhile."""
    with donor.root(patience=COPIES_WITHIN) as root:
        try:
            root.run("CLONE LOCAL DATA DIRECTORY = %s", (str(folder),))
        except pymysql.err.MySQLError as failed:
            raise Trouble(
                f"{donor.name} could not be copied ({failed.args[-1]}); nothing was changed",
                "mend that (a server started by an older ./dev lacks CLONE until its next start) and run it again",
            ) from None


def apply_all(server: MySQL, gtids: str, limit: int = 60) -> bool:
    """Whether it has executed all of these within the limit."""
    with server.root() as root:
        return bool(root.value(f"SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, {limit:d}) AS w", (gtids,)) == 0)


def replica_state(server: MySQL) -> str:
    """One phrase on how a replica is doing."""
    with server.root() as root:
        rows = root.run("SHOW REPLICA STATUS")
    if not rows:
        return "follows nobody"
    row = rows[0]
    threads = (row["Replica_IO_Running"], row["Replica_SQL_Running"])
    if threads == ("Yes", "Yes"):
        delay = f", delayed by {row['SQL_Delay']} s" if row["SQL_Delay"] else ""
        return f"replicating, {row['Seconds_Behind_Source'] or 0} s behind{delay}"
    if threads == ("Connecting", "Yes"):
        return "waiting for its primary"
    return f"replication stopped: {(row['Last_SQL_Error'] or row['Last_IO_Error'] or 'by a person')[:160]}"
