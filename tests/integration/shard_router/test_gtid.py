"""The connection class on a real server: every path by which a GTID, a server status or a round trip must be seen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pymysql import err
from pymysql.constants import CLIENT

from shard_router import WrongShop, gtid
from shard_router.engines import shared_tls
from shard_router.gtid import TrackingConnection
from shard_router.marks import last_marks
from tests.integration.shard_router.conftest import Toy

INIT = "SET SESSION transaction_isolation='READ-COMMITTED', SESSION session_track_gtids='OWN_GTID'"


@pytest.fixture
def connect(toy: Toy, router: Any) -> Iterator[Any]:
    made: list[TrackingConnection] = []

    def connect(**settings: Any) -> TrackingConnection:
        host, port = toy.address("a-1")
        who = toy.raw["admin"]
        connection = TrackingConnection(
            host=host, port=port, user=who["user"], password=who["password"], database=toy.shard_database,
            charset="utf8mb4", init_command=INIT, ssl=shared_tls(Path(toy.raw["tls_ca"])),
            **{"autocommit": False, **settings},
        )  # fmt: skip
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.close()


def insert(connection: TrackingConnection, n: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("REPLACE INTO toy_loose VALUES (%s, 'x')", (n,))


def number(gtid: str | None) -> int:
    assert gtid is not None
    return max(last_marks(gtid).values())


def executed(toy: Toy, gtid: str | None) -> bool:
    return toy.sql("a-1", "SELECT GTID_SUBSET(%s, @@global.gtid_executed)", gtid) == ((1,),)


def test_commit(toy: Toy, connect: Any) -> None:
    connection = connect()
    insert(connection, 1)
    assert connection.last_gtid is None, "nothing is committed yet"
    connection.commit()
    first = connection.last_gtid
    assert executed(toy, first)
    insert(connection, 2)
    connection.commit()
    assert number(connection.last_gtid) > number(first)


def test_autocommit(toy: Toy, connect: Any) -> None:
    connection = connect(autocommit=True)
    insert(connection, 3)
    assert executed(toy, connection.last_gtid)


def test_ddl(toy: Toy, connect: Any) -> None:
    connection = connect()
    connection.query("CREATE TABLE IF NOT EXISTS toy_ddl (id INT PRIMARY KEY)")
    first = connection.last_gtid
    assert executed(toy, first)
    connection.query("DROP TABLE toy_ddl")
    assert number(connection.last_gtid) > number(first)


def test_executemany(toy: Toy, connect: Any) -> None:
    connection = connect()
    with connection.cursor() as cursor:
        cursor.executemany("REPLACE INTO toy_loose (id, name) VALUES (%s, %s)", [(n, "x" * 40) for n in range(10, 60)])
    assert connection.last_gtid is None
    connection.commit()
    assert executed(toy, connection.last_gtid)


def test_a_packet_of_several_statements(toy: Toy, connect: Any) -> None:
    """COMMIT in the middle and at the end, selects between. One packet's GTIDs come as one growing set."""
    connection = connect(client_flag=CLIENT.MULTI_STATEMENTS)
    connection.query(
        "REPLACE INTO toy_loose VALUES (70, 'x'); COMMIT; SELECT * FROM toy_loose;"
        " REPLACE INTO toy_loose VALUES (71, 'x'); COMMIT; SELECT 1"
    )
    seen = [connection.last_gtid]
    while connection._result.has_next:
        connection.next_result()
        seen.append(connection.last_gtid)
    assert seen[0] is None and seen[1] == seen[2] == seen[3] and seen[4] == seen[5]
    assert number(seen[5]) > number(seen[1]) and executed(toy, seen[5])


def test_an_unbuffered_cursor(toy: Toy, connect: Any) -> None:
    from pymysql.cursors import SSCursor

    connection = connect(cursorclass=SSCursor)
    insert(connection, 4)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM toy_loose")
        assert len(cursor.fetchall()) >= 1
    connection.commit()
    assert executed(toy, connection.last_gtid)


def test_a_transaction_begun_by_an_unbuffered_read_is_ended(connect: Any) -> None:
    from pymysql.cursors import SSCursor

    connection = connect(cursorclass=SSCursor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM toy_loose FOR UPDATE")
        cursor.fetchall()
    before = connection.round_trips
    connection.rollback()
    assert connection.round_trips == before + 1 and not connection.in_transaction


def test_reading_and_rolling_back_give_none(connect: Any) -> None:
    connection = connect()
    connection.query("SELECT * FROM toy_loose")
    connection.commit()
    insert(connection, 5)
    connection.rollback()
    assert connection.last_gtid is None


def test_a_schema_change_before_the_gtid_in_the_packet_is_stepped_over(toy: Toy, connect: Any) -> None:
    """Session state of other kinds (a new schema, system variables) may come in the same OK packet."""
    connection = connect()
    connection.query("SET SESSION session_track_state_change=ON, SESSION session_track_system_variables='*'")
    insert(connection, 6)
    connection.query("USE mysql")
    connection.commit()
    assert executed(toy, connection.last_gtid)


# -- what the server says of the transaction ----------------------------------------------------------------------
def test_an_end_without_a_beginning_costs_no_round_trip(connect: Any) -> None:
    connection = connect()
    before = connection.round_trips
    connection.commit()
    connection.rollback()
    assert connection.round_trips == before
    connection.query("SELECT 1")
    connection.rollback()
    assert connection.round_trips == before + 1


@pytest.mark.parametrize("statement", [
    "SELECT * FROM toy_loose", "SELECT * FROM toy_loose WHERE id = -1 FOR UPDATE",
    "UPDATE toy_loose SET name = name WHERE id = -1",
    "INSERT INTO toy_loose SELECT * FROM toy_loose WHERE id = -1", "START TRANSACTION",
])  # fmt: skip
def test_a_transaction_is_noticed(connect: Any, statement: str) -> None:
    connection = connect()
    connection.query(statement)
    assert connection.in_transaction
    before = connection.round_trips
    connection.rollback()
    assert connection.round_trips == before + 1 and not connection.in_transaction


def test_after_an_error_the_transaction_is_in_doubt(toy: Toy, connect: Any) -> None:
    """A first statement that fails may have left locks: the rollback is really sent."""
    connection = connect()
    connection.query("SET SESSION innodb_lock_wait_timeout = 1")
    holder = connect()
    holder.query("REPLACE INTO toy_loose VALUES (80, 'held')")
    with pytest.raises(err.OperationalError):
        connection.query("UPDATE toy_loose SET name = 'y' WHERE id = 80")
    assert connection.in_transaction
    before = connection.round_trips
    connection.rollback()
    assert connection.round_trips == before + 1
    holder.rollback()


# -- the gate -----------------------------------------------------------------------------------------------------
def test_an_armed_connection_lets_one_permitted_statement_pass(connect: Any) -> None:
    connection = connect()
    connection.query("SELECT 1")
    connection.arm()
    with pytest.raises(WrongShop):
        connection.query("SELECT 1")
    with pytest.raises(WrongShop), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.permit(many=False)
    connection.query("SELECT 1")
    with pytest.raises(WrongShop):
        connection.query("SELECT 1")
    connection.permit(many=True)
    connection.query("SELECT 1")
    connection.query("SELECT 1")
    connection.forbid()
    with pytest.raises(WrongShop):
        connection.query("SELECT 1")
    connection.commit()
    connection.ping(reconnect=False)


def test_columns_are_parsed_once_and_never_taken_for_others(connect: Any) -> None:
    """The same names with other types follow each other, in cursors and in a packet of several statements."""
    connection = connect(client_flag=CLIENT.MULTI_STATEMENTS)
    texts = (
        "SELECT 1 AS a, 'x' AS b",
        "SELECT 1.50 AS a, X'78' AS b",
        "SELECT CURRENT_DATE() - CURRENT_DATE() AS a, NULL AS b",
    )
    rows = [(1, "x"), (Decimal("1.50"), b"x"), (0, None)]
    with connection.cursor() as cursor:
        for _ in range(2):
            for text, row in zip(texts, rows, strict=True):
                cursor.execute(text)
                assert (cursor.fetchall(), [column[0] for column in cursor.description]) == ((row,), ["a", "b"])
        cursor.execute(";".join(texts * 2))
        for row in rows * 2:
            assert cursor.fetchall() == (row,)
            cursor.nextset()
    assert len(connection.descriptions) == len(texts)


def test_descriptions_of_columns_are_not_kept_without_end(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gtid, "DESCRIPTIONS_KEPT", 2)
    connection = connect()
    with connection.cursor() as cursor:
        for n in range(5):
            cursor.execute(f"SELECT {n} AS c{n}")
            assert (cursor.fetchall(), len(connection.descriptions) <= 2) == (((n,),), True)
