"""`flask shops restore` on real shards: from a replica, which is read-only and as good as any restored server."""

from uuid import uuid4

import pytest

from app.console import restores
from app.console.moves import mover_of, shop_tables
from shard_router.moves import Limits, Mover, MoveState, Origin, Restoring, Side
from shard_router.moves.lines import Lines
from tests.support.counter import Counter, made
from tests.support.waiting import until

STEPS = ["planted", "closed", "before copying", "copied", "verified", "before the switch", "switched", "completing"]
LONG = pytest.mark.long


class Killed(BaseException):
    """As a process ends that is killed: nothing behind it is done."""


@pytest.fixture
def run(flask_app):
    """As typed; these servers' semi-sync gives up, and the commands are told to bear it."""

    def command(*words, typed=None):
        return flask_app.test_cli_runner().invoke(args=["shops", *map(str, words), "--accept-degraded"], input=typed)

    return command


@pytest.fixture
def abort(flask_app):
    return lambda *words: flask_app.test_cli_runner().invoke(args=["shops", *map(str, words)])


@pytest.fixture
def counter(flask_app, runtime, cast):
    """Asha's, on shard A, with two bills."""
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    for _ in range(2):
        made(found.bill([found.piece(grossMg=2390)]))
    return found


@pytest.fixture
def replica(runtime, counter):
    """The address of shard A's, once it has both bills."""
    server = runtime.router.shard("shard-a").replicas[0]
    origin = Origin(server.host, server.port)
    lost = lambda: restores.lost_with(runtime.router, counter.who.shop_id, "shard-a", origin)  # noqa: E731
    until(lambda: lost() == [], what="the replica")
    return origin


def mover(runtime, **changes):
    limits = Limits(accept_degraded=True, lease=1.0)
    if not changes:
        return mover_of(runtime.router, limits)
    return Mover(runtime.router, tables=shop_tables(), sums=(), limits=limits, settle=restores.settle, **changes)


def home(runtime, shop_id):
    return runtime.router.directory.refresh(shop_id).shard


def at(origin):
    return f"{origin.host}:{origin.port}"


def test_a_shop_is_restored_and_goes_back_and_no_number_is_given_twice(run, runtime, counter, replica):
    shop = counter.who.shop_id
    told = run("restore", shop, "--from", at(replica), "--to", "shard-b", typed="y\n")
    assert told.exit_code == 0, told.output
    assert "No bill is lost" in told.output
    assert home(runtime, shop) == "shard-b"
    third = made(counter.bill([counter.piece(grossMg=2390)]))["number"]
    assert counter.numbers() == [1, 2, 3]
    assert counter.books().sound and counter.books().lost == ()

    back = run("rollback", shop, "--yes")
    assert back.exit_code == 0, back.output
    assert third in back.output
    assert home(runtime, shop) == "shard-a"
    assert counter.numbers() == [1, 2]
    made(counter.bill([counter.piece(grossMg=2390)]))
    assert counter.numbers() == [1, 2, 4]
    report = counter.books()
    assert report.sound, report
    assert [one.rpartition(": ")[2] for one in report.lost] == ["3 to 3"]


@pytest.mark.parametrize(
    "step",
    [one if one in ("copied", "before the switch", "switched") else pytest.param(one, marks=LONG) for one in STEPS],
)
def test_one_that_is_killed_is_gone_on_with(runtime, counter, replica, step):
    shop = counter.who.shop_id

    def kill(name):
        if name == step:
            raise Killed

    before = counter.row_counts()
    move_id = mover(runtime).ask_to_restore(shop, "shard-b", replica, asked_by="a test")
    with pytest.raises(Killed):
        mover(runtime, step=kill).run(move_id)
    ended = mover(runtime).run(move_id)
    assert ended.state is MoveState.SWITCHED, ended.reason
    assert home(runtime, shop) == "shard-b"
    after = counter.row_counts()
    assert after.pop("audit_log") == before.pop("audit_log") + 1  # that it was restored, once
    assert after == before
    made(counter.bill([counter.piece(grossMg=2390)]))
    assert counter.numbers() == [1, 2, 3] and counter.books().sound


@pytest.mark.parametrize(
    "step", [*(pytest.param(one, marks=LONG) for one in ("closed", "verified")), "before the switch"]
)
def test_one_that_is_given_up_leaves_the_shop_where_it_was(abort, runtime, counter, replica, step):
    shop = counter.who.shop_id

    def kill(name):
        if name == step:
            raise Killed

    move_id = mover(runtime).ask_to_restore(shop, "shard-b", replica, asked_by="a test")
    with pytest.raises(Killed):
        mover(runtime, step=kill).run(move_id)
    told = abort("abort", shop, "--yes")
    assert told.exit_code == 0, told.output
    assert mover(runtime).status(move_id).state is MoveState.ABORTED
    assert home(runtime, shop) == "shard-a"
    made(counter.bill([counter.piece(grossMg=2390)]))
    assert counter.numbers() == [1, 2, 3] and counter.books().sound


def test_what_cannot_be_is_refused_and_nothing_is_begun(run, runtime, counter, replica, cast):
    shop, primary = counter.who.shop_id, runtime.router.shard("shard-a").primary
    itself = f"{primary.host}:{primary.port}"
    for words, said in (
        (("--from", itself, "--to", "shard-b"), "takes writes"), (("--from", itself, "--to", "shard-b"), "itself"),
        (("--from", at(replica), "--to", "shard-z"), "no such shard"),
        (("--from", at(replica), "--to", "shard-a"), "lives on shard-a already"),
        (("--from", "127.0.0.1:1", "--to", "shard-b"), "the restored server 127.0.0.1:1"),
        (("--from", "mover:secret@host", "--to", "shard-b"), "is not an address"),
        (("--from", at(replica), "--to", "shard-b", "--unknown", "5"), "for a shard that is dead"),
        (("--from", at(replica), "--to", "shard-b", "--accept-dead-source", "--unknown", "0"), "is not dead"),
    ):  # fmt: skip
        told = run("restore", shop, *words, "--yes")
        assert told.exit_code in (1, 2), (words, told.output)
        assert said in told.output, (words, told.output)
        assert "Traceback" not in told.output
    assert mover(runtime).list_moves(shop_id=shop) == []
    assert run("restore", cast.zoya.shop_id, "--from", at(replica), "--to", "shard-a", "--yes").exit_code == 1


def test_where_nobody_knows_the_last_number_a_series_goes_on_behind_what_may_have_been_given(runtime, counter):
    """As of a dead shard of which Redis knows three transactions more than the backup has."""
    shop = counter.who.shop_id
    with Lines(runtime.router) as lines:
        side = Side(lines.primary("shard-a"), shop)
        with side.line.transaction():
            restores.settle(Restoring(str(uuid4()), side, None, side, unknown=3))
    made(counter.bill([counter.piece(grossMg=2390)]))
    assert counter.numbers() == [1, 2, 6]
    report = counter.books()
    assert report.sound and [one.rpartition(": ")[2] for one in report.lost] == ["3 to 5"]


def test_a_document_with_a_lost_number_is_found(runtime, counter, cluster):
    """Somebody who writes such an entry by hand explains no gap with it that is none."""
    shop = counter.who.shop_id
    with Lines(runtime.router) as lines:
        side = Side(lines.primary("shard-a"), shop)
        with side.line.transaction():
            restores.settle(Restoring(str(uuid4()), side, None, side, unknown=1))
    target = next(one for one in cluster.fleet.targets if one.name == "shard-a")
    with cluster.raw_connection(target, "admin") as link, link.cursor() as cursor:
        cursor.execute("UPDATE invoices SET no = 3 WHERE shop_id = %s AND no = 2", (shop,))
        link.commit()
    assert len(counter.books().gaps) == 1


def test_a_row_that_is_not_what_was_restored_undoes_it(runtime, counter, replica, cluster):
    """One paisa more, planted on the target behind the copy."""
    shop = counter.who.shop_id
    target = next(one for one in cluster.fleet.targets if one.name == "shard-b")

    def plant(name):
        if name == "before verifying":
            with cluster.raw_connection(target, "admin") as link, link.cursor() as cursor:
                cursor.execute("UPDATE invoices SET total_paise = total_paise + 1 WHERE shop_id = %s LIMIT 1", (shop,))
                link.commit()

    move_id = mover(runtime).ask_to_restore(shop, "shard-b", replica, asked_by="a test")
    ended = mover(runtime, step=plant).run(move_id)
    assert ended.state is MoveState.ABORTED
    assert "invoices" in ended.reason
    assert home(runtime, shop) == "shard-a"
    made(counter.bill([counter.piece(grossMg=2390)]))
    assert counter.books().sound
