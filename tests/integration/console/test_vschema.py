"""`flask shards vschema`: every table of a shard goes by its shop, every table of the control plane by nothing."""

import json

import pytest

from migrations.fleet import Plane
from migrations.tables import tables_of


@pytest.fixture
def run(flask_app):
    return lambda *words: flask_app.test_cli_runner().invoke(args=["shards", "vschema", *words])


def test_every_table_of_a_shard_has_its_vindex_on_the_shop(run, cluster):
    told = run("--keyspace", cluster.shard_database)
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert found["sharded"] is True
    assert found["vindexes"] == {"shop": {"type": "xxhash"}}
    pinned = found["tables"].pop("alembic_version")
    assert pinned == {"pinned": "00"}
    tables = tables_of(Plane.SHARD)
    assert set(found["tables"]) == {table.name for table in tables}
    for table in tables:
        (vindex,) = found["tables"][table.name]["column_vindexes"]
        assert vindex == {"column": "shop_id", "name": "shop"}
        assert vindex["column"] in table.columns
        assert table.columns[vindex["column"]].type.python_type is int, "xxhash must see one form of a number"


def test_the_control_plane_is_not_sharded(run, cluster):
    found = json.loads(run("--keyspace", cluster.control_database).output)
    assert found["sharded"] is False
    assert set(found["tables"]) == {*(table.name for table in tables_of(Plane.CONTROL)), "alembic_version"}
    assert all(facts == {} for facts in found["tables"].values())


def test_both_come_by_their_names(run, cluster):
    found = json.loads(run().output)
    assert set(found) == {cluster.shard_database, cluster.control_database}
    assert found[cluster.shard_database] == json.loads(run("--keyspace", cluster.shard_database).output)


def test_no_table_is_in_both(run):
    sharded, plain = json.loads(run().output).values()
    assert set(sharded["tables"]) & set(plain["tables"]) == {"alembic_version"}


def test_an_unknown_keyspace_is_refused_with_those_there_are(run, cluster):
    told = run("--keyspace", "nowhere")
    assert told.exit_code == 1
    assert "no keyspace nowhere" in told.output and cluster.shard_database in told.output
