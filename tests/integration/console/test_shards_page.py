"""The console's page of shards and moves: what is, and nobody but the vendor's people sees it."""

import re
from dataclasses import replace

import pytest

from app.console import homes
from app.console.moves import mover_of
from app.factory import ROOT
from shard_router.moves import Limits


@pytest.fixture
def page(flask_app, standing_cast):
    """The page as a person of the cast gets it."""

    def get(who):
        client = flask_app.test_client()
        client.set_cookie("boola_console", who.token)
        return client.get("/console/shards")

    return get


def cells(text, row):
    return re.sub(r"<[^>]+>", " ", next(part for part in re.split("<tr>|<dt>", text) if row in part)).split()


def test_every_server_stands_there_with_its_part(page, standing_cast, runtime):
    shown = page(standing_cast.om)
    assert shown.status_code == 200
    for shard in runtime.router.topology.every():
        for server in shard.servers:
            part = "primary" if server is shard.primary else "replica"
            assert part in cells(shown.text, f"{server.name} <")


def test_a_move_stands_there_with_what_became_of_it(page, standing_cast, cast, flask_app):
    told = flask_app.test_cli_runner().invoke(
        args=["shops", "move", str(cast.asha.shop_id), "--to", "shard-b", "--yes", "--accept-degraded"]
    )
    assert told.exit_code == 0, told.output
    shown = page(standing_cast.om).text
    row = cells(shown, f'/console/shops/{cast.asha.shop_id}"')
    assert row[:4] == [str(cast.asha.shop_id), "shard-a", "→", "shard-b"]
    assert "moved" in row and "ms" in row


def test_a_move_under_way_says_how_far_it_is_and_what_to_do_where_nobody_is_at_it(
    page, standing_cast, cast, runtime
) -> None:
    shop = cast.asha.shop_id
    mover = mover_of(runtime.router, Limits(accept_degraded=True))
    move_id = mover.ask(shop, "shard-b", asked_by="Om of the tests")
    shown = page(standing_cast.om).text
    card = shown[shown.index(f'aria-label="Move of shop {shop}"') :].partition("</section>")[0]
    assert "shard-a → shard-b" in card and "asked by Om of the tests" in card
    assert "nobody is at it" in card and f"flask shops resume {shop}" in card and "move-hangs.md" in card
    mover.abort(move_id, "the test is over")


@pytest.fixture
def dead(runtime, monkeypatch):
    """What the poller has found, of one server."""

    def find(name, **facts):
        watch = runtime.router.health_watch
        seen = [replace(one, **facts) if one.name == name else one for one in watch.report(runtime.router.topology)]
        monkeypatch.setattr(watch, "report", lambda topology: seen)

    return find


def test_a_dead_primary_is_named_with_what_to_do(page, standing_cast, dead):
    dead("a-1", reachable=False)
    shown = page(standing_cast.om).text
    assert "shard-a is down: its primary does not answer." in shown
    assert "docs/runbooks/primary-died.md" in shown


def test_a_replica_that_is_not_read_is_named_with_the_reason(page, standing_cast, dead):
    dead("b-2", in_rotation=False, problem="replication is stopped")
    shown = page(standing_cast.om).text
    assert "b-2 of shard-b is not read: replication is stopped." in shown
    assert "docs/runbooks/replica-lags.md" in shown


def test_every_runbook_that_it_names_is_there():
    named = {
        value
        for name, value in vars(homes).items()
        if name in ("PRIMARY_DIED", "REPLICA_LAGS", "CONTROL_GONE", "SPLIT")
    }
    assert [name for name in named if not (ROOT / "docs" / "runbooks" / f"{name}.md").is_file()] == []
    assert len(named) == 4


@pytest.mark.parametrize("name", ["asha", "zoya"])
def test_people_of_shops_do_not_see_it(page, standing_cast, name):
    assert page(getattr(standing_cast, name)).status_code != 200
