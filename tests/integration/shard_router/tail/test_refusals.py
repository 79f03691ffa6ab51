"""What the tail cannot know ends it with a reason; what changes no row of the shop's database does not."""

from __future__ import annotations

from typing import Any

import pytest

from shard_router.moves.events import TailBroken
from shard_router.moves.keys import KeyRefused, read_shapes
from shard_router.moves.tail import Tail
from tests.support.tailing import Place, key, run


def ends(place: Place, *statements: str, database: str | None = "own", table: str = "pieces") -> str:
    """The reason for which a tail ended over these statements of one session."""
    current = place.database if database == "own" else database
    with place.tail(table) as tail, place.connect(database=current) as till:
        for statement in statements:
            run(till, statement.replace("HERE", place.database))
        return place.reason(tail)


@pytest.fixture
def pieces(place: Place) -> Place:
    place.make("pieces", "v INT, t TEXT, j JSON")
    place.sql("""INSERT INTO pieces VALUES (1, %s, 7, 't', '{"a": 1, "b": "bbbbbbbbbbbbbbb"}')""", key(1))
    return place


# -- transactions ---------------------------------------------------------------------------------------------------
def test_a_compressed_transaction(pieces: Place) -> None:
    said = ends(pieces, "SET SESSION binlog_transaction_compression = ON", "UPDATE pieces SET v = 8")
    assert "compressed" in said and "binlog_transaction_compression" in said


@pytest.mark.parametrize("end", [("XA PREPARE 'x'", "XA COMMIT 'x'"), ("XA COMMIT 'x' ONE PHASE",)])
def test_an_xa_transaction(pieces: Place, end: tuple[str, ...]) -> None:
    said = ends(pieces, "XA START 'x'", "UPDATE pieces SET v = 8", "XA END 'x'", *end)
    assert said == "an XA transaction"


# -- rows -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
@pytest.mark.parametrize("change", ["UPDATE pieces SET v = 8", "DELETE FROM pieces"])
def test_rows_without_all_their_columns(pieces: Place, image: str, change: str) -> None:
    said = ends(pieces, f"SET SESSION binlog_row_image = {image}", change)
    assert said == "rows of pieces without all columns: binlog_row_image is not FULL"


def test_an_insert_without_all_its_columns(pieces: Place) -> None:
    change = "INSERT INTO pieces (shop_id, id) VALUES (1, 'new')"
    assert "not FULL" in ends(pieces, "SET SESSION binlog_row_image = MINIMAL", change)


def test_parts_of_json(pieces: Place) -> None:
    said = ends(
        pieces, "SET SESSION binlog_row_value_options = PARTIAL_JSON", "UPDATE pieces SET j = JSON_SET(j, '$.a', 2)"
    )
    assert "binlog_row_value_options" in said


def test_parts_of_json_of_other_tables_pass_by(pieces: Place) -> None:
    pieces.make("others", "j JSON")
    pieces.sql("""INSERT INTO others VALUES (1, %s, '{"a": 1, "b": "bbbbbbbbbbbbbbb"}')""", key(1))
    with pieces.tail("pieces") as tail, pieces.connect() as till:
        run(till, "SET SESSION binlog_row_value_options = PARTIAL_JSON")
        run(till, "UPDATE others SET j = JSON_SET(j, '$.a', 2)")
        assert pieces.keys(tail) == {}


# -- statements -----------------------------------------------------------------------------------------------------
DDL = [
    "ALTER TABLE HERE.pieces ADD COLUMN more INT",
    "ALTER TABLE HERE.pieces DROP COLUMN v, ALGORITHM=INSTANT",
    "CREATE INDEX i ON HERE.pieces (v)",
    "TRUNCATE HERE.pieces",
    "TRUNCATE TABLE `HERE`.`pieces`",
    "/* a remark */ TRUNCATE HERE . pieces",
    "RENAME TABLE HERE.pieces TO HERE.bits",
    "CREATE TABLE HERE.more (n INT PRIMARY KEY)",
    "CREATE TABLE HERE.more LIKE HERE.pieces",
    "CREATE TABLE HERE.more (PRIMARY KEY (n)) SELECT 1 AS n",
    "CREATE VIEW HERE.v AS SELECT 1",
    "CREATE TRIGGER HERE.t BEFORE INSERT ON HERE.pieces FOR EACH ROW SET @a = 1",
    "CREATE PROCEDURE HERE.p() SELECT 1",
    "CREATE EVENT HERE.e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1",
    "DROP TABLE HERE.pieces",
    "OPTIMIZE TABLE HERE.pieces",
    "ALTER DATABASE HERE READ ONLY = 0",
]
LEFT = [
    "DROP TABLE IF EXISTS more, bits", "DROP VIEW IF EXISTS v", "DROP PROCEDURE IF EXISTS p", "DROP EVENT IF EXISTS e",
]  # fmt: skip


@pytest.mark.parametrize("current", ["own", "mysql", None])
@pytest.mark.parametrize("statement", DDL)
def test_a_change_of_the_databases_tables(pieces: Place, statement: str, current: str | None) -> None:
    """Whatever database the session is in: a statement may name another one."""
    try:
        said = ends(pieces, statement, database=current)
        assert said.startswith("a statement that may change tables, and not a row, of the shop's database: ")
    finally:
        for one in LEFT:
            pieces.sql(one)


@pytest.mark.parametrize("current", ["own", "mysql", None])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO HERE.pieces VALUES (1, 'new', 1, '', NULL)",
        "UPDATE HERE.pieces SET v = RAND() * 9",
        "DELETE FROM HERE.pieces",
        "UPDATE HERE.pieces p, mysql.time_zone z SET p.v = 9",
    ],
)
def test_a_statement_instead_of_rows(pieces: Place, statement: str, current: str | None) -> None:
    mode = "SET SESSION transaction_isolation = 'REPEATABLE-READ', binlog_format = STATEMENT"
    assert "a statement that may change tables" in ends(pieces, mode, statement, database=current)


def test_the_database_dropped(place: Place) -> None:
    beside = Place.__new__(Place)
    beside.__dict__.update(place.__dict__, database=f"{place.database}3")
    place.sql(f"CREATE DATABASE {beside.database}")
    place.sql(f"GRANT SELECT ON {beside.database}.* TO '{place.account[0]}'")
    beside.make("pieces")
    with beside.tail("pieces") as tail:
        place.sql(f"DROP DATABASE {beside.database}")
        assert "DROP DATABASE" in beside.reason(tail)


@pytest.mark.parametrize("current", ["own", "mysql", None])
def test_what_changes_no_row_and_no_table_passes_by(pieces: Place, current: str | None) -> None:
    user = f"{pieces.database}_u"
    with pieces.tail("pieces") as tail:
        with pieces.connect(database=pieces.database if current == "own" else current) as till:
            for statement in (
                "ANALYZE TABLE HERE.pieces",
                "FLUSH TABLES HERE.pieces",
                f"CREATE USER '{user}'",
                f"GRANT SELECT ON HERE.* TO '{user}'",
                f"ALTER USER '{user}' ACCOUNT LOCK",
                f"REVOKE SELECT ON HERE.* FROM '{user}'",
                f"DROP USER '{user}'",
                "CREATE TEMPORARY TABLE HERE.passing (n INT) SELECT 1 AS n",
                "INSERT INTO HERE.passing VALUES (2)",
                "DROP TEMPORARY TABLE HERE.passing",
            ):
                run(till, statement.replace("HERE", pieces.database))
        pieces.sql("UPDATE pieces SET v = 8")
        assert pieces.keys(tail) == {"pieces": {(key(1),)}}


# -- the beginning --------------------------------------------------------------------------------------------------
def refused(tail: Tail) -> str:
    with pytest.raises(TailBroken) as why:
        tail.start()
    tail.stop()
    return str(why.value)


def test_a_since_that_the_server_has_not(pieces: Place) -> None:
    """It is of another history: rows may differ that no stream from here would name."""
    ahead = f"{pieces.executed()},ffffffff-0000-0000-0000-000000000001:1-5"
    assert "has not executed all" in refused(pieces.unstarted("pieces", since=ahead))


@pytest.mark.parametrize("since", ["0x1", "ffffffff-0000-0000-0000-000000000001:tag:1"])
def test_a_since_that_cannot_be_read(pieces: Place, since: str) -> None:
    with pytest.raises(TailBroken):
        pieces.unstarted("pieces", since=since)


def test_an_account_that_may_not_replicate(pieces: Place) -> None:
    user = f"{pieces.database}_v"
    pieces.sql(f"CREATE USER '{user}' IDENTIFIED BY 'no-rights-1'")
    try:
        tail = pieces.unstarted(
            "pieces", connect=lambda: pieces.connect(user=user, password="no-rights-1", database=None)
        )
        tail.start()
        assert "REPLICATION SLAVE" in pieces.reason(tail)
        tail.stop()
    finally:
        pieces.sql(f"DROP USER '{user}'")


def test_a_server_that_is_not_there(pieces: Place) -> None:
    assert "gives no stream" in refused(pieces.unstarted("pieces", connect=lambda: pieces.connect_tail(port=1)))


def test_a_table_that_is_no_longer_what_its_key_was_looked_up_for(pieces: Place) -> None:
    for change in ("ADD COLUMN more INT", "MODIFY id BINARY(17)", "MODIFY id VARCHAR(16) CHARACTER SET ascii"):
        pieces.make("pieces")
        with pieces.connect_tail() as connection:
            shapes = read_shapes(connection, pieces.database, ["pieces"])
        pieces.sql(f"ALTER TABLE pieces {change}")
        tail = Tail(pieces.connect_tail, database=pieces.database, shop_id=1, keys=shapes, since=pieces.executed(),
                    server_id=2**31 + 5)  # fmt: skip
        tail.start()
        pieces.sql("INSERT INTO pieces (shop_id, id) VALUES (1, 'x')")
        assert pieces.reason(tail) == "the columns of pieces are not those that it had when its key was looked up"
        tail.stop()


# -- keys -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("shop_id BIGINT, n BIGINT UNSIGNED, PRIMARY KEY (shop_id, n)", "bigint unsigned"),
        ("shop_id BIGINT, n TINYINT, PRIMARY KEY (shop_id, n)", "tinyint"),
        ("shop_id BIGINT, n DATETIME, PRIMARY KEY (shop_id, n)", "datetime"),
        ("shop_id BIGINT, n DECIMAL(9, 2), PRIMARY KEY (shop_id, n)", "decimal(9,2)"),
        ("shop_id BIGINT, n CHAR(3), PRIMARY KEY (shop_id, n)", "char(3)"),
        ("shop_id BIGINT, n VARBINARY(3), PRIMARY KEY (shop_id, n)", "varbinary(3)"),
        ("shop_id BIGINT, n ENUM('a'), PRIMARY KEY (shop_id, n)", "enum('a')"),
        ("shop_id BIGINT, n VARCHAR(9), PRIMARY KEY (shop_id, n)", "utf8mb4_0900_ai_ci"),
        ("shop_id BIGINT, n VARCHAR(9) CHARACTER SET ascii, PRIMARY KEY (shop_id, n)", "ascii_general_ci"),
        (
            "shop_id BIGINT, n VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin, PRIMARY KEY (shop_id, n(3))",
            "a part of",
        ),
        ("shop_id BIGINT UNSIGNED PRIMARY KEY", "bigint unsigned"),
        ("shop_id BINARY(16) PRIMARY KEY", "not led by a whole number shop_id"),
        ("id BIGINT, shop_id BIGINT, PRIMARY KEY (id, shop_id)", "not led by a whole number shop_id"),
        ("id BIGINT, shop_id BIGINT, PRIMARY KEY (shop_id, id)", "do not lead the table"),
        ("shop_id BIGINT, v INT, id BIGINT, PRIMARY KEY (shop_id, id)", "do not lead the table"),
        ("shop_id BIGINT, v INT", "not led by a whole number shop_id"),
        ("shop_id BIGINT NOT NULL, v INT, UNIQUE (shop_id)", "not led by a whole number shop_id"),
    ],
)
def test_a_key_that_cannot_be_read_is_refused_when_it_is_looked_up(place: Place, columns: str, said: str) -> None:
    place.sql("DROP TABLE IF EXISTS odd")
    place.sql(f"CREATE TABLE odd ({columns})")
    with place.connect_tail() as connection, pytest.raises(KeyRefused) as why:
        read_shapes(connection, place.database, ["odd"])
    assert said in str(why.value) and str(why.value).startswith("odd")


def test_a_table_that_is_not_there_has_no_key(place: Place) -> None:
    with place.connect_tail() as connection, pytest.raises(KeyRefused, match="no such table"):
        read_shapes(connection, place.database, ["nothing"])


def test_the_keys_of_ours_can_all_be_read(place: Place) -> None:
    """Every table of the shard plane that goes with a shop."""
    from sqlalchemy.dialects import mysql
    from sqlalchemy.schema import CreateTable

    from migrations.tables import tables_of

    tables = [table for table in tables_of("shard") if "shop_id" in table.columns]
    with place.connect() as connection:
        run(connection, "SET SESSION foreign_key_checks = 0")
        for table in tables:
            run(connection, str(CreateTable(table).compile(dialect=mysql.dialect())))
        shapes: dict[str, Any] = read_shapes(connection, place.database, [table.name for table in tables])
        for table in tables:
            run(connection, f"DROP TABLE `{table.name}`")
    assert len(shapes) > 15
    for table in tables:
        assert [one.name for one in shapes[table.name].key] == [one.name for one in table.primary_key.columns]
