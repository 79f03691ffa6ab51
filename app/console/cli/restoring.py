"""Owns `flask shops restore`: what it would lose is listed first, and only then is anybody asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.console import moves, restores
from app.console.cli.losing import tell_lost
from app.console.cli.moving import carry_out, degraded_option, mover_here, refusable_move, sure, who
from app.kit.runtime import runtime
from app.tenants.cli import refuse
from shard_router.moves import Origin

PORT = 3306


class Address(click.ParamType[Origin]):
    """HOST or HOST:PORT. The account is `mover`, as everywhere: a restored server has the accounts of its shard."""

    name = "host[:port]"

    def convert(self, value: str | Origin, param: click.Parameter | None, ctx: click.Context | None) -> Origin:
        if isinstance(value, Origin):
            return value
        host, _, port = value.rpartition(":") if ":" in value else (value, "", str(PORT))
        if not host or "/" in value or "@" in value or not port.isdigit() or not 0 < int(port) < 65536:
            self.fail(f"{value} is not an address. Write it like 10.0.0.9:3306; the account is `mover`.", param, ctx)
        return Origin(host, int(port))


@click.command("restore")
@click.argument("shop_id", metavar="SHOP", type=int)
@click.option("--from", "origin", type=Address(), required=True, help="The restored server; it must be read-only.")
@click.option("--to", "target", required=True, help="The shard to restore to: another one than the shop's.")
@click.option(
    "--accept-dead-source",
    is_flag=True,
    help="The shop's shard is gone for good, with all its servers. Not for one that only does not answer.",
)
@click.option(
    "--unknown",
    type=click.IntRange(0, 1_000_000),
    default=None,
    help="With a dead shard: how many of its transactions may be missing, where Redis cannot tell.",
)
@click.option("--keep", "list_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the lost bills here.")
@degraded_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def restore(
    shop_id: int, origin: Origin, target: str, unknown: int | None, list_file: Path | None, *,
    accept_dead_source: bool, accept_degraded: bool, yes: bool,
) -> None:  # fmt: skip
    """Give a shop the rows that it had at an earlier moment, at another shard.

    Its present rows stay where they are, closed, for a day: `flask shops rollback` goes back to them.
    Exit status: 0 done; 1 refused, nothing was begun; 3 interrupted, `flask shops resume` goes on; 4 undone.
    """
    router, mover = runtime().router, mover_here(accept_degraded=accept_degraded)
    shard = refusable_move(lambda: router.directory.lookup(shop_id)).shard
    if accept_dead_source:
        origin = _of_dead(shard, origin, unknown)
    elif unknown is not None:
        refuse("--unknown is for a shard that is dead: leave it away, or say --accept-dead-source.")
    refusable_move(lambda: mover.check_restore(shop_id, target, origin))
    lost = refusable_move(lambda: restores.lost_with(router, shop_id, shard, origin))
    if origin.dead:
        click.echo(
            f"Of the shard's acknowledged transactions {origin.unknown:,} are not on the restored server: which bills"
            " were among them nobody can say. Each series of numbers goes on behind as many."
        )
    else:
        tell_lost(lost, list_file)
    sure(
        f"Shop {shop_id} takes no writes from now on until it trades at {target}; the rows that it has now stay on"
        f" {shard}, closed, for a day. Pieces of lost bills are in stock again, and their numbers are not given again.",
        yes=yes,
    )
    move_id = refusable_move(lambda: mover.ask_to_restore(shop_id, target, origin, asked_by=who()))
    facts = {"from": f"{origin.host}:{origin.port}", "to": target, "by": who(), "move": str(move_id)}
    moves.note(router, "shop.restore_asked", shop_id, facts)
    carry_out(mover, [mover.status(move_id)], at_once=1, per_shard=1)
    at_last = refusable_move(lambda: restores.lost_with(router, shop_id, shard, origin))
    if len(at_last) > len(lost):
        click.echo("Between the question and the closing of its fence the shop went on. All that is lost:")
        tell_lost(at_last, list_file)


def _of_dead(shard: str, origin: Origin, unknown: int | None) -> Origin:
    told = refusable_move(lambda: restores.may_be_missing(runtime().router, shard, origin))
    missing = told if unknown is None else unknown
    if missing is None:
        refuse(
            f"Redis does not know what {shard} acknowledged last, so nobody can say which numbers are safe to give:"
            " say with --unknown how many of its transactions may be missing at most."
        )
    return replace(origin, dead=True, unknown=missing)
