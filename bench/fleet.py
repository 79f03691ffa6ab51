"""Simulates 100,000 shops on 1,000 shards with the router's own code for placing, planning and the directory.

No server is asked. What is counted: how evenly new shops fall, what an added shard costs, whom a dead one takes along,
what the directory costs a process. What is modelled, and only that: how long the last process of a fleet goes on
sending writes to a primary that was replaced. The model: each process asks every shard's servers in rounds that begin
`Times.poll` apart, or later where a round takes longer than that; its phase is random; a question takes QUESTION_S on
the network, and CPU_S of the process's one running thread at a time. So it finds the promotion in the first round of
that shard that begins after it. Writes before that are refused by the old primary or fail, and wait up to
`Times.promotion`.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any

from bench import _svg
from bench._svg import Panel
from shard_router.config import Times
from shard_router.directory import Directory
from shard_router.health import THREADS
from shard_router.moves import planning
from shard_router.moves.planning import Load
from shard_router.placement import place
from shard_router.redis_line import RedisLine
from shard_router.snapshot import Snapshot
from shard_router.topology import Kind, Server, Shard, Topology, TopologyFile

SHOPS, SHARDS = 100_000, 1_000
PROCESSES = 64  # of web and workers, for the model
QUESTION_S, CPU_S = 0.0005, 0.0004  # one server's answer on a near network; what asking costs, measured on 2 cores
TRIALS = 400
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "fleet.svg"


@cache
def fleet(count: int = SHARDS) -> Topology:
    shards = {name: _shard(name, n) for n in range(count) for name in [f"shard-{n:04}"]}
    return Topology(1, replace(next(iter(shards.values())), name="control"), shards)


def _shard(name: str, n: int) -> Shard:
    primary, *others = [Server(f"{name}-{k}", f"10.{n >> 8}.{n & 255}.{k}", 3306) for k in (1, 2, 3)]
    return Shard(name, Kind.REPLICATION, primary, tuple(others))


# ---------------------------------------------------------------- placement and planning


def homes() -> dict[int, str]:
    """Every shop's home, as `place` chooses it; on all cores that there are, since it looks at each shard."""
    chunks = [range(first, min(first + 1_000, SHOPS + 1)) for first in range(1, SHOPS + 1, 1_000)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return {shop: name for chunk in pool.map(_placed, chunks) for shop, name in chunk}


def _placed(shops: Sequence[int]) -> list[tuple[int, str]]:
    return [(shop, place(fleet(), shop)) for shop in shops]


def balance(counts: Sequence[int]) -> dict[str, Any]:
    """`chance_max` is what the fullest of so many shards would have if shops fell by pure chance."""
    mean = statistics.mean(counts)
    dice = random.Random(1)
    drawn = Counter(dice.randrange(SHARDS) for _ in range(SHOPS))
    return {
        "max_over_mean": round(max(counts) / mean, 3),
        "min_over_mean": round(min(counts) / mean, 3),
        "spread": round(statistics.pstdev(counts) / sqrt(mean), 3),
        "chance_max_over_mean": round(max(drawn.values()) / mean, 3),
    }


def a_shard_more(home: Mapping[int, str]) -> dict[str, Any]:
    """What an added, empty shard costs. Nothing has to move, since the directory is the truth; to fill it at once,
    `flask shards plan` moves shops from the fullest until each shard is within 10 % of its share.
    """
    new = _shard("shard-new", SHARDS)
    share = SHOPS / (SHARDS + 1)
    drawn = sum(_draws(new, home[shop], shop) for shop in home)
    loads = [Load(shop, name, 1) for shop, name in home.items()]
    shards = [*fleet().shards.values(), new]
    even, seconds = _timed(lambda: planning.rebalance([*loads], fleet().shards.values()))
    moved = {step.shop_id: step.target for step in even.steps}
    evened = [Load(shop, moved.get(shop, name), 1) for shop, name in home.items()]
    filled, more_seconds = _timed(lambda: planning.rebalance(evened, shards))
    return {
        "needed_at_once": 0,
        "to_even_the_old_ones": len(even.steps),
        "to_fill_the_new_one": len(filled.steps),
        "minimum_to_fill_it": int(share * (1 - planning.TOLERANCE)),
        "full_share": round(share),
        "if_placed_anew": drawn,
        "by_modulo": sum(shop % SHARDS != shop % (SHARDS + 1) for shop in home),
        "plan_cpu_s": round(seconds + more_seconds, 2),
    }


def _draws(new: Shard, home: str, shop: int) -> bool:
    """Whether `place` would choose the new shard: the winner among all is the winner of itself and the newcomer."""
    two = replace(fleet(), shards={home: fleet().shards[home], new.name: new})
    return place(two, shop) == new.name


# ---------------------------------------------------------------- the directory in one process


def directory(home: Mapping[int, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.json"
        content = {
            "topology": "",
            "directory": {str(shop): [name, 1, "open"] for shop, name in home.items()},
            "sections": {},
        }
        snapshot = Snapshot(path)
        _, writing = _timed(lambda: snapshot.save(content))
        _, confirming = _timed(lambda: snapshot.save(content))
        before = _memory()
        known, reading = _timed(lambda: _directory(path))
        cold = _lookups(known, list(home))
        held = _memory() - before
        warm = _lookups(known, random.Random(2).sample(sorted(home), 50_000))
        return {
            "entries": len(home),
            "memory_mb": round(held / 2**20, 1),
            "lookup_us_p50": _us(warm, 0.5),
            "lookup_us_p99": _us(warm, 0.99),
            "first_lookup_us_p50": _us(cold, 0.5),
            "first_lookup_us_p99": _us(cold, 0.99),
            "snapshot_mb": round(path.stat().st_size / 2**20, 2),
            "snapshot_write_cpu_ms": round(writing * 1000, 1),
            "snapshot_unchanged_cpu_ms": round(confirming * 1000, 1),
            "snapshot_read_cpu_ms": round(reading * 1000, 1),
        }


def _directory(path: Path) -> Directory:
    """As a process has it that was started with the control database and Redis both dead."""

    def nobody() -> Any:
        raise AssertionError("nobody is asked here")

    times = replace(Times(), directory=3600.0)
    return Directory(
        line=RedisLine(None, timeout=0.1, rest=1.0), prefix="", ask=nobody, control=nobody, control_up=lambda: False,
        snapshot=Snapshot(path), times=times,
    )  # fmt: skip


def topology_file() -> dict[str, Any]:
    """Reading a changed file of so many shards, as every process does it within `Times.topology`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "topology.json"
        path.write_text(_as_json(1))
        file = TopologyFile(path)
        path.write_text(_as_json(2))
        changed, seconds = _timed(file.reload)
        assert changed
        return {"topology_kb": path.stat().st_size >> 10, "topology_reload_cpu_ms": round(seconds * 1000, 1)}


def _as_json(version: int) -> str:
    def one(shard: Shard, number: int = 0) -> dict[str, Any]:
        servers = {server.name: {"host": server.host, "port": server.port + number} for server in shard.servers}
        return {"kind": shard.kind, "primary": shard.primary.name, "servers": servers}

    control = _shard("control", SHARDS + 1)
    shards = {name: one(shard) for name, shard in fleet().shards.items()}
    return json.dumps({"version": version, "control": one(control), "shards": shards})


# ---------------------------------------------------------------- the model of a promotion


def convergence(shards: int) -> dict[str, Any]:
    """Seconds from the moment in which the new primary accepts writes until processes send theirs to it."""
    servers = 3 * shards
    times = Times()
    round_s = max(servers * QUESTION_S / THREADS, servers * CPU_S)
    interval = max(times.poll, round_s)
    answer = 4 * (QUESTION_S + CPU_S)  # three servers, and the newcomer once more
    dice = random.Random(3)
    every, last = [], []
    for _ in range(TRIALS):
        found = [dice.uniform(0, interval) + answer for _ in range(PROCESSES)]
        every += found
        last.append(max(found))
    every.sort()
    last.sort()
    return {
        "shards": shards,
        "round_s": round(round_s, 3),
        "process_s_p50": round(every[len(every) // 2], 3),
        "process_s_p99": round(every[int(len(every) * 0.99)], 3),
        "last_of_all_s_p50": round(last[len(last) // 2], 3),
        "last_of_all_s_max": round(last[-1], 3),
    }


# ---------------------------------------------------------------- the run


def run() -> tuple[dict[str, Any], dict[int, str]]:
    home = homes()
    began = time.process_time()
    _placed(range(1, 201))
    placing = (time.process_time() - began) / 200
    counts = Counter(home.values())
    per_shard = [counts.get(name, 0) for name in fleet().shards]
    found = {
        "shops": SHOPS,
        "shards": SHARDS,
        "placement": {**balance(per_shard), "place_cpu_us": round(placing * 1e6)},
        "a_shard_more": a_shard_more(home),
        "dead_shard": {
            "shops_share_mean": round(statistics.mean(per_shard) / SHOPS, 6),
            "shops_share_max": round(max(per_shard) / SHOPS, 6),
        },
        "directory": {**directory(home), **topology_file()},
        "promotion": {
            "processes": PROCESSES,
            "fleet": convergence(SHARDS),
            "ten_shards": convergence(10),
            "poll_connections_per_process": 3 * SHARDS,
        },
    }
    return found, home


def draw(found: Mapping[str, Any], home: Mapping[int, str]) -> str:
    panels = [_balance_panel(home, found), _added_panel(found), _directory_panel(found), _promotion_panel(found)]
    label = f"{SHOPS} shops on {SHARDS} shards: shops per shard, moves for an added shard, look-ups, promotion"
    return _svg.document(label, [str(panel) for panel in panels])


def _balance_panel(home: Mapping[int, str], found: Mapping[str, Any]) -> Panel:
    sizes = Counter(Counter(home.values()).values())
    low, high, top = min(sizes), max(sizes), max(sizes.values())
    panel = Panel(
        f"Shops per shard: fullest {found['placement']['max_over_mean']} × mean", x=(low - 2, high + 2), y=(0, top)
    )
    ticks = [(value, str(value)) for value in range(low - low % 10 + 10, high, 10)]
    panel.axes(
        ticks,
        [(0, "0"), (top / 2, str(top // 2)), (top, str(top))],
        below="shops on a shard; height: how many such shards",
    )
    for size, shards in sorted(sizes.items()):
        panel.bar(size, 0.8, shards)
    return panel.mark(SHOPS / SHARDS, "mean")


def _added_panel(found: Mapping[str, Any]) -> Panel:
    more = found["a_shard_more"]
    names = [
        ("must move", "needed_at_once"),
        ("plan, to fill it", "to_fill_the_new_one"),
        ("least possible", "minimum_to_fill_it"),
        ("rendezvous", "if_placed_anew"),
    ]
    top = max(more[key] for _, key in names) * 1.15
    panel = Panel("Moves when a shard is added", x=(0, len(names)), y=(0, top))
    panel.axes(
        [(n + 0.5, name) for n, (name, _) in enumerate(names)],
        [(0, "0"), (50, "50"), (100, "100")],
        below=f"modulo hashing would move {more['by_modulo']:,}",
    )
    for n, (_, key) in enumerate(names):
        panel.bar(n + 0.5, 0.5, more[key], name=str(more[key]), other=n > 1)
    return panel


def _directory_panel(found: Mapping[str, Any]) -> Panel:
    known = found["directory"]
    keys = [
        ("warm p50", "lookup_us_p50"),
        ("warm p99", "lookup_us_p99"),
        ("first p50", "first_lookup_us_p50"),
        ("first p99", "first_lookup_us_p99"),
    ]
    top = max(known[key] for _, key in keys) * 1.2
    title = f"Look-up in µs; {known['entries']:,} entries hold {known['memory_mb']} MB"
    panel = Panel(title, x=(0, len(keys)), y=(0, top))
    panel.axes(
        [(n + 0.5, name) for n, (name, _) in enumerate(keys)],
        [(0, "0"), (top / 2, f"{top / 2:.1f}")],
        below=f"snapshot file {known['snapshot_mb']} MB, read in {known['snapshot_read_cpu_ms']} ms",
    )
    for n, (_, key) in enumerate(keys):
        panel.bar(n + 0.5, 0.5, known[key], name=str(known[key]), other=n > 1)
    return panel


def _promotion_panel(found: Mapping[str, Any]) -> Panel:
    big, small = found["promotion"]["fleet"], found["promotion"]["ten_shards"]
    top = big["last_of_all_s_max"] * 1.1
    panel = Panel(f"A promotion, modelled: {PROCESSES} processes follow", x=(0, top), y=(0, 1))
    panel.axes(
        [(value / 10, f"{value / 10:g}") for value in range(0, int(top * 10) + 1, 2)],
        [(0, "0"), (0.5, "half"), (1, "all")],
        below="seconds; share of processes that write to the new primary",
    )
    for one, other in ((big, False), (small, True)):
        ends = max(Times().poll, one["round_s"])
        panel.line([(0, 0), (ends, 1)], other=other)
    panel.note(big["round_s"] * 0.62, 0.5, f"{SHARDS} shards")
    return panel.note(0.04, 0.9, "10 shards")


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    """Seconds of CPU: what else the machine does does not count."""
    began = time.process_time()
    return act(), time.process_time() - began


def _lookups(known: Directory, shops: Sequence[int]) -> list[float]:
    """Seconds of each look-up, from batches of ten: the clock itself costs as much as one."""
    took = []
    for first in range(0, len(shops) - 9, 10):
        ten = shops[first : first + 10]
        began = time.process_time()
        for shop in ten:
            known.lookup(shop)
        took.append((time.process_time() - began) / 10)
    return sorted(took)


def _us(ordered: Sequence[float], share: float) -> float:
    return round(ordered[int(len(ordered) * share)] * 1e6, 2)


def _memory() -> int:
    """Bytes that this process really holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    figures, where = run()
    only_figures = "--json" in sys.argv
    if not only_figures:
        PICTURE.write_text(draw(figures, where), encoding="utf-8")
    print(json.dumps(figures, indent=None if only_figures else 1))
