"""Measures what a shop at fifty times the load does to its neighbours: their p99 beside it, divided by theirs alone.

One web process is played by sixteen threads over one router. Work arrives by the clock, whether or not what came before
is done; a neighbour's time counts from its arrival, so waiting for a free thread is in it. Calm and noise alternate.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from bench.failover import open_shop
from bench.router import ACTOR, Piece, Place
from shard_router import Router, RouterError

THREADS, NEIGHBOURS = 16, 4
RATE = 2.0  # of a calm shop, writes a second
NOISE = 50  # times that
ROUNDS, SECONDS = 4, 5.0
NOISY = 1


def write(router: Router, shop_id: int, due: float) -> tuple[int, float, bool]:
    """Whose it was, the seconds since it was due, and whether it succeeded."""
    try:
        with router.shop(shop_id, ACTOR) as db:
            db.execute(update(Piece).where(Piece.id == 1).values(net_mg=Piece.net_mg + 1))
            db.commit()
    except (RouterError, SQLAlchemyError):
        return shop_id, time.monotonic() - due, False
    return shop_id, time.monotonic() - due, True


def arrivals(noisy: bool) -> list[tuple[float, int]]:
    """When, and whose; evenly, so that chance does not make one run harder than another."""
    rates = dict.fromkeys(range(2, 2 + NEIGHBOURS), RATE)
    if noisy:
        rates[NOISY] = RATE * NOISE
    return sorted((n / rate, shop) for shop, rate in rates.items() for n in range(int(SECONDS * rate)))


def one_round(router: Router, threads: ThreadPoolExecutor, *, noisy: bool) -> list[tuple[int, float, bool]]:
    began = time.monotonic()
    done: list[Future[tuple[int, float, bool]]] = []
    for offset, shop in arrivals(noisy):
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
            return measure(router)
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


def measure(router: Router) -> dict[str, Any]:
    calm: list[tuple[int, float, bool]] = []
    noise: list[tuple[int, float, bool]] = []
    with ThreadPoolExecutor(THREADS) as threads:
        one_round(router, threads, noisy=True)  # warm
        for _ in range(ROUNDS):
            calm += one_round(router, threads, noisy=False)
            noise += one_round(router, threads, noisy=True)
    neighbours = [one for one in noise if one[0] != NOISY]
    before, beside = (p99([took for _, took, _ in found]) for found in (calm, neighbours))
    return {
        "neighbour_p99_ratio": round(beside / before, 3),
        "neighbour_p99_ms": round(beside * 1000, 1),
        "calm_p99_ms": round(before * 1000, 1),
        "neighbour_errors": sum(not ok for _, _, ok in neighbours),
        "noisy_writes_per_s": round(sum(ok for shop, _, ok in noise if shop == NOISY) / (ROUNDS * SECONDS), 1),
    }


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    chosen = parser.parse_args(words)
    print(json.dumps(run(), indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
