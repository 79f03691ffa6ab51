"""Row 12, onto a shard that was not there: `./dev cluster add` while tills bill, a plan, a move and a new shop."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.console.models import ShopFigures
from app.factory import build_runtime
from app.kit.outbox import enqueue_control
from app.kit.runtime import Runtime
from app.settings import Settings, load
from ops import environment
from ops.cluster.layout import Mode
from ops.places import ROOT
from tests.faults.market import Market, open_market
from tests.faults.servers import Servers
from tests.support.cast import Role, Somebody, open_shop, signed_in
from tests.support.stack import Stack, free_port, variables
from tests.support.waiting import until

NEW = "shard-c"
INSTANCE = "faults-added"
TRIES = 3  # of the move: one that does not keep its pause on a busy machine is undone, and asked for again
Measured = Callable[..., None]


@dataclass(frozen=True)
class Town:
    """A cluster that may grow, as `./dev` makes it for a person, and the product over it."""

    servers: Servers
    settings: Settings
    runtime: Runtime
    stack: Stack

    @property
    def topology(self) -> dict[str, Any]:
        return dict(json.loads((self.servers.instance.folder / "topology.json").read_text()))

    def processes(self) -> dict[str, Any]:
        """Everybody who runs, by number: who was started anew has another."""
        servers = {name: self.servers.pid(name) for name in ("ctl-1", "a-1", "a-2", "b-1", "b-2", "redis")}
        return servers | {name: [self.stack.pid(name), *self.stack.children(name)] for name in ("web", "worker")}

    def sql(self, server: str, statement: str) -> list[dict[str, Any]]:
        """Also on a server that the instance has since a moment ago."""
        return Servers(Mode.DEGRADED, named=INSTANCE).sql(server, statement)

    def home(self, shop_id: int) -> str:
        return self.runtime.router.directory.refresh(shop_id).shard

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """As a person types it."""
        command = [sys.executable, "-m", "flask", "--app", "app.factory", *words, "--accept-degraded"]
        return subprocess.run(
            command, cwd=ROOT, env=own_environment() | variables(self.settings), capture_output=True, text=True,
            check=False, timeout=240,
        )  # fmt: skip


def own_environment() -> dict[str, str]:
    """Of somebody who knows nothing of this test run but its ports."""
    kept = ("BOOLA_PORT_BASE",)
    return {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_") or name in kept}


def adding() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ops", "cluster", "--instance", INSTANCE, "add", NEW]
    return subprocess.Popen(
        command, cwd=ROOT, env=own_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def add() -> str:
    process = adding()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def kill_in_its_schema(town: Town) -> None:
    """kill -9 of the command and of the migrations that it runs, while they are at it."""
    process, own = adding(), town.servers.instance.folder / f"topology-with-{NEW}.json"
    until(lambda: own.exists() or process.poll() is not None, within=120, what="its schema step")
    assert process.poll() is None, process.communicate()[0]
    database = town.settings.shard_database
    tables = f"SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = '{database}'"
    until(lambda: town.sql("c-1", tables)[0]["n"] > 3, within=120, what="the first tables")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Degraded, as `./dev up` has it. What `./dev` makes of passwords, databases and files is what all use here."""
    folder = tmp_path_factory.mktemp("added")
    servers = Servers(Mode.DEGRADED, named=INSTANCE)
    try:
        servers.begin()
        with pytest.MonkeyPatch.context() as plain:
            for name in set(os.environ) - set(own_environment()):
                plain.delenv(name)
            setup = environment.environment_for_setup(servers.instance)
            migrate = [sys.executable, "-m", "migrations", "up"]
            subprocess.run(migrate, cwd=ROOT, env=setup, capture_output=True, check=True, timeout=300)
            settings = settings_of(environment.settings_for(servers.instance, {}))
        runtime, stack = build_runtime(settings), Stack(settings, folder)
        try:
            stack.start("web", "relay", "worker", "scheduler")
            stack.wait_until_serving()
            yield Town(servers, settings, runtime, stack)
        finally:
            stack.stop()
            runtime.close()
    finally:
        servers.destroy()


def settings_of(given: dict[str, str]) -> Settings:
    """The launcher's, but for the limits on requests, the cost of hashes, and ports that nobody else has."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        plain = name.removeprefix("BOOLA_").lower()
        if plain.removesuffix("_file") in Settings.model_fields and plain not in Settings.model_fields:
            found[plain.removesuffix("_file")] = Path(value).read_text().strip()
        elif plain in Settings.model_fields:
            found[plain] = value
    own = {"public_url": f"http://127.0.0.1:{free_port()}", "side_url": f"http://127.0.0.1:{free_port()}"}
    limits = {"rate_client": "0/minute", "rate_shop": "0/minute", "bcrypt_rounds": 4}
    return load(**{**found, **own, **limits})


@pytest.mark.fault(12)
def test_a_shard_is_added_while_tills_bill_and_nobody_notices(town: Town, measured: Measured) -> None:
    market = open_market(town.stack.url, town.runtime)
    with market.billing() as load:
        before = town.processes()
        kill_in_its_schema(town)
        assert NEW not in town.topology["shards"]
        load.go_on(2)
        began = time.monotonic()
        told = add()
        measured(added_s=time.monotonic() - began)
        assert "flask shards plan" in told and "flask shops resume" in told
        load.go_on(3)
        moved, tries = move_one(town)
        kiran = new_shop(town, market)
        with market.billing(kiran) as more:
            more.go_on(5)
            load.go_on(5)
        version = town.topology["version"]
        add()
        assert town.topology["version"] == version
        load.go_on(2)
    assert town.processes() == before
    assert market.journal.troubles == []
    market.audit_books()
    measured(bills=len(market.journal.sold), moves_tried=tries, pdfs_complete_after_s=market.audit_pdfs())
    for shop_id in (moved, kiran.shop_id):
        assert bills_on(town, "c-1", shop_id) == len(market.journal.of(shop_id))
    figures_follow(town, kiran)


def move_one(town: Town) -> tuple[int, int]:
    """By the plan: two shops on A, one on B, none on C. The shop that lives there now, and how often it took."""
    for tries in range(1, TRIES + 1):
        asked = town.flask("shards", "plan", "--apply", "--yes", "--max-pause", "1s")
        assert asked.returncode == 0, asked.stdout + asked.stderr
        steps = re.findall(rf"shop (\d+): shard-a → {NEW} ", asked.stdout)
        assert len(steps) == 1, asked.stdout
        done = town.flask("shops", "resume")
        if done.returncode == 0:
            assert town.home(int(steps[0])) == NEW
            return int(steps[0]), tries
        assert done.returncode == 4, done.stdout + done.stderr
    raise AssertionError(f"undone {TRIES} times: {done.stderr}")


def new_shop(town: Town, market: Market) -> Somebody:
    """Opened on the new shard, where new shops may go by themselves as well."""
    router = town.runtime.router
    until(lambda: NEW in {router.place(shop_id) for shop_id in range(60)}, within=5, what="new shops on the new shard")
    tag = market.cast.tag
    shop = open_shop(town.runtime, "Kiran", tag, shard=NEW, state="24", gstin=None)
    kiran = signed_in(town.runtime, "Kiran", tag, shop.owner_id, Role.OWNER, shop)
    market.newcomers.append(kiran)
    market.begin(kiran)
    return kiran


def bills_on(town: Town, server: str, shop_id: int) -> int:
    database = town.settings.shard_database
    rows = town.sql(server, f"SELECT COUNT(*) AS n FROM `{database}`.invoices WHERE shop_id = {shop_id:d}")
    return int(rows[0]["n"])


def figures_follow(town: Town, who: Somebody) -> None:
    """The console's roll-up counts the shop on its shard, in a worker that ran before there was one."""
    router = town.runtime.router
    with router.control() as control:
        enqueue_control(control, "app.console.jobs.refresh_figures", params={"on": "2026-12-01"})
        control.commit()
    figures = select(ShopFigures.shard, ShopFigures.bills).where(ShopFigures.shop_id == who.shop_id)

    def found() -> Any:
        with router.control() as control:
            return control.execute(figures).one_or_none()

    until(lambda: found() is not None, within=60, what="the new shop's figures")
    shard, bills = found()
    assert (shard, bills > 0) == (NEW, True)
