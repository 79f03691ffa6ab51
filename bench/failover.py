"""Measures how long a shard takes no writes when its primary is killed, and that nothing acknowledged is lost by it.

replication_s: guarantee mode, promoted by our own code at once; what is left of it are the router's and the steps' own
times. group_s: Group Replication, followed by the router; floor_group_s: the same failover as a bare client sees it
that tries every member again and again, in the same run. All of it on servers of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy.exc import SQLAlchemyError

from bench.router import ACTOR, Piece, Place
from ops.cluster.control import Cluster
from ops.cluster.layout import Mode
from ops.places import instance
from shard_router import Router, RouterError
from shard_router.promotion import Administrator, Promotion

INSTANCES = {Mode.GUARANTEE: "faults", Mode.GROUP: "faults-group"}
SHARD, OTHER = "shard-a", "shard-b"
WARM, AFTER = 2.0, 3.0  # seconds of writes before the kill, and after the first write that succeeds again
PATIENCE = 120.0


@dataclass
class Writer(threading.Thread):
    """Adds one piece after another to one shop, each until it is acknowledged."""

    router: Router
    shop_id: int
    acknowledged: list[tuple[float, int]] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        number = 0
        while not self.ending.is_set():
            number += 1
            self._add(number)
            self.ending.wait(0.01)

    def _add(self, number: int) -> None:
        """Its number is its key: one that was committed and not acknowledged is there already."""
        while not self.ending.is_set():
            try:
                with self.router.shop(self.shop_id, ACTOR) as db:
                    if db.get(Piece, (self.shop_id, number)) is None:
                        db.add(Piece(id=number, tag=f"T{number}", name="Ring", status="new", gross_mg=1, net_mg=1))
                        db.commit()
                self.acknowledged.append((time.monotonic(), number))
                return
            except (RouterError, SQLAlchemyError):
                self.errors.append(time.monotonic())
                self.ending.wait(0.02)

    def back_after(self, moment: float) -> float | None:
        """When its first write after a first error succeeded: one that was under way may still be answered."""
        failed = next((at for at in self.errors if at > moment), None)
        return None if failed is None else next((at for at, _ in self.acknowledged if at > failed), None)


@contextmanager
def standing(mode: Mode) -> Iterator[tuple[Cluster, Place]]:
    cluster = Cluster(instance(INSTANCES[mode]), lambda said: None)
    if cluster.instance.folder.exists():
        cluster.destroy()
    try:
        cluster.up(mode)
        place = Place(cluster.instance.cluster_file)
        place.create()
        yield cluster, place
    finally:
        cluster.destroy()


def measure(mode: Mode) -> dict[str, Any]:
    with standing(mode) as (cluster, place), tempfile.TemporaryDirectory() as folder:
        router = place.router(Path(folder))
        writers = [Writer(router, shop_id) for shop_id in (open_shop(router, 1, SHARD), open_shop(router, 2, OTHER))]
        try:
            for writer in writers:
                writer.start()
            return failover(cluster, place, router, writers, mode)
        finally:
            for writer in writers:
                writer.ending.set()
            router.close()


def open_shop(router: Router, shop_id: int, shard: str) -> int:
    with router.control() as control:
        entry = router.directory.add(control, shop_id, shard)
        control.commit()
    router.directory.announce(entry)
    router.plant_fence(entry)
    return shop_id


def failover(cluster: Cluster, place: Place, router: Router, writers: list[Writer], mode: Mode) -> dict[str, Any]:
    mine, neighbour = writers
    time.sleep(WARM)
    victim = router.topology.shards[SHARD].primary.name
    killed_at = time.monotonic()
    pid = cluster.processes.alive(victim)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    floor = bare_client(place, victim, killed_at) if mode is Mode.GROUP else None
    if mode is Mode.GUARANTEE:
        promote(place, router)
    back = wait_for(lambda: mine.back_after(killed_at))
    time.sleep(AFTER)
    for writer in writers:
        writer.ending.set()
        writer.join(20)
    return {
        "back_s": round(back - killed_at, 2),
        "floor_s": round(floor[0] - killed_at, 2) if floor else None,
        "lost": len(lost(place, router, mine)),
        "other_shards_errors": len([at for at in neighbour.errors if at > killed_at]),
    }


def promote(place: Place, router: Router) -> None:
    promotion = Promotion(
        Administrator(place.account, place.tls_ca),
        router.topology.shards[SHARD],
        topology=router.config.topology,
        acknowledged=lambda: router.acknowledged(SHARD),
        say=lambda said: None,
    )
    promotion.run(promotion.plan())


def bare_client(place: Place, victim: str, killed_at: float) -> list[float]:
    """In a thread: the moment of its first write that any member takes."""
    found: list[float] = []
    servers = [one for name, one in place.raw["shards"][SHARD]["servers"].items() if name != victim]

    def insist() -> None:
        while not found and time.monotonic() - killed_at < PATIENCE:
            for server in servers:
                try:
                    with (
                        place.connect(server, place.name, autocommit=True) as connection,
                        connection.cursor() as cursor,
                    ):
                        cursor.execute("INSERT INTO bench_pieces VALUES (99, 1, 'T', 'bare', 'new', 1, 1)")
                    found.append(time.monotonic())
                except pymysql.err.MySQLError:
                    time.sleep(0.02)

    threading.Thread(target=insist, daemon=True).start()
    return found


def wait_for(look: Any) -> float:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        found: float | None = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise RuntimeError(f"no write within {PATIENCE:g} s")


def lost(place: Place, router: Router, writer: Writer) -> set[int]:
    server = router.topology.shards[SHARD].primary
    with place.connect({"host": server.host, "port": server.port}, place.name) as connection, connection.cursor() as c:
        c.execute("SELECT id FROM bench_pieces WHERE shop_id = %s", (writer.shop_id,))
        there = {row[0] for row in c.fetchall()}
    return {number for _, number in writer.acknowledged} - there


def run() -> dict[str, Any]:
    replication, group = measure(Mode.GUARANTEE), measure(Mode.GROUP)
    return {
        "replication_s": replication["back_s"],
        "group_s": group["back_s"],
        "floor_group_s": group["floor_s"],
        "lost": replication["lost"] + group["lost"],
        "other_shards_errors": replication["other_shards_errors"] + group["other_shards_errors"],
    }


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    chosen = parser.parse_args(words)
    print(json.dumps(run(), indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
