"""A real worker that is killed in the middle of a move: the relay hands the job to the next one, which goes on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.console import relocating
from app.factory import build_runtime
from app.kit.idempotency import claim_of
from app.kit.ids import new_id
from app.kit.models import ControlJob, OutboxState
from app.kit.runtime import Runtime
from tests.factories.stock import an_item
from tests.support.cluster import Cluster
from tests.support.settings import settings_for
from tests.support.shops import open_shop_rows
from tests.support.stack import Stack
from tests.support.waiting import until

TAKEN_UP_WITHIN = 240.0  # the dead worker's lease is 30 s; the rest is for a machine that is busy
PIECES = 20


@pytest.fixture(scope="module")
def fleet(cluster: Cluster) -> Iterator[Cluster]:
    """Databases of their own: these workers are not to work off what other tests left."""
    own = cluster.named("_moving")
    own.create()
    yield own
    own.drop()


@pytest.fixture(scope="module")
def stack(fleet: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("moving")
    made = Stack(settings_for(fleet, folder, log_json=False, redis_prefix=f"{fleet.redis_prefix}moving:"), folder)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def runtime(stack: Stack) -> Iterator[Runtime]:
    built = build_runtime(stack.settings)
    yield built
    built.close()


@pytest.mark.long  # it waits out a worker's lease; row 10's killed movers are in every run
def test_a_worker_killed_in_the_middle_of_a_move_is_followed_by_one_that_ends_it(
    fleet: Cluster, stack: Stack, runtime: Runtime
) -> None:
    shop = open_shop_rows(runtime.router, "shard-a")
    with runtime.router.shop(shop.shop_id, shop.actor) as db:
        for _ in range(PIECES):
            an_item(db)
        db.commit()
    move_id = ask(runtime, shop.shop_id)
    stack.start("worker", "relay")
    target = next(one for one in fleet.fleet.targets if one.name == "shard-b")
    with fleet.raw_connection(target, "admin") as link, link.cursor() as cursor:
        cursor.execute("LOCK TABLES items READ")  # the copy waits before it until we let go
        until(lambda: at(runtime, move_id) == ("copying", True), within=90, what="the copy")
        stack.kill("worker")
        assert at(runtime, move_id)[0] == "copying"
        assert runtime.router.directory.refresh(shop.shop_id).shard == "shard-a"
    stack.start("worker")
    until(lambda: at(runtime, move_id)[0] == "switched", within=TAKEN_UP_WITHIN, what="the next worker's end of it")
    until(lambda: job(runtime).state == OutboxState.DONE.value, within=20, what="the job's end")
    assert job(runtime).attempts == 2
    assert runtime.router.directory.refresh(shop.shop_id).shard == "shard-b"
    with fleet.raw_connection(target, "admin") as link, link.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM items WHERE shop_id = %s", (shop.shop_id,))
        assert cursor.fetchone()[0] == PIECES


def ask(runtime: Runtime, shop_id: int) -> object:
    claim = claim_of("once", kind="x", path="/x", body=b"{}")
    asker = relocating.Asker(new_id(), "Om", claim)
    with runtime.router.control() as control:
        asked = relocating.ask_move(
            control, runtime.router, asker, shop_id=shop_id, target="shard-b", max_pause_ms=1000, accept_degraded=True
        )
        control.commit()
    return asked.id


def at(runtime: Runtime, move_id) -> tuple[str, bool]:
    with runtime.router.control() as control:
        found = relocating.get_move(control, move_id)
    return found.state.value, found.runs


def job(runtime: Runtime) -> ControlJob:
    with runtime.router.control() as control:
        return control.scalars(select(ControlJob).where(ControlJob.job == relocating.CARRY_OUT)).one()
