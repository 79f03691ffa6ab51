"""Measures what a shop at fifty times the load does to its neighbours: their p99 beside it, divided by theirs alone.

One web process is played by sixteen threads over one router, and has started as one does. Work arrives by the clock,
whether or not what came before is done; a neighbour's time counts from its arrival, so waiting for a free thread is in
it. Four kinds of slices take turns: calm; the noise; the same noise while somebody holds the row that all of it writes,
so that it takes places and threads and no processor; and, as a control, the same noise from a process of its own, which
takes the same of processor and disk and no place or thread of the neighbours' process.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from app.kit.collecting import leave_out_what_is_loaded
from bench.failover import open_shop
from bench.router import ACTOR, Piece, Place
from shard_router import Router, RouterError

THREADS, NEIGHBOURS = 16, 4
RATE = 2.0  # of a calm shop, writes a second
NOISE = 50  # times that
ROUNDS, SECONDS = 4, 5.0
NOISY = 1

Done = tuple[int, float, bool]


def write(router: Router, shop_id: int, due: float) -> Done:
    """Whose it was, the seconds since it was due, and whether it succeeded."""
    try:
        with router.shop(shop_id, ACTOR) as db:
            db.execute(update(Piece).where(Piece.id == 1).values(net_mg=Piece.net_mg + 1))
            db.commit()
    except (RouterError, SQLAlchemyError):
        return shop_id, time.monotonic() - due, False
    return shop_id, time.monotonic() - due, True


def arrivals(*, calm: bool, noisy: bool) -> list[tuple[float, int]]:
    """When, and whose; evenly, so that chance does not make one run harder than another."""
    rates = dict.fromkeys(range(2, 2 + NEIGHBOURS), RATE) if calm else {}
    if noisy:
        rates[NOISY] = RATE * NOISE
    return sorted((n / rate, shop) for shop, rate in rates.items() for n in range(int(SECONDS * rate)))


def one_slice(router: Router, threads: ThreadPoolExecutor, *, noisy: bool, calm: bool = True) -> list[Done]:
    began = time.monotonic()
    done: list[Future[Done]] = []
    for offset, shop in arrivals(calm=calm, noisy=noisy):
        due = began + offset
        time.sleep(max(0.0, due - time.monotonic()))
        done.append(threads.submit(write, router, shop, due))
    return [one.result() for one in done]


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def run() -> dict[str, Any]:
    place = Place(Path(os.environ["BOOLA_CLUSTER"]))
    place.name = f"bench_noisy_{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        place.drop()
        place.create()
        router = place.router(Path(folder))
        try:
            fill(router, place)
            leave_out_what_is_loaded()
            return measure(router, place)
        finally:
            router.close()
            place.drop()


def fill(router: Router, place: Place) -> None:
    """The noisy one shares its shard with every other neighbour; the rest live elsewhere."""
    names = sorted(place.raw["shards"])
    for shop in range(1, 2 + NEIGHBOURS):
        open_shop(router, shop, names[0] if shop == NOISY else names[shop % len(names)])
        with router.shop(shop, ACTOR) as db:
            db.add(Piece(id=1, tag="T1", name="Ring", status="in_stock", gross_mg=3390, net_mg=3300))
            db.commit()


def measure(router: Router, place: Place) -> dict[str, Any]:
    kinds: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "calm": nullcontext, "noise": nullcontext, "waiting": lambda: held(place), "control": lambda: elsewhere(place),
    }  # fmt: skip
    found: dict[str, list[Done]] = {kind: [] for kind in kinds}
    with ThreadPoolExecutor(THREADS) as threads, collections() as stops:
        one_slice(router, threads, noisy=True)  # warm
        for _ in range(ROUNDS):
            for kind, meanwhile in kinds.items():
                with meanwhile():
                    found[kind] += one_slice(router, threads, noisy=kind in ("noise", "waiting"))
    neighbours = {kind: [one for one in some if one[0] != NOISY] for kind, some in found.items()}
    slow = {kind: p99([took for _, took, _ in some]) for kind, some in neighbours.items()}
    return {
        "neighbour_p99_ratio": round(slow["noise"] / slow["calm"], 3),
        "neighbour_p99_ratio_to_control": round(slow["noise"] / slow["control"], 3),
        "neighbour_p99_ratio_while_it_waits": round(slow["waiting"] / slow["calm"], 3),
        **{f"{kind}_p99_ms": round(seconds * 1000, 1) for kind, seconds in slow.items()},
        "longest_collection_ms": round(max(stops, default=0.0) * 1000, 1),
        "neighbour_errors": sum(not ok for some in neighbours.values() for _, _, ok in some),
        "noisy_writes_per_s": round(sum(ok for shop, _, ok in found["noise"] if shop == NOISY) / (ROUNDS * SECONDS), 1),
    }


@contextmanager
def collections() -> Iterator[list[float]]:
    """How long each of Python's full collections took, in which no thread goes on."""
    took: list[float] = []
    began = 0.0

    def note(phase: str, facts: dict[str, int]) -> None:
        nonlocal began
        if facts["generation"] == 2:
            if phase == "start":
                began = time.monotonic()
            else:
                took.append(time.monotonic() - began)

    gc.callbacks.append(note)
    try:
        yield took
    finally:
        gc.callbacks.remove(note)


# -- what else goes on in a slice ---------------------------------------------------------------------------------
@contextmanager
def held(place: Place) -> Iterator[None]:
    """Somebody holds the noisy shop's row."""
    with place.connect(place.primary, place.name) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT net_mg FROM bench_pieces WHERE shop_id = %s FOR UPDATE", (NOISY,))
        yield
        connection.rollback()


@contextmanager
def elsewhere(place: Place) -> Iterator[None]:
    """The noise of one slice, from a process of its own that has begun to write."""
    words = [sys.executable, "-m", "bench.noisy", "--noise-of", place.name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.wait()


def only_noise(name: str) -> None:
    place = Place(Path(os.environ["BOOLA_CLUSTER"]))
    place.name = name
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(THREADS) as threads:
        router = place.router(Path(folder))
        write(router, NOISY, time.monotonic())
        print("begins", flush=True)
        one_slice(router, threads, noisy=True, calm=False)
        router.close()


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--noise-of", help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    if chosen.noise_of:
        only_noise(chosen.noise_of)
    else:
        print(json.dumps(run(), indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
