"""Owns the ways into what runs: a Python prompt inside one shop, and the application's own commands."""

from __future__ import annotations

import code
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.environment import environment_for
from ops.places import ROOT, Instance
from ops.trouble import Trouble
from shard_router import Account, Actor, DirectoryUnavailable, Mode, Router, RouterConfig, ShardUnavailable, UnknownShop


def flask(instance: Instance, arguments: Sequence[str]) -> None:
    """Becomes `flask --app app.factory …` with the environment of what runs, Ctrl-C and exit status included."""
    _started(instance)
    environment = {**os.environ, **environment_for(instance), "BOOLA_LOG_LEVEL": "WARNING"}
    os.chdir(ROOT)
    words = [sys.executable, "-m", "flask", "--app", "app.factory:create_app", *arguments]
    os.execve(sys.executable, words, environment)  # noqa: S606 (our own command line)


def _started(instance: Instance) -> None:
    if not (instance.folder / "topology.json").exists():
        raise Trouble(f"The instance {instance.name} was never started", "run ./dev up first")


def run(instance: Instance, shop_id: int, *, write: bool) -> None:
    """Opens the prompt; leaving it without db.commit() rolls everything back."""
    _started(instance)
    router = Router(_config(environment_for(instance)))
    actor = Actor(person_id=None, name="./dev shell")
    mode = Mode.WRITE if write else Mode.READ
    try:
        with router.shop(shop_id, actor, mode=mode) as db:
            banner = f"db is shop {shop_id}, {'writable: db.commit() keeps what you did' if write else 'read-only'}."
            code.interact(banner=banner, local={"db": db, "router": router}, exitmsg="")
    except UnknownShop:
        raise Trouble(f"There is no shop {shop_id}", "look the number up in the console") from None
    except (DirectoryUnavailable, ShardUnavailable) as gone:
        raise Trouble(f"Shop {shop_id} cannot be reached ({gone})", "start the servers with ./dev cluster up") from None
    finally:
        router.close()


def _config(settings: dict[str, str]) -> RouterConfig:
    accounts = {
        name: Account(name, _secret(settings, f"MYSQL_{name.upper()}_PASSWORD")) for name in ("app", "fleet_ro")
    }
    return RouterConfig(
        topology=Path(settings["BOOLA_TOPOLOGY_FILE"]),
        accounts=accounts,
        snapshot=Path(settings["BOOLA_SNAPSHOT_FILE"]),
        redis_url=_secret(settings, "REDIS_URL"),
        shard_database=settings["BOOLA_SHARD_DATABASE"],
        control_database=settings["BOOLA_CONTROL_DATABASE"],
        tls_ca=Path(settings["BOOLA_MYSQL_TLS_CA"]),
        background=False,
    )


def _secret(settings: dict[str, str], name: str) -> str:
    return Path(settings[f"BOOLA_{name}_FILE"]).read_text(encoding="utf-8").strip()
