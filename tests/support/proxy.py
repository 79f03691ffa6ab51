"""Owns nginx in tests: the product's own ops/nginx.conf on this machine's ports, in front of real processes."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops import testservers
from ops.places import ROOT
from tests.support.stack import free_port
from tests.support.waiting import until

CONFIGURATION = ROOT / "ops/nginx.conf"


class Proxy:
    """nginx in front of a web and a side process. `changes` are words of the configuration to put others for."""

    def __init__(self, folder: Path, *, web: str, side: str, changes: Mapping[str, str] | None = None) -> None:
        self.web, self.side = free_port(), free_port()
        self._folder = folder
        self._behind = {
            "8000 web:8000;": f"{self.web} {web.removeprefix('http://')};",
            "8001 side:8000;": f"{self.side} {side.removeprefix('http://')};",
        }
        self._changes = dict(changes or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        configuration, log = self._folder / "nginx.conf", self._folder / "nginx.log"
        configuration.write_text(self._rendered())
        words = [str(testservers.nginx(print)), "-c", str(configuration), "-e", "stderr", "-g", _directives()]
        with log.open("ab") as out:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until(lambda: self._log_of(log) or (self._folder / "nginx.pid").exists(), within=20, what="nginx")

    def lines(self) -> list[dict[str, Any]]:
        """The access log."""
        return [json.loads(line) for line in (self._folder / "nginx.log").read_text().splitlines() if line[:1] == "{"]

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def _rendered(self) -> str:
        text = CONFIGURATION.read_text()
        here = {
            "listen 8000 ": f"listen 127.0.0.1:{self.web} ", "listen 8001 ": f"listen 127.0.0.1:{self.side} ",
            "/tmp/": f"{self._folder}/",
        }  # fmt: skip
        for old, new in {**here, **self._behind, **self._changes}.items():
            assert old in text, f"{old!r} stands no longer in {CONFIGURATION.name}"
            text = text.replace(old, new)
        return text

    def _log_of(self, log: Path) -> bool:
        """Whether it ended instead of starting; then what it said is the failure."""
        assert self._process is not None
        assert self._process.poll() is None, log.read_text()
        return False


def _directives() -> str:
    """Who is root must name a user that may enter a test's folder."""
    return "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
