"""Owns asking the control plane on the way of a request: briefly, and not again for a moment once it failed.

A black-holed control plane costs one caller its connect timeout every few seconds; everybody else goes on at once with
what the shard and the snapshot know.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from shard_router import ControlSession, Router, ShardUnavailable

T = TypeVar("T")
REST_S = 5.0


class ControlGone(Exception):
    """The control plane cannot be asked at this moment."""


class ControlLine:
    """Reads of the control plane that have another way to go when it is gone."""

    def __init__(self, router: Router, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._router = router
        self._elapsed = elapsed
        self._rest_until = 0.0

    def read(self, work: Callable[[ControlSession], T]) -> T:
        """Raises ControlGone."""
        now = self._elapsed()
        if now < self._rest_until:
            raise ControlGone
        if self._rest_until:
            self._rest_until = now + REST_S  # one caller finds out; the others do not wait with it
        try:
            with self._router.control() as control:
                value = work(control)
        except ShardUnavailable as gone:  # lost, too slow, or no connection free; a mistake of ours is none of these
            self._rest_until = self._elapsed() + REST_S
            raise ControlGone from gone
        self._rest_until = 0.0
        return value

    def forget(self) -> None:
        """Ask again at once."""
        self._rest_until = 0.0
