"""Owns a MySQL Router before servers of ours: what `proxy` in a topology is tried against, and measured against."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ops import debian, files
from ops.debian import Bundle, Say
from ops.trouble import Trouble, last_line

PACKAGES = Bundle("mysql-router", "sid", ("mysql-router",))  # of the same suite as the servers, so that they fit
LIBRARIES = "usr/lib/mysql-router"
START_LIMIT = 20.0  # seconds


@dataclass(frozen=True)
class Ending:
    """Certificate and key with which the Router itself ends the client's TLS; without one it passes TLS through."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Line:
    """One port of the Router. `sharing` lends one connection of the server to several clients, one after another."""

    name: str
    destinations: Sequence[tuple[str, int]]
    ending: Ending | None = None
    sharing: bool = False

    def settings(self, port: int) -> str:
        words = {
            "bind_address": "127.0.0.1",
            "bind_port": port,
            "destinations": ",".join(f"{host}:{at}" for host, at in self.destinations),
            "routing_strategy": "first-available",
            "protocol": "classic",
            **self._tls(),
            **({"connection_sharing": 1, "connection_sharing_delay": 0} if self.sharing else {}),
        }
        return f"[routing:{self.name}]\n" + "".join(f"{key}={value}\n" for key, value in words.items())

    def _tls(self) -> dict[str, object]:
        if self.ending is None:
            return {"client_ssl_mode": "PASSTHROUGH", "server_ssl_mode": "AS_CLIENT"}
        return {
            "client_ssl_mode": "PREFERRED",
            "client_ssl_cert": self.ending.certificate,
            "client_ssl_key": self.ending.key,
            "server_ssl_mode": "PREFERRED",
        }


def command(say: Say) -> tuple[list[str], Path | None]:
    """The words that start it, and its folder of plugins where that is not the built-in one."""
    installed = shutil.which("mysqlrouter")
    if installed is not None:
        return [installed], None
    root = debian.unpacked(PACKAGES, say)
    words = [*debian.loader(root, LIBRARIES), str(root / "usr/bin/mysqlrouter")]
    return words, root / "usr/lib/mysqlrouter/plugin"


@contextmanager
def started(folder: Path, lines: Sequence[Line], say: Say) -> Iterator[dict[str, int]]:
    """A Router with these lines, each on a free port of loopback; gives the ports by the lines' names."""
    words, plugins = command(say)
    ports = dict(zip([line.name for line in lines], _free_ports(len(lines)), strict=True))
    files.private_folder(folder)
    settings = folder / "mysqlrouter.conf"
    files.write(settings, _settings(folder, plugins) + "\n".join(line.settings(ports[line.name]) for line in lines))
    log = folder / "out.log"
    with log.open("w") as out:
        process = subprocess.Popen([*words, "--config", str(settings)], stdout=out, stderr=out, start_new_session=True)
    try:
        _wait(process, ports, log)
        yield ports
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settings(folder: Path, plugins: Path | None) -> str:
    places = dict.fromkeys(("logging_folder", "runtime_folder", "data_folder"), folder)
    found = f"plugin_folder={plugins}\n" if plugins else ""
    root = "user=root\n" if os.getuid() == 0 else ""
    own = "".join(f"{name}={place}\n" for name, place in places.items())
    return f"[DEFAULT]\n{own}{found}{root}[logger]\nlevel=INFO\n[connection_pool]\nmax_idle_server_connections=64\n\n"


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait(process: subprocess.Popen[bytes], ports: dict[str, int], log: Path) -> None:
    ends = time.monotonic() + START_LIMIT
    waiting = set(ports.values())
    while waiting:
        if process.poll() is not None or time.monotonic() > ends:
            raise Trouble(f"MySQL Router did not start ({last_line(log.read_text())})", f"read {log}")
        for port in list(waiting):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                waiting.discard(port)
        time.sleep(0.05)
