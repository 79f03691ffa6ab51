"""Measures the bill: what its SQL costs bare, what it costs over HTTP, and how many a second beside an ordinary app.

One run, one machine, one MySQL primary (its durability and semi-sync as they are, printed with the figures), TLS on.
The product and the yardstick (bench/naive) are served by the same gunicorn settings and measured in slices that
alternate; the ratio is the median over neighbouring slices, so that what the machine does meanwhile falls on both.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from operator import truediv
from pathlib import Path
from typing import Any

from app.factory import build_runtime
from bench._clients import Client, load
from bench._ground import Ground, Server
from bench._shop import LINES, Floor, NaiveShop, TradingShop

WARM, SINGLE, READS, SLICES, SECONDS, CLIENTS = 40, 300, 300, 15, 2.0, 4
QUICK = {"single": 60, "reads": 60, "slices": 3, "seconds": 1.5}


def run(*, quick: bool = False) -> dict[str, Any]:
    """Figures of one run on the cluster that BOOLA_CLUSTER names."""
    single = QUICK["single"] if quick else SINGLE
    reads = QUICK["reads"] if quick else READS
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(f"bb{os.getpid()}", Path(folder))
        ground.drop()
        ground.create()
        shop = TradingShop(ground, build_runtime(ground.settings()))
        try:
            naive = NaiveShop(ground)
            pieces = int(single * 3 + (QUICK["slices"] if quick else SLICES) * SECONDS * 500) * LINES
            shop.stock(pieces)
            naive.stock(pieces)
            figures: dict[str, Any] = {"floor_ms_p50": floor_ms(TradingShop(ground, shop.runtime), int(single))}
            figures["round_trips_per_bill"] = shop.round_trips((1, LINES, 12))
            with shop.serving() as server, naive.serving() as naive_server:
                figures |= over_http(shop, server, int(single), int(reads))
                figures |= beside_naive(shop, server, naive, naive_server, quick=quick)
            figures["replica_read_share"] = shop.replica_read_share(int(reads))
            figures["books_sound"] = shop.books_sound()
            return figures | {"server": ground.status(), "lines": LINES}
        finally:
            shop.close()
            ground.drop()


def floor_ms(shop: TradingShop, count: int) -> float:
    """The bill's own packets in bare PyMySQL, COMMIT included, in a shop of its own: nothing above can be faster."""
    shop.stock((count + WARM) * LINES)
    floor = Floor(shop, count + WARM)
    try:
        return p50([floor.write(number) for number in range(count + WARM)][WARM:])
    finally:
        floor.close()


def over_http(shop: TradingShop, server: Server, count: int, reads: int) -> dict[str, Any]:
    """One client: bills of three lines, then lists of fifty."""
    client = Client(server.port, shop.headers)
    took = [timed(lambda: shop.bill(client)) for _ in range(count + WARM)][WARM:]
    listed = [timed(lambda: shop.list_fifty(client)) for _ in range(reads + WARM)][WARM:]
    client.close()
    return {"bill_ms_p50": p50(took), "bill_ms_p95": p95(took), "read_ms_p50": p50(listed)}


def beside_naive(
    shop: TradingShop, server: Server, naive: NaiveShop, naive_server: Server, *, quick: bool
) -> dict[str, Any]:
    seconds = float(QUICK["seconds"]) if quick else SECONDS
    turns = int(QUICK["slices"]) if quick else SLICES

    def ours(_: int) -> Callable[[], None]:
        client = Client(server.port, shop.headers)
        return lambda: shop.bill(client)

    def theirs(_: int) -> Callable[[], None]:
        client = Client(naive_server.port, naive.headers)
        return lambda: naive.bill(client)

    sides = {"ours": Side(server, ours), "theirs": Side(naive_server, theirs)}
    for side in sides.values():
        side.measure(seconds / 2)
        side.forget()
    for turn in range(turns):
        for name in sides if turn % 2 == 0 else reversed(sides):
            sides[name].measure(seconds)
    mine, other = sides["ours"], sides["theirs"]
    return {
        f"bills_per_s_{CLIENTS}_clients": mine.rate,
        f"naive_per_s_{CLIENTS}_clients": other.rate,
        "ratio_to_naive": round(statistics.median(map(truediv, mine.rates, other.rates)), 3),
        "web_cpu_ms_per_bill": mine.cpu_ms,
        "naive_web_cpu_ms_per_bill": other.cpu_ms,
        "slices": {name: [round(one, 1) for one in side.rates] for name, side in sides.items()},
    }


class Side:
    """One of the two servers: its slices, and the processor time that its processes used in them."""

    def __init__(self, server: Server, make: Callable[[int], Callable[[], None]]) -> None:
        self._server, self._make = server, make
        self.forget()

    def forget(self) -> None:
        self.rates: list[float] = []
        self._cpu = self._bills = 0.0

    def measure(self, seconds: float) -> None:
        before = self._server.cpu_seconds()
        done, took = load(self._make, clients=CLIENTS, seconds=seconds)
        self._cpu += self._server.cpu_seconds() - before
        self._bills += done
        self.rates.append(done / took)

    @property
    def rate(self) -> float:
        """Bills a second in the median slice."""
        return round(statistics.median(self.rates), 1)

    @property
    def cpu_ms(self) -> float:
        return round(self._cpu / self._bills * 1000, 2)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def p50(took: list[float]) -> float:
    return round(statistics.median(took), 2)


def p95(took: list[float]) -> float:
    return round(statistics.quantiles(took, n=20)[-1], 2)


if __name__ == "__main__":
    print(json.dumps(run(quick="--quick" in sys.argv), indent=None if "--json" in sys.argv else 1))
