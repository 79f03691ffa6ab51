"""Owns the ledger in the control plane: which step ran on which database, when it began and ended, and how."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import insert

from migrations.fleet import Fleet
from shard_router.tables import migrations_ledger as ledger


@dataclass(frozen=True)
class Entry:
    """One step on one database. `running` with nobody at work means that the runner died in it."""

    target: str
    revision: str
    state: str  # running | done | failed
    started_at: dt.datetime
    finished_at: dt.datetime | None
    error: str | None


def now() -> dt.datetime:
    """UTC without its zone, as the column holds it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Ledger:
    """Written by the `migrate` account, each entry in a transaction of its own. Safe to use from many threads."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def write(self, entry: Entry) -> None:
        """Puts the step's newest state in. Control's first step makes this table: until then nothing is kept."""
        with self._fleet.connect(self._fleet.control, "migrate") as connection:
            if not sa.inspect(connection).has_table(ledger.name):
                return
            values = {column.name: getattr(entry, column.name) for column in ledger.columns}
            statement = insert(ledger).values(values)
            connection.execute(statement.on_duplicate_key_update({key: statement.inserted[key] for key in values}))
            connection.commit()

    def entries(self) -> list[Entry]:
        """All of them, by database, in the order in which they last began."""
        with self._fleet.connect(self._fleet.control, "migrate") as connection:
            if not sa.inspect(connection).has_table(ledger.name):
                return []
            rows = connection.execute(
                sa.select(ledger).order_by(ledger.c.target, ledger.c.started_at, ledger.c.revision)
            )
            return [Entry(*(getattr(row, field) for field in Entry.__dataclass_fields__)) for row in rows]
