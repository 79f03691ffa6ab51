"""Owns what docker-compose.yml mounts: the servers' settings, the topology, the secrets; all under .local/compose.

The same constants make the local cluster, so that the two cannot drift apart; tests/unit/ops/test_compose.py looks."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path

from ops import files
from ops.cluster import tls
from ops.cluster.layout import CONTROL, DEVELOPMENT_LAYOUT, FIRST_PRIMARIES, SERVERS, SHARDS
from ops.cluster.mysql import FLUSHED, settings_text
from ops.cluster.redis import settings as redis_settings
from ops.cluster.replication import ADMIN, REPL
from ops.places import ROOT

FOLDER = ROOT / ".local" / "compose"
MYSQL_PORT = 3306
KEYS = ("master_key", "link_key", "token_key", "csrf_key")
PASSWORDS = (
    *("mysql_root_password", "mysql_admin_password", "mysql_repl_password", "mysql_migrate_password"),
    "mysql_app_password",
    *("mysql_fleet_ro_password", "mysql_purger_password", "mysql_mover_password"),
    *("redis_password", "s3_access_key", "s3_secret_key", "admin_password"),
)


def write(folder: Path = FOLDER) -> None:
    """Writes everything; secrets only where there are none yet. The folder is its owner's, but its files are readable:
    a container's user has another number, and sees the files alone."""
    files.private_folder(folder)
    for name in PASSWORDS:
        _secret(folder, name, secrets.token_hex(20))
    for name in KEYS:
        _secret(folder, name, base64.b64encode(secrets.token_bytes(32)).decode())
    password = files.read(folder / "redis_password")
    _secret(folder, "redis_url", f"redis://:{password}@redis:6379/0")
    files.write(
        folder / "redis.conf", redis_settings(port=6379, address="0.0.0.0 -::*", folder="/data", password=password)
    )
    files.write(folder / "my.cnf", settings_text(FLUSHED, Path("/tls"), address="0.0.0.0"))  # noqa: S104 the network's own
    files.write(folder / "topology.json", json.dumps(topology(), indent=1) + "\n")
    for server in SERVERS:
        files.write(folder / f"{server.name}.sql", first_statements(server.name, server.group, folder))


def _secret(folder: Path, name: str, value: str) -> None:
    if not files.read(folder / name):
        files.write(folder / name, value)


def topology() -> dict[str, object]:
    """Like the local cluster's, by the containers' names."""

    def group(name: str) -> dict[str, object]:
        servers = {
            server.name: {"host": server.name, "port": MYSQL_PORT} for server in DEVELOPMENT_LAYOUT.members(name)
        }
        return {"kind": "replication", "primary": FIRST_PRIMARIES[name], "servers": servers}

    shards = {name: {**group(name), "weight": 100, "takes_new": True} for name in SHARDS}
    return {"version": 1, "control": group(CONTROL), "shards": shards}


def first_statements(name: str, group: str, folder: Path) -> str:
    """What a new server runs once. Not logged, so that a replica starts with no transaction of its own."""
    repl, admin = (files.read(folder / f"mysql_{account}_password") for account in ("repl", "admin"))
    lines = [
        "SET SESSION sql_log_bin = 0;",
        f"CREATE USER '{REPL}'@'%' IDENTIFIED BY '{repl}';",
        f"GRANT REPLICATION SLAVE ON *.* TO '{REPL}'@'%';",
        f"CREATE USER '{ADMIN}'@'%' IDENTIFIED BY '{admin}';",
        f"GRANT ALL PRIVILEGES ON *.* TO '{ADMIN}'@'%' WITH GRANT OPTION;",
    ]
    primary = FIRST_PRIMARIES[group]
    if name != primary:
        lines += [
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='{primary}', SOURCE_PORT={MYSQL_PORT}, SOURCE_USER='{REPL}',"
            f" SOURCE_PASSWORD='{repl}', SOURCE_AUTO_POSITION=1, SOURCE_SSL=1, SOURCE_SSL_CA='/tls/ca.pem',"
            " SOURCE_SSL_VERIFY_SERVER_CERT=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=86400;",
            "SET PERSIST super_read_only = ON;",
        ]
    return "\n".join(lines) + "\n"


def certificates(folder: Path) -> None:
    """Inside a container, once: the certificates of all MySQL servers, in a volume that they share."""
    tls.ensure(folder, [server.name for server in SERVERS])
    folder.chmod(0o755)


if __name__ == "__main__":
    # `python -m ops.containers certificates FOLDER`, as docker-compose.yml runs it
    certificates(Path(sys.argv[2]))
