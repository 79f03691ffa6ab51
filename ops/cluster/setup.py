"""Owns how an instance was asked to run: its mode and shards, whether clients come through proxies, groups' names."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field, replace

from ops import files
from ops.cluster.layout import ADDABLE, SHARDS, Layout, Mode, layout
from ops.places import Instance
from ops.trouble import Trouble


@dataclass(frozen=True)
class Setup:
    """What `./dev cluster up` was last told, and which shards were added since."""

    mode: Mode = Mode.DEGRADED
    proxied: bool = False
    group_names: dict[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()

    @property
    def layout(self) -> Layout:
        return layout(self.mode, (*SHARDS, *self.added))


def load(instance: Instance) -> Setup:
    """The remembered choice; an instance that was never asked is degraded, as all were before there was a choice."""
    path = instance.folder / "setup.json"
    text = files.read(path)
    if not text:
        return Setup()
    try:
        found = json.loads(text)
        added = tuple(shard for shard in ADDABLE if shard in found.get("added", ()))
        return Setup(Mode(found["mode"]), bool(found["proxied"]), dict(found["group_names"]), added)
    except (ValueError, KeyError, TypeError):
        raise Trouble(
            f"The record of the cluster's mode {path} is damaged",
            f"restore it, or delete the data with ./dev cluster --instance {instance.name} destroy",
        ) from None


def save(instance: Instance, chosen: Setup) -> None:
    files.write(instance.folder / "setup.json", json.dumps(asdict(chosen), indent=1) + "\n")


def changed(before: Setup, *, mode: Mode | None, proxied: bool | None, is_new: bool) -> Setup:
    """What `up` was asked for, or a refusal: data that one kind of shard wrote is not taken over by another kind."""
    wanted = replace(before, mode=mode or before.mode, proxied=before.proxied if proxied is None else proxied)
    if not is_new and (before.mode is Mode.GROUP) != (wanted.mode is Mode.GROUP):
        raise Trouble(
            f"This instance runs in mode {before.mode}, and its shards cannot turn from one kind into the other",
            "take another one with --instance NAME, or destroy this one first",
        )
    return _with_group_names(wanted)


def with_shard(before: Setup, shard: str) -> Setup:
    """The same with one shard more; with one that it has already, the same."""
    if shard not in ADDABLE:
        what = f"{shard} is there from the beginning" if shard in SHARDS else f"No shard {shard} can be added"
        raise Trouble(what, f"name {' or '.join(ADDABLE)}, for which names and ports are set aside")
    if shard in before.added:
        return before
    return _with_group_names(replace(before, added=(*before.added, shard)))


def _with_group_names(chosen: Setup) -> Setup:
    if chosen.mode is not Mode.GROUP:
        return chosen
    new = {shard: str(uuid.uuid4()) for shard in chosen.layout.shards if shard not in chosen.group_names}
    return replace(chosen, group_names={**chosen.group_names, **new})
