"""Owns the answer to "where does this shop live": process cache, Redis, control database, snapshot, in that order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shard_router import tables
from shard_router.config import Times
from shard_router.errors import DirectoryUnavailable, ShardUnavailable, UnknownShop
from shard_router.redis_line import RedisDown, RedisLine
from shard_router.snapshot import Snapshot
from shard_router.tables import State

log = logging.getLogger(__name__)
REMEMBERED = 50_000  # unknown shops; a scanner of ids must not fill the memory
OVERLAP_TIME = timedelta(seconds=60)  # rows may become visible later than their updated_at says
GONE = (SQLAlchemyError, ShardUnavailable)
STRIPES = 64
Section = Callable[[Session], Any]


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    shop_id: int
    shard: str
    epoch: int
    state: str = State.OPEN


class Directory:
    """`lookup` is the hot path. Everything else exists so that it always has an answer for a shop once known."""

    def __init__(
        self,
        *,
        line: RedisLine,
        prefix: str,
        ask: Callable[[], Engine],
        control: Callable[[], Engine],
        control_up: Callable[[], bool],
        snapshot: Snapshot,
        times: Times,
    ) -> None:
        self._line = line
        self._prefix = f"{prefix}dir:"
        self._ask = ask  # waits briefly
        self._control = control
        self._control_up = control_up
        self._snapshot = snapshot
        self._times = times
        self._rest_until = 0.0
        self._cache: dict[int, tuple[DirectoryEntry, float]] = {}
        self._unknown: dict[int, float] = {}
        self._known: dict[int, DirectoryEntry] = {}  # the last-known-good of everything, never dropped for its age
        self._since: Any = None
        self._full_at = 0.0
        self._sections: dict[str, Section] = {}
        self._values: dict[str, Any] = {}
        self.after_fork()
        self._learn()

    def after_fork(self) -> None:
        """Locks that another thread of the parent held would never be released in the child."""
        self._locks = [threading.Lock() for _ in range(STRIPES)]
        self._keeping = threading.Lock()
        self._learning = threading.Lock()

    # -- asking ---------------------------------------------------------------------------------------------------
    def lookup(self, shop_id: int) -> DirectoryEntry:
        """UnknownShop if there is none; DirectoryUnavailable if nobody can tell."""
        hit = self._cache.get(shop_id)
        if hit is not None and hit[1] > time.monotonic():
            return hit[0]
        return self._find(shop_id)

    def _find(self, shop_id: int) -> DirectoryEntry:
        with self._locks[shop_id % STRIPES]:
            now = time.monotonic()
            hit = self._cache.get(shop_id)
            if hit is not None and hit[1] > now:
                return hit[0]
            if self._unknown.get(shop_id, 0.0) > now:
                raise UnknownShop(shop_id)
            return self._from_redis(shop_id) or self._from_control(shop_id)

    def refresh(self, shop_id: int, *, shard: str | None = None, epoch: int = 0) -> DirectoryEntry | None:
        """Asks the control database again. `shard` and `epoch` are what a fence said of the shop's new home: they
        count where the control database cannot be asked or does not know yet."""
        self._unknown.pop(shop_id, None)
        try:
            entry: DirectoryEntry | None = self._ask_control(shop_id)
        except GONE:
            entry = self._known.get(shop_id)
        if shard is not None and (entry is None or entry.epoch < epoch):
            entry = DirectoryEntry(shop_id, shard, epoch)
        if entry is not None:
            self._keep(entry)
            self._tell_redis(entry)
        return entry

    # -- telling --------------------------------------------------------------------------------------------------
    def add(self, control: Session, shop_id: int, shard: str) -> DirectoryEntry:
        """A new shop's row, in the caller's transaction; call `announce` once that is committed."""
        row = {"shop_id": shop_id, "shard": shard, "epoch": 1, "state": State.OPEN}
        control.execute(insert(tables.directory).values(**row, updated_at=func.utc_timestamp(6)))
        return DirectoryEntry(shop_id, shard, 1)

    def announce(self, entry: DirectoryEntry) -> None:
        """Makes caches agree with what has been committed."""
        self._unknown.pop(entry.shop_id, None)
        self._keep(entry)
        self._tell_redis(entry)

    # -- the layers -----------------------------------------------------------------------------------------------
    def _from_redis(self, shop_id: int) -> DirectoryEntry | None:
        try:
            raw = self._line.call("GET", f"{self._prefix}{shop_id}")
        except RedisDown:
            return None
        try:
            shard, epoch, state = (raw or b"").decode().split(" ")
            return self._keep(DirectoryEntry(shop_id, shard, int(epoch), state))
        except ValueError:  # nothing there, or nothing of ours
            return None

    def _tell_redis(self, entry: DirectoryEntry) -> None:
        value = f"{entry.shard} {entry.epoch} {entry.state}"
        with suppress(RedisDown):  # a cache
            self._line.call("SET", f"{self._prefix}{entry.shop_id}", value, "EX", self._times.directory_shared)

    def _from_control(self, shop_id: int) -> DirectoryEntry:
        known = self._known.get(shop_id)
        if known is not None and not self._control_up():
            return self._keep(known)  # nobody waits for what the poller knows to be dead
        try:
            entry = self._ask_control(shop_id)
        except GONE as gone:
            if known is None:  # another process of this machine may have heard of it
                self._learn()
                known = self._known.get(shop_id)
            if known is None:
                raise DirectoryUnavailable(shop_id, str(gone)) from gone
            return self._keep(known)
        if entry is None:
            if len(self._unknown) > REMEMBERED:
                self._unknown.clear()
            self._unknown[shop_id] = time.monotonic() + self._times.unknown_shop
            raise UnknownShop(shop_id)
        self._tell_redis(entry)
        return self._keep(entry)

    def _ask_control(self, shop_id: int) -> DirectoryEntry | None:
        """One caller at a time finds out that the control database is still dead; the others do not wait."""
        now = time.monotonic()
        if now < self._rest_until:
            raise ShardUnavailable("control", "it failed a moment ago")
        failing = self._rest_until > 0
        if failing:
            self._rest_until = now + self._times.control_rest
        at = tables.directory.c
        try:
            with self._ask().connect() as connection:
                row = connection.execute(select(at.shard, at.epoch, at.state).where(at.shop_id == shop_id)).first()
        except GONE:
            self._rest_until = time.monotonic() + self._times.control_rest
            raise
        self._rest_until = 0.0
        return DirectoryEntry(shop_id, *row) if row is not None else None

    def _keep(self, entry: DirectoryEntry) -> DirectoryEntry:
        """Epochs only grow: an older answer, from a cache that lags, never replaces a newer one."""
        with self._keeping:
            known = self._known.get(entry.shop_id)
            if known is not None and known.epoch > entry.epoch:
                entry = known
            self._known[entry.shop_id] = entry
            self._cache[entry.shop_id] = (entry, time.monotonic() + self._times.directory)
        return entry

    # -- the snapshot ---------------------------------------------------------------------------------------------
    def register(self, name: str, loader: Section) -> None:
        """Another part's data in the same snapshot (slugs, public keys): `loader` reads it from the control database
        and returns what JSON can hold. `section(name)` then works with the control database dead."""
        self._sections[name] = loader

    def section(self, name: str) -> Any:
        """As of the last refresh by any process of this machine; None before there was one."""
        self._learn()
        return self._values.get(name)

    def snapshot_age(self) -> float | None:
        return self._snapshot.age()

    def _learn(self) -> None:
        """Takes in what other processes have written since this one last read the file."""
        with self._learning:
            content = self._snapshot.news() or {}
            for shop_id, (shard, epoch, state) in content.get("directory", {}).items():
                self._take_in(DirectoryEntry(int(shop_id), shard, epoch, state))
            self._values = {**self._values, **content.get("sections", {})}

    def refresh_snapshot(self, topology_text: str) -> None:
        """Reads what changed from the control database and writes the file. Called from a background thread."""
        with self._snapshot.turn() as ours:
            self._read_changes()
            if ours:
                self._save(topology_text)

    def _read_changes(self) -> None:
        full = time.monotonic() >= self._full_at
        with Session(self._control()) as control:
            changed = self._changed(control, full)
            values = {name: self._load(name, control) for name in list(self._sections)}
        if full:
            self._full_at = time.monotonic() + 600
            known = {entry.shop_id: entry for entry in changed}
            newer = {key: one for key, one in self._known.items() if key in known and one.epoch > known[key].epoch}
            self._known = known | newer  # what left the directory is forgotten
        for entry in changed:
            self._take_in(entry)
        self._values = {**self._values, **values}

    def _save(self, topology_text: str) -> None:
        """Sections that another kind of process loads stay as they are in the file."""
        held = (self._snapshot.news() or {}).get("sections", {})
        self._values = {**held, **self._values}
        self._snapshot.save(
            {
                "topology": topology_text,
                "directory": {
                    str(shop_id): [one.shard, one.epoch, str(one.state)] for shop_id, one in list(self._known.items())
                },
                "sections": self._values,
            }
        )

    def _load(self, name: str, control: Session) -> Any:
        """A loader that fails costs its own section a refresh, and nobody else's."""
        try:
            return self._sections[name](control)
        except Exception as bad:  # noqa: BLE001 (another part's code: whatever it raises)
            log.warning("snapshot section %s keeps its last good value: %s", name, bad)
            return self._values.get(name)

    def _changed(self, control: Session, full: bool) -> list[DirectoryEntry]:
        at = tables.directory.c
        query = select(at.shop_id, at.shard, at.epoch, at.state, at.updated_at)
        if not full and self._since is not None:
            query = query.where(at.updated_at >= self._since - OVERLAP_TIME)
        rows = control.execute(query).all()
        self._since = max([row.updated_at for row in rows], default=self._since)
        return [DirectoryEntry(row.shop_id, row.shard, row.epoch, row.state) for row in rows]

    def _take_in(self, entry: DirectoryEntry) -> None:
        """A change that the refresher saw first drops the cached entry at once."""
        known = self._known.get(entry.shop_id)
        if known is None or known.epoch <= entry.epoch:
            self._known[entry.shop_id] = entry
        hit = self._cache.get(entry.shop_id)
        if hit is not None and hit[0] != entry and hit[0].epoch <= entry.epoch:
            self._cache[entry.shop_id] = (entry, hit[1])

    def sections(self) -> Mapping[str, Any]:
        return dict(self._values)
