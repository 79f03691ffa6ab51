"""The console's page of shards and moves: what is, and nobody but the vendor's people sees it."""

import re

import pytest


@pytest.fixture
def page(flask_app, standing_cast):
    """The page as a person of the cast gets it."""

    def get(who):
        client = flask_app.test_client()
        client.set_cookie("boola_console", who.token)
        return client.get("/console/shards")

    return get


def cells(text, row):
    return re.sub(r"<[^>]+>", " ", next(part for part in text.split("<tr>") if row in part)).split()


def test_every_server_stands_there_with_its_part(page, standing_cast, runtime):
    shown = page(standing_cast.om)
    assert shown.status_code == 200
    for shard in runtime.router.topology.every():
        for server in shard.servers:
            part = "primary" if server is shard.primary else "replica"
            assert part in cells(shown.text, f">{server.name}<")


def test_a_move_stands_there_with_what_became_of_it(page, standing_cast, cast, flask_app):
    told = flask_app.test_cli_runner().invoke(
        args=["shops", "move", str(cast.asha.shop_id), "--to", "shard-b", "--yes", "--accept-degraded"]
    )
    assert told.exit_code == 0, told.output
    shown = page(standing_cast.om).text
    row = cells(shown, f'/console/shops/{cast.asha.shop_id}"')
    assert row[:3] == [str(cast.asha.shop_id), "shard-a", "shard-b"]
    assert "moved" in row and "ms" in row


@pytest.mark.parametrize("name", ["asha", "zoya"])
def test_people_of_shops_do_not_see_it(page, standing_cast, name):
    assert page(getattr(standing_cast, name)).status_code != 200
