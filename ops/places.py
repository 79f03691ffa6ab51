"""Owns where things lie: the repository, the folder of one instance, and the cache that all clones of a user share."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent

PORT_BASES = {"dev": 26000, "test": 27000}
PORTS_NEEDED = 64


def cache_folder() -> Path:
    """Where downloads and unpacked tools lie, shared between clones."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "boolagold"


@dataclass(frozen=True)
class Instance:
    """One independent set of servers, data, secrets and logs on this machine."""

    name: str
    port_base: int
    folder: Path

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def pids(self) -> Path:
        return self.folder / "pids"

    @property
    def cluster_file(self) -> Path:
        return self.folder / "cluster.json"

    def port(self, offset: int) -> int:
        return self.port_base + offset

    def socket(self, name: str) -> Path:
        """A unix socket's path; the kernel takes at most 107 bytes, so a deep clone gets a short folder elsewhere."""
        path = self.folder / "run" / f"{name}.sock"
        if len(os.fsencode(path)) <= 100:
            return path
        short = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"boola-{os.getuid()}-{short}" / f"{name}.sock"


def instance(name: str) -> Instance:
    """The instance of that name; BOOLA_PORT_BASE moves its ports."""
    return Instance(name, _port_base(name), ROOT / ".local" / name)


def _port_base(name: str) -> int:
    text = os.environ.get("BOOLA_PORT_BASE", "")
    if not text:
        return PORT_BASES.get(name, PORT_BASES["dev"])
    if not text.isdigit() or not 1024 <= int(text) <= 65535 - PORTS_NEEDED:
        raise Trouble(f"BOOLA_PORT_BASE is {text!r}", f"set it to a number between 1024 and {65535 - PORTS_NEEDED}")
    return int(text)
