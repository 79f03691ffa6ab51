"""Owns the tail: a thread that reads a server's binlog and yields the primary keys of one shop's rows, and no values.

What it yields are keys to be read again, so it may name one too many; it may never miss one. It therefore knows every
event that it lets pass, and ends with TailBroken at any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shard_router.errors import RouterError
from shard_router.moves.gtids import GtidSet
from shard_router.moves.keys import Key, KeyShape

RawConnection = Any  # a pymysql Connection that nobody else uses: of the account `mover`, over TLS, in autocommit


class TailBroken(RouterError):
    """The stream ended, or held what the tail cannot know; nothing behind it was read. The message says why.

    Keys that were not taken are lost with it: go on with a new tail from the `upto` of the last Taken that was dealt
    with, or give the move up where the reason will stand in the way again."""


@dataclass(frozen=True)
class Taken:
    """`keys`: per table the keys that changed, of transactions read whole. `upto`: the GTID set seen whole, `since`
    included; a new tail may begin there. `last`: "uuid:n" of the newest of these transactions, None without keys.

    The stream runs ahead of the engine: before rows are read again, the server must have executed `last`."""

    keys: dict[str, set[Key]] = field(default_factory=dict)
    upto: str = ""
    last: str | None = None


class Tail:
    """Not started yet. `keys` come from `keys.read_shapes`, asked after `since` was read off the same server.

    `server_id` must differ from that of every server and every other tail of the fleet."""

    def __init__(
        self,
        connect: Callable[[], RawConnection],
        *,
        database: str,
        shop_id: int,
        keys: Mapping[str, KeyShape],
        since: str,
        server_id: int,
    ) -> None:
        self._connect, self._database, self._shop_id, self._keys = connect, database, shop_id, dict(keys)
        self._seen = GtidSet(since)
        self._server_id = server_id

    def start(self) -> None:
        """Connects and begins to read. TailBroken if the server cannot be reached or lacks a part of `since`."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends the thread and its connection; may be called twice, and on a tail that is broken."""
        raise NotImplementedError

    def take(self) -> Taken:
        """What was seen since the last take, which is then forgotten. TailBroken if the stream has ended."""
        raise NotImplementedError

    def wait_for(self, gtid: str, timeout: float) -> bool:
        """Whether the transaction "uuid:n" was read within `timeout` seconds. TailBroken if it never will be."""
        raise NotImplementedError

    def wait_covers(self, gtids: str, timeout: float) -> bool:
        """The same for a whole GTID set."""
        raise NotImplementedError
