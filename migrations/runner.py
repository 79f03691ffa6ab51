"""Owns a run over the fleet: one runner at a time; control, then the canary shard, then the rest, some at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from migrations import versions
from migrations.accounts import Bootstrap
from migrations.errors import AnotherRunner, MigrationFailed, MigrationRefused
from migrations.fleet import Fleet, FleetConfig, Target
from migrations.grants import Grants
from migrations.history import History, Say, told
from migrations.ledger import Entry, Ledger
from migrations.spread import some_at_once


@dataclass(frozen=True)
class Standing:
    """Where one database stands."""

    target: str
    revision: str | None
    head: str
    pending: tuple[str, ...]
    grants: tuple[str, ...]  # statements that a run would send
    last: Entry | None
    trouble: str | None = None  # it could not be asked


class Runner:
    """`root` is where the histories lie; tests give one of their own."""

    def __init__(self, config: FleetConfig, *, root: Path = versions.HERE, say: Say = lambda _: None) -> None:
        self.fleet = Fleet(config)
        self.ledger = Ledger(self.fleet)
        self._root = root
        self._say = say

    def up(self, *, wait_s: int = 0) -> int:
        """Brings the whole fleet to the head and returns the number of steps run. Twice is harmless."""
        with self._alone(wait_s) as still_alone:
            if self.fleet.config.admin is not None:
                self._bootstrap()
            steps = self._one(self.fleet.control, still_alone)
            canary, *rest = self.fleet.shards
            steps += self._one(canary, still_alone)
            more, failures = some_at_once(
                rest, lambda target: self._one(target, still_alone), at_once=self.fleet.config.parallel
            )
            if failures:
                raise MigrationFailed({target.name: in_words(why) for target, why in failures.items()})
            return steps + more

    def _bootstrap(self) -> None:
        for target in self.fleet.targets:
            self.fleet.refuse_read_only(target, "admin")
            for act in Bootstrap(self.fleet, target).run():
                self._say(f"{target.name}: {act}")

    def _one(self, target: Target, still_alone: Callable[[], None]) -> int:
        """A database whose step failed keeps its old rights too: its grants follow its tables."""
        try:
            steps = History(self.fleet, target, self.ledger, self._root).run(self._say, still_alone)
            if changes := Grants(self.fleet, target).apply():
                self._say(f"{target.name}: {len(changes)} changes of accounts' rights")
        except MigrationRefused:
            raise
        except Exception as failed:
            raise MigrationFailed({target.name: told(failed)}) from failed
        return steps

    @contextmanager
    def _alone(self, wait_s: int) -> Iterator[Callable[[], None]]:
        """Holds the fleet's lock on the control primary; it goes with its connection, so a kill leaves none."""
        name = f"migrations.{self.fleet.control.database}"[:64]
        account = "admin" if self.fleet.config.admin is not None else "migrate"
        with self.fleet.connect(self.fleet.control, account, database=False) as connection:
            if connection.scalar(sa.text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": wait_s}) != 1:
                raise AnotherRunner(
                    "Another runner is migrating this fleet; wait for it, or ask `status` what it does."
                )

            guard = Lock()

            def still_alone() -> None:
                with guard, suppress(sa.exc.SQLAlchemyError):
                    if connection.scalar(sa.text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()"), {"name": name}):
                        return
                raise MigrationRefused("The fleet's lock was lost; nothing more was begun. Run it again.")

            try:
                yield still_alone
            finally:
                with guard, suppress(sa.exc.SQLAlchemyError):
                    connection.execute(sa.text("SELECT RELEASE_LOCK(:name)"), {"name": name})

    def standing(self) -> list[Standing]:
        """Where every database stands; one that cannot be asked says why and keeps nobody else from being asked."""
        try:
            last = {entry.target: entry for entry in self.ledger.entries()}
        except (sa.exc.DBAPIError, MigrationRefused):
            last = {}
        return [self._standing(target, last.get(target.name)) for target in self.fleet.targets]

    def _standing(self, target: Target, last: Entry | None) -> Standing:
        head = versions.history(target.plane, self._root)[-1].revision
        try:
            history = History(self.fleet, target, self.ledger, self._root)
            with self.fleet.connect(target, "migrate") as connection:
                grants = tuple(Grants(self.fleet, target).changes(connection))
            pending = tuple(step.revision for step in history.pending())
            return Standing(target.name, history.current(), head, pending, grants, last)
        except (sa.exc.DBAPIError, MigrationRefused) as failed:
            return Standing(target.name, None, head, (), (), last, told(failed))


def in_words(why: BaseException) -> str:
    """What a failed shard is reported with: a refusal's own sentence, else the error behind the failure."""
    if isinstance(why, MigrationFailed) and why.__cause__ is not None:
        return told(why.__cause__)
    return str(why)
