"""What nobody should type at `flask shops` and `flask shards`, and servers that are gone meanwhile: one sentence each
time, no traceback, and nothing half-done."""

import dataclasses
import json
import os
import socket

import pytest

from app.console import moves
from app.console.cli import moving
from app.console.moves import mover_of
from app.factory import create_app
from shard_router import Router, fence
from shard_router.moves import MoveState

HUGE = str(2**70)
NAMES = ["", "shard-b'", "shard-b; DROP TABLE moves", "shard-b\\", "सोना", "x" * 10_000, "\udcff", "%s", "control"]
NUMBERS = ["0", "-1", str(2**63), HUGE]


@pytest.fixture
def run(flask_app):
    def command(*words, typed=None):
        return flask_app.test_cli_runner().invoke(args=list(words), input=typed)

    return command


def one_sentence(told):
    """Whatever was typed: an exit status, something for a person, and no exception that nobody has caught."""
    assert isinstance(told.exception, SystemExit), told.exception
    assert told.exit_code in (1, 2, 3), told.output
    return "Error: " in told.output and "Traceback" not in told.output


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "words", [("shops", "move", "1", "--yes", "--to"), ("shards", "drain", "--yes"), ("shards", "check")]
)
def test_a_shard_that_is_none_is_refused(run, words, name):
    assert one_sentence(run(*words, name))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "words",
    [
        ("move", "--to", "shard-b", "--yes"), ("move", "--to", "shard-b"), ("abort", "--yes"), ("rollback", "--yes"),
        ("resume",),
    ],
)  # fmt: skip
def test_a_shop_that_is_none_is_refused(run, words, number):
    assert one_sentence(run("shops", *words, "--", number))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_moves_of_no_shop_are_none(run, number):
    told = run("shops", "moves", "--shop", number)
    assert (told.exit_code, told.exception) == (0, None), told.exception
    assert "moved" in told.output


@pytest.mark.parametrize(
    "words",
    [
        ("shops", "move", "1", "--to", "shard-b", "--max-pause", "NaN"),
        ("shops", "move", "1", "--to", "shard-b", "--at-once", "0"),
        ("shops", "move", "1e3", "--to", "shard-b"), ("shops", "move", "--to", "shard-b"),
        ("shards", "plan", "--tolerance", "nan"), ("shards", "plan", "--tolerance", "-10%"),
        ("shards", "plan", "--by", "writes", "--watch", "0"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_as_such(run, words):
    told = run(*words)
    assert told.exit_code == 2 and isinstance(told.exception, SystemExit)


@pytest.mark.parametrize("pause", ["0", "0ms", "19ms", "11s", "999999"])
def test_a_pause_that_nobody_may_allow_is_refused(run, standing_cast, pause):
    assert one_sentence(
        run("shops", "move", str(standing_cast.asha.shop_id), "--to", "shard-b", "--max-pause", pause, "--yes")
    )


@pytest.fixture
def asked(runtime, cast):
    """Asha's move to B, asked for and not begun."""
    limits = moves.Limits(accept_degraded=True)
    mover = mover_of(runtime.router, limits)
    move_id = mover.ask(cast.asha.shop_id, "shard-b", asked_by="a test")
    yield cast.asha.shop_id, move_id
    if mover.status(move_id).state.live:
        mover.abort(move_id, "the test is over")


def test_a_reason_that_is_no_text_ends_nothing_by_halves(run, runtime, asked):
    """Bytes that are not UTF-8, as a shell of another encoding passes them on."""
    shop, move_id = asked
    reason = "for Moïse".encode("latin-1").decode("utf-8", "surrogateescape")
    assert one_sentence(run("shops", "abort", str(shop), "--yes", "--reason", reason))
    assert mover_of(runtime.router).status(move_id).state is MoveState.PLANNED
    with runtime.router.fleet(reason="a test") as fleet:
        parts = fleet.each(lambda db, shard: fence.shops_open_here(db, after=shop - 1, limit=1)).parts
    assert parts["shard-a"] == {shop: 1}  # the fence was not touched


# -- the control database is gone -----------------------------------------------------------------------------------
@pytest.fixture
def without_control(settings, runtime, tmp_path):
    """The same product, whose control database nobody answers for."""
    raw = json.loads(runtime.router.config.topology.read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    raw["control"]["servers"][raw["control"]["primary"]]["port"] = port
    file = tmp_path / "topology.json"
    file.write_text(json.dumps(raw))
    router = Router(dataclasses.replace(runtime.router.config, topology=file, background=False))
    runner = create_app(settings, parts=dataclasses.replace(runtime, router=router)).test_cli_runner()
    yield lambda *words: runner.invoke(args=list(words))
    router.close()


@pytest.mark.parametrize(
    "words",
    [
        ("shops", "move", "{shop}", "--to", "shard-b", "--yes"), ("shops", "move", "{shop}", "--to", "shard-b"),
        ("shops", "moves"), ("shops", "abort", "{shop}", "--yes"), ("shops", "rollback", "{shop}", "--yes"),
        ("shops", "resume"), ("shops", "resume", "{shop}"), ("shops", "purge"), ("shops", "purge", "--early", "--yes"),
        ("shards", "drain", "shard-a", "--yes"),
    ],
)  # fmt: skip
def test_without_the_control_database_each_says_so(without_control, standing_cast, words):
    assert one_sentence(without_control(*(word.format(shop=standing_cast.asha.shop_id) for word in words)))


def test_without_the_control_database_the_servers_are_listed_all_the_same(without_control):
    told = without_control("shards", "list")
    assert (told.exit_code, told.exception) == (0, None)
    assert "not known" in told.output and "a-1" in told.output


# -- who it was -----------------------------------------------------------------------------------------------------
def test_an_account_without_a_name_is_told_by_its_number(monkeypatch):
    """As in a container that runs under some number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert moving.who().startswith(f"uid {os.getuid()}@")
