"""Owns `flask shops move` and what goes with it: watch, stop, undo, take up again, clear away."""

from __future__ import annotations

import getpass
import os
import platform
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from app.console import moves, restores
from app.console.cli.losing import tell_lost
from app.console.cli.watching import Watch
from app.console.moves import Crew, Ended, NoMoverAccount, SeveralRefused, Wish
from app.kit.clock import ist, utc_now
from app.kit.runtime import runtime
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.cli import refusable, refuse
from shard_router import RouterError
from shard_router.moves import RESTORE, Limits, MoveEnded, MoveInterrupted, Mover, MoveRefused, MoveState, MoveStatus

T = TypeVar("T")
UNDONE, LEFT = 4, 3
"""Exit statuses beside 0, 1 (refused, nothing begun) and 2 (wrong usage): a move was undone; a move can be resumed."""

WIDE = 200
NAMED = 5  # shops that a question names one by one
NO_SUCH_MOVE = "Look at `flask shops moves --shop {shop_id}`."


class Pause(click.ParamType[int]):
    """250ms, 1s, or a plain number of milliseconds. How long a pause may be, the mover says."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,6})(ms|s)?", str(value))
        if found is None:
            self.fail(f"{value} is not a time. Write it like 250ms or 1s.", param, ctx)
        return int(found[1]) * (1000 if found[2] == "s" else 1)


def text(context: click.Context, param: click.Parameter, value: str) -> str:
    """A shell of another encoding passes on bytes that are no text, and no database takes them."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("that is no UTF-8 text.", context, param) from None
    return value


def crew_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--at-once", type=click.IntRange(1, 16), default=1, show_default=True, help="Moves under way together."
    )(command)
    return click.option(
        "--per-shard", type=click.IntRange(1, 16), default=2, show_default=True,
        help="Of these, moves that leave or enter one shard together.",
    )(command)  # fmt: skip


def degraded_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--accept-degraded", is_flag=True,
        help="Move though a shard may lose acknowledged commits with one server; `flask shards check` says how.",
    )(command)  # fmt: skip


@click.command("move")
@click.argument("shop_ids", metavar="SHOP…", type=int, nargs=-1, required=True)
@click.option("--to", "target", required=True, help="The shard to move to.")
@click.option("--max-pause", type=Pause(), default=250, help="How long writers may wait at the switch.  [250ms]")
@crew_options
@degraded_option
@click.option("--yes", is_flag=True, help="Do not ask before beginning.")
@with_appcontext
def move(
    shop_ids: tuple[int, ...], target: str, max_pause: int, at_once: int, per_shard: int, *,
    accept_degraded: bool, yes: bool,
) -> None:  # fmt: skip
    """Move shops to another shard while they trade.

    Exit status: 0 done; 1 refused, nothing was begun; 3 interrupted, `flask shops resume` goes on; 4 undone.
    """
    mover = mover_here(accept_degraded=accept_degraded)
    wishes = [Wish(shop_id, target) for shop_id in dict.fromkeys(shop_ids)]
    confirm(mover, wishes, max_pause, yes=yes)
    begin(mover, wishes, max_pause=max_pause, run=(at_once, per_shard))


@click.command("moves")
@click.option("--live", is_flag=True, help="Only those that are under way, or wait to be.")
@click.option("--shop", "shop_id", type=int, default=None, help="Only this shop's.")
@with_appcontext
def list_moves(*, live: bool, shop_id: int | None) -> None:
    """Moves and how far they are, the newest first."""
    found = refusable_move(lambda: mover_here().list_moves(shop_id=shop_id, live_only=live))
    if not found:
        click.echo("No move is under way." if live else "No shop was ever moved.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("shop", "from", "to", "state", "rows", "pause", "asked (IST)", "by", "why"):
        table.add_column(title, no_wrap=title != "why")
    for one in found:
        table.add_row(*_cells(one))
    _console().print(table)


@click.command("abort")
@click.argument("shop_id", metavar="SHOP", type=int)
@click.option("--reason", default="aborted by hand", show_default=True, callback=text, help="Kept with the move.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def abort(shop_id: int, reason: str, *, yes: bool) -> None:
    """Stop a shop's move before its switch: it goes on at its old home, the copied rows are deleted."""
    mover = mover_here()
    found = _live(mover, shop_id)
    sure(f"The move of shop {shop_id} to {found.target} is undone; it trades on at {found.source}.", yes=yes)
    ended = refusable_move(lambda: mover.abort(found.move_id, reason))
    moves.note(runtime().router, "move.aborted", shop_id, {"move": str(found.move_id), "by": who(), "reason": reason})
    click.echo(f"Shop {shop_id} trades at {ended.source}; its move is {ended.state}.")


@click.command("rollback")
@click.argument("shop_id", metavar="SHOP", type=int)
@degraded_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def roll_back(shop_id: int, *, accept_degraded: bool, yes: bool) -> None:
    """Take a shop that has moved back to its old home, with all that it wrote since.

    One that was restored gets the rows of before; what it wrote since is listed, and left behind."""
    mover = mover_here(accept_degraded=accept_degraded)
    found = _newest(mover, shop_id, MoveState.SWITCHED)
    if RESTORE in found.facts:
        tell_lost(refusable_move(lambda: restores.lost_by_going_back(runtime().router, found)), None)
        says = f"Shop {shop_id} gets the rows back that it had on {found.source} before it was restored."
    else:
        says = (
            f"Shop {shop_id} goes back from {found.target} to {found.source} with all that it wrote since; its writes "
            f"wait at most {found.max_pause_ms} ms at the switch, its reads never."
        )
    sure(says, yes=yes)
    ended = refusable_move(lambda: _roll_back(mover, found))
    moves.note(runtime().router, "move.rolled_back", shop_id, {"move": str(found.move_id), "by": who()})
    runtime().cache.forget(shop_id)
    click.echo(f"Shop {shop_id} trades at {ended.source} again; its move is {ended.state}.")


def _roll_back(mover: Mover, found: MoveStatus) -> MoveStatus:
    shop_id = found.shop_id
    try:
        with told_to_stop(lambda: None), Watch(_console(), {shop_id: found.source}) as watch:
            return mover.roll_back(
                found.move_id, asked_by=who(), on_progress=lambda progress: watch.show(shop_id, progress)
            )
    except MoveInterrupted as left:
        click.echo(f"Shop {shop_id}: left where it is ({left}).", err=True)
        _tell_how_to_go_on([shop_id])
        sys.exit(LEFT)
    except MoveEnded as undone:
        click.echo(f"Shop {shop_id}: {undone}.", err=True)
        sys.exit(UNDONE)


@click.command("resume")
@click.argument("shop_ids", metavar="[SHOP…]", type=int, nargs=-1)
@crew_options
@degraded_option
@with_appcontext
def resume(shop_ids: tuple[int, ...], at_once: int, per_shard: int, *, accept_degraded: bool) -> None:
    """Go on with moves that were interrupted, or only planned; without a number, with all of them."""
    mover = mover_here(accept_degraded=accept_degraded)
    if shop_ids:
        found = [_live(mover, shop_id) for shop_id in dict.fromkeys(shop_ids)]
    else:
        found = refusable_move(lambda: mover.list_moves(live_only=True))
    if not found:
        click.echo("No move is waiting.")
        return
    carry_out(mover, found, at_once=at_once, per_shard=per_shard)


@click.command("purge")
@click.option("--early", is_flag=True, help="Also those whose day of grace is not over.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def purge(*, early: bool, yes: bool) -> None:
    """Delete the rows that moves left behind and whose grace is over; until then a move can be rolled back."""
    mover, upto = mover_here(), utc_now()
    if early:
        kept = [one for one in refusable_move(mover.list_moves) if one.purge_after is not None]
        upto = max([upto, *(one.purge_after for one in kept if one.purge_after is not None)])
        shops = ", ".join(str(shop_id) for shop_id in sorted({one.shop_id for one in kept})) or "none"
        sure(f"Old rows of these shops go now, and their moves cannot be rolled back any more: {shops}.", yes=yes)
    for shop_id in refusable_move(mover.close_late):
        click.echo(f"Shop {shop_id}: its fence on the shard that was dead is closed.")
    gone = refusable_move(lambda: mover.purge(now=upto))
    click.echo(f"{gone:,} rows are gone." if gone else "No move's grace is over; nothing to delete.")


OF_MOVES: tuple[click.Command, ...] = (move, list_moves, abort, roll_back, resume, purge)


# ---------------------------------------------------------------- carrying out


def begin(mover: Mover, wishes: Sequence[Wish], *, max_pause: int, run: tuple[int, int] | None) -> None:
    """Ask for these moves, all or none, and carry them out with (at_once, per_shard); None leaves them to `resume`."""
    try:
        asked = refusable_move(
            lambda: moves.ask_for(runtime().router, mover, wishes, asked_by=who(), max_pause_ms=max_pause)
        )
    except SeveralRefused as refused:
        _tell_refused(refused)
    if run is None:
        return
    found = {one.move_id: one for one in mover.list_moves(live_only=True)}
    carry_out(mover, [found[move_id] for move_id in asked.values()], at_once=run[0], per_shard=run[1])


def carry_out(mover: Mover, found: Sequence[MoveStatus], *, at_once: int, per_shard: int) -> None:
    """Returns if every shop has moved, else ends the process with a status that says what became of them."""
    crew = Crew(mover, at_once=at_once, per_shard=per_shard)
    ways = {move.shop_id: move.target for move in found}
    with told_to_stop(crew.stop), Watch(_console(), ways) as watch:
        ended = crew.run(found, watch.show)
    restored = {one.shop_id for one in found if RESTORE in one.facts}
    for shop_id in restored:
        runtime().cache.forget(shop_id)
    for one in ended:
        _tell_end(one, closed=one.shop_id in restored)
    left = [one for one in ended if isinstance(one.error, MoveInterrupted)]
    if left:
        _tell_how_to_go_on([one.shop_id for one in left])
        sys.exit(LEFT)
    if any(one.status is None or one.status.state is not MoveState.SWITCHED for one in ended):
        sys.exit(UNDONE)


def _tell_how_to_go_on(shop_ids: Sequence[int]) -> None:
    numbers = " ".join(map(str, shop_ids))
    click.echo(f"Go on with: flask shops resume {numbers}   or undo with: flask shops abort SHOP", err=True)


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end nothing in the middle of a switch: what is under way ends by itself where it may."""

    def heard(number: int, frame: FrameType | None) -> None:
        click.echo("Stopping; a switch that has begun is finished first.", err=True)
        stop()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_end(one: Ended, *, closed: bool) -> None:
    """`closed`: it is being restored, so nobody may write it until that is over."""
    if isinstance(one.error, MoveInterrupted):
        trades = "its fence may be closed until that is over" if closed else "it trades at its old home"
        click.echo(f"Shop {one.shop_id}: left where it is ({one.error}); {trades}.", err=True)
    elif one.status is None:
        click.echo(f"Shop {one.shop_id}: {one.error}", err=True)
    elif one.status.state is MoveState.SWITCHED:
        pause = _pause(one.status.progress.pause_ms)
        click.echo(f"Shop {one.shop_id} trades at {one.status.target}; its writers waited {pause or 'less than 1 ms'}.")
    else:
        click.echo(f"Shop {one.shop_id}: {one.status.state}, {one.status.reason or 'no reason was kept'}.", err=True)


def _tell_refused(refused: SeveralRefused) -> NoReturn:
    said = [f"shop {shop_id}: {'; '.join(reasons)}" for shop_id, reasons in refused.reasons.items()]
    advice = "Put this right and ask again"
    if any("degraded" in reason for reasons in refused.reasons.values() for reason in reasons):
        advice += ", or accept what is degraded with --accept-degraded"
    refuse(f"Refused, and nothing was begun. {' · '.join(said)}. {advice}.")


# ---------------------------------------------------------------- asking first


def confirm(mover: Mover, wishes: Sequence[Wish], max_pause: int, *, yes: bool) -> None:
    """Nobody is asked about a move that would be refused then, and nothing is changed for it."""
    try:
        refusable_move(lambda: moves.look(mover, wishes, max_pause_ms=max_pause))
    except SeveralRefused as refused:
        _tell_refused(refused)
    if yes:
        return
    names = ", ".join(_named(wish.shop_id) for wish in wishes[:NAMED])
    if len(wishes) > NAMED:
        names += f" and {len(wishes) - NAMED} more"
    targets = " and ".join(sorted({wish.target for wish in wishes}))
    one = len(wishes) == 1
    sure(
        f"{names} {'moves' if one else 'move'} to {targets} and {'trades' if one else 'trade'} meanwhile: "
        f"rows are copied, writes wait at most {max_pause} ms at the switch, reads never. The old rows stay for a day, "
        "and until then `flask shops rollback` takes a shop back.",
        yes=yes,
    )


def _named(shop_id: int) -> str:
    router = runtime().router
    shop = refusable_move(lambda: write_control(router, lambda control: tenants.get_shop(control, shop_id)))
    return f"Shop {shop_id} ({shop.name}, on {router.directory.lookup(shop_id).shard})"


def sure(says: str, *, yes: bool) -> None:
    if not yes:
        click.echo(says)
        click.confirm("Go on?", abort=True)


# ---------------------------------------------------------------- small parts


def mover_here(*, accept_degraded: bool = False) -> Mover:
    try:
        return moves.mover_of(runtime().router, Limits(accept_degraded=accept_degraded))
    except NoMoverAccount as missing:
        refuse(str(missing))


def refusable_move(work: Callable[[], T]) -> T:
    """What a move refuses becomes one sentence and an exit status."""
    try:
        return refusable(work)
    except MoveRefused as why:
        refuse(f"Refused: {'; '.join(why.reasons)}.")
    except RouterError as trouble:
        refuse(f"{str(trouble)[:1].upper()}{str(trouble)[1:]}.")


def _live(mover: Mover, shop_id: int) -> MoveStatus:
    found = refusable_move(lambda: mover.list_moves(shop_id=shop_id, live_only=True))
    if not found:
        refuse(f"No move of shop {shop_id} is under way. {NO_SUCH_MOVE.format(shop_id=shop_id)}")
    return found[0]


def _newest(mover: Mover, shop_id: int, state: MoveState) -> MoveStatus:
    listed = refusable_move(lambda: mover.list_moves(shop_id=shop_id))
    found = [one for one in listed if one.state is not MoveState.ABORTED]  # those left the shop where it was
    if not found or found[0].state is not state:
        was = f"its last move is {found[0].state}" if found else "it was never moved"
        refuse(f"Shop {shop_id} cannot be rolled back: {was}. {NO_SUCH_MOVE.format(shop_id=shop_id)}")
    return found[0]


def _cells(one: MoveStatus) -> Iterable[str]:
    rows = f"{rows_copied(one):,}"
    if one.state.live:
        rows += f" of ~{one.progress.rows_expected:,}"
    yield from (str(one.shop_id), one.source, one.target, str(one.state), rows, _pause(one.progress.pause_ms))
    yield from (f"{ist(one.asked_at):%d %b %H:%M:%S}", one.asked_by, one.reason or one.progress.note)


def rows_copied(one: MoveStatus) -> int:
    """By the copy's own account once it is over; before, as far as it has told."""
    return int(one.facts.get("copy_rows") or one.progress.rows_copied)


def _pause(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.0f} ms"


def who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's account that has no name
        user = f"uid {os.getuid()}"
    return f"{user}@{platform.node()}"


def _console() -> Console:
    """As wide as the terminal; a file or a pipe gets whole lines."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
