"""Owns what people do to the topology while everything runs: close a shard to new shops, look at one that is to come.

What a machine follows is its own file, so a change made here is copied to the other machines by whoever runs them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from shard_router import Router
from shard_router.topology import parse


def close_to_new(path: Path, shard: str) -> bool:
    """The shard takes no new shops from now on; False where it took none before. Raises TopologyRefused, KeyError."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    if raw["shards"][shard].get("takes_new", True) is False:
        return False
    raw["shards"][shard]["takes_new"] = False
    raw["version"] += 1
    text = json.dumps(raw, indent=2) + "\n"
    parse(text)
    _replace(path, text)
    return True


def _replace(path: Path, text: str) -> None:
    """In one step and with the rights it had: a router that looks now finds the old file or the new one."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8") as made:
        made.write(text)
    new = Path(made.name)
    new.chmod(path.stat().st_mode & 0o777)
    new.replace(path)


@contextmanager
def looking_at(router: Router, topology: Path) -> Iterator[Router]:
    """A router over another topology file, with nothing in the background: to judge shards before they are in force."""
    config = dataclasses.replace(router.config, topology=topology, background=False)
    own = Router(config)
    try:
        yield own
    finally:
        own.close()
