"""Owns `flask shards`: what each shard is and how it is."""

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from app.kit.runtime import runtime
from shard_router import Router, ServerHealth


@click.group("shards")
def shards() -> None:
    """The shards that shops live on."""


@shards.command("list")
@with_appcontext
def list_shards() -> None:
    """Every server with its part and how it was last seen."""
    router = runtime().router
    router.health_watch.poll(router.topology)
    table = Table(box=None)
    for title in ("shard", "server", "part", "state", "behind"):
        table.add_column(title)
    for server in router.health():
        table.add_row(server.shard, server.name, server.role, _state(server), _behind(server))
    Console().print(table)
    _tell_problem(router)


def _state(server: ServerHealth) -> str:
    if not server.reachable:
        return f"unreachable: {server.problem}"
    return server.problem or "well"


def _behind(server: ServerHealth) -> str:
    return "" if server.lag_ms is None else f"{server.lag_ms} ms"


def _tell_problem(router: Router) -> None:
    if router.topology_problem is not None:
        click.echo(f"The topology file as it stands is refused: {router.topology_problem}", err=True)
