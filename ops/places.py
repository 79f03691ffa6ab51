"""Owns where things lie: the repository, the folder of one instance, and the cache that all clones of a user share."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops import files
from ops.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent

DEFAULT_PORT_BASE = 26000
PORT_STEPS = {"dev": 0, "test": 1000, "faults": 2000, "faults-group": 2100, "faults-added": 2200}


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
    """The instance of that name, on the ports that were chosen for it when it was first started."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,20}", name):
        raise Trouble(
            f"{name!r} is no name for an instance", "take small letters, figures and hyphens, like dev or trial-2"
        )
    folder = ROOT / ".local" / name
    wished = os.environ.get("BOOLA_PORT_BASE") or files.read(folder / "port_base").strip()
    return Instance(name, port_base(name, wished), folder)


def port_base(name: str, wished: str = "") -> int:
    """The first port of an instance. A wish moves `dev` there and the others after it."""
    if not wished:
        return DEFAULT_PORT_BASE + PORT_STEPS.get(name, 0)
    if not wished.isdigit() or not 1024 <= int(wished) <= 65300 - max(PORT_STEPS.values()):
        raise Trouble(f"BOOLA_PORT_BASE is {wished!r}", "set it to a number between 1024 and 63000")
    return int(wished) + PORT_STEPS.get(name, 0)


def remember_port_base(chosen: Instance) -> None:
    """Keeps the choice, so that later runs need not repeat BOOLA_PORT_BASE."""
    files.write(chosen.folder / "port_base", str(chosen.port_base - PORT_STEPS.get(chosen.name, 0)))
