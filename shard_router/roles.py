"""Owns who is primary: what each server said of itself, what follows from it, and the map as it stands after that.

Evidence, never a guess: a server is switched to when it alone accepts writes, has all that the others have, follows
nobody, and the others follow it; or when a group that has its majority names it. In doubt the last known primary
stays, and health says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shard_router.gtid_sets import missing
from shard_router.topology import Kind, Server, Shard, Topology

SPLIT = (
    "split brain suspected: {names} both accept writes. Set super_read_only=ON on the one that should not,"
    " compare their transactions, then run `flask shards promote {shard}`"
)


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a group's own list, as one server sees it."""

    uuid: str
    state: str
    role: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a server showed of its role. None where the account may not ask."""

    server: Server
    reachable: bool = False
    writable: bool = False
    uuid: str = ""
    executed: str = ""
    follows: str | None = None  # the uuid of its source; "": nobody
    members: tuple[Member, ...] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who takes a shard's writes from now on. `refused` says why nobody does, `problem` what a person should know."""

    primary: Server
    problem: str = ""
    refused: str = ""


def decide(shard: Shard, claims: Sequence[Claim]) -> Verdict:
    """`shard` is as it is known so far: its primary is the last known one."""
    if shard.kind is Kind.PROXY:
        return Verdict(shard.primary)
    if shard.kind is Kind.GROUP:
        return _of_group(shard, claims)
    return _of_replication(shard, claims)


# -- one primary, named by people ---------------------------------------------------------------------------------
def _of_replication(shard: Shard, claims: Sequence[Claim]) -> Verdict:
    there = [one for one in claims if one.reachable]
    writable = [one for one in there if one.writable]
    if len(writable) > 1:
        return _split(shard, writable)
    if not writable:
        seen = any(one.server == shard.primary for one in there)
        return Verdict(shard.primary, f"no server of {shard.name} accepts writes" if seen else "")
    one = writable[0]
    if one.server == shard.primary:
        return Verdict(shard.primary)
    doubt = _doubt(one, [other for other in there if other is not one])
    if doubt:
        return Verdict(shard.primary, f"{one.server.name} accepts writes but is not taken for the primary: {doubt}")
    return Verdict(one.server)


def _split(shard: Shard, writable: list[Claim]) -> Verdict:
    """Nobody is switched to. Who has all that the last known one has, and more, was promoted over it: then its writes
    would be lost, and are refused."""
    problem = SPLIT.format(names=" and ".join(one.server.name for one in writable), shard=shard.name)
    last = next((one for one in writable if one.server == shard.primary), None)
    outdone = last is not None and any(
        not missing(one.executed, last.executed) and missing(last.executed, one.executed)
        for one in writable
        if one is not last
    )
    return Verdict(shard.primary, problem, problem if outdone or last is None else "")


def _doubt(one: Claim, others: list[Claim]) -> str:
    """Why a writable server might be none to follow; empty where nothing speaks against it."""
    if one.follows is None or any(other.follows is None for other in others):
        return "the account may not read performance_schema.replication_connection_status"
    if one.follows:
        return "it still replicates from another server"
    for other in others:
        if missing(one.executed, other.executed):
            return f"{other.server.name} has transactions that it lacks"
        if other.follows not in ("", one.uuid):
            return f"{other.server.name} does not replicate from it"
    return ""


# -- a group that elects ------------------------------------------------------------------------------------------
def _of_group(shard: Shard, claims: Sequence[Claim]) -> Verdict:
    there = [one for one in claims if one.reachable]
    named = {uuid for one in there if (uuid := _elected(one))}
    if len(named) > 1:
        return Verdict(shard.primary, f"the members of {shard.name} name different primaries")
    if not named:
        problem = f"no member of {shard.name} sees a majority with a primary" if there else ""
        if there and all(one.members is None for one in there):
            problem = "the account may not read performance_schema.replication_group_members"
        return Verdict(shard.primary, problem)
    chosen = next((one for one in there if one.uuid in named), None)
    if chosen is None:
        return Verdict(shard.primary, "the group's primary is not among the topology's servers, or not reachable")
    if not chosen.writable:  # it still applies what the one before left
        return Verdict(shard.primary, f"{chosen.server.name} was elected and does not accept writes yet")
    return Verdict(chosen.server)


def _elected(claim: Claim) -> str:
    """The primary's uuid, if this server is in a group that has its majority."""
    members = claim.members or ()
    online = {one.uuid for one in members if one.state == "ONLINE"}
    if claim.uuid not in online or len(online) * 2 <= len(members):
        return ""
    return next((one.uuid for one in members if one.role == "PRIMARY" and one.uuid in online), "")


# -- the map --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class View:
    """The topology as it stands: the file's, with the primaries that were found. Swapped whole, never changed."""

    file: Topology
    topology: Topology
    verdicts: Mapping[str, Verdict]

    @classmethod
    def of(cls, file: Topology, verdicts: Mapping[str, Verdict]) -> View:
        known = {shard.name: shard for shard in file.every()}
        kept = {name: one for name, one in verdicts.items() if name in known and one.primary in known[name].servers}
        shards = {name: _led(shard, kept.get(name)) for name, shard in file.shards.items()}
        control = _led(file.control, kept.get(file.control.name))
        return cls(file, replace(file, control=control, shards=shards), kept)

    def with_verdict(self, shard: str, verdict: Verdict) -> View:
        return View.of(self.file, {**self.verdicts, shard: verdict})

    def on_file(self, file: Topology) -> View:
        """A newer file. Where it names another primary than the one before did, it is believed until all were asked."""
        before = {shard.name: shard.primary for shard in self.file.every()}
        same = {shard.name for shard in file.every() if before.get(shard.name) == shard.primary}
        return View.of(file, {name: one for name, one in self.verdicts.items() if name in same})

    def refused(self, shard: str) -> str:
        """Why no write of this shard may go anywhere; empty where one may."""
        found = self.verdicts.get(shard)
        return found.refused if found is not None else ""


def _led(shard: Shard, verdict: Verdict | None) -> Shard:
    if verdict is None or verdict.primary == shard.primary:
        return shard
    others = tuple(server for server in shard.servers if server != verdict.primary)
    return replace(shard, primary=verdict.primary, replicas=others)
