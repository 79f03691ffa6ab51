"""Owns `flask shards promote`: what is true, what will be done, and then each step as it happens."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.kit.runtime import runtime
from app.tenants.cli import refuse
from shard_router import Account, Router
from shard_router.promotion import Administrator, Plan, Promotion, PromotionBrokenOff, PromotionRefused
from shard_router.topology import Shard, parse

NEEDED = "BOOLA_MYSQL_ADMIN_USER and BOOLA_MYSQL_ADMIN_PASSWORD_FILE are needed: the account may change servers."
UNFINISHED = 3
"""Exit status beside 0 and 1 (refused, nothing was changed): it was promoted, and something is left to do."""


@click.command("promote")
@click.argument("shard", metavar="SHARD")
@click.option("--to", default=None, metavar="SERVER", help="The new primary; without it, the one that has most.")
@click.option("--dry-run", is_flag=True, help="Say what is true and what would be done; change nothing.")
@click.option("--accept-loss", is_flag=True, help="Go on although acknowledged writes may be lost.")
@click.option("--yes", is_flag=True, help="Do not ask before beginning.")
@click.option("--admin-user", envvar="BOOLA_MYSQL_ADMIN_USER", default=None, help="An administrator of the servers.")
@click.option(
    "--admin-password-file", envvar="BOOLA_MYSQL_ADMIN_PASSWORD_FILE", default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The file with their password.",
)  # fmt: skip
@with_appcontext
def promote(
    shard: str,
    to: str | None,
    admin_user: str | None,
    admin_password_file: Path | None,
    *,
    dry_run: bool,
    accept_loss: bool,
    yes: bool,
) -> None:
    """Give a shard another primary. Nothing is changed until it has said what it will do and you agree.

    It may be run again at any time: what is done already is not done twice, and what an earlier run left is finished.
    Exit status: 0 done; 1 refused, nothing was changed; 3 promoted, but something is left to do.
    """
    if admin_user is None or admin_password_file is None:
        refuse(NEEDED)
    router = runtime().router
    account = Account(admin_user, admin_password_file.read_text(encoding="utf-8").strip())
    promotion = Promotion(
        Administrator(account, router.config.tls_ca),
        _as_in_file(router, shard),
        topology=router.config.topology,
        acknowledged=lambda: router.acknowledged(shard),
        say=lambda said: click.echo(f"  · {said}"),
        accept_loss=accept_loss,
    )
    try:
        _carry_out(promotion, to, dry_run=dry_run, yes=yes)
    except PromotionBrokenOff as broken:
        click.echo(f"Error: {broken}", err=True)
        click.get_current_context().exit(UNFINISHED)
    except PromotionRefused as refused:
        for reason in refused.reasons[:-1]:
            click.echo(reason, err=True)
        refuse(refused.reasons[-1])


def _carry_out(promotion: Promotion, to: str | None, *, dry_run: bool, yes: bool) -> None:
    plan = promotion.plan(to)
    _show(plan)
    if dry_run:
        click.echo("This was a dry run; nothing was changed.")
        return
    if not yes:
        click.confirm("Go on?", abort=True)
    left = promotion.run(plan)
    click.echo(f"{plan.candidate.name} is the primary of {plan.shard.name}; all processes follow it within 2 s.")
    if left:
        for one in left:
            click.echo(f"Left to do: {one}", err=True)
        click.get_current_context().exit(UNFINISHED)


def _as_in_file(router: Router, name: str) -> Shard:
    """The file's primary, and not the one that the router has found: a promotion that was cut short is to be seen."""
    topology = parse(router.config.topology.read_text(encoding="utf-8"))
    found = {shard.name: shard for shard in topology.every()}
    if name not in found:
        refuse(f"There is no shard {name}. There are {', '.join(sorted(found))}.")
    return found[name]


def _show(plan: Plan) -> None:
    click.echo(f"{plan.shard.name} now:")
    for _, one in sorted({look.name: look for look in (plan.old, plan.candidate, *plan.others)}.items()):
        state = one.trouble or ("accepts writes" if one.writable else "refuses writes")
        follows = f", follows {_name_of(one.follows, plan)}" if one.follows else ""
        click.echo(f"  {one.name:<8} {state}{follows}")
    for fact in plan.facts:
        click.echo(fact)
    if plan.loss:
        click.echo(f"YOU GIVE UP: {plan.loss}")
    click.echo("What will be done:")
    for number, step in enumerate(plan.steps(), start=1):
        click.echo(f"  {number}. {step}")


def _name_of(uuid: str, plan: Plan) -> str:
    servers = (plan.old, plan.candidate, *plan.others)
    return next((one.name for one in servers if one.uuid == uuid), "a server that does not answer")
