"""Owns the facts that a caller of the router may have to answer to."""

from __future__ import annotations


class RouterError(Exception):
    """The root of everything that this library raises on purpose."""


class WrongShop(RouterError):
    """A row or a statement would have crossed from one shop to another, or could not be shown not to."""


class ReadOnlySession(RouterError):
    """Something was about to be written in a session that was opened for reading."""


class UnknownShop(RouterError):
    """No directory has ever heard of this shop."""

    def __init__(self, shop_id: int) -> None:
        super().__init__(f"no such shop: {shop_id}")
        self.shop_id = shop_id


class DirectoryUnavailable(RouterError):
    """Nobody who could say where this shop lives can be reached, and no snapshot names it."""

    def __init__(self, shop_id: int, reason: str = "") -> None:
        super().__init__(f"cannot tell where shop {shop_id} lives: {reason}")
        self.shop_id = shop_id


class ShopMoved(RouterError):
    """The shop's home changed, or is about to: nothing was done here. Look it up again and retry once."""

    def __init__(self, shop_id: int, *, shard: str, epoch: int, found: str) -> None:
        super().__init__(f"shop {shop_id} is not open on {shard} at epoch {epoch}: {found}")
        self.shop_id = shop_id
        self.shard = shard
        self.epoch = epoch


class ShardUnavailable(RouterError):
    """A shard could not be reached, gave up, or has no free connection; nothing was committed by this call."""

    def __init__(self, shard: str, reason: str) -> None:
        super().__init__(f"{shard}: {reason}")
        self.shard = shard
        self.reason = reason


class ReplicaLost(ShardUnavailable):
    """A replica failed in a read. It is out of rotation by now: ask once more, and another server answers."""


class ShardReadOnly(ShardUnavailable):
    """The server refuses writes: it was demoted, or a promotion is under way. Nothing was committed."""


class ShopCrowded(ShardUnavailable):
    """So many requests of this shop are under way in this process that one more would stand in its neighbours' way."""


class AmbiguousCommit(RouterError):
    """The connection was lost while COMMIT was under way: it may or may not have happened.

    Never retried blindly. The idempotency row of the same transaction tells what happened.
    """

    def __init__(self, shop_id: int | None, shard: str) -> None:
        whose = "" if shop_id is None else f"of shop {shop_id} "
        super().__init__(f"the commit {whose}on {shard} may or may not have happened")
        self.shop_id = shop_id
        self.shard = shard


class TopologyRefused(RouterError):
    """A topology with a mistake in it; the one in force stays in force."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
