"""Owns which shops should move where, so that every shard bears its share: pure arithmetic over loads, no server asked.

The fewest moves of all are a packing problem; this takes the largest gain first, and drops what turned out to be
needless. So no step of a plan can be left out, and a plan may still have a step more than the best one there is. It
never overloads a target, and gives up where only an exchange would help: then `reached` is False. Where a closed shard
ends below its share, what it no longer bears is added to the others' shares, so a later plan may have steps again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor

from shard_router.topology import Shard

TOLERANCE = 0.10


class NoRoom(Exception):
    """No other shard may take shops."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one shop weighs on its shard, in whichever measure was asked for: rows, bytes, writes an hour."""

    shop_id: int
    shard: str
    amount: int


@dataclass(frozen=True, slots=True)
class Step:
    """One shop's move."""

    shop_id: int
    source: str
    target: str
    amount: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The moves, the largest gain first, and each shard's load before, after, and as it should be."""

    steps: tuple[Step, ...]
    before: Mapping[str, int]
    after: Mapping[str, int]
    shares: Mapping[str, float]
    reached: bool  # every shard ends within the tolerance of its share


@dataclass(frozen=True, slots=True)
class Band:
    """Between which loads a shard is left alone; a closed one is given nothing."""

    low: int
    high: int
    closed: bool

    def over(self, load: int) -> int:
        return max(0, load - self.high)

    def under(self, load: int) -> int:
        return 0 if self.closed else max(0, self.low - load)

    def outside(self, load: int) -> int:
        return self.over(load) + self.under(load)


@dataclass
class Board:
    """Who is where while a plan is made. `shops` of a shard are (amount, shop), smallest first."""

    bands: Mapping[str, Band]
    loads: dict[str, int]
    shops: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def outside(self) -> int:
        return sum(band.outside(self.loads[name]) for name, band in self.bands.items())


def rebalance(loads: Iterable[Load], shards: Iterable[Shard], *, tolerance: float = TOLERANCE) -> Plan:
    """Bring every shard within `tolerance` of its share, which is by weight."""
    found, named = _sorted(loads), {shard.name: shard for shard in shards}
    before = _totals(found, named)
    shares = _shares(named, before)
    bands = {
        name: Band(floor(shares[name] * (1 - tolerance)), ceil(shares[name] * (1 + tolerance)), not _takes(shard))
        for name, shard in named.items()
    }
    board = Board(bands, dict(before), {name: [] for name in named})
    for load in found:
        insort(board.shops[load.shard], (load.amount, load.shop_id))
    steps = _needed(list(_greedy(board)), bands, before)
    after = _applied(before, steps)
    return Plan(tuple(steps), before, after, shares, _fits(bands, after))


def drain(loads: Iterable[Load], shards: Iterable[Shard], name: str) -> Plan:
    """Move every shop off one shard, the largest first, each to where it fills up least. Raises NoRoom."""
    found, named = _sorted(loads), {shard.name: shard for shard in shards}
    rooms = {one: shard.weight for one, shard in named.items() if one != name and _takes(shard)}
    if not rooms:
        raise NoRoom(f"no shard but {name} takes shops")
    before = _totals(found, named)
    after, steps = dict(before), []
    for load in sorted((one for one in found if one.shard == name), key=lambda one: (-one.amount, one.shop_id)):
        target = min(rooms, key=lambda one: ((after[one] + load.amount) / rooms[one], one))
        steps.append(Step(load.shop_id, name, target, load.amount))
        after[target] += load.amount
    after[name] = 0
    total, weights = sum(before.values()), sum(rooms.values())
    shares = {one: total * rooms.get(one, 0.0) / weights for one in named}
    return Plan(tuple(steps), before, after, shares, True)


def _takes(shard: Shard) -> bool:
    return shard.takes_new and shard.weight > 0


def _sorted(loads: Iterable[Load]) -> list[Load]:
    """By shop: the same loads in another order make the same plan."""
    return sorted(loads, key=lambda load: load.shop_id)


def _totals(loads: Sequence[Load], shards: Mapping[str, Shard]) -> dict[str, int]:
    totals = dict.fromkeys(sorted(shards), 0)
    for load in loads:
        totals[load.shard] += load.amount
    return totals


def _shares(shards: Mapping[str, Shard], loads: Mapping[str, int]) -> dict[str, float]:
    """By weight; a closed shard that holds less than its share gets nothing more, so the others share the rest."""
    fixed: set[str] = set()
    while True:
        weights = sum(shard.weight for name, shard in shards.items() if name not in fixed)
        rest = sum(loads.values()) - sum(loads[name] for name in fixed)
        shares = {
            name: loads[name] if name in fixed else rest * shard.weight / weights if weights else 0.0
            for name, shard in shards.items()
        }
        lower = {name for name in shards if not _takes(shards[name]) and loads[name] < shares[name]}
        if not lower:
            return shares
        fixed |= lower


def _greedy(board: Board) -> Iterator[Step]:
    """Moves, each of which brings the fleet nearer; the shard that is furthest over gives first."""
    while board.outside() > 0:
        step = next((best for name in _givers(board) if (best := _best_from(board, name))), None)
        if step is None:
            return
        shops = board.shops[step.source]
        del shops[bisect_left(shops, (step.amount, step.shop_id))]  # it is in no list now: no shop moves twice
        board.loads[step.source] -= step.amount
        board.loads[step.target] += step.amount
        yield step


def _givers(board: Board) -> list[str]:
    def key(name: str) -> tuple[int, int, str]:
        band, load = board.bands[name], board.loads[name]
        return -band.over(load), band.low - load, name

    return sorted(board.bands, key=key)


def _best_from(board: Board, source: str) -> Step | None:
    """The one move off `source` that gains most; of equals, the one that copies least, to where most room is."""
    best: tuple[int, int, int, str, int] | None = None
    for target, band in board.bands.items():
        if target == source or band.closed:
            continue
        for amount, shop_id in _candidates(board, source, target):
            gain, filled = _gain(board, source, target, amount), board.loads[target] - band.low
            if gain > 0 and (best is None or (-gain, amount, filled, target, shop_id) < best):
                best = (-gain, amount, filled, target, shop_id)
    return None if best is None else Step(best[4], source, best[3], best[1])


def _candidates(board: Board, source: str, target: str) -> list[tuple[int, int]]:
    """The gain rises with a size up to what is wanted, and falls later: only sizes beside the turns can be best."""
    shops = board.shops[source]
    room = board.bands[target].high - board.loads[target]
    wanted = max(board.bands[source].over(board.loads[source]), board.bands[target].under(board.loads[target]))
    turns = {bisect_left(shops, (limit, 0)) for limit in (wanted, room)}
    near = {at for turn in turns for at in (turn - 1, turn) if 0 <= at < len(shops)}
    return [shops[at] for at in sorted(near) if shops[at][0] <= room]


def _gain(board: Board, source: str, target: str, amount: int) -> int:
    """How much less is outside the bands, both shards together."""
    give, take = board.bands[source], board.bands[target]
    before = give.outside(board.loads[source]) + take.outside(board.loads[target])
    after = give.outside(board.loads[source] - amount) + take.outside(board.loads[target] + amount)
    return before - after


def _needed(steps: list[Step], bands: Mapping[str, Band], before: Mapping[str, int]) -> list[Step]:
    """Without those that later ones made needless; the last are tried first, since they gain least."""
    after = _applied(before, steps)
    if not _fits(bands, after):
        return steps
    while True:
        kept = []
        for step in reversed(steps):
            undone = {step.source: after[step.source] + step.amount, step.target: after[step.target] - step.amount}
            if any(bands[name].outside(load) for name, load in undone.items()):
                kept.append(step)
            else:
                after.update(undone)
        if len(kept) == len(steps):
            return steps
        steps = kept[::-1]


def _applied(before: Mapping[str, int], steps: Iterable[Step]) -> dict[str, int]:
    after = dict(before)
    for step in steps:
        after[step.source] -= step.amount
        after[step.target] += step.amount
    return after


def _fits(bands: Mapping[str, Band], loads: Mapping[str, int]) -> bool:
    return all(band.outside(loads[name]) == 0 for name, band in bands.items())
