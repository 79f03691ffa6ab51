"""Owns how often somebody may ask: per client and per shop, counted in Redis, in this process when Redis is gone."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import current_app, request

from app.kit.errors import TooManyRequests
from app.kit.ports import CacheDown, CacheStore
from app.kit.texts import N_, _

F = TypeVar("F", bound=Callable[..., Any])
EXTENSION = "boolagold.limits"
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
KEPT = 50_000
_RATE = re.compile(r"(?P<count>[0-9]{1,9})/(?:(?P<times>[0-9]{1,4}) )?(?P<period>second|minute|hour|day)s?")


class RateLimited(TooManyRequests):
    """More requests than this client or this shop may make in the time; Retry-After says when to come back."""

    default_message = N_("Too many requests in a short time.")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """600/minute, 5/10 seconds; "0/minute" means no limit."""
        found = _RATE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"no rate: {text!r}; write it like 600/minute")
        return cls(int(found["count"]), int(found["times"] or 1) * PERIODS[found["period"]])


@dataclass
class MemoryCounts:
    """Counters of this process, for the time when there is no Redis; forgets all of them when there are too many."""

    counts: dict[str, tuple[int, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, keys: Sequence[str], *, window_s: int) -> list[int]:
        now = time.monotonic()
        with self.lock:
            if len(self.counts) > KEPT:
                self.counts = {key: one for key, one in self.counts.items() if one[1] > now}
                if len(self.counts) > KEPT:
                    self.counts.clear()
            return [self._add(key, now, window_s) for key in keys]

    def _add(self, key: str, now: float, window_s: int) -> int:
        seen, ends = self.counts.get(key, (0, 0.0))
        fresh = (1, now + window_s) if ends <= now else (seen + 1, ends)
        self.counts[key] = fresh
        return fresh[0]


@dataclass(frozen=True)
class Limits:
    """Fixed windows: at the seam of two windows somebody may get up to twice the rate, never more.

    With Redis gone each process counts alone, so a client may get the rate once per process.
    """

    store: CacheStore
    client: Rate
    shop: Rate
    memory: MemoryCounts = field(default_factory=MemoryCounts)

    def spend(self, asked: Sequence[tuple[str, Rate]]) -> None:
        """Count one request against each of these; raises RateLimited."""
        now = int(time.time())
        by_window: dict[int, list[tuple[str, Rate]]] = {}
        for name, rate in asked:
            if rate.count:
                by_window.setdefault(rate.seconds, []).append((name, rate))
        for seconds, rates in by_window.items():
            keys = [f"limit:{seconds}:{now // seconds}:{name}" for name, _rate in rates]
            for (_name, rate), seen in zip(rates, self._count(keys, seconds), strict=True):
                if seen > rate.count:
                    wait = seconds - now % seconds
                    raise RateLimited(
                        action=_("Try again in %(seconds)d seconds.", seconds=wait), headers={"Retry-After": str(wait)}
                    )

    def _count(self, keys: list[str], seconds: int) -> list[int]:
        try:
            return self.store.count(keys, window_s=seconds)
        except CacheDown:
            return self.memory.count(keys, window_s=seconds)


def rate_limit(text: str) -> Callable[[F], F]:
    """A view's own, tighter limit per client: `@rate_limit("10/minute")` on a sign-in."""
    rate = Rate.parse(text)

    def declare(view: F) -> F:
        view.rate = rate  # type: ignore[attr-defined]
        return view

    return declare


def unlimited(view: F) -> F:
    """Not counted at all: what a load balancer asks every second."""
    view.unlimited = True  # type: ignore[attr-defined]
    return view


def limit_of(view: Callable[..., Any]) -> Rate | None:
    return getattr(view, "rate", None)


def is_unlimited(view: Callable[..., Any]) -> bool:
    return getattr(view, "unlimited", False)


def install(app: Any, limits: Limits) -> None:
    app.extensions[EXTENSION] = limits


def spend(*, client: str, shop: int | None = None, own: Rate | None = None) -> None:
    """Counts this request. Only people who belong to a shop touch its count, so nobody else can use it up."""
    limits: Limits = current_app.extensions[EXTENSION]
    asked = [(f"c:{client}", limits.client)]
    if shop is not None:
        asked.append((f"s:{shop}", limits.shop))
    if own is not None:
        asked.append((f"v:{request.endpoint}:{client}", own))
    limits.spend(asked)
