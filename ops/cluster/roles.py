"""Owns who may be written to: the recorded primary of each group and nobody else, whatever a server remembers.

The record changes before a server is opened and never after: a crash between leaves a group read-only, not double."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ops import files
from ops.cluster.layout import CONTROL, EVERY_SERVER, FIRST_PRIMARIES, SHARDS
from ops.trouble import Trouble


class Duty(StrEnum):
    """What a server does from now on."""

    OPEN = "open"  # takes writes
    FOLLOW = "follow"  # read-only, replicates from the primary
    FENCED = "fenced"  # read-only, replicates from nobody, until a person decides


@dataclass(frozen=True)
class Seen:
    """What a server showed when it was asked, before anything was changed on it."""

    name: str
    extra: str = ""  # transactions it has executed and the recorded primary has not
    missing: bool = False  # not reachable


@dataclass(frozen=True)
class Order:
    """A server's duty, and why where that is not plain."""

    duty: Duty
    why: str = ""


def orders(primary: str, seen: Iterable[Seen]) -> dict[str, Order]:
    """Decides every reachable server's duty in one group. Only the recorded primary is ever opened."""
    found = {server.name: server for server in seen if not server.missing}
    return {name: _order(primary, server, primary_is_there=primary in found) for name, server in found.items()}


def _order(primary: str, server: Seen, *, primary_is_there: bool) -> Order:
    if server.name == primary:
        return Order(Duty.OPEN)
    if not primary_is_there:
        return Order(Duty.FENCED, f"the primary {primary} is not there to follow")
    if server.extra:
        return Order(Duty.FENCED, f"it holds transactions that {primary} has not: {server.extra}")
    return Order(Duty.FOLLOW)


def load(path: Path) -> dict[str, str]:
    """The recorded primary of each group; the first one where none was recorded yet, as of a shard not added yet."""
    text = files.read(path)
    if not text:
        return dict(FIRST_PRIMARIES)
    damaged = Trouble(
        f"The record of primaries {path} is damaged",
        "restore it from roles.json.before, or destroy the cluster and start anew",
    )
    try:
        recorded = json.loads(text)["primaries"]
        named = {group: recorded[group] for group in FIRST_PRIMARIES if group in {CONTROL, *SHARDS, *recorded}}
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    for group, primary in named.items():
        if primary not in [server.name for server in EVERY_SERVER if server.group == group]:
            raise damaged
    return {**FIRST_PRIMARIES, **named}


def save(path: Path, primaries: dict[str, str]) -> None:
    """Records the primaries, keeping the record before."""
    before = files.read(path)
    if before:
        files.write(path.with_name(path.name + ".before"), before)
    files.write(path, json.dumps({"version": 1, "primaries": primaries}, indent=1) + "\n")
