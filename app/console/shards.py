"""Owns the console's page of shards: servers, roles, lag, shops; and moves with their state. It only looks."""

from __future__ import annotations

from app.console import homes as service
from app.console.frame import pages, show
from app.kit.http import control_read, runtime, vendor_admin
from app.kit.texts import N_, _

ROLES = {"primary": N_("primary"), "replica": N_("replica"), "proxy": N_("proxy")}
STATES = {
    "planned": (N_("waits"), "secondary"), "copying": (N_("copies"), "warn"),
    "catching_up": (N_("catches up"), "warn"), "verifying": (N_("verifies"), "warn"),
    "fencing": (N_("switches"), "warn"), "switched": (N_("has moved"), "good"),
    "finished": (N_("has moved, old rows gone"), "good"), "aborted": (N_("undone"), "bad"),
    "rolled_back": (N_("taken back"), "secondary"),
}  # fmt: skip


@pages.get("/shards")
@vendor_admin
def homes() -> str:
    """Where shops live, and how that is."""
    router = runtime().router
    shards, moves = control_read(lambda control: (service.list_shards(control, router), service.list_moves(control)))
    return show(
        "homes.html", shards=shards, moves=moves, roles={key: _(name) for key, name in ROLES.items()},
        states={key: (_(name), colour) for key, (name, colour) in STATES.items()},
    )  # fmt: skip
