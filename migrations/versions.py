"""Owns which schema versions this code needs. It imports nothing of app/, so that any process can ask at its start."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

if TYPE_CHECKING:
    from shard_router import Router

HERE = Path(__file__).resolve().parent

_VERSION_TABLE = sa.table("alembic_version", sa.column("version_num", sa.String(32)))
VERSION: sa.Select[str] = sa.select(_VERSION_TABLE.c.version_num)

# The newest step that this code's own statements need: steps are run first, then the code is started that needs them. A
# shard that is below waits (503) while the others trade.
_MINIMUM = {"control": "0001", "shard": "0020"}


def minimum(plane: str) -> str:
    """The oldest revision that this code works on."""
    return _MINIMUM[plane]


def history(plane: str, root: Path = HERE) -> list[Script]:
    """All steps of a plane, the oldest first. A history has one line: two heads are refused."""
    return [*reversed(list(_directory(plane, root).walk_revisions()))]


@cache
def _directory(plane: str, root: Path) -> ScriptDirectory:
    directory = ScriptDirectory(str(root / plane))
    directory.get_current_head()  # raises where there are two
    return directory


def current(connection: sa.Connection) -> str | None:
    """The revision that this database is at; None where nothing ever ran."""
    return MigrationContext.configure(connection).get_current_revision()


def stamp(connection: sa.Connection, plane: str, revision: str, root: Path = HERE) -> None:
    """Records that this database is at the revision now."""
    MigrationContext.configure(connection).stamp(_directory(plane, root), revision)
    connection.commit()


def is_below(found: str | None, needed: str) -> bool:
    """Revisions are counted: 0001, 0002, … A database ahead of this code is not below: expansions come first."""
    return found is None or int(found) < int(needed)


def shards_below_minimum(router: "Router") -> dict[str, str | None]:
    """Shards that this code must not serve, with their revisions. A shard that does not answer is not judged."""
    with router.fleet(reason="schema versions") as fleet:
        found = fleet.each(lambda session, _: session.scalar(VERSION)).parts
    return {shard: revision for shard, revision in found.items() if is_below(revision, minimum("shard"))}


def control_below_minimum(router: "Router") -> bool:
    """Whether the control plane is older than this code needs. A control plane that cannot be asked raises."""
    with router.control() as control:
        return is_below(control.scalar(VERSION), minimum("control"))
