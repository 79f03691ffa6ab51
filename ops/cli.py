"""Owns the launcher's verbs and how they fail: one sentence and status 1."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import pymysql
from rich.table import Table

from ops.cluster.control import Cluster, as_text
from ops.cluster.layout import Mode
from ops.places import Instance, instance
from ops.processes import Processes
from ops.progress import console
from ops.spans import seconds_of
from ops.trouble import Trouble, os_trouble


def main() -> None:
    """Runs a verb."""
    try:
        verbs(prog_name="./dev", standalone_mode=False)
    except Trouble as trouble:
        sys.exit(f"./dev: {trouble}")
    except OSError as error:
        sys.exit(f"./dev: {os_trouble(error)}")
    except pymysql.err.MySQLError as error:
        sys.exit(f"./dev: A server did not do as told ({error.args[-1]}): look at ./dev status and its log.")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        sys.exit("./dev: stopped; run it again to go on.")


def _say(text: str) -> None:
    console.print(f"  · {text}", markup=False, soft_wrap=True, style="dim")


def _with_instance(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("--instance", "name", default=default, show_default=True, help="Which set of servers.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def verbs() -> None:
    """BoolaGold's one launcher. Every verb sets up what it needs; running one twice is harmless."""


@verbs.command()
@_with_instance("dev")
def up(name: str) -> None:
    """Start the whole demo and show where to sign in; Ctrl-C ends it."""
    from ops.up import up as run

    run(instance(name))


@verbs.command()
@_with_instance("dev")
def down(name: str) -> None:
    """End what up or cluster up left running."""
    from ops.supervisor import stop_elsewhere

    chosen = instance(name)
    ended = stop_elsewhere(chosen) + Cluster(chosen, _say).down()
    console.print(f"Ended: {', '.join(ended)}." if ended else "Nothing was running.")


@verbs.command()
@_with_instance("dev")
def status(name: str) -> None:
    """Show every server and process of the demo, and how it is doing."""
    from ops.supervisor import running

    chosen = instance(name)
    healthy = _show_cluster(chosen)
    processes = Processes(chosen.pids, chosen.logs)
    for child in ("web", "side", "worker", "relay", "scheduler"):
        pid = processes.alive(child)
        console.print(f"  {child:10} {f'process {pid}' if pid else 'not running'}")
    console.print(f"Supervised by process {running(chosen)}." if running(chosen) else "No ./dev up is running.")
    sys.exit(0 if healthy else 1)


@verbs.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run all tests except the long fault runs; arguments go to pytest."""
    from ops.testing import test as run

    sys.exit(run(instance("test"), arguments))


@verbs.command()
def check() -> None:
    """Run ruff, mypy, import-linter, djlint and look at the lock files."""
    from ops.checks import check as run

    run()


@verbs.command()
def lint() -> None:
    """Mend what ruff can mend: findings, import order, format."""
    from ops.checks import lint as run

    run()


@verbs.command()
def lock() -> None:
    """Pin all Python requirements anew, with hashes and without addresses."""
    from ops.checks import lock as run

    run()


@verbs.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def bench(name: str, as_json: bool) -> None:
    """Measure something side by side: bill, router, …"""
    from ops.testing import bench as run

    sys.exit(run(instance("test"), name, as_json=as_json))


@verbs.command(context_settings={"ignore_unknown_options": True})
@click.option("--long", "long", is_flag=True, help="Also the runs that take minutes.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each row and test, on standard output.")
@click.option("--seed", type=int, default=0, help="Draw by chance as an earlier run did.")
@click.option("--count", type=int, default=0, help="How often, in the place of what each test says.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[ROW]... [PYTEST ARGUMENT]...")
def faults(long: bool, as_json: bool, seed: int, count: int, words: tuple[str, ...]) -> None:
    """Kill and freeze servers and workers, and see that nothing is lost: all rows of docs/faults.md, or those named."""
    from ops.testing import faults as run

    sys.exit(run(instance("test"), words, long=long, as_json=as_json, seed=seed, count=count))


@verbs.command()
@_with_instance("dev")
@click.option("--shop", "shop_id", type=int, required=True, help="The shop's number.")
@click.option("--write", is_flag=True, help="Allow writes; without it the session only reads.")
def shell(name: str, shop_id: int, write: bool) -> None:
    """Open a Python shell with `db`, a session of one shop."""
    from ops.shell import run

    run(instance(name), shop_id, write=write)


@verbs.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def flask(arguments: tuple[str, ...]) -> None:
    """Give the running demo one of the application's commands: `./dev flask shops moves`."""
    from ops.shell import flask as run

    run(instance("dev"), arguments)


@verbs.command()
@_with_instance("dev")
@click.argument("process", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on showing what is added.")
@click.option("-n", "lines", default=50, show_default=True, help="How many lines.")
def logs(name: str, process: str | None, follow: bool, lines: int) -> None:
    """Show a process's log, or which logs there are."""
    from ops.logs import show

    show(instance(name), process, follow=follow, lines=lines)


@verbs.command()
def assets() -> None:
    """Build the browser's files under hashed names."""
    from ops.assets import build

    console.print(f"Built into {build(_say)}.")


@verbs.command()
def containers() -> None:
    """Write the settings and secrets that docker-compose.yml mounts."""
    from ops.containers import FOLDER, write

    write()
    console.print(f"Wrote {FOLDER}; now docker compose up --build starts it all.", soft_wrap=True)


# ---------------------------------------------------------------- cluster


@verbs.group()
@_with_instance("dev")
@click.pass_context
def cluster(context: click.Context, name: str) -> None:
    """Handle the local MySQL servers and Redis by themselves."""
    context.obj = partial(Cluster, instance(name), _say)


@cluster.command("up")
@click.option("--guarantee", "mode", flag_value=Mode.GUARANTEE.value, help="Two replicas; no commit without one.")
@click.option("--group", "mode", flag_value=Mode.GROUP.value, help="Shards as Group Replication, three members each.")
@click.option("--degraded", "mode", flag_value=Mode.DEGRADED.value, help="One replica a shard: the first default.")
@click.option("--proxied/--direct", default=None, help="Clients come through proxies, which `cut` can silence.")
@click.pass_obj
def cluster_up(make: Callable[[], Cluster], mode: str | None, proxied: bool | None) -> None:
    """Start control, the shards and Redis, in the mode asked for or the one before."""
    found = make()
    started = found.up(Mode(mode) if mode else None, proxied=proxied)
    console.print(f"Started: {', '.join(started)}." if started else "Everything was running.")
    console.print(f"Mode: {found.setup.mode}{', behind proxies' if found.setup.proxied else ''}.")


@cluster.command("add")
@click.argument("shard")
@click.pass_obj
def cluster_add(make: Callable[[], Cluster], shard: str) -> None:
    """Add one shard more (shard-c) to a cluster that runs; who trades there takes it up within 2 s."""
    from ops.adding import add

    add(make(), shard)


@cluster.command("down")
@click.pass_obj
def cluster_down(make: Callable[[], Cluster]) -> None:
    """End the servers that this instance started."""
    ended = make().down()
    console.print(f"Ended: {', '.join(ended)}." if ended else "Nothing was running.")


@cluster.command("status")
@click.pass_obj
def cluster_status(make: Callable[[], Cluster]) -> None:
    """Show every server, its role and how it is doing."""
    sys.exit(0 if _show_cluster(make().instance) else 1)


@cluster.command("destroy")
@click.confirmation_option("--yes", prompt="This deletes the instance's data, secrets and logs. Go on?")
@click.pass_obj
def cluster_destroy(make: Callable[[], Cluster]) -> None:
    """End the servers and delete everything the instance kept."""
    found = make()
    found.destroy()
    console.print(f"Deleted {found.instance.folder}.")


@cluster.command("sql")
@click.argument("server")
@click.argument("statement")
@click.pass_obj
def cluster_sql(make: Callable[[], Cluster], server: str, statement: str) -> None:
    """Run one statement on one server as root; rows come as JSON."""
    try:
        print(as_text(make().sql(server, statement)))
    except pymysql.err.MySQLError as error:
        raise Trouble(f"{server} refused the statement ({error.args[-1]})", "correct it and run it again") from None


@cluster.command("promote")
@click.argument("group")
@click.argument("server")
@click.option("--accept-loss", is_flag=True, help="Even if acknowledged writes may be lost.")
@click.pass_obj
def cluster_promote(make: Callable[[], Cluster], group: str, server: str, accept_loss: bool) -> None:
    """Make SERVER the primary of GROUP; the old one follows it, or stays shut."""
    make().promote(group, server, accept_loss=accept_loss)
    console.print(f"{server} is the primary of {group}.")


@cluster.command("rebuild")
@click.argument("server")
@click.pass_obj
def cluster_rebuild(make: Callable[[], Cluster], server: str) -> None:
    """Throw a replica's data away and let it follow its primary anew."""
    make().rebuild(server)
    console.print(f"{server} follows its primary again.")


@cluster.command("backup")
@click.argument("shard")
@click.pass_obj
def cluster_backup(make: Callable[[], Cluster], shard: str) -> None:
    """Take a snapshot of SHARD (CLONE), and from now on copy its binlog."""
    from ops.cluster import backups

    found = make()
    with found.locked():
        made = backups.back_up(found, shard)
    console.print(f"Snapshot of {made.server} in {made.folder}; the binlog of {shard} is being copied.", soft_wrap=True)


@cluster.command("restored")
@click.argument("shard")
@click.option("--at", metavar="MOMENT", help="2026-11-20T20:15:00Z, or a GTID; without it, all that was backed up.")
@click.pass_obj
def cluster_restored(make: Callable[[], Cluster], shard: str, at: str | None) -> None:
    """Start a read-only server with SHARD as it was, from snapshot and binlog; SHARD itself may be dead."""
    from ops.cluster import restored

    found = make()
    with found.locked():
        made = restored.restore(found, shard, at)
    upto = f"up to {made.last.moment:%Y-%m-%d %H:%M:%S.%f} UTC ({made.last.gtid})" if made.last else "as it was"
    console.print(
        f"{made.name} has {shard} {upto}: the snapshot of {made.snapshot.ended:%H:%M:%S} UTC"
        f" and {made.applied:,} transactions.",
        soft_wrap=True,
    )
    console.print(f"Give a shop back from it: flask shops restore SHOP --from 127.0.0.1:{made.port} --to SHARD")


@cluster.command("forget")
@click.argument("shard")
@click.option("--backups", "also_backups", is_flag=True, help="Its snapshots and the copy of its binlog, too.")
@click.pass_obj
def cluster_forget(make: Callable[[], Cluster], shard: str, *, also_backups: bool) -> None:
    """End the restored server of SHARD and delete its data; the backups stay."""
    from ops.cluster import backups, restored

    found = make()
    backups.check(found, shard)
    with found.locked():
        ended = restored.forget(found, shard)
        if also_backups:
            backups.forget(found, shard)
    console.print("Forgotten." if ended or also_backups else f"No restored server of {shard} was there.")


def _for(text: str | None) -> float | None:
    return None if text is None else seconds_of(text)


def _make(make: Callable[[], Cluster], server: str, lasting: str | None, fault: Callable[[Cluster], str]) -> None:
    """Makes a fault; with --for, stays until the time is over and undoes it, Ctrl-C or not."""
    from ops.cluster import faults

    seconds = _for(lasting)
    found = make()
    console.print(fault(found))
    if seconds is None:
        return
    try:
        time.sleep(seconds)
    finally:
        console.print(faults.heal(found, server))


_lasting = click.option("--for", "lasting", metavar="TIME", help="Undo it after so long: 30s, 2m, 500ms.")


def _fault_command(name: str, said: str) -> None:
    """A fault that has nothing to be told but the server and for how long; `faults` knows it by the same name."""

    @cluster.command(name, help=said)
    @click.argument("server")
    @_lasting
    @click.pass_obj
    def make_fault(make: Callable[[], Cluster], server: str, lasting: str | None) -> None:
        from ops.cluster import faults

        fault: Callable[[Cluster, str], str] = getattr(faults, name)
        _make(make, server, lasting, lambda found: fault(found, server))


_fault_command("kill", "End SERVER with kill -9.")
_fault_command("freeze", "Let SERVER stand still with its port open (SIGSTOP).")
_fault_command("cut", "Silence the line to SERVER, with no reset; needs `cluster up --proxied`.")


@cluster.command("lag")
@click.argument("server")
@click.option("--by", metavar="TIME", help="How late it applies; without it, it applies nothing.")
@_lasting
@click.pass_obj
def cluster_lag(make: Callable[[], Cluster], server: str, by: str | None, lasting: str | None) -> None:
    """Let a replica apply late, or not at all; it goes on receiving."""
    from ops.cluster import faults

    late = None if by is None else max(1, round(seconds_of(by)))
    _make(make, server, lasting, lambda found: faults.lag(found, server, late))


@cluster.command("slow")
@click.argument("server")
@click.option("--by", metavar="TIME", default="2s", show_default=True, help="How late each answer comes.")
@_lasting
@click.pass_obj
def cluster_slow(make: Callable[[], Cluster], server: str, by: str, lasting: str | None) -> None:
    """Let each answer of SERVER come late; needs `cluster up --proxied`."""
    from ops.cluster import faults

    late = seconds_of(by)
    _make(make, server, lasting, lambda found: faults.slow(found, server, late))


@cluster.command("heal")
@click.argument("server", required=False)
@click.pass_obj
def cluster_heal(make: Callable[[], Cluster], server: str | None) -> None:
    """Undo whatever was done to SERVER, or to all of them."""
    from ops.cluster import faults

    console.print(faults.heal(make(), server))


def _show_cluster(chosen: Instance) -> bool:
    from ops.cluster import backups, status

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("server", "role", "port", "process", "MB", "state"):
        table.add_column(heading)
    cluster = Cluster(chosen, _say)
    servers = status.servers(cluster)
    for one in servers:
        colour = "green" if one.healthy else "red"
        cells = (one.name, one.role, str(one.port), str(one.pid or "–"), str(one.memory_mb or "–"))
        table.add_row(*cells, f"[{colour}]{one.note}")
    console.print(table)
    console.print(f"Mode: {cluster.setup.mode}.")
    for worth in status.worth(cluster):
        console.print(f"  {worth.group:8} [{worth.light}]{worth.sentence}")
    for well, sentence in backups.states(cluster):
        console.print(f"  backup   [{'green' if well else 'red'}]{sentence}")
    return all(one.healthy for one in servers)
