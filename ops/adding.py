"""Owns `./dev cluster add`: one shard more for a cluster that trades, in the order of docs/moves.md, and no restart.

Cut short anywhere, the next run goes on: each step looks at what is there. While its own topology file lies beside the
one in force the shard is not added whole; afterwards whether it takes new shops is for people to say."""

from __future__ import annotations

import json
import time
from pathlib import Path

from ops import assets, files, tools, up
from ops.cluster import replication, state
from ops.cluster.control import Cluster
from ops.cluster.layout import Mode
from ops.debian import Say
from ops.environment import environment_for, environment_for_setup
from ops.places import Instance
from ops.progress import Steps, console
from ops.trouble import Trouble

TAKEN_WITHIN = 4.0
"""Seconds: each router looks at its topology file every second, and none is sent a shop before all know the shard."""
FOLLOWS_WITHIN = 60


def add(cluster: Cluster, shard: str) -> None:
    """Servers, schema, check; then the topology in force names the shard, and once all have it new shops come."""
    if state.given_file() is not None:
        raise Trouble(
            "BOOLA_CLUSTER names servers that somebody else runs", "unset it, or add a shard there (docs/moves.md)"
        )
    folder = cluster.instance.folder
    with cluster.locked(), Steps() as steps:
        steps.run(f"Servers of {shard}", lambda say: _start(cluster, shard, say))
        file = _its_topology(cluster.instance, shard)
        steps.run("Schema", lambda say: _migrate(cluster, shard, file, say))
        steps.run("Check", lambda say: _check(cluster, shard, file, say))
        if file.name != state.TOPOLOGY:
            steps.run("Topology", lambda say: _put_in_force(cluster.instance, shard, file, say))
    _tell(cluster, shard, state.in_force(folder) or {})


def _start(cluster: Cluster, shard: str, say: Say) -> None:
    cluster.say = say
    cluster.add(shard)


def _its_topology(instance: Instance, shard: str) -> Path:
    """The file that names the shard: one of its own until it is added whole, then the one in force."""
    own = instance.folder / f"topology-with-{shard}.json"
    if own.exists() or state.held_back(instance, [shard]):
        found = state.with_shard(instance.folder, state.load(instance.cluster_file), shard)
        files.write(own, json.dumps(found, indent=1) + "\n")
        return own
    return instance.folder / state.TOPOLOGY


def _migrate(cluster: Cluster, shard: str, file: Path, say: Say) -> None:
    """Databases, accounts and schema, by the runner that brings the whole fleet to one version."""
    environment = environment_for_setup(cluster.instance) | {"BOOLA_TOPOLOGY_FILE": str(file)}
    up.carry_out(["-m", "migrations", "up"], environment, say)
    primary = cluster.mysql[cluster.primary(shard)]
    for member in cluster.members(shard):
        if member is not primary and not replication.caught_up(member, primary, FOLLOWS_WITHIN):
            what = f"{member.name} has not caught up with {primary.name} within {FOLLOWS_WITHIN} s"
            raise Trouble(what, "look at ./dev status and run it again")


def _check(cluster: Cluster, shard: str, file: Path, say: Say) -> None:
    """By the command itself, which needs what every command of the application needs."""
    assets.build(say)
    tools.fonts(say)
    bear = ["--accept-degraded"] if cluster.setup.mode is Mode.DEGRADED else []
    words = ["-m", "flask", "--app", "app.factory:create_app", "shards", "check", shard, "--topology", str(file), *bear]
    up.carry_out(words, environment_for(cluster.instance) | {"BOOLA_LOG_LEVEL": "WARNING"}, say)


def _put_in_force(instance: Instance, shard: str, file: Path, say: Say) -> None:
    """Closed to new shops first: a process that has not heard of the shard would answer 503 for a shop there."""
    found = state.with_shard(instance.folder, state.load(instance.cluster_file), shard)
    files.write(instance.folder / state.TOPOLOGY, json.dumps(found, indent=1) + "\n")
    say(f"version {found['version']} names {shard}; every process has it within 2 s")
    time.sleep(TAKEN_WITHIN)
    state.open_to_new(instance.folder, shard)
    file.unlink()


def _tell(cluster: Cluster, shard: str, topology: dict[str, object]) -> None:
    shards = topology["shards"]
    assert isinstance(shards, dict)
    servers = ", ".join(member.name for member in cluster.members(shard))
    takes = "takes new shops" if shards[shard]["takes_new"] else "takes no new shops, as somebody wished"
    bear = " --accept-degraded" if cluster.setup.mode is Mode.DEGRADED else ""
    flask = "./dev flask" if cluster.instance.name == "dev" else "flask"
    console.print(f"{shard} ({servers}) is in version {topology['version']} of the topology and {takes}.")
    console.print("Next, whenever you like; shops trade meanwhile:")
    for words, does in (
        ("shards plan", "what would even the load out"),
        (f"shards plan --apply{bear}", "asks for these moves"),
        (f"shops resume{bear}", "carries them out"),
    ):
        console.print(f"  {flask} {words:<38} {does}", markup=False, soft_wrap=True)
