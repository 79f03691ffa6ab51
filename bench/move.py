"""Measures moves of a shop that trades: how fast it is copied, how long it pauses, what its neighbour notices.

Beside each move, in the same run and under the same load, a plain copy of the same rows by two PyMySQL connections:
read a chunk, insert a chunk, with no proof, no changes and no way back. BENCH_MOVES says how many moves (6), and
BENCH_SHARE of how much of its time the mover lets a server work (`Limits.share`).

The mover is a process of its own, as it is in life: a job of a worker, or a command. The shop trades all the time,
before each move as in it, so that what the neighbour notices is the move and not its trade.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, SmallInteger, String, select
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable

from bench.router import Place
from shard_router import Actor, Router, RouterError, ShopMoved, ShopOwned
from shard_router.moves import Limits, Mover, MoveState
from shard_router.tables import router_control_metadata, router_shard_metadata

SHOP, NEIGHBOUR = 1, 2
BILLS = 10_000  # each with two lines
WRITES_PER_S, NEIGHBOURS_PER_S, TILLS = 50, 25, 4
CALM = 4.0  # seconds of trade alone before each move
ACTOR = Actor(None, name="bench")
OTHER = {"shard-a": "shard-b", "shard-b": "shard-a"}
CHUNK = 1000


class Base(DeclarativeBase):
    """A shop of three tables: the router knows no domain, and neither does its measure."""


class Bill(ShopOwned, Base):
    __tablename__ = "bench_bills"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(String(80))
    total_paise: Mapped[int] = mapped_column(BigInteger)


class Line(ShopOwned, Base):
    __tablename__ = "bench_lines"
    bill_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
    grams_mg: Mapped[int] = mapped_column(BigInteger)
    paise: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (ForeignKeyConstraint(["shop_id", "bill_id"], ["bench_bills.shop_id", "bench_bills.id"]),)


class Series(ShopOwned, Base):
    __tablename__ = "bench_series"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last_no: Mapped[int] = mapped_column(BigInteger)


TABLES = Base.metadata.sorted_tables
COPIED = ("bench_bills", "bench_lines")
ORDER = {"bench_bills": ("id",), "bench_lines": ("bill_id", "pos")}


class Yard(Place):
    """The tables of a move, and beside them on every shard those that the plain copy fills."""

    def create(self) -> None:
        control = self._server(self.raw["control"])

        def act(cursor: Any) -> None:
            own = router_control_metadata if cursor.connection.port == control["port"] else router_shard_metadata
            cursor.execute(f"CREATE DATABASE `{self.name}`")
            cursor.execute(f"USE `{self.name}`")
            for table in [*own.sorted_tables, *([] if own is router_control_metadata else TABLES)]:
                cursor.execute(str(CreateTable(table).compile(dialect=mysql.dialect())))

        self.each(act)
        for shard in self.raw["shards"].values():
            with self.connect(self._server(shard), autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS `{self.plain}`")
                cursor.execute(f"CREATE DATABASE `{self.plain}`")
                for table in COPIED:
                    cursor.execute(f"CREATE TABLE `{self.plain}`.{table} LIKE `{self.name}`.{table}")

    @property
    def plain(self) -> str:
        return f"{self.name}_plain"

    def drop(self) -> None:
        self.each(lambda cursor: cursor.execute(f"DROP DATABASE IF EXISTS `{self.name}`"))
        self.each(lambda cursor: cursor.execute(f"DROP DATABASE IF EXISTS `{self.plain}`"))

    def server(self, shard: str) -> dict[str, Any]:
        return self._server(self.raw["shards"][shard])

    def plain_copy(self, source: str, target: str) -> float:
        """Rows a second."""
        rows, began = 0, time.perf_counter()
        with (
            self.connect(self.server(source), self.name) as here,
            self.connect(self.server(target), self.plain) as there,
        ):
            read, write = here.cursor(), there.cursor()
            for table in COPIED:
                write.execute(f"DELETE FROM {table}")
                there.commit()
            began = time.perf_counter()
            for table in COPIED:
                rows += _plain_table(read, write, there, table)
        return rows / (time.perf_counter() - began)


def _plain_table(read: Any, write: Any, there: Any, table: str) -> int:
    rows, order, last = 0, ORDER[table], None
    while True:
        behind = f" AND ({', '.join(order)}) > ({', '.join(['%s'] * len(order))})" if last else ""
        read.execute(
            f"SELECT * FROM {table} WHERE shop_id = {SHOP}{behind} ORDER BY shop_id, {', '.join(order)} LIMIT {CHUNK}",
            last,
        )
        found = read.fetchall()
        if not found:
            return rows
        write.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(found[0]))})", found)
        there.commit()
        rows, last = rows + len(found), found[-1][1 : 1 + len(order)]


@dataclass
class Load:
    """What was measured while it ran: when each write began, and how long it took."""

    neighbour: list[tuple[float, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def p99(self, spans: list[tuple[float, float]]) -> float:
        took = sorted(t for at, t in self.neighbour if any(begin <= at <= end for begin, end in spans))
        return took[int(len(took) * 0.99)] if took else float("nan")


IDS = count(1_000_000)


def sell(router: Router, shop_id: int) -> None:
    for last in (False, True):
        try:
            with router.shop(shop_id, ACTOR) as db:
                series = db.scalars(select(Series).with_for_update()).one()
                series.last_no += 1
                bill = Bill(id=next(IDS), no=series.last_no, buyer="Asha", total_paise=500)
                db.add(bill)
                db.flush()
                db.add_all([Line(bill_id=bill.id, pos=n, name="Ring", grams_mg=3390, paise=250) for n in (1, 2)])
                db.commit()
                return
        except ShopMoved:
            if last:
                raise


@contextmanager
def trading(router: Router) -> Iterator[Load]:
    """The shop and its neighbour."""
    load, ending = Load(), threading.Event()

    def till(shop_id: int, per_s: float) -> None:
        due = time.monotonic()
        while not ending.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            due = max(due + 1 / per_s, began - 1)
            try:
                sell(router, shop_id)
            except RouterError as failed:
                load.failed.append(str(failed))
            if shop_id == NEIGHBOUR:
                load.neighbour.append((began, time.monotonic() - began))

    threads = [threading.Thread(target=till, args=(SHOP, WRITES_PER_S / TILLS)) for _ in range(TILLS)]
    threads.append(threading.Thread(target=till, args=(NEIGHBOUR, NEIGHBOURS_PER_S)))
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def fill(router: Router, yard: Yard) -> None:
    for shop_id, bills in ((SHOP, BILLS), (NEIGHBOUR, 100)):
        with router.control() as control:
            entry = router.directory.add(control, shop_id, "shard-a")
            control.commit()
        router.directory.announce(entry)
        router.plant_fence(entry)
        with yard.connect(yard.server("shard-a"), yard.name) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_series VALUES (%s, 1, %s)", (shop_id, bills))
            for first in range(0, bills, CHUNK):
                numbers = range(first, min(first + CHUNK, bills))
                cursor.executemany(
                    "INSERT INTO bench_bills VALUES (%s, %s, %s, %s, %s)",
                    [(shop_id, n, n, f"buyer {n}", n) for n in numbers],
                )
                cursor.executemany(
                    "INSERT INTO bench_lines VALUES (%s, %s, %s, %s, %s, %s)",
                    [(shop_id, n, pos, f"ring {n}", 3390, n) for n in numbers for pos in (1, 2)],
                )
                connection.commit()


def measure(router: Router, yard: Yard) -> dict[str, Any]:
    pauses: list[float] = []
    copies: list[
        tuple[float, float]
    ] = []  # of a move with its rests, and of the plain copy beside it, in rows a second
    mismatches = given_up = rows = 0
    calm, moving = [], []
    home = "shard-a"
    with trading(router) as load, mover_of(yard) as mover:
        for _ in range(int(os.environ.get("BENCH_MOVES", "6"))):
            plain = yard.plain_copy(home, OTHER[home])
            calm.append((time.monotonic(), time.monotonic() + CALM))
            time.sleep(CALM)
            began = time.monotonic()
            done = mover(f"move {OTHER[home]}")
            moving.append((began, time.monotonic()))
            facts = done["facts"]
            if done["state"] == MoveState.SWITCHED:
                home = OTHER[home]
                pauses.append(float(facts["pause_ms"]))
                rows = int(facts["copy_rows"])
                copies.append((rows / (facts["copy_s"] + facts["rested_s"]), plain))
            else:
                given_up += 1
                mismatches += "differ" in str(done["reason"])
            mover("purge")
    return {
        "rows": rows,
        "rows_per_s": round(statistics.median(move for move, _ in copies)),
        "plain_rows_per_s": round(statistics.median(plain for _, plain in copies)),
        "copy_ratio": round(statistics.median(move / plain for move, plain in copies), 3),
        "moves": len(pauses),
        "move_s_p50": round(statistics.median(end - begin for begin, end in moving), 2),
        "given_up": given_up,
        "pause_ms_p50": round(statistics.median(pauses), 1),
        "pause_ms_p99": round(sorted(pauses)[int(len(pauses) * 0.99)], 1),
        "mismatches": mismatches,
        "refused_writes": len(load.failed),
        "neighbour_p99_ratio": round(load.p99(moving) / load.p99(calm), 3),
        "neighbour_p99_ms": round(load.p99(moving) * 1000, 1),
        "neighbour_calm_p99_ms": round(load.p99(calm) * 1000, 1),
    }


@contextmanager
def mover_of(yard: Yard) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Takes words, and answers with what became of them."""
    words = [sys.executable, "-m", "bench.move", yard.name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None

        def say(word: str) -> dict[str, Any]:
            print(word, file=process.stdin, flush=True)
            answer: dict[str, Any] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            return answer

        say("purge")  # it is there
        try:
            yield say
        finally:
            process.stdin.close()


def only_move(name: str) -> None:
    yard = Yard(Path(os.environ["BOOLA_CLUSTER"]))
    yard.name = name
    limits = Limits(accept_degraded=True, share=float(os.environ.get("BENCH_SHARE", Limits().share)))
    with tempfile.TemporaryDirectory() as folder:
        router = yard.router(Path(folder))
        mover = Mover(router, tables=TABLES, sums=(), limits=limits)
        for line in sys.stdin:
            word, _, target = line.strip().partition(" ")
            answer: dict[str, Any] = {}
            if word == "move":
                status = mover.run(mover.ask(SHOP, target, asked_by="bench", max_pause_ms=1000))
                answer = {"state": status.state, "reason": status.reason, "facts": dict(status.facts)}
            else:
                mover.purge(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=366))
            print(json.dumps(answer), flush=True)
        router.close()


def run() -> dict[str, Any]:
    """Figures of one run on the cluster that BOOLA_CLUSTER names."""
    yard = Yard(Path(os.environ["BOOLA_CLUSTER"]))
    with tempfile.TemporaryDirectory() as folder:
        yard.drop()
        yard.create()
        router = yard.router(Path(folder))
        try:
            fill(router, yard)
            return measure(router, yard)
        finally:
            router.close()
            yard.drop()


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    if names:
        only_move(names[0])
    else:
        print(json.dumps(run(), indent=None if "--json" in sys.argv else 1))
