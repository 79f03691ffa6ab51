"""Owns `flask shards vschema`: the map of all tables that Vitess needs to route by shop where our router would."""

import json
from collections.abc import Iterable
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import Table

from app.kit.runtime import runtime

VINDEX = "shop"
KIND = "xxhash"  # of a BIGINT; rows of one shop get one keyspace id, so they live on one shard
FIRST_SHARD = "00"  # a keyspace id in the first shard
VERSION_TABLE = "alembic_version"


@click.command("vschema")
@click.option("--keyspace", help="Only this one, as ApplyVSchema takes it. Without it: all, by their names.")
@with_appcontext
def vschema(keyspace: str | None) -> None:
    """Write the VSchema for Vitess: shop_id leads every shard's table to its shard."""
    from migrations.fleet import Plane  # brings alembic, which only this command needs here
    from migrations.tables import tables_of

    config = runtime().router.config
    found = {
        config.shard_database: sharded(tables_of(Plane.SHARD)),
        config.control_database: unsharded(tables_of(Plane.CONTROL)),
    }
    if keyspace is not None and keyspace not in found:
        raise click.ClickException(f"There is no keyspace {keyspace}; choose one of {', '.join(found)}.")
    click.echo(json.dumps(found if keyspace is None else found[keyspace], indent=1))


def sharded(tables: Iterable[Table]) -> dict[str, Any]:
    """By shop. No sequences: ids come from the application. The schema's version has no shop and is pinned."""
    by_shop = {"column_vindexes": [{"column": "shop_id", "name": VINDEX}]}
    return {
        "sharded": True,
        "vindexes": {VINDEX: {"type": KIND}},
        "tables": {**{table.name: by_shop for table in tables}, VERSION_TABLE: {"pinned": FIRST_SHARD}},
    }


def unsharded(tables: Iterable[Table]) -> dict[str, Any]:
    return {"sharded": False, "tables": {name: {} for name in [*(table.name for table in tables), VERSION_TABLE]}}
