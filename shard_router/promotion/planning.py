"""Owns the decision: who may become primary, what that may cost, and why not. Pure: it asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shard_router import gtid_sets
from shard_router.errors import RouterError
from shard_router.promotion.looking import Look
from shard_router.topology import Kind, Shard


class PromotionRefused(RouterError):
    """Nothing was changed; each reason says what to do."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class PromotionBrokenOff(RouterError):
    """A server was lost half-way: the same command goes on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`finishing`: the candidate is open already, an earlier run did not come to its end. `loss`: what is given up."""

    shard: Shard
    old: Look
    candidate: Look
    others: tuple[Look, ...]
    finishing: bool
    facts: tuple[str, ...]
    loss: str = ""

    @property
    def followers(self) -> tuple[Look, ...]:
        """Who could follow the candidate; whether it has nothing of its own is seen when it is attached."""
        return tuple(one for one in (*self.others, self.old) if one.reachable)

    def steps(self) -> list[str]:
        old, new = self.old.name, self.candidate.name
        if self.shard.kind is Kind.GROUP:
            asking = [] if self.finishing else [f"ask the group to make {new} its primary"]
            return [*asking, f"name {new} in the topology file", "look at all servers once more"]
        found = []
        if not self.finishing:
            if self.old.reachable:
                found.append(f"make {old} refuse writes, for good")
            else:
                found.append(f"let nobody confirm {old}'s writes any more, should it be alive after all")
            found.append(f"wait until {new} has applied all that it received")
        first = [one.name for one in self.followers if one is not self.old or self.finishing]
        if first:
            found.append(f"let {' and '.join(first)} follow {new}")
        if not self.finishing:
            found.append(f"let {new} accept writes")
            found += [f"let {old} follow {new}"] if self.old.reachable else []
        return [*found, f"name {new} in the topology file", "look at all servers once more"]


def plan(
    shard: Shard,
    looks: Mapping[str, Look],
    *,
    to: str | None = None,
    accept_loss: bool = False,
    acknowledged: str | None = None,
) -> Plan:
    """`acknowledged`: transactions that the application was told of, as far as Redis knows; None: it cannot say.
    Raises PromotionRefused with every reason at once."""
    if shard.kind is Kind.PROXY:
        raise PromotionRefused([f"{shard.name} is behind a proxy, which chooses the primary: promote there."])
    if to is not None and to not in looks:
        raise PromotionRefused([f"{to} is no server of {shard.name}. Its servers are {', '.join(sorted(looks))}."])
    if shard.kind is Kind.GROUP:
        return _in_group(shard, looks, to)
    _check_let_in(shard, looks, accept_loss=accept_loss)
    opened = [one for one in looks.values() if one.writable]
    if len(opened) > 1:
        raise PromotionRefused([_split(opened)])
    if opened and to in (None, opened[0].name):
        return _finish(shard, looks, opened[0], to)
    old = opened[0] if opened else looks[shard.primary.name]
    own = {name: _own(one, looks.values(), acknowledged) for name, one in looks.items()}
    candidate = _chosen(shard, looks, old, to, own)
    others = tuple(one for one in looks.values() if one not in (old, candidate))
    reasons = _unfit(candidate, old)
    facts, loss = [], ""
    if old.reachable:
        facts.append(f"{old.name} answers, so nothing can be lost: {candidate.name} takes over with all that it has.")
    else:
        found = _without_old(old, candidate, others, acknowledged, own, accept_loss=accept_loss)
        found = _astray(candidate, others, own, found, accept_loss=accept_loss)
        reasons += found.reasons
        facts, loss = found.facts, found.loss
    if reasons:
        raise PromotionRefused(reasons)
    return Plan(shard, old, candidate, others, finishing=False, facts=tuple(facts), loss=loss)


def _check_let_in(shard: Shard, looks: Mapping[str, Look], *, accept_loss: bool) -> None:
    """A server that turns the administrator away is alive, and may be the one that takes the writes."""
    reasons = [
        f"{one.name} answers, and does not let the administrator in ({one.trouble}): it is no dead server. Give an"
        " account that it lets in, or take it off the network."
        for one in looks.values()
        if one.turned_away and (one.name == shard.primary.name or not accept_loss)
    ]
    if reasons:
        raise PromotionRefused(reasons)


def _split(opened: list[Look]) -> str:
    names = " and ".join(one.name for one in opened)
    extra = [
        f"{one.name} alone has {gtid_sets.size(only)} transactions ({only})"
        for one in opened
        for other in opened
        if one is not other and (only := gtid_sets.missing(other.executed, one.executed))
    ]
    return (
        f"{names} both accept writes: split brain. {'; '.join(extra) or 'Their transactions are the same'}."
        " Decide which of them is right, run SET GLOBAL super_read_only=ON on the other, then run this again."
    )


def _finish(shard: Shard, looks: Mapping[str, Look], opened: Look, to: str | None) -> Plan:
    """It is open, and an earlier run may have ended before it had told everybody. A primary that is well is never
    changed unasked: who runs this twice must not promote twice."""
    rest = [one for one in looks.values() if one is not opened]
    astray = [one for one in rest if one.reachable and (one.follows != opened.uuid or not one.receiving)]
    if opened.name == shard.primary.name and not astray:
        others = " or ".join(one.name for one in rest if one.reachable) or "a server, once another one answers"
        more = f"To hand over all the same, name the next: --to {others}." if to is None else "There is nothing to do."
        raise PromotionRefused([f"{opened.name} is the primary of {shard.name} and accepts writes. {more}"])
    fact = f"{opened.name} accepts writes already; what an earlier promotion left is brought to its end."
    return Plan(shard, rest[0], opened, tuple(rest[1:]), finishing=True, facts=(fact,))


def _own(one: Look, all_looks: Iterable[Look], acknowledged: str | None) -> str:
    """Transactions that this server gave numbers to, that no other which answers has, and that nobody was told of:
    written past its primary. Empty where no other answers: a former primary's are the shard's, and nobody could say."""
    others = [other.all for other in all_looks if other.reachable and other is not one]
    if not one.reachable or not others:
        return ""
    return gtid_sets.missing(",".join((*others, acknowledged or "")), gtid_sets.written_by(one.uuid, one.all))


def _chosen(shard: Shard, looks: Mapping[str, Look], old: Look, to: str | None, own: Mapping[str, str]) -> Look:
    """Who has most of what is the shard's; what a server has of its own makes it no better."""
    if to is not None:
        if to == old.name:
            raise PromotionRefused([_is_closed(old)])
        return looks[to]
    there = [one for one in looks.values() if one is not old and one.reachable]
    if not there:
        raise PromotionRefused([f"No server of {shard.name} beside {old.name} answers. Bring one back first."])
    return max(
        there,
        key=lambda one: (
            gtid_sets.size(one.all) - gtid_sets.size(own[one.name]), not own[one.name], not one.stopped_by,
            gtid_sets.size(one.executed), one.name,
        ),
    )  # fmt: skip


def _is_closed(old: Look) -> str:
    return (
        f"{old.name} is the last known primary and refuses writes. If it holds all transactions, open it by hand with"
        " SET GLOBAL super_read_only=OFF, read_only=OFF; else promote one of the others."
    )


def _unfit(candidate: Look, old: Look) -> list[str]:
    name = candidate.name
    if not candidate.reachable:
        return [f"{name} does not answer ({candidate.trouble}). Choose another, or bring it back."]
    reasons = []
    if candidate.stopped_by:
        reasons.append(f"{name} has stopped applying: {candidate.stopped_by}. Repair it, or choose another.")
    own = gtid_sets.missing(f"{old.all},{old.uuid}:1-{2**62}", candidate.all) if old.reachable else ""
    if own:
        reasons.append(
            f"{name} holds {gtid_sets.size(own)} transactions that {old.name} never had ({own})."
            " Rebuild it from the primary, or choose another."
        )
    return reasons


@dataclass(frozen=True, slots=True)
class _Verdict:
    reasons: list[str]
    facts: list[str]
    loss: str


def _without_old(
    old: Look,
    candidate: Look,
    others: tuple[Look, ...],
    acknowledged: str | None,
    own: Mapping[str, str],
    *,
    accept_loss: bool,
) -> _Verdict:
    """The primary cannot be asked: what it acknowledged must be shown to be on the candidate."""
    name, gone = candidate.name, old.name
    beyond = {
        one.name: only
        for one in others
        if one.reachable and (only := gtid_sets.missing(f"{candidate.all},{own[one.name]}", one.all))
    }
    if beyond and candidate.reachable:
        ahead, only = next(iter(beyond.items()))
        text = f"{ahead} has {gtid_sets.size(only)} transactions that {name} has not ({only}). Promote"
        return _Verdict([f"{text} {ahead} instead: --to {ahead}."], [], "")
    facts = [f"{gone} does not answer ({old.trouble}).", _never_again(gone)]
    lost = gtid_sets.missing(candidate.all, acknowledged) if acknowledged is not None else ""
    if lost:
        loss = f"{gtid_sets.size(lost)} acknowledged transactions are on {gone} alone and are lost: {lost}."
        return _given_up(loss, facts, accept_loss=accept_loss)
    known = "as far as Redis knows, none of them" if acknowledged is not None else "nobody can say how many"
    weak = candidate.durability.lost_when if candidate.durability is not None else ("its settings are unknown",)
    silent = [one.name for one in others if not one.reachable]
    if weak:
        loss = (
            f"This shard runs degraded ({weak[0]}): writes that {gone} acknowledged may be on it alone; {known} is"
            f" missing on {name}."
        )
        return _given_up(loss, facts, accept_loss=accept_loss)
    if silent and not old.ended:
        loss = (
            f"{gone} and {' and '.join(silent)} do not answer, and nobody says that {gone} has ended: cut off from here"
            " they may go on together, and what they acknowledge meanwhile would be lost."
        )
        return _given_up(loss, facts, accept_loss=accept_loss)
    if silent and acknowledged is None:
        loss = (
            f"{' and '.join(silent)} does not answer either and may alone have the last acknowledged writes, and Redis"
            " cannot say which there were."
        )
        return _given_up(loss, facts, accept_loss=accept_loss)
    facts.append(
        f"Nothing acknowledged can be lost: every commit waited for a replica, and {name} has all that "
        + (f"the application was told of, though {' and '.join(silent)} is silent." if silent else "any of them has.")
    )
    if not any(one.reachable for one in others):
        facts.append(f"No other server is there to confirm {name}'s writes: they wait until one is, and follows it.")
    return _Verdict([], facts, "")


def _astray(
    candidate: Look, others: Sequence[Look], own: Mapping[str, str], found: _Verdict, *, accept_loss: bool
) -> _Verdict:
    """It was written to past its primary; as primary it would hand that on to all."""
    name, only = candidate.name, own[candidate.name]
    if not only:
        return found
    said = (
        f"{name} holds {gtid_sets.size(only)} transactions of its own ({only}), which no other server has and nobody"
        " was told of; whoever follows it gets them too."
    )
    if accept_loss:
        return _Verdict(found.reasons, found.facts, f"{found.loss} {said}".strip())
    clean = next((one.name for one in others if one.reachable and not own[one.name]), None)
    instead = f"promote {clean} (--to {clean}) and rebuild {name}" if clean else "rebuild it"
    return _Verdict(
        [*found.reasons, f"{said} Look what they are; {instead}, or say --accept-loss to keep them."], found.facts, ""
    )


def _given_up(loss: str, facts: list[str], *, accept_loss: bool) -> _Verdict:
    if accept_loss:
        return _Verdict([], facts, loss)
    return _Verdict([f"{loss} Bring the old primary back, or say --accept-loss."], [], "")


def _never_again(gone: str) -> str:
    return (
        f"{gone} must never come back writable: before it is started again, put super_read_only=ON into its settings,"
        " or keep it off the network; then run this command once more, which attaches it."
    )


# -- groups ---------------------------------------------------------------------------------------------------------
def _in_group(shard: Shard, looks: Mapping[str, Look], to: str | None) -> Plan:
    """The group elects by itself; a person may only name another of its members. A primary that is well is never
    changed unasked, as in `_finish`."""
    online = {name: one for name, one in looks.items() if is_online(one)}
    leader = _leader(shard, looks, [one for one in online.values() if _has_majority(one)])
    candidate = leader if to is None else looks[to]
    if candidate.name not in online:
        raise PromotionRefused([f"{candidate.name} is not online in its group. Choose one of {', '.join(online)}."])
    others = tuple(one for one in looks.values() if one not in (leader, candidate))
    if candidate is not leader:
        fact = "The group hands over by itself: transactions under way end, and nothing acknowledged is lost."
        return Plan(shard, leader, candidate, others, finishing=False, facts=(fact,))
    if leader.name == shard.primary.name:
        names = " or ".join(name for name in online if name != leader.name)
        more = f"To hand over all the same, name the next: --to {names}." if names else "No other member is online."
        more = more if to is None else "There is nothing to do."
        raise PromotionRefused([f"{leader.name} is the primary of {shard.name} and accepts writes. {more}"])
    fact = f"The group has elected {leader.name} already; only the topology file still names {shard.primary.name}."
    return Plan(shard, leader, leader, others, finishing=True, facts=(fact,))


def _leader(shard: Shard, looks: Mapping[str, Look], voices: Sequence[Look]) -> Look:
    """Whom the members that see a majority name their primary. Raises PromotionRefused where there is none to ask."""
    if not voices:
        answer = ", ".join(name for name, one in looks.items() if one.reachable) or "none"
        raise PromotionRefused([
            f"No member of {shard.name} sees a majority of its group (of its servers, these answer: {answer}), so none"
            " of them may take writes: what the others acknowledged may be missing here. Start the others and let them"
            " join (START GROUP_REPLICATION); the group elects its primary by itself then."
        ])  # fmt: skip
    named = {member.uuid for one in voices for member in one.members if member.role == "PRIMARY"}
    leader = next((one for one in looks.values() if one.uuid in named), None)
    if len(named) == 1 and leader is not None and leader.writable:
        return leader
    raise PromotionRefused([
        f"The members of {shard.name} do not all see a primary that answers and accepts writes. The group puts out who"
        " is silent and elects another by itself within seconds: run this again in ten."
    ])  # fmt: skip


def is_online(one: Look) -> bool:
    return any(member.uuid == one.uuid and member.state == "ONLINE" for member in one.members)


def _has_majority(one: Look) -> bool:
    return sum(member.state == "ONLINE" for member in one.members) * 2 > len(one.members)
