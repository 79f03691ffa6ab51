"""Owns what a migration may do. Each step asks first whether it is done already: MySQL commits every DDL statement by
itself, so a migration that was killed half-way is finished by running it again.

On tables that hold rows, ALGORITHM and LOCK are sent with the statement: what MySQL cannot do online, it refuses."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.schemaobj import SchemaObjects
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.schema import CreateColumn, CreateTable

from migrations.kinds import Index

INNODB: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_0900_ai_ci"}


class Steps:
    """Handed to `upgrade(op)` of every migration. Not alembic's global `op`, which two shards at once would share."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        context = MigrationContext.configure(connection)
        self._op = Operations(context)
        self._schema = SchemaObjects(context)

    def create_table(self, table: str, *parts: Any) -> None:
        """A new table with its indexes, in one statement: it is there whole or not at all. Nobody can be using it, so
        nobody is locked."""
        wanted = [part for part in parts if isinstance(part, Index)]
        if self.has_table(table):
            there = self.indexes(table) if wanted else set()
            for index in wanted:  # release 0.1.0 made them by statements of their own
                if index.name not in there:
                    self.add_index(table, index.name, index.columns, unique=index.unique)
            return
        of_table = self._schema.table(table, *(part for part in parts if not isinstance(part, Index)), **INNODB)
        whole = str(CreateTable(of_table).compile(dialect=self.connection.dialect)).replace("%%", "%")
        body, options = whole.rsplit("\n)", 1)
        indexes = "".join(f",\n\t{self._index(one.name, one.columns, unique=one.unique)}" for one in wanted)
        self.connection.execute(sa.text(f"{body}{indexes}\n){options}".replace(":", "\\:")))

    def add_column(self, table: str, column: sa.Column[Any]) -> None:
        """ALGORITHM=INSTANT: no row is touched. A column that must have a value needs a server default."""
        if column.name in self.columns(table):
            return
        sa.Table(table, sa.MetaData(), column)
        spec = str(CreateColumn(column).compile(dialect=self.connection.dialect)).replace("%%", "%")
        self.alter(table, f"ADD COLUMN {spec}", "INSTANT")

    def let_be_empty(self, table: str, column: sa.Column[Any]) -> None:
        """A column that had to have a value may be NULL from now on: ALGORITHM=INPLACE, LOCK=NONE. Running code loses
        nothing: it goes on writing a value. `column` is the column as it is, but nullable."""
        found = {str(one["name"]): one for one in sa.inspect(self.connection).get_columns(table)}
        if found[str(column.name)]["nullable"]:
            return
        sa.Table(table, sa.MetaData(), column)
        spec = str(CreateColumn(column).compile(dialect=self.connection.dialect)).replace("%%", "%")
        self.alter(table, f"MODIFY COLUMN {spec}", "INPLACE", "NONE")

    def drop_column(self, table: str, column: str) -> None:
        """ALGORITHM=INSTANT. The contract step: only when no running version of the code names the column."""
        if column in self.columns(table):
            self.alter(table, f"DROP COLUMN {self._quoted(column)}", "INSTANT")

    def add_index(self, table: str, index: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """ALGORITHM=INPLACE, LOCK=NONE: built while the shops trade."""
        if index not in self.indexes(table):
            self.alter(table, f"ADD {self._index(index, columns, unique=unique)}", "INPLACE", "NONE")

    def add_tie(self, table: str, tie: sa.ForeignKeyConstraint) -> None:
        """A foreign key on a table that is there already, built while the shops trade: ALGORITHM=INPLACE, LOCK=NONE.

        MySQL does it so only where it need not look at the rows that stand there: see to them before.
        """
        if tie.name in {one["name"] for one in sa.inspect(self.connection).get_foreign_keys(table)}:
            return
        to = [element.target_fullname.split(".") for element in tie.elements]
        columns, theirs = self._listed(tie.column_keys), self._listed([column for _, column in to])
        clause = f"FOREIGN KEY ({columns}) REFERENCES {self._quoted(to[0][0])} ({theirs})"
        self.connection.execute(sa.text("SET SESSION foreign_key_checks = 0"))
        try:
            self.alter(table, f"ADD CONSTRAINT {self._quoted(str(tie.name))} {clause}", "INPLACE", "NONE")
        finally:
            self.connection.execute(sa.text("SET SESSION foreign_key_checks = 1"))

    def drop_index(self, table: str, index: str) -> None:
        """ALGORITHM=INPLACE, LOCK=NONE."""
        if index in self.indexes(table):
            self.alter(table, f"DROP INDEX {self._quoted(index)}", "INPLACE", "NONE")

    def drop_table(self, table: str) -> None:
        """The contract step: only when no running version of the code names the table."""
        if self.has_table(table):
            self._op.drop_table(table)

    def seed(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows in where their key is not there yet; a row that an operator has corrected since stays as it is."""
        if not rows:
            return
        target = sa.table(table, *(sa.column(key) for key in rows[0]))
        statement = insert(target).values([dict(row) for row in rows])
        first = next(iter(rows[0]))
        self.connection.execute(statement.on_duplicate_key_update({first: target.c[first]}))
        self.connection.commit()

    def alter(self, table: str, clause: str, algorithm: str, lock: str | None = None) -> None:
        """One ALTER TABLE that MySQL must do in the stated way or refuse."""
        how = f"ALGORITHM={algorithm}" + (f", LOCK={lock}" if lock else "")
        statement = f"ALTER TABLE {self._quoted(table)} {clause}, {how}"
        self.connection.execute(sa.text(statement.replace(":", "\\:")))

    def has_table(self, table: str) -> bool:
        return sa.inspect(self.connection).has_table(table)

    def columns(self, table: str) -> set[str]:
        return {str(column["name"]) for column in sa.inspect(self.connection).get_columns(table)}

    def indexes(self, table: str) -> set[str]:
        return {str(index["name"]) for index in sa.inspect(self.connection).get_indexes(table)}

    def _index(self, name: str, columns: Sequence[str], *, unique: bool) -> str:
        return f"{'UNIQUE ' if unique else ''}INDEX {self._quoted(name)} ({self._listed(columns)})"

    def _listed(self, columns: Sequence[str]) -> str:
        return ", ".join(self._quoted(column) for column in columns)

    def _quoted(self, name: str) -> str:
        return self.connection.dialect.identifier_preparer.quote_identifier(name)
