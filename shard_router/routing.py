"""Owns the choice of a server for one session, and what is done when its shop turns out to have moved."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from shard_router import deciding, fence
from shard_router.causality import CausalToken
from shard_router.engines import Purpose
from shard_router.errors import RouterError, ShopMoved
from shard_router.fence import Fence
from shard_router.gtid import TrackingConnection
from shard_router.guards import FOR_SHARE, FOR_UPDATE
from shard_router.marks import covers, merged
from shard_router.topology import Server, Shard

if TYPE_CHECKING:
    from shard_router.directory import DirectoryEntry
    from shard_router.router import Router


ROLES_FRESH_MS = 100


class Route:
    """One session's way to its server. `fenced` says whether its transactions begin by reading the fence."""

    __slots__ = ("_place", "_purpose", "_router", "_token", "entry", "fenced", "server")

    def __init__(self, router: Router, entry: DirectoryEntry, purpose: Purpose, token: CausalToken | None) -> None:
        self._router = router
        self._purpose = purpose
        self._token = token
        self.entry = entry
        self.server: Server | None = None
        self.fenced = purpose is not Purpose.READ
        self._place: int | None = None

    def enter(self) -> None:
        """Takes a place among those that its shop may have in this process. Raises ShopCrowded."""
        shares = self._router.shares
        if shares is not None:
            self._place = shares.enter(self.entry.shop_id, self.entry.shard)

    def leave(self) -> None:
        """May be called again, and without a place."""
        place, self._place = self._place, None
        if place is not None and self._router.shares is not None:
            self._router.shares.leave(self.entry.shop_id, place)

    def choose(self) -> Engine:
        need = self._needed() if self._purpose is Purpose.READ else None  # may find that the map is old
        shard = self._router.shard_for_shops(self.entry.shard)
        self.server = (
            self._reader(shard, need) if self._purpose is Purpose.READ else self._router.primary_for_writes(shard)
        )
        return self._router.engines.get(shard.name, self.server, self._purpose)

    # -- reads ----------------------------------------------------------------------------------------------------
    def _reader(self, shard: Shard, need: CausalToken | None) -> Server:
        counts = self._router.counts
        if need is None or not shard.gtids:
            self.fenced = True  # unknown what the shop has committed, or this map may be old: the fence will tell
            counts["read_primary_unknown"] += 1
            return shard.primary
        health = self._router.health_watch
        known = [(server, seen) for server in shard.replicas if (seen := health.of(server)) and seen.in_rotation]
        covering = [server for server, seen in known if covers(seen.executed or {}, need.marks)]
        if covering:
            counts["read_replica"] += 1
            return _one_of(covering)
        limit = self._router.config.times.causal_wait * 1000
        near = [server for server, seen in known if (seen.lag_ms or 0) <= limit]
        if near and self._router.wait_for(shard, server := _one_of(near), need):
            counts["read_replica_waited"] += 1
            return server
        counts["read_primary_behind"] += 1
        return self._primary_with(shard, need)

    def _primary_with(self, shard: Shard, need: CausalToken) -> Server:
        """The primary. If the shop has writes that it has not, and that are not its own, another one was promoted: then
        the roles are looked at before anything is read."""
        seen = self._router.health_watch.of(shard.primary)
        if seen is None or seen.executed is None or seen.age_ms < ROLES_FRESH_MS:
            return shard.primary
        foreign = {uuid: n for uuid, n in need.marks.items() if uuid != seen.uuid}
        if not covers(seen.executed, foreign):
            self._router.health_watch.look_again(shard, within=ROLES_FRESH_MS / 1000)
        return self._router.shard(shard.name).primary

    def _needed(self) -> CausalToken | None:
        """What the answering server must have: all that the shop committed, and all that this caller has seen."""
        if not self.gtids:
            return None  # nobody could say what a server has
        newest = self._router.newest.find(self.entry.shop_id)
        given = self._token
        latest = max((token.epoch for token in (newest, given) if token is not None), default=0)
        if latest > self.entry.epoch:
            self._catch_up()
        if newest is not None and newest.epoch < self.entry.epoch:
            self._router.newest.want(self.entry.shop_id)  # it moved, and nothing was written since
        if newest is None or not self._fits(newest) or (given is not None and not self._fits(given)):
            return None
        if given is None or covers(newest.marks, given.marks):
            return newest
        both = merged(newest.marks, given.marks)
        return CausalToken.of_marks(newest.shard, newest.epoch, both)

    def _fits(self, token: CausalToken) -> bool:
        return token.shard == self.entry.shard and token.epoch == self.entry.epoch

    def _catch_up(self) -> None:
        """A token is younger than our map."""
        self.entry = self._router.directory.refresh(self.entry.shop_id) or self.entry

    # -- the fence ------------------------------------------------------------------------------------------------
    def check_fence(self, connection: Connection) -> None:
        found = fence.read(connection, self.entry.shop_id, lock=self.lock)
        if fence.admits(found, self.entry.epoch):
            return
        if self._purpose is Purpose.READ and deciding.may_read(self._router, self.entry, found):
            return
        raise self.moved(found, connection)

    @property
    def lock(self) -> str:
        if self._purpose is Purpose.READ:
            return ""
        return FOR_SHARE if self.for_share else FOR_UPDATE

    @property
    def for_share(self) -> bool:
        """Whether the shard knows that lock."""
        return self._router.shard(self.entry.shard).for_share

    @property
    def gtids(self) -> bool:
        """Whether what its commits say of themselves counts: a proxy may have many histories behind it."""
        shard = self._router.topology.shards.get(self.entry.shard)
        return shard is not None and shard.gtids

    @property
    def packets(self) -> bool:
        """Whether it takes several statements in one round trip."""
        return self._router.shard(self.entry.shard).packets

    def moved(self, found: Fence | None, connection: Connection) -> ShopMoved:
        """Refreshes the directory entry, so that the caller's one retry goes to the right place. A write that meets a
        move in the moment of its decision waits for it here, never longer than `Times.deciding`. Meanwhile it has
        neither its connection nor its place: reads of the shop go on, and so do its neighbours."""
        entry = self.entry
        with suppress(RouterError):  # the retry will say what is wrong
            deciding.let_go(connection)
            if found is None:  # a claim that found no row: why not, the fence knows
                found = deciding.look(self._router, entry.shard, entry.shop_id)
            if found is not None and deciding.is_deciding(found):
                connection.invalidate()
                self.leave()
            home = deciding.decided(self._router, entry, found) if found is not None else None
            shard, epoch = home or (None, 0)
            self._router.directory.refresh(entry.shop_id, shard=shard, epoch=epoch)
        self._router.counts["shop_moved"] += 1
        why = str(found or "the claim found no row")
        return ShopMoved(entry.shop_id, shard=entry.shard, epoch=entry.epoch, found=why)

    def committed(self, token: CausalToken) -> None:
        self._router.newest.keep(self.entry.shop_id, token)


def _one_of(servers: list[Server]) -> Server:
    return servers[0] if len(servers) == 1 else random.choice(servers)  # noqa: S311 (spreads load, keeps no secret)


def wait_for(engine: Engine, need: CausalToken, seconds: float) -> bool:
    """True once the server has executed all of `need`; False if it did not within `seconds`, or could not say."""
    try:
        raw = engine.raw_connection()
    except Exception:  # noqa: BLE001 (whatever it is, another server will answer)
        return False
    try:
        connection = raw.dbapi_connection
        assert isinstance(connection, TrackingConnection)
        rows = connection.run(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{need.gtid}', {seconds:.3f})").rows
        return bool(rows) and rows[0][0] == 0
    except Exception:  # noqa: BLE001
        raw.invalidate()
        return False
    finally:
        raw.close()
