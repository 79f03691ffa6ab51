"""Owns the console's page of shards: load, durability, servers, and moves as they go. It only looks.

The page's live part comes again by itself; without scripts there is the button.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.console import homes, relocating
from app.console.frame import pages, show
from app.console.homes import ShardView
from app.kit.clock import utc_now
from app.kit.http import runtime, vendor_admin
from app.kit.texts import N_, _
from shard_router.moves import MoveState

ENDED_SHOWN = 20
ROLES = {"primary": N_("primary"), "replica": N_("replica"), "proxy": N_("proxy")}
STATES = {
    "planned": (N_("waits"), "secondary"), "copying": (N_("copies"), "warn"),
    "catching_up": (N_("catches up"), "warn"), "verifying": (N_("verifies"), "warn"),
    "fencing": (N_("switches"), "warn"), "switched": (N_("has moved"), "good"),
    "finished": (N_("has moved, old rows gone"), "good"), "aborted": (N_("undone"), "bad"),
    "rolled_back": (N_("taken back"), "secondary"),
}  # fmt: skip
STEPS = (MoveState.COPYING, MoveState.CATCHING_UP, MoveState.VERIFYING, MoveState.FENCING)
LIGHTS = {
    "green": (N_("safe"), "good"), "yellow": (N_("thin"), "warn"), "red": (N_("at risk"), "bad"),
}  # fmt: skip
STATUSES = {"ok": (N_("well"), "good"), "degraded": (N_("look at it"), "warn"), "down": (N_("down"), "bad")}
SLOW_MS, BEHIND_MS = 100, 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """One shard's bar in a chart: `part` in hundredths of the longest; None was never counted."""

    name: str
    amount: int | None
    part: int


@pages.get("/shards", endpoint="homes")
@vendor_admin
def homes_page() -> str:
    """Where shops live, and how that is."""
    shards = homes.list_shards(runtime().router)
    live, ended = relocating.list_recent(runtime().router, ended=ENDED_SHOWN) if shards.control_reachable else ([], [])
    charts = (
        (_("Shops"), _bars(shards.of_shops, "shops")),
        (_("Bills, 30 days"), _bars(shards.of_shops, "recent_bills")),
        (_("Pieces in stock"), _bars(shards.of_shops, "pieces")),
    )
    return show(
        "homes.html", shards=shards, live=live, ended=ended, charts=charts, now=utc_now(), steps=STEPS,
        roles={key: _(name) for key, name in ROLES.items()}, lag=_lag, **_words(),
    )  # fmt: skip


def _words() -> dict[str, dict[str, tuple[str, str]]]:
    named = {"states": STATES, "lights": LIGHTS, "statuses": STATUSES}
    return {
        name: {key: (str(_(text)), colour) for key, (text, colour) in words.items()} for name, words in named.items()
    }


def _bars(shards: tuple[ShardView, ...], what: str) -> list[Bar]:
    amounts = {one.name: getattr(one, what) for one in shards}
    longest = max((amount for amount in amounts.values() if amount), default=0)
    return [
        Bar(name, amount, round(100 * amount / longest) if amount and longest else 0)
        for name, amount in amounts.items()
    ]


def _lag(milliseconds: int) -> tuple[int, str]:
    """How much of its bar a replica's lag fills, and in which colour: full from 5 s on."""
    colour = "good" if milliseconds <= SLOW_MS else "warn" if milliseconds <= BEHIND_MS else "bad"
    return min(100, milliseconds // 50), colour
