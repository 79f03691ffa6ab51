"""Owns one database's way through its history: what is left to run, and running it step by step into the ledger."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic.script import Script

from migrations import versions
from migrations.fleet import Fleet, Target
from migrations.ledger import Entry, Ledger, now
from migrations.steps import Steps

Say = Callable[[str], None]
LONGEST_ERROR = 1000


class History:
    """Runs the steps of one target. Between two steps anything may happen; the next run goes on from there."""

    def __init__(self, fleet: Fleet, target: Target, ledger: Ledger, root: Path = versions.HERE) -> None:
        self._fleet = fleet
        self._target = target
        self._ledger = ledger
        self._root = root

    def current(self) -> str | None:
        with self._fleet.connect(self._target, "migrate") as connection:
            return versions.current(connection)

    def pending(self) -> list[Script]:
        """Steps not yet run, the oldest first; none where the database is ahead of this code."""
        found = self.current()
        return [
            step for step in versions.history(self._target.plane, self._root) if versions.is_below(found, step.revision)
        ]

    def run(self, say: Say, still_alone: Callable[[], None]) -> int:
        """Runs what is pending; `still_alone` raises where the lock was lost. Returns the number of steps run."""
        self._fleet.refuse_read_only(self._target, "migrate")
        steps = self.pending()
        for step in steps:
            still_alone()
            say(f"{self._target.name}: {step.revision} {step.doc}")
            self._run_one(step)
        return len(steps)

    def _run_one(self, step: Script) -> None:
        begun = now()
        name, revision = self._target.name, step.revision
        self._ledger.write(Entry(name, revision, "running", begun, None, None))
        try:
            with self._fleet.connect(self._target, "migrate") as connection:
                step.module.upgrade(Steps(connection))
                connection.commit()
                versions.stamp(connection, self._target.plane, revision, self._root)
        except Exception as failed:
            self._ledger.write(Entry(name, revision, "failed", begun, now(), told(failed)))
            raise
        self._ledger.write(Entry(name, revision, "done", begun, now(), None))


def told(failed: BaseException) -> str:
    """An error in one line that fits the ledger; the database's own words where it is the database's."""
    if isinstance(failed, sa.exc.DBAPIError) and failed.orig is not None:
        failed = failed.orig
    return f"{type(failed).__name__}: {failed}"[:LONGEST_ERROR]
