"""Owns a job's round over many shops: one that cannot be reached is left for the next round, and its shard with it.

A shard that hangs costs a round one wait, not one for each of its shops; the other shards' shops are all visited.
"""

from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError

from shard_router import Router, RouterError, ShardUnavailable

log = structlog.get_logger(__name__)


class Round:
    """`left` counts the shops left out, by shard; those that no directory knows are under an empty name."""

    def __init__(self, router: Router, what: str) -> None:
        self._router = router
        self._what = what
        self._away: set[str] = set()
        self.left: Counter[str] = Counter()

    def visit(self, shop_id: int, work: Callable[[], object]) -> bool:
        """Whether the shop was visited. What `work` did before it failed must bear being done again."""
        shard = ""
        try:
            shard = self._router.directory.lookup(shop_id).shard
            if shard not in self._away:
                work()
                return True
        except ShardUnavailable as lost:
            log.warning("a shard is left out of this round", what=self._what, shard=lost.shard, why=lost.reason)
            self._away.add(lost.shard)
        except (RouterError, DBAPIError):
            log.warning("a shop is left out of this round", what=self._what, shop_id=shop_id, exc_info=True)
        self.left[shard] += 1
        return False
