"""Owns every setting the launcher hands to the processes it starts: one dictionary, secrets only as files."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from ops import assets, files, tools
from ops.cluster import redis, state
from ops.cluster.layout import SIDE_OFFSET, WEB_OFFSET
from ops.cluster.replication import ADMIN
from ops.places import Instance, cache_folder

ADMIN_EMAIL = "om@boolagold.example"

# Setting → the secret's file in the instance's folder.
_PASSWORDS = {
    "BOOLA_MYSQL_APP_PASSWORD_FILE": "mysql_app_password",
    "BOOLA_MYSQL_FLEET_RO_PASSWORD_FILE": "mysql_fleet_ro_password",
    "BOOLA_MYSQL_MIGRATE_PASSWORD_FILE": "mysql_migrate_password",
    "BOOLA_MYSQL_PURGER_PASSWORD_FILE": "mysql_purger_password",
    "BOOLA_MYSQL_MOVER_PASSWORD_FILE": "mysql_mover_password",
    "BOOLA_ADMIN_PASSWORD_FILE": "admin_password",
}
_KEYS = {
    "BOOLA_MASTER_KEY_FILE": "master_key",
    "BOOLA_LINK_KEY_FILE": "link_key",
    "BOOLA_TOKEN_KEY_FILE": "token_key",
    "BOOLA_CSRF_KEY_FILE": "csrf_key",
}


def settings_for(instance: Instance, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """All BOOLA_* settings of the instance's processes. What `given` sets wins: a person may try another value."""
    own = _addresses(instance) | _files(instance) | _secrets(instance) | _behaviour()
    chosen = {name: given[name] for name in own if given.get(name)}
    return own | chosen


def environment_for(instance: Instance) -> dict[str, str]:
    """The whole environment of a child process: this one's, plus the settings."""
    settings = settings_for(instance)
    files.private_folder(Path(settings["BOOLA_METRICS_DIR"]))
    own = {"PROMETHEUS_MULTIPROC_DIR": settings["BOOLA_METRICS_DIR"], "BOOLA_DEMO_FILE": str(demo_file(instance))}
    return {**os.environ, **settings, "PYTHONUNBUFFERED": "1", **own}


def demo_file(instance: Instance) -> Path:
    """Where `python -m ops.demo` writes who may sign in, as {"sign_ins": [{"who", "email", "password"}, …]}."""
    return instance.folder / "demo.json"


def environment_for_tests(instance: Instance, chromium: Path) -> dict[str, str]:
    """What tests get: where the servers and tools are. No setting of the product, which tests choose by themselves."""
    kept = ("BOOLA_TEST_", "BOOLA_BENCH_", "BOOLA_PORT_BASE")  # fault runs start servers of their own
    own = {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_") or name.startswith(kept)}
    return {
        **own,
        "PYTHONUNBUFFERED": "1",
        "BOOLA_CLUSTER": str((state.given_file() or instance.cluster_file).resolve()),
        "BOOLA_CHROMIUM": str(chromium),
        "BOOLA_FONT_DIR": str(tools.font_folder()),
        "BOOLA_ASSETS_DIR": str(assets.BUILD),
    }


def environment_for_setup(instance: Instance) -> dict[str, str]:
    """The same for what makes databases and accounts: the administrator's account too, which nothing else is given."""
    given = state.given_file()
    admin = state.load(given)["admin"] if given else {"user": ADMIN, "password": None}
    path = instance.secrets / ("given_admin_password" if given else "mysql_admin_password")
    if admin["password"]:
        files.write(path, str(admin["password"]), mode=0o600)
    own = {"BOOLA_MYSQL_ADMIN_USER": str(admin["user"]), "BOOLA_MYSQL_ADMIN_PASSWORD_FILE": str(path)}
    return {**environment_for(instance), **own}


def web_url(instance: Instance) -> str:
    return f"http://127.0.0.1:{instance.port(WEB_OFFSET)}"


def side_url(instance: Instance) -> str:
    """The side service is another origin, so that a file it serves can never act as the site."""
    return f"http://127.0.0.1:{instance.port(SIDE_OFFSET)}"


def _addresses(instance: Instance) -> dict[str, str]:
    return {
        "BOOLA_TOPOLOGY_FILE": str(instance.folder / "topology.json"),
        "BOOLA_MYSQL_TLS_CA": _tls_ca(instance),
        "BOOLA_MYSQL_ACCOUNT_PREFIX": "",
        "BOOLA_SHARD_DATABASE": "boolagold",
        "BOOLA_CONTROL_DATABASE": "boolagold_control",
        "BOOLA_PUBLIC_URL": web_url(instance),
        "BOOLA_SIDE_URL": side_url(instance),
    }


def _tls_ca(instance: Instance) -> str:
    given = state.given_file()
    return str(state.load(given)["tls_ca"]) if given else str(instance.folder / "tls" / "ca.pem")


def _files(instance: Instance) -> dict[str, str]:
    return {
        "BOOLA_SNAPSHOT_FILE": str(instance.folder / "snapshot.json"),
        "BOOLA_METRICS_DIR": str(instance.folder / "metrics"),
        "BOOLA_OBJECT_STORE": "disk",
        "BOOLA_OBJECT_STORE_DIR": str(instance.folder / "objects"),
        "BOOLA_FONT_DIR": str(tools.font_folder()),
        "BOOLA_ASSETS_DIR": str(assets.BUILD),
        "BOOLA_REMBG_HOME": str(cache_folder() / "rembg"),
    }


def _secrets(instance: Instance) -> dict[str, str]:
    """Makes each secret once; the children get paths, and a list of processes never shows a password."""
    folder = instance.secrets
    found = {name: _kept(folder / file) for name, file in _PASSWORDS.items()}
    found |= {name: _kept(folder / file, _key) for name, file in _KEYS.items()}
    given = state.given_file()
    url = str(state.load(given)["redis"]) if given else redis.url(instance)
    files.write(folder / "redis_url", url, mode=0o600)
    return {**found, "BOOLA_REDIS_URL_FILE": str(folder / "redis_url")}


def _kept(path: Path, make: Callable[[], str] = files.password) -> str:
    files.secret(path, make)
    return str(path)


def _key() -> str:
    """32 random bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _behaviour() -> dict[str, str]:
    return {
        "BOOLA_JOBS": "worker",
        "BOOLA_ENVIRONMENT": "development",
        "BOOLA_LOG_LEVEL": "INFO",
        "BOOLA_LOG_JSON": "false",
        "BOOLA_DEMO": "1",
        "BOOLA_ADMIN_EMAIL": ADMIN_EMAIL,
    }
