"""Owns the cluster's Redis: append-only file plus snapshots, a password, and nothing evicted, since jobs live in it."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError

from ops import files
from ops.cluster import packages
from ops.cluster.layout import REDIS, REDIS_OFFSET
from ops.debian import Say
from ops.places import Instance
from ops.processes import Processes

_SETTINGS = """port {port}
bind {address}
dir {folder}
appendonly yes
appendfsync everysec
save 300 1
requirepass {password}
maxmemory 256mb
maxmemory-policy noeviction
daemonize no
"""


def settings(*, port: int, address: str, folder: str, password: str) -> str:
    """The settings file, for the local cluster and for the containers."""
    return _SETTINGS.format(port=port, address=address, folder=folder, password=password)


def url(instance: Instance) -> str:
    """Where this instance's Redis answers, password included."""
    password = files.secret(instance.secrets / "redis_password")
    return f"redis://:{password}@127.0.0.1:{instance.port(REDIS_OFFSET)}/0"


def start(instance: Instance, processes: Processes, say: Say) -> None:
    """Starts Redis unless it runs."""
    if processes.alive(REDIS) is not None:
        return
    program = packages.redis(say)
    folder = files.private_folder(instance.folder / "redis")
    password = files.secret(instance.secrets / "redis_password")
    port = instance.port(REDIS_OFFSET)
    text = settings(port=port, address="127.0.0.1", folder=str(folder), password=password)
    files.write(folder / "redis.conf", text, mode=0o600)
    processes.start(REDIS, [*program.command, str(folder / "redis.conf")])


def wait(instance: Instance, processes: Processes) -> None:
    """Waits until it answers and has read its append-only file."""
    processes.wait_until_ready(REDIS, lambda: answers(instance), limit=60)


def answers(instance: Instance) -> bool:
    """Whether our Redis answers and is done loading; another one, with another password, is not ours."""
    client = Redis.from_url(url(instance), socket_timeout=2, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
