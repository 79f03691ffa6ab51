"""Measures reading one's own writes on replicas: pairs of a commit and a read behind it, none of which may be old.

Each client writes in a shop of its own and reads at once what it wrote: every other time with the token of its commit,
as a person's browser has it, else as a colleague in another process (another router, with nothing but Redis in common)
who has no token. A pair is stale when the read does not see the commit. BOOLA_CAUSAL_PAIRS, or --pairs, says how many.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from bench.router import ACTOR, Piece, Place, settle
from shard_router import CausalToken, Mode, Router

PAIRS = 100_000
CLIENTS = 4
PIECE = 1


@dataclass
class Client:
    """One writer of one shop: what it read must be what it wrote last."""

    mine: Router
    colleagues: Router
    shop_id: int
    pairs: int
    stale: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            for number in range(1, self.pairs + 1):
                token = self._write(number)
                seen = self._read(self.mine, token) if number % 2 else self._read(self.colleagues, None)
                if seen != number:
                    self.stale.append(f"shop {self.shop_id}: wrote {number}, read {seen}")
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            self.failed.append(error)

    def _write(self, number: int) -> CausalToken | None:
        with self.mine.shop(self.shop_id, ACTOR) as db:
            db.execute(update(Piece).where(Piece.id == PIECE).values(gross_mg=number))
            db.commit()
            return db.token

    def _read(self, router: Router, token: CausalToken | None) -> int:
        with router.shop(self.shop_id, ACTOR, mode=Mode.READ, token=token) as db:
            return db.scalars(select(Piece.gross_mg).where(Piece.id == PIECE)).one()


def run(pairs: int) -> dict[str, Any]:
    """Figures of one run on the cluster that BOOLA_CLUSTER names."""
    place = Place(Path(os.environ["BOOLA_CLUSTER"]))
    with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as theirs:
        place.drop()
        place.create()
        routers = place.router(Path(mine)), place.router(Path(theirs))
        try:
            shops = open_shops(routers[0], list(place.raw["shards"]))
            for router in routers:
                settle(router)
            return measure(routers, shops, pairs)
        finally:
            for router in routers:
                router.close()
            place.drop()


def open_shops(router: Router, shards: list[str]) -> list[int]:
    """One for each client, on the shards in turn."""
    for shop_id in range(1, CLIENTS + 1):
        with router.control() as control:
            entry = router.directory.add(control, shop_id, shards[shop_id % len(shards)])
            control.commit()
        router.directory.announce(entry)
        router.plant_fence(entry)
        with router.shop(shop_id, ACTOR) as db:
            db.add(Piece(id=PIECE, tag="T", name="Ring", status="in_stock", gross_mg=0, net_mg=0))
            db.commit()
    return list(range(1, CLIENTS + 1))


def measure(routers: tuple[Router, Router], shops: list[int], pairs: int) -> dict[str, Any]:
    mine, colleagues = routers
    for router in routers:
        router.counts.clear()
    clients = [Client(mine, colleagues, shop_id, -(-pairs // len(shops))) for shop_id in shops]
    threads = [threading.Thread(target=client.run) for client in clients]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for client in clients:
        if client.failed:
            raise client.failed[0]
    reads = {name: sum(router.counts[name] for router in routers) for name in WHERE}
    stale = [one for client in clients for one in client.stale]
    return {
        "pairs": sum(client.pairs for client in clients),
        "stale": len(stale),
        "replica_share": round((reads["read_replica"] + reads["read_replica_waited"]) / sum(reads.values()), 3),
        "reads": reads,
        "pairs_per_s": round(pairs / took),
        "clients": len(clients),
        "examples_of_stale": stale[:5],
    }


WHERE = ("read_replica", "read_replica_waited", "read_primary_behind", "read_primary_unknown")


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.causal", description=__doc__)
    parser.add_argument("--pairs", type=int, default=int(os.environ.get("BOOLA_CAUSAL_PAIRS", PAIRS)))
    parser.add_argument("--json", action="store_true", help="on one line")
    chosen = parser.parse_args(words)
    if chosen.pairs < 1:
        parser.error("--pairs is a whole number from 1 on")
    print(json.dumps(run(chosen.pairs), indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
