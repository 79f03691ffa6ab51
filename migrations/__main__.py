"""`python -m migrations up | plan | status`: the fleet's schema from a terminal."""

import sys

import click

from app.settings import SettingsWrong
from migrations import settings
from migrations.errors import MigrationFailed, MigrationRefused
from migrations.runner import Runner, Standing
from shard_router.errors import TopologyRefused

FAILED, REFUSED = 1, 2


@click.group(help=__doc__)
def main() -> None:
    """The group; every command builds its own runner."""


@main.command()
@click.option("--wait", "wait_s", default=0, help="Seconds to wait for another runner.")
def up(wait_s: int) -> None:
    """Bring control, then the canary shard, then the rest to the newest version. Again is harmless."""
    steps = Runner(settings.load(), say=click.echo).up(wait_s=wait_s)
    click.echo(f"{steps} steps run; every database is at its head." if steps else "Nothing to do.")


@main.command()
def plan() -> None:
    """Say what `up` would run, and do nothing."""
    for one in Runner(settings.load()).standing():
        click.echo(f"{one.target}: {one.trouble or ', '.join(one.pending) or 'no step'}")
        for statement in one.grants:
            click.echo(f"  {statement}")


@main.command()
@click.pass_context
def status(context: click.Context) -> None:
    """Say where every database stands. Ends with 1 where one is behind, or does not answer."""
    found = Runner(settings.load()).standing()
    for one in found:
        click.echo(_line(one))
    if any(one.trouble or one.pending for one in found):
        context.exit(FAILED)


def _line(one: Standing) -> str:
    if one.trouble:
        return f"{one.target}: cannot be asked: {one.trouble}"
    text = f"{one.target}: at {one.revision or 'nothing'}, head {one.head}"
    if one.last is not None:
        when = one.last.finished_at or one.last.started_at
        text += f"; {one.last.revision} {one.last.state} {when:%Y-%m-%d %H:%M:%S} UTC"
        text += f": {one.last.error}" if one.last.error else ""
    return text


def run(arguments: list[str]) -> int:
    """One command to its end: 0 done, 1 a step failed or a database is behind, 2 refused with nothing done."""
    try:
        return main(arguments, prog_name="python -m migrations", standalone_mode=False) or 0
    except (MigrationRefused, SettingsWrong, TopologyRefused) as refused:
        click.echo(str(refused), err=True)
        return REFUSED
    except MigrationFailed as failed:
        click.echo(f"{failed}\nThe ledger has it; `up` again goes on from there.", err=True)
        return FAILED
    except click.ClickException as misused:
        misused.show()
        return misused.exit_code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
