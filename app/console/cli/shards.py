"""Owns `flask shards`: what each shard is, how it is loaded, what would even that out, and whether a new one is fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from app.console import balance, topology
from app.console.balance import Measure, ShardsMissing
from app.console.cli.moving import Pause, begin, confirm, crew_options, degraded_option, mover_here
from app.console.moves import Wish
from app.kit.runtime import runtime
from app.tenants.cli import refuse
from shard_router import Router, RouterError, ServerHealth
from shard_router.errors import ShardUnavailable, TopologyRefused
from shard_router.fitness import judge
from shard_router.moves.loads import shops_by_shard
from shard_router.moves.planning import NoRoom, Plan

BAR = 30
UNITS = {Measure.ROWS: "rows", Measure.BYTES: "bytes", Measure.WRITES: "writes an hour"}


class Percent(click.ParamType[float]):
    """10% or 0.1"""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%|(0?\.\d+)", str(value))
        share = (float(found[1]) / 100 if found[1] else float(found[2])) if found else -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value} is not a share. Write it like 10%.", param, ctx)
        return share


@click.group("shards")
def shards() -> None:
    """The shards that shops live on."""


@shards.command("list")
@with_appcontext
def list_shards() -> None:
    """Every server with its part, how it was seen just now, and how many shops a shard holds."""
    router = runtime().router
    for shard in router.topology.every():
        router.health_watch.look_at(shard)
    homes = _homes(router)
    table = Table(box=None, pad_edge=False)
    for title in ("shard", "server", "part", "state", "behind", "shops"):
        table.add_column(title)
    for server in router.health():
        holds = server.role != "replica" and server.shard in router.topology.shards
        shops = str(homes.get(server.shard, 0)) if holds and homes is not None else ""
        table.add_row(server.shard, server.name, server.role, _state(server), _behind(server), shops)
    Console(highlight=False).print(table)
    if router.topology_problem is not None:
        click.echo(f"The topology file as it stands is refused: {router.topology_problem}", err=True)


def _homes(router: Router) -> dict[str, int] | None:
    """None where nobody can tell: who lists servers wants to see them just then."""
    try:
        with router.control() as control:
            return shops_by_shard(control)
    except RouterError as gone:
        click.echo(f"How many shops each shard holds is not known: {gone}", err=True)
        return None


@shards.command("plan")
@click.option("--by", type=click.Choice([one.value for one in Measure]), default="rows", show_default=True)
@click.option("--tolerance", type=Percent(), default=0.1, help="How far from its share a shard may be.  [10%]")
@click.option("--watch", type=click.IntRange(1, 3600), default=10, show_default=True, help="Seconds; for --by writes.")
@click.option("--apply", "wanted", is_flag=True, help="Ask for these moves; `flask shops resume` carries them out.")
@click.option("--max-pause", type=Pause(), default=250, help="Of each move.  [250ms]")
@degraded_option
@click.option("--yes", is_flag=True, help="Do not ask before.")
@with_appcontext
def plan(
    by: str, tolerance: float, watch: int, max_pause: int, *, wanted: bool, accept_degraded: bool, yes: bool
) -> None:
    """The fewest moves that even the load out, by rows, bytes or writes. Nothing is moved unless you say --apply."""
    measure = Measure(by)
    try:
        found = balance.even_out(runtime().router, measure, tolerance=tolerance, watch_s=watch)
    except ShardsMissing as missing:
        refuse(str(missing))
    show(found, UNITS[measure])
    if not found.reached:
        click.echo("Not every shard comes within its share: only an exchange of shops, or a split, would help there.")
    if wanted and found.steps:
        wishes = [Wish(step.shop_id, step.target) for step in found.steps]
        mover = mover_here(accept_degraded=accept_degraded)
        confirm(mover, wishes, max_pause, yes=yes)
        begin(mover, wishes, max_pause=max_pause, run=None)
        click.echo(f"{len(wishes)} moves are asked for. Carry them out with: flask shops resume --at-once 2")


@shards.command("drain")
@click.argument("shard", metavar="SHARD")
@click.option("--max-pause", type=Pause(), default=250, help="Of each move.  [250ms]")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@crew_options
@degraded_option
@with_appcontext
def drain(shard: str, max_pause: int, at_once: int, per_shard: int, *, accept_degraded: bool, yes: bool) -> None:
    """Move every shop off a shard; from the first moment on it takes no new ones."""
    router, mover = runtime().router, mover_here(accept_degraded=accept_degraded)
    _drainable(router, shard)
    wishes = _drained(router, shard)
    if wishes:
        confirm(mover, wishes, max_pause, yes=yes)
    _close(router, shard)
    if wishes := _drained(router, shard, tell=False):  # anew: one may have been opened there meanwhile
        begin(mover, wishes, max_pause=max_pause, run=(at_once, per_shard))
    if late := _drained(router, shard, tell=False):
        refuse(f"{len(late)} shops were opened on {shard} meanwhile. Drain it once more.")
    click.echo(f"{shard} is empty but for old rows; `flask shops purge` deletes those whose day of grace is over.")


@shards.command("check")
@click.argument("shard", metavar="SHARD")
@click.option(
    "--topology", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="A topology that is not in force yet and names the shard.",
)  # fmt: skip
@click.option("--accept-degraded", is_flag=True, help="Bear that the shard may lose acknowledged commits; it is said.")
@with_appcontext
def check(shard: str, file: Path | None, *, accept_degraded: bool) -> None:
    """Say whether a shard is fit to hold shops: servers, replicas, accounts, schema, what a commit there is worth."""
    from migrations import versions

    needed = versions.history("shard")[-1].revision
    try:
        with topology.looking_at(runtime().router, file or runtime().router.config.topology) as router:
            found = judge(router, shard, version=versions.VERSION, needed=needed, accept_degraded=accept_degraded)
    except (TopologyRefused, ShardUnavailable) as refused:
        refuse(f"{refused}. Correct the topology file.")
    for one in found:
        mark, told = ("✗", one.wrong) if one.wrong else ("!", one.note) if one.note else ("✓", "")
        click.echo(f"  {mark} {one.what}{': ' + told if told else ''}")
    if any(one.wrong for one in found):
        refuse(f"{shard} is not fit to hold shops yet. Put right what is marked and check again.")
    click.echo(f"{shard} is fit to hold shops.")


# ---------------------------------------------------------------- showing


def show(found: Plan, unit: str) -> None:
    """A bar for each shard, before and after, with its share marked; then the moves."""
    most = max([*found.before.values(), *found.after.values(), *found.shares.values(), 1])
    width = max(len(name) for name in found.before)
    for name in found.before:
        share = round(found.shares[name] / most * BAR)
        for when, loads in (("now", found.before), ("then", found.after)):
            title = name if when == "now" else ""
            click.echo(f"{title:<{width}}  {when:<4} {_bar(loads[name] / most, share)} {loads[name]:>12,} {unit}")
    click.echo(f"{'':<{width}}       | marks a shard's share")
    if not found.steps:
        click.echo("Nothing to move.")
    for number, step in enumerate(found.steps, start=1):
        click.echo(f"{number:>3}. shop {step.shop_id}: {step.source} → {step.target}  ({step.amount:,} {unit})")


def _bar(part: float, share: int) -> str:
    filled = round(part * BAR)
    cells = ["█" if at < filled else "·" for at in range(BAR + 1)]
    cells[min(share, BAR)] = "|"
    return "".join(cells)


def _state(server: ServerHealth) -> str:
    return server.problem if server.problem else "well" if server.reachable else "unreachable"


def _behind(server: ServerHealth) -> str:
    return "" if server.lag_ms is None else f"{server.lag_ms} ms"


# ---------------------------------------------------------------- the topology


def _drainable(router: Router, shard: str) -> None:
    if shard not in router.topology.shards:
        refuse(f"There is no shard {shard}. There are {', '.join(sorted(router.topology.shards))}.")
    if spans := [f"{one.first}–{one.last}" for one in router.topology.ranges if one.shard == shard]:
        refuse(f"The topology's ranges place shops {', '.join(spans)} on {shard}. Give them another shard first.")


def _drained(router: Router, shard: str, *, tell: bool = True) -> list[Wish]:
    """What has to move, as the fleet says it now."""
    try:
        found = balance.empty(router, shard)
    except ShardsMissing as missing:
        refuse(str(missing))
    except NoRoom as why:
        refuse(f"{shard} cannot be drained: {why}. Add a shard, or let another take new shops.")
    if tell:
        show(found, UNITS[Measure.ROWS])
    return [Wish(step.shop_id, step.target) for step in found.steps]


def _close(router: Router, shard: str) -> None:
    path = router.config.topology
    try:
        closed = topology.close_to_new(path, shard)
    except TopologyRefused as why:
        refuse(f"{shard} cannot be closed to new shops: {why}. Nothing was moved.")
    except OSError as why:
        refuse(f"{path.name} cannot be written ({why.strerror}). Set {shard}'s takes_new to false there first.")
    if closed:
        router.reload()
        click.echo(f"{shard} takes no new shops from now on. Copy {path.name} to your other machines.")
