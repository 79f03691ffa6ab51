"""`flask shops move` and what goes with it, on real shards: a shop trades on, is back after a rollback, seen once."""

import dataclasses
import threading

import pytest
import sqlalchemy as sa

from app.adapters.inline_queue import InlineQueue
from app.console import balance, moves
from app.console.balance import Measure
from app.console.moves import SAFE_TO_LEAVE, mover_of
from app.kit import housekeeping, leases
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.leases import Candidate
from app.kit.models import OutboxJob, OutboxState
from app.kit.relay import Relay
from shard_router.moves import Limits, MoveEnded, Mover, MoveState
from tests.support.counter import Counter, made
from tests.support.jobs import ask, marks, view
from tests.support.waiting import until


@pytest.fixture
def run(flask_app):
    """As typed; these servers are the cheap ones, whose semi-sync gives up, and the commands are told to bear it."""

    def command(*words, typed=None):
        bear = ["--accept-degraded"] if words[0] in ("move", "resume", "rollback") else []
        return flask_app.test_cli_runner().invoke(args=["shops", *words, *bear], input=typed)

    return command


@pytest.fixture
def counter(flask_app, runtime, cast):
    """Asha's, on shard A, with two bills."""
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    customer = found.customer()
    for _ in range(2):
        made(found.bill([found.piece()], customerId=customer["id"]))
    found.customer_id = customer["id"]
    return found


def home(runtime, shop_id):
    return runtime.router.directory.refresh(shop_id).shard


def newest(runtime, shop_id):
    return mover_of(runtime.router).list_moves(shop_id=shop_id)[0]


def test_a_shop_moves_trades_on_and_goes_back(run, runtime, counter):
    shop = counter.who.shop_id
    before = counter.row_counts()
    told = run("move", str(shop), "--to", "shard-b", "--yes")
    assert told.exit_code == 0, told.output
    assert f"Shop {shop} trades at shard-b" in told.output
    assert home(runtime, shop) == "shard-b"
    assert counter.row_counts() == before
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert counter.books().sound and counter.numbers() == [1, 2, 3]

    listed = run("moves", "--shop", str(shop)).output
    assert "switched" in listed and "shard-a" in listed and "shard-b" in listed
    assert run("moves", "--live", "--shop", str(shop)).output == "No move is under way.\n"

    back = run("rollback", str(shop), "--yes")
    assert back.exit_code == 0, back.output
    assert home(runtime, shop) == "shard-a"
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert counter.books().sound and counter.numbers() == [1, 2, 3, 4]


def test_two_shops_move_together_or_not_at_all(run, runtime, cast):
    """Ravi's and Asha's live on A; Zoya's lives on B already, so with hers nothing begins."""
    asha, ravi, zoya = (str(one.shop_id) for one in (cast.asha, cast.ravi, cast.zoya))
    refused = run("move", asha, zoya, "--to", "shard-b", "--yes")
    assert refused.exit_code == 1
    assert f"shop {zoya}: " in refused.output and "shard-b already" in refused.output
    assert "nothing was begun" in refused.output
    assert home(runtime, cast.asha.shop_id) == "shard-a"
    assert mover_of(runtime.router).list_moves(shop_id=cast.asha.shop_id, live_only=True) == []

    done = run("move", asha, ravi, "--to", "shard-b", "--yes", "--at-once", "2")
    assert done.exit_code == 0, done.output
    assert {home(runtime, one.shop_id) for one in (cast.asha, cast.ravi)} == {"shard-b"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--to", "shard-z"), "no such shard"),
        (("--to", "shard-a"), "shard-a already"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(run, runtime, standing_cast, words, says):
    told = run("move", str(standing_cast.asha.shop_id), *words, "--yes")
    assert told.exit_code == 1
    assert told.output.startswith("Error: Refused, and nothing was begun.") and says in told.output
    assert "Traceback" not in told.output


def test_servers_that_may_lose_a_commit_are_refused_until_that_is_accepted(flask_app, standing_cast):
    told = flask_app.test_cli_runner().invoke(
        args=["shops", "move", str(standing_cast.asha.shop_id), "--to", "shard-b", "--yes"]
    )
    assert told.exit_code == 1
    assert "semi-sync" in told.output and "--accept-degraded" in told.output


@pytest.mark.parametrize("pause", ["much", "1m", "-5"])
def test_a_pause_that_is_none_is_wrong_usage(run, standing_cast, pause):
    assert run("move", str(standing_cast.asha.shop_id), "--to", "shard-b", "--max-pause", pause).exit_code == 2


@pytest.mark.parametrize("pause", ["19ms", "1001", "2s"])
def test_a_pause_in_which_writes_would_be_refused_is_refused(run, runtime, standing_cast, pause):
    """A write waits 1.5 s for a move to decide; half a second of it is for taking a pause back that ran out."""
    shop = standing_cast.asha.shop_id
    told = run("move", str(shop), "--to", "shard-b", "--max-pause", pause, "--yes")
    assert told.exit_code == 1
    assert "from 20 to 1000 can be allowed" in told.output and "nothing was begun" in told.output
    assert mover_of(runtime.router).list_moves(shop_id=shop) == []


def test_it_says_what_will_happen_and_does_nothing_without_a_yes(run, runtime, standing_cast):
    shop = standing_cast.asha.shop_id
    told = run("move", str(shop), "--to", "shard-b", "--max-pause", "1s", typed="n\n")
    assert told.exit_code == 1
    assert f"Shop {shop} (Asha Jewellers" in told.output and "on shard-a) moves to shard-b" in told.output
    assert "writes wait at most 1000 ms" in told.output and "rollback" in told.output
    assert home(runtime, shop) == "shard-a"
    assert mover_of(runtime.router).list_moves(shop_id=shop) == []


def test_what_would_be_refused_is_refused_before_anybody_is_asked(run, runtime, standing_cast):
    shop = standing_cast.asha.shop_id
    told = run("move", str(shop), "--to", "shard-a", typed="y\n")
    assert told.exit_code == 1
    assert f"shop {shop} lives on shard-a already" in told.output
    assert "Go on?" not in told.output


def test_a_shop_that_nobody_knows_is_an_error(run):
    told = run("move", "999999", "--to", "shard-b", typed="y\n")
    assert told.exit_code == 1 and told.output.startswith("Error: ")


def test_without_the_account_nothing_is_tried(run, runtime, standing_cast, monkeypatch):
    others = {name: one for name, one in runtime.router.config.accounts.items() if name != "mover"}
    monkeypatch.setattr(runtime.router, "config", dataclasses.replace(runtime.router.config, accounts=others))
    told = run("move", str(standing_cast.asha.shop_id), "--to", "shard-b", "--yes")
    assert told.exit_code == 1 and "BOOLA_MYSQL_MOVER_PASSWORD" in told.output


@pytest.mark.parametrize("command", ["abort", "resume", "rollback"])
def test_where_no_move_is_there_is_nothing_to_do(run, standing_cast, command):
    told = run(command, str(standing_cast.zoya.shop_id))
    assert told.exit_code == 1 and "flask shops moves" in told.output


# -- left, taken up, given up -----------------------------------------------------------------------------------------


@pytest.fixture
def stopped_at_once(monkeypatch):
    """As if somebody pressed Ctrl-C at the first word of the copy."""
    run = moves.Crew.run

    def stopping(self, found, on_progress):
        def heard(shop_id, progress):
            if progress.state in SAFE_TO_LEAVE and progress.state is not MoveState.PLANNED:
                self.stop()
            on_progress(shop_id, progress)

        return run(self, found, heard)

    monkeypatch.setattr(moves.Crew, "run", stopping)
    return lambda: monkeypatch.setattr(moves.Crew, "run", run)


def test_a_move_that_is_left_says_how_to_go_on_and_goes_on(run, runtime, counter, stopped_at_once):
    shop = counter.who.shop_id
    left = run("move", str(shop), "--to", "shard-b", "--yes")
    assert left.exit_code == 3, left.output
    assert f"flask shops resume {shop}" in left.output
    assert home(runtime, shop) == "shard-a"
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert str(shop) in run("moves", "--live").output

    stopped_at_once()
    done = run("resume", str(shop))
    assert done.exit_code == 0, done.output
    assert home(runtime, shop) == "shard-b"
    assert counter.books().sound and counter.numbers() == [1, 2, 3]


def test_a_move_that_is_left_can_be_undone(run, runtime, counter, stopped_at_once):
    shop = counter.who.shop_id
    assert run("move", str(shop), "--to", "shard-b", "--yes").exit_code == 3
    undone = run("abort", str(shop), "--yes", "--reason", "the shop has a wedding today")
    assert undone.exit_code == 0, undone.output
    assert newest(runtime, shop).state is MoveState.ABORTED
    assert newest(runtime, shop).reason == "the shop has a wedding today"
    assert home(runtime, shop) == "shard-a"
    made(counter.bill([counter.piece()], customerId=counter.customer_id))
    assert counter.books().sound


@pytest.fixture
def rolled_back(cluster):
    """How often the platform's audit log says that a shop was taken back."""
    control = next(one for one in cluster.fleet.targets if one.plane == "control")
    noted = sa.text("SELECT COUNT(*) FROM platform_audit_log WHERE action = 'move.rolled_back' AND shop_id = :shop")

    def count(shop):
        with cluster.fleet.connect(control, "admin") as link:
            return link.scalar(noted, {"shop": shop})

    return count


def test_a_way_back_that_was_given_up_is_told_as_that_and_may_be_asked_for_again(
    run, runtime, moved, rolled_back, monkeypatch
):
    def differs(sides, shapes):
        raise MoveEnded("a difference was planted")

    shop, limits = moved.who.shop_id, Limits(accept_degraded=True)
    unhappy = Mover(runtime.router, tables=moves.shop_tables(), sums=(), limits=limits, checks=[differs])
    with monkeypatch.context() as within:
        within.setattr(moves, "mover_of", lambda *given: unhappy)
        told = run("rollback", str(shop), "--yes")
    assert told.exit_code == 4 and "a difference was planted" in told.output, told.output
    assert home(runtime, shop) == "shard-b" and rolled_back(shop) == 0
    again = run("rollback", str(shop), "--yes")
    assert again.exit_code == 0, again.output
    assert home(runtime, shop) == "shard-a" and rolled_back(shop) == 1
    assert moved.books().sound


# -- seen once --------------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(run, runtime, counter):
    """Asha's shop, with two bills and their prints asked for, on B; its old rows lie on A for a day."""
    assert run("move", str(counter.who.shop_id), "--to", "shard-b", "--yes").exit_code == 0
    return counter


@pytest.fixture
def left_behind(cluster, moved):
    """Reads, or changes, what lies on A of the shop that has left, as the servers' administrator."""
    target = next(one for one in cluster.fleet.targets if one.name == "shard-a")

    def ask(statement):
        link = cluster.raw_connection(target, "admin")
        with link, link.cursor() as cursor:
            cursor.execute(f"{statement} WHERE shop_id = %s", (moved.who.shop_id,))
            link.commit()
            return cursor.fetchall()

    return ask


def handed_over(runtime, passes):
    """What the relay hands over in so many passes over all shops."""
    queue = InlineQueue()
    relay = Relay(dataclasses.replace(runtime, queue=queue))
    found = []
    for _ in range(passes):
        relay.sweep()
        while ticket := queue.take(0):
            found.append((ticket.shop_id, ticket.outbox_id))
    return found


def test_its_jobs_are_handed_over_once_and_from_its_new_home(runtime, moved, left_behind):
    shop = moved.who.shop_id
    assert len(left_behind("SELECT id FROM outbox")) == 2  # they are still there
    found = []

    def both():
        found.extend(one for one in handed_over(runtime, 1) if one[0] == shop)
        return len(found) >= 2

    until(both, 20)  # replicas may need a moment to know
    left_behind("UPDATE outbox SET state = 'waiting', lease_until = NULL, available_at = '2026-01-01'")
    assert [one for one in handed_over(runtime, 3) if one[0] == shop] == []
    assert len(set(found)) == len(found) == 2
    states = {row[0] for row in left_behind("SELECT state FROM outbox")}
    assert states == {"waiting"}  # nobody took them


def test_its_old_rows_are_not_swept(runtime, moved, left_behind):
    left_behind("UPDATE idempotency_keys SET created_at = '2026-01-01'")
    assert moved.who.shop_id not in housekeeping._shops(runtime.router, utc_now())


@pytest.mark.parametrize("measure", [Measure.ROWS, Measure.BYTES])
def test_it_weighs_on_its_new_home_alone(runtime, moved, measure):
    shop = moved.who.shop_id

    def homes():
        return [load.shard for load in balance.loads_of(runtime.router, measure, watch_s=0) if load.shop_id == shop]

    until(lambda: homes() == ["shard-b"], 10)  # replicas may need a moment to know
    assert homes() == ["shard-b"]


def test_a_job_under_way_while_its_shop_moves_has_its_effect_once(run, runtime, counter, tmp_path):
    who, router = counter.who, runtime.router
    job_id = ask(router, who.shop_id, who.actor, "leave_mark_slowly", mark="once", folder=str(tmp_path))
    with router.shop(who.shop_id, who.actor) as db:
        row = db.get_one(OutboxJob, (who.shop_id, job_id))
        assert leases.release(db, OutboxJob, Candidate(row.id, row.job, row.attempts, row.params))
        db.commit()
    ticket = {"shop_id": who.shop_id, "job_id": job_id, "attempts": 0}
    worker = threading.Thread(target=run_job, args=(runtime,), kwargs=ticket)
    worker.start()
    try:
        until((tmp_path / "began-1").exists, 20)
        assert run("move", str(who.shop_id), "--to", "shard-b", "--yes").exit_code == 0
    finally:
        (tmp_path / "go-on").touch()
        worker.join(30)
    assert home(runtime, who.shop_id) == "shard-b"
    done = view(router, who.shop_id, who.actor, job_id)
    assert (done.state, done.attempts) == (OutboxState.DONE, 1)
    assert marks(router, who.shop_id, who.actor) == 1


def test_old_rows_are_purged_when_their_day_is_over_and_the_shop_keeps_its_own(
    run, runtime, moved, left_behind, cluster
):
    before = moved.row_counts()
    assert run("purge").exit_code == 0
    assert left_behind("SELECT id FROM invoices")  # their day is not over
    with cluster.fleet.connect(next(one for one in cluster.fleet.targets if one.plane == "control"), "admin") as link:
        link.execute(
            sa.text("UPDATE moves SET purge_after = '2026-01-01' WHERE shop_id = :shop"), {"shop": moved.who.shop_id}
        )
        link.commit()
    told = run("purge")
    assert told.exit_code == 0 and "rows are gone" in told.output
    for table in ("invoices", "outbox", "items", "audit_log"):
        assert left_behind(f"SELECT shop_id FROM {table}") == ()
    assert moved.row_counts() == before
    assert moved.books().sound
    late = run("rollback", str(moved.who.shop_id), "--yes")
    assert late.exit_code == 1 and "cannot be rolled back" in late.output
