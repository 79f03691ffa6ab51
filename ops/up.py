"""Owns `./dev up`: every step from a bare checkout to a shop one can sign in to, and its end."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

import pymysql

from ops import assets, files, supervisor, tools
from ops.cluster import setup, state
from ops.cluster.control import Cluster, check_ports
from ops.cluster.layout import SIDE_OFFSET, WEB_OFFSET
from ops.cluster.mysql import DURABILITIES
from ops.debian import Say
from ops.environment import ADMIN_EMAIL, demo_file, environment_for_setup, web_url
from ops.places import ROOT, Instance
from ops.progress import Steps, console
from ops.supervisor import Supervisor
from ops.trouble import Trouble, disk_full, kind_of_failure

NOTHING_LEFT = 16 << 20  # bytes free on a disk that counts as full


def up(instance: Instance) -> None:
    """Starts everything, prints where to go, and stays until Ctrl-C; then ends what it started."""
    if supervisor.running(instance) is not None:
        console.print(f"It runs already in another terminal: {web_url(instance)}")
        welcome(instance)
        return
    busy = Trouble("Another ./dev up is just starting", "wait for it, or end it with ./dev down")
    with files.locked(instance.folder / "up.lock", busy=busy):
        _up(instance)


def _up(instance: Instance) -> None:
    supervisor.stop_elsewhere(instance)  # what a killed supervisor left behind
    check_ports({"web": instance.port(WEB_OFFSET), "side": instance.port(SIDE_OFFSET)})
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    started: list[str] = []
    application: Supervisor | None = None
    try:
        with Steps() as steps:
            _prepare_servers(instance, steps, started)
            application = Supervisor(instance)
            application.start("web", "side")
            # While the web server starts, which is most of the wait; the rest joins when the data is there.
            steps.beside(
                web=("Web server", lambda say: application.wait_until_serving()),
                data=("Sign-ins and demo data", lambda say: _fill(application.environment, say)),
            )
            application.start("worker", "relay", "scheduler")
        welcome(instance)
        application.watch()
    except KeyboardInterrupt:
        console.print()
    finally:
        _end(instance, application, started)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Until the supervisor watches, being told to end is the same as Ctrl-C: what was started is ended."""
    raise KeyboardInterrupt


def _prepare_servers(instance: Instance, steps: Steps, started: list[str]) -> None:
    """Servers, tools and schema; adds the servers that it started."""
    steps.beside(
        cluster=("MySQL and Redis", lambda say: started.extend(start_cluster(instance, say))),
        assets=("Browser assets", assets.build),
        fonts=("Fonts", tools.fonts),
    )
    steps.run("Schema", lambda say: carry_out(["-m", "migrations", "up"], environment_for_setup(instance), say))


def _fill(environment: dict[str, str], say: Say) -> None:
    """The first sign-in, and the demo's shops."""
    create = ["-m", "flask", "--app", "app.factory:create_app", "admin", "create", "--from-environment"]
    carry_out(create, environment, say)
    if environment["BOOLA_DEMO"] == "1":
        carry_out(["-m", "ops.demo"], environment, say)


def start_cluster(instance: Instance, say: Say) -> list[str]:
    """Starts our servers, or checks the ones BOOLA_CLUSTER describes; returns what was started."""
    given = state.given_file()
    if given is None:
        return Cluster(instance, say).up()
    check_given(state.load(given), say)
    files.private_folder(instance.folder)
    found = state.load(given)
    state.write_topology(instance.folder, found, joining=found["shards"])
    return []


def check_given(cluster: dict[str, Any], say: Say) -> None:
    """Refuses servers that are not what the application needs, before anything is written to them."""
    fix = "start it, or correct the file that BOOLA_CLUSTER names"
    for group in (cluster["control"], *cluster["shards"].values()):
        for name, server in group["servers"].items():
            try:
                facts = _facts(cluster, server)
            except pymysql.err.MySQLError as error:
                raise Trouble(
                    f"MySQL {name} at {server['host']}:{server['port']} does not answer ({error.args[-1]})", fix
                ) from None
            version = tuple(int(part) for part in str(facts["version"]).split("-")[0].split(".")[:2])
            if "MariaDB" in str(facts["version"]) or version < (8, 4):
                raise Trouble(f"{name} is {facts['version']} and BoolaGold needs MySQL 8.4 or newer", fix)
            if facts["gtid_mode"] != "ON":
                raise Trouble(
                    f"{name} runs without GTIDs, so reads from replicas cannot be certain", "set gtid_mode=ON"
                )
    say("using the servers that BOOLA_CLUSTER describes")


def _facts(cluster: dict[str, Any], server: dict[str, Any]) -> dict[str, Any]:
    connection = pymysql.connect(
        host=server["host"],
        port=server["port"],
        user=cluster["admin"]["user"],
        password=cluster["admin"]["password"],
        ssl_ca=cluster["tls_ca"],
        connect_timeout=5,
        cursorclass=pymysql.cursors.DictCursor,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@version AS version, @@gtid_mode AS gtid_mode")
        return dict(cursor.fetchone() or {})


def carry_out(words: list[str], environment: dict[str, str], say: Say) -> None:
    """Runs one of the application's commands, showing what it says as it comes; a failure shows its log's end too."""
    said: list[str] = []
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=log
        ) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip():
                said.append(line.rstrip())
                say(f" {line.strip()[:100]}")
        if child.wait():
            log.seek(0)
            told = [*said, *log.read().splitlines()]
            console.print("\n".join(told[-25:]), markup=False)
            if kind_of_failure("\n".join(told)) == "disk" or shutil.disk_usage(ROOT).free < NOTHING_LEFT:
                raise disk_full(f"`python {' '.join(words)}`")
            raise Trouble(
                f"`python {' '.join(words)}` failed (see its output above)", "mend that and run the same command again"
            )


def _end(instance: Instance, application: Supervisor | None, started: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
    if application is not None or started:
        console.print("Ending what was started …")
    if application is not None:
        application.stop()
    if started:
        Cluster(instance, lambda text: None).down()


# ---------------------------------------------------------------- the welcome


def welcome(instance: Instance) -> None:
    """Prints the addresses and who may sign in."""
    url = web_url(instance)
    console.print(f"\n[bold]BoolaGold[/bold] serves at [link={url}]{url}[/link]")
    console.print(f"  console   {url}/console    API reference   {url}/api/v1/docs")
    console.print(
        f"  sign-in   {ADMIN_EMAIL} · {files.read(instance.secrets / 'admin_password')}   (super-admin)", markup=False
    )
    for line in demo_lines(demo_file(instance)):
        console.print(f"  sign-in   {line}", markup=False)
    if state.given_file() is None:
        durability = DURABILITIES[setup.load(instance).mode]
        console.print(f"  [yellow]{durability.name}[/yellow]: {durability.promise}")
    console.print("Ctrl-C ends it all; ./dev logs NAME shows a log.\n")


def demo_lines(path: Path) -> list[str]:
    """The demo's people, as `python -m ops.demo` wrote them down."""
    try:
        people = json.loads(files.read(path) or "{}").get("sign_ins", [])
    except ValueError:
        return []
    return [f"{one['email']} · {one['password']}   ({one['who']})" for one in people]
