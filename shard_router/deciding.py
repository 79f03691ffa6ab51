"""Owns the moment in which a move decides where a shop lives: who reads may go on, who writes waits for the answer.

In that moment the fence on the source says `fenced`, and the new home's name; the fence there is where it is decided.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shard_router import fence
from shard_router.engines import Purpose
from shard_router.errors import RouterError
from shard_router.fence import Fence
from shard_router.gtid import run_on
from shard_router.tables import State

if TYPE_CHECKING:
    from shard_router.directory import DirectoryEntry
    from shard_router.router import Router

FIRST, LONGEST = 0.002, 0.02  # seconds between two looks


def may_read(router: Router, entry: DirectoryEntry, found: Fence) -> bool:
    """Whether what the source has is still all that there is. The new home is asked after this read began, so a write
    that is acknowledged there later is one that this read need not have seen."""
    if not is_deciding(found) or found.epoch != entry.epoch + 1:
        return False
    there = look(router, found.moved_to or "", entry.shop_id)
    return there is not None and there.state == State.INCOMING


def is_deciding(found: Fence) -> bool:
    return found.state == State.FENCED and found.moved_to is not None


def decided(router: Router, entry: DirectoryEntry, found: Fence) -> tuple[str, int] | None:
    """Shard and epoch that the fences name as the shop's home; None if nobody said so within the time to wait."""
    ends, pause = time.monotonic() + router.config.times.deciding, FIRST
    while is_deciding(found):
        there = look(router, found.moved_to or "", entry.shop_id)
        if there is not None and there.state == State.OPEN and there.epoch >= found.epoch:
            return found.moved_to or "", there.epoch
        if time.monotonic() > ends:
            return None
        time.sleep(pause)
        pause = min(pause * 2, LONGEST)
        found = look(router, entry.shard, entry.shop_id) or found
    if found.state == State.OPEN and found.epoch > entry.epoch:
        return entry.shard, found.epoch  # a move was given up: the shop stays, at a new epoch
    return (found.moved_to, found.epoch) if found.state == State.MOVED and found.moved_to else None


def look(router: Router, shard_name: str, shop_id: int) -> Fence | None:
    """The shop's fence on a shard, without a lock; None where it cannot be asked."""
    with suppress(RouterError, SQLAlchemyError):
        shard = router.shard(shard_name)
        with router.engines.get(shard.name, shard.primary, Purpose.READ).connect() as connection:
            connection.info["shop"] = shop_id
            return fence.read(connection, shop_id)
    return None


def let_go(connection: Connection) -> None:
    """Ends the transaction that met the fence: its lock on the row would hold up the very move that is waited for."""
    if "fence" in connection.info:  # not passed yet, so nothing was written before it
        run_on(connection, ["ROLLBACK"])
