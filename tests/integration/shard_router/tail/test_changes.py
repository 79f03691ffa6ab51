"""The tail on a real server: the keys that it gives are those of the rows that changed, of one shop."""

from __future__ import annotations

import random
import threading
from datetime import date
from typing import Any

import pytest

from shard_router.gtid_sets import GtidSet
from tests.support.tailing import ASHA, RAVI, Place, key, run


def test_insert_update_and_delete(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail:
        place.sql("INSERT INTO pieces VALUES (1, %s, 7), (1, %s, 8), (1, %s, 9)", key(1), key(2), key(3))
        assert place.keys(tail) == {"pieces": {(key(1),), (key(2),), (key(3),)}}
        place.sql("UPDATE pieces SET v = 0 WHERE id = %s", key(2))
        assert place.keys(tail) == {"pieces": {(key(2),)}}
        place.sql("DELETE FROM pieces WHERE id = %s", key(3))
        assert place.keys(tail) == {"pieces": {(key(3),)}}
        assert place.keys(tail) == {}, "what was taken is forgotten"


def test_what_was_there_before_is_not_named(place: Place) -> None:
    place.make("pieces")
    place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
    with place.tail("pieces") as tail:
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(2))
        assert place.keys(tail) == {"pieces": {(key(2),)}}


def test_an_update_that_changes_nothing_names_nothing(place: Place) -> None:
    place.make("pieces")
    place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
    with place.tail("pieces") as tail:
        place.sql("UPDATE pieces SET v = 7")
        assert place.keys(tail) == {}


def test_a_change_of_the_key_names_both(place: Place) -> None:
    place.make("pieces")
    place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
    with place.tail("pieces") as tail:
        place.sql("UPDATE pieces SET id = %s", key(2))
        assert place.keys(tail) == {"pieces": {(key(1),), (key(2),)}}


def test_a_row_that_changes_its_shop_is_named_in_both(place: Place) -> None:
    """No account of ours may do that; the tail would still see it leave, and see it come."""
    place.make("pieces")
    place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
    with place.tail("pieces") as asha, place.tail("pieces", shop_id=RAVI) as ravi:
        place.sql("UPDATE pieces SET shop_id = 2")
        assert place.keys(asha) == {"pieces": {(key(1),)}}
        assert place.keys(ravi) == {"pieces": {(key(1),)}}


def test_another_shops_rows_never_appear(place: Place) -> None:
    """Also in the same event, and where a number of a row looks like the shop's."""
    place.make("pieces", "v BIGINT")
    with place.tail("pieces") as tail:
        rows = [(shop, key(n), 1) for n in range(50) for shop in (RAVI, ASHA, 257, -1, 1 << 32, 1 << 56)]
        place.sql("INSERT INTO pieces VALUES " + ",".join("(%s,%s,%s)" for _ in rows), *sum(rows, ()))
        place.sql("UPDATE pieces SET v = 2 WHERE shop_id <> 1")
        assert place.keys(tail) == {"pieces": {(key(n),) for n in range(50)}}
        place.sql("DELETE FROM pieces WHERE shop_id <> 1")
        assert place.keys(tail) == {}


def test_a_shop_with_a_number_of_eight_bytes(place: Place) -> None:
    shop = 2**63 - 1
    place.make("pieces")
    with place.tail("pieces", shop_id=shop) as tail:
        place.sql("INSERT INTO pieces VALUES (%s, %s, 7), (%s, %s, 7)", shop, key(1), shop - 1, key(2))
        assert place.keys(tail) == {"pieces": {(key(1),)}}


def test_tables_that_were_not_asked_for_pass_by(place: Place) -> None:
    place.make("pieces")
    place.make("others", "j JSON, g GEOMETRY")
    with place.tail("pieces") as tail:
        place.sql("INSERT INTO others VALUES (1, %s, '{}', POINT(1, 1))", key(1))
        assert place.keys(tail) == {}


def test_a_table_of_the_same_name_in_another_database_passes_by(place: Place) -> None:
    other = f"{place.database}2"
    place.make("pieces")
    place.sql(f"CREATE DATABASE {other}")
    try:
        with place.tail("pieces") as tail:
            with place.connect(database=other) as beside:
                run(beside, "CREATE TABLE pieces (shop_id BIGINT, id BINARY(16), v INT, n INT AUTO_INCREMENT UNIQUE)")
                run(beside, "INSERT INTO pieces VALUES (1, %s, 7, 7)", key(1))
                run(beside, "ALTER TABLE pieces ADD COLUMN more INT")
                run(beside, "TRUNCATE pieces")
                run(beside, "CREATE TABLE more SELECT * FROM pieces")
                run(beside, "SET SESSION transaction_isolation = 'REPEATABLE-READ', binlog_format = STATEMENT")
                run(beside, "SET @five = 5")
                run(beside, "INSERT INTO pieces (v) VALUES (RAND() * @five)")
            assert place.keys(tail) == {}
    finally:
        place.sql(f"DROP DATABASE {other}")


def test_a_transaction_is_named_when_it_commits(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect(autocommit=False) as till:
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert place.keys(tail) == {}
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(2))
        till.commit()
        assert place.keys(tail) == {"pieces": {(key(1),), (key(2),)}}


def test_a_rollback_leaves_nothing(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect(autocommit=False) as till:
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        till.rollback()
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(2))
        assert place.keys(tail) == {"pieces": {(key(2),)}}


def test_what_is_rolled_back_to_a_savepoint_leaves_nothing(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect(autocommit=False) as till:
        for n, statement in enumerate(
            ["SAVEPOINT a", "SAVEPOINT b", "ROLLBACK TO b", "RELEASE SAVEPOINT a", "SAVEPOINT c", "ROLLBACK TO c"]
        ):
            run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(n))
            run(till, statement)
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(6))
        till.commit()
        # 2 went with `b`, which stands behind it; 5 with `c`
        assert place.keys(tail) == {"pieces": {(key(0),), (key(1),), (key(3),), (key(4),), (key(6),)}}


def test_all_kinds_of_writing(place: Place) -> None:
    place.make("pieces", "v INT, UNIQUE (v)")
    place.make("dues", "v INT")
    with place.tail("pieces", "dues") as tail:
        place.sql("INSERT INTO pieces VALUES (1, %s, 1), (1, %s, 2)", key(1), key(2))
        place.keys(tail)
        place.sql("INSERT INTO pieces VALUES (1, %s, 5) ON DUPLICATE KEY UPDATE v = 3", key(1))
        assert place.keys(tail) == {"pieces": {(key(1),)}}
        place.sql("REPLACE INTO pieces VALUES (1, %s, 2)", key(3))
        assert place.keys(tail) == {"pieces": {(key(2),), (key(3),)}}, "the row with the same v went"
        place.sql("INSERT INTO dues SELECT * FROM pieces")
        assert place.keys(tail) == {"dues": {(key(1),), (key(3),)}}
        place.sql("UPDATE pieces p JOIN dues l USING (shop_id, id) SET p.v = 11, l.v = 12 WHERE p.id = %s", key(1))
        assert place.keys(tail) == {"pieces": {(key(1),)}, "dues": {(key(1),)}}
        place.sql("DELETE p, l FROM pieces p JOIN dues l USING (shop_id, id)")
        assert place.keys(tail) == {"pieces": {(key(1),), (key(3),)}, "dues": {(key(1),), (key(3),)}}
        place.sql("INSERT IGNORE INTO pieces VALUES (1, %s, 1), (1, %s, 1)", key(4), key(4))
        assert place.keys(tail) == {"pieces": {(key(4),)}}


def test_rows_that_a_trigger_writes(place: Place) -> None:
    place.make("pieces")
    place.make("dues")
    place.sql("CREATE TRIGGER t AFTER INSERT ON pieces FOR EACH ROW INSERT INTO dues VALUES (NEW.shop_id, NEW.id, 1)")
    with place.tail("pieces", "dues") as tail:
        place.sql("INSERT INTO pieces VALUES (1, %s, 1), (2, %s, 1)", key(1), key(2))
        assert place.keys(tail) == {"pieces": {(key(1),)}, "dues": {(key(1),)}}


def test_rows_of_a_table_in_partitions(place: Place) -> None:
    """Their events say which, in front of the rows."""
    place.sql("DROP TABLE IF EXISTS parted")
    place.sql(
        "CREATE TABLE parted (shop_id BIGINT NOT NULL, id BINARY(16) NOT NULL, v INT, PRIMARY KEY (shop_id, id))"
        " PARTITION BY KEY (id) PARTITIONS 5"
    )
    with place.tail("parted") as tail:
        for n in range(9):
            place.sql("INSERT INTO parted VALUES (1, %s, 7), (2, %s, 7)", key(n), key(n))
        assert place.keys(tail) == {"parted": {(key(n),) for n in range(9)}}
        place.sql("UPDATE parted SET id = CONCAT('x', RIGHT(id, 15))")
        moved = {(b"x" + key(n)[1:],) for n in range(9)}
        assert place.keys(tail) == {"parted": moved | {(key(n),) for n in range(9)}}


def test_statements_that_are_written_beside_their_rows(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect() as till:
        run(till, "SET SESSION binlog_rows_query_log_events = ON")
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert place.keys(tail) == {"pieces": {(key(1),)}}


def test_many_rows_in_one_statement(place: Place) -> None:
    """Ten thousand rows take some forty events, and the table is announced once."""
    place.make("pieces", "t VARCHAR(20)")
    ids = [random.randbytes(15) + b"\0" * (n % 2) + b"x" * (1 - n % 2) for n in range(10_000)]
    with place.tail("pieces") as tail:
        place.sql("INSERT INTO pieces VALUES " + ",".join("(1,%s,'sold')" for _ in ids), *ids)
        assert place.keys(tail) == {"pieces": {(one,) for one in ids}}
        place.sql("UPDATE pieces SET t = NULL")
        assert place.keys(tail) == {"pieces": {(one,) for one in ids}}
        place.sql("DELETE FROM pieces")
        assert place.keys(tail) == {"pieces": {(one,) for one in ids}}


def test_rows_larger_than_a_packet(place: Place) -> None:
    """An event past 16 MB comes in several packets; both images of an update in one event."""
    place.make("pictures", "b LONGBLOB")
    full = (1 << 24) - 1 - 66  # 66 bytes are the event's own: one of these fills its packet to the last byte
    with place.tail("pictures") as tail:
        for n, size in ((2, full - 1), (4, full), (6, full + 1), (8, 9 << 20), (10, 35 << 20)):
            place.sql("INSERT INTO pictures VALUES (1, %s, REPEAT('x', %s))", key(n), size)
        assert place.keys(tail) == {"pictures": {(key(n),) for n in (2, 4, 6, 8, 10)}}
        place.sql("UPDATE pictures SET b = CONCAT(b, 'y') WHERE id = %s", key(8))
        assert place.keys(tail) == {"pictures": {(key(8),)}}
    place.sql("DROP TABLE pictures")


KEYS: dict[str, tuple[str, list[Any]]] = {
    "binary": ("BINARY(16)", [b"\1" * 16, bytes(16), b"a" + bytes(15), bytes(15) + b"a", b" " * 16]),
    "wide binary": ("BINARY(255)", [b"\1" * 255, bytes(255), b"b" + bytes(254)]),
    "narrow binary": ("BINARY(1)", [b"\0", b"\xff", b"\x20"]),
    "smallint": ("SMALLINT", [-(2**15), -1, 0, 1, 2**15 - 1]),
    "int": ("INT", [-(2**31), -1, 0, 1, 2**31 - 1]),
    "bigint": ("BIGINT", [-(2**63), -1, 0, 1, 2**63 - 1]),
    "date": ("DATE", [date(1000, 1, 1), date(2026, 2, 28), date(2024, 2, 29), date(9999, 12, 31)]),
    "text": ("VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin", ["", "a", "A", "a" * 64, "2026-27/X"]),
    "long text": ("VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin", ["", "a", "b" * 255, "c" * 256, "d" * 300]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_each_type_of_key_comes_as_the_driver_gives_it(place: Place, kind: str) -> None:
    definition, values = KEYS[kind]
    place.make("pieces", key=f"id {definition} NOT NULL")
    with place.tail("pieces") as tail:
        for value in values:
            place.sql("INSERT INTO pieces VALUES (1, %s, 7)", value)
        assert place.keys(tail) == {"pieces": {(value,) for value in values}}
        assert set(place.sql("SELECT id FROM pieces")) == {(value,) for value in values}


def test_keys_of_several_columns(place: Place) -> None:
    """As the deepest of ours: a bill, a line, a code, a piece."""
    text = "VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
    place.make("deep", key=f"a BINARY(16) NOT NULL, n SMALLINT NOT NULL, c {text}, d DATE NOT NULL, e INT NOT NULL",
               primary="shop_id, a, n, c, d, e")  # fmt: skip
    with place.tail("deep") as tail:
        rows = [(key(n), -n, "x" * (n % 17), date(2026, 1, 1 + n % 31), n << 16) for n in range(100)]
        place.sql("INSERT INTO deep VALUES " + ",".join("(1,%s,%s,%s,%s,%s,7)" for _ in rows), *sum(rows, ()))
        assert place.keys(tail) == {"deep": set(rows)}


def test_a_key_of_the_shop_alone(place: Place) -> None:
    place.sql("CREATE TABLE settings_ (shop_id BIGINT NOT NULL PRIMARY KEY, v INT)")
    with place.tail("settings_") as tail:
        place.sql("INSERT INTO settings_ VALUES (1, 7), (2, 7)")
        assert place.keys(tail) == {"settings_": {()}}


def test_upto_and_last_tell_how_far_it_is(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail:
        begun = place.taken(tail)
        assert begun.last is None
        with place.connect() as till:
            run(till, "SET SESSION session_track_gtids = 'OWN_GTID'")
            run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(1))
            before = place.executed()
            run(till, "INSERT INTO pieces VALUES (2, %s, 7)", key(1))  # another shop's: read, and nothing of it taken
        done = place.executed()
        taken = place.taken(tail)
        assert taken.last is not None
        assert place.sql("SELECT GTID_SUBSET(%s, %s)", taken.last, before) == ((1,),)
        assert place.sql("SELECT GTID_SUBSET(%s, %s)", taken.last, begun.upto) == ((0,),)
        assert place.sql("SELECT GTID_SUBSET(%s, %s)", done, taken.upto) == ((1,),)
        assert tail.wait_for(taken.last, 0)
        assert place.taken(tail).last is None


def test_waiting_for_what_never_comes_ends(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail:
        source = place.sql("SELECT @@server_uuid")[0][0]
        assert tail.wait_for(f"{source}:{2**40}", 0.05) is False


def test_a_new_tail_goes_on_where_the_last_one_was_taken(place: Place) -> None:
    place.make("pieces")
    written: set[tuple[bytes, ...]] = set()
    found: set[tuple[bytes, ...]] = set()
    since = None
    for n in range(5):
        with place.tail("pieces", since=since) as tail:
            for m in range(3):
                place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(10 * n + m))
                written.add((key(10 * n + m),))
            taken = place.taken(tail)
            since, found = taken.upto, found | taken.keys["pieces"]
            place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(10 * n + 9))  # seen by this one, perhaps; not taken
            written.add((key(10 * n + 9),))
    with place.tail("pieces", since=since) as tail:
        found |= place.keys(tail)["pieces"]
    assert found == written


def test_a_change_of_files_loses_nothing(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail:
        for n in range(6):
            place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(n))
            if n % 2:
                place.sql("FLUSH BINARY LOGS")
        assert place.keys(tail) == {"pieces": {(key(n),) for n in range(6)}}


def test_several_tails_at_once_do_not_end_each_other(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as one, place.tail("pieces") as other:
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert place.keys(one) == place.keys(other) == {"pieces": {(key(1),)}}


# -- ten thousand random operations ---------------------------------------------------------------------------------
class Till(threading.Thread):
    """Writes at random on a connection of its own, and notes every key that a commit of it changed."""

    def __init__(self, place: Place, seed: int, operations: int) -> None:
        super().__init__()
        self.changed: dict[str, set[tuple[Any, ...]]] = {"pieces": set(), "dues": set()}
        self.failed: Exception | None = None
        self._place, self._seed, self._operations = place, seed, operations
        self._random = random.Random(seed)
        self._rows: dict[str, list[tuple[Any, ...]]] = {"pieces": [], "dues": []}  # that are there, of this till
        self._next = 0

    def run(self) -> None:
        try:
            with self._place.connect(autocommit=False) as connection:
                while self._operations > 0:
                    self._transaction(connection)
        except Exception as bad:  # noqa: BLE001 (the test looks at it)
            self.failed = bad

    def _transaction(self, connection: Any) -> None:
        rows = {table: list(found) for table, found in self._rows.items()}
        touched: list[tuple[str, tuple[Any, ...]]] = []
        for _ in range(self._random.randint(1, 12)):
            self._operations -= 1
            if self._random.random() < 0.15:  # undone: what it touched shall not be named for its sake
                run(connection, "SAVEPOINT s")
                self._operate(connection, {table: list(found) for table, found in rows.items()})
                run(connection, "ROLLBACK TO s")
            else:
                touched += self._operate(connection, rows)
        if self._random.random() < 0.15:
            connection.rollback()
            return
        connection.commit()
        self._rows = rows
        for table, one in touched:
            self.changed[table].add(one)

    def _operate(self, connection: Any, rows: dict[str, list[tuple[Any, ...]]]) -> list[tuple[str, tuple[Any, ...]]]:
        table = self._random.choice(["pieces", "dues"])
        shop = self._random.choice([ASHA, ASHA, RAVI])
        mine = [one for one in rows[table] if one[0] == shop]
        choice = self._random.random()
        if choice < 0.45 or not mine:
            touched = [self._new(table, shop) for _ in range(self._random.choice([1, 1, 2, 30]))]
            rows[table] += touched
            values = ",".join("(" + ",".join(["%s"] * (len(touched[0]) + 2)) + ")" for _ in touched)
            run(
                connection, f"INSERT INTO {table} VALUES {values}", *sum(((*one, *self._rest()) for one in touched), ())
            )
        elif choice < 0.75:
            one = self._random.choice(mine)
            self._next += 1
            run(connection, f"UPDATE {table} SET v = %s, t = %s WHERE {self._where(table)}",
                self._next, self._rest()[1], *one)  # fmt: skip
            touched = [one]
        elif choice < 0.85:
            one, other = self._random.choice(mine), self._new(table, shop)
            run(connection, f"UPDATE {table} SET id = %s WHERE {self._where(table)}", other[1], *one)
            other = (one[0], other[1], *one[2:])
            rows[table].remove(one)
            rows[table].append(other)
            touched = [one, other]
        else:
            one = self._random.choice(mine)
            run(connection, f"DELETE FROM {table} WHERE {self._where(table)}", *one)
            rows[table].remove(one)
            touched = [one]
        return [(table, row[1:]) for row in touched if shop == ASHA]

    def _new(self, table: str, shop: int) -> tuple[Any, ...]:
        self._next += 1
        ident = self._seed.to_bytes(2, "big") + self._next.to_bytes(4, "big") + bytes(10)
        return (shop, ident, self._random.randint(-9, 9)) if table == "dues" else (shop, ident)

    def _where(self, table: str) -> str:
        return "shop_id = %s AND id = %s AND n = %s" if table == "dues" else "shop_id = %s AND id = %s"

    def _rest(self) -> tuple[Any, ...]:
        self._next += 1
        return self._next, self._random.choice([None, "", "x" * self._random.randint(1, 400)])


def test_ten_thousand_random_operations_by_several_tills(place: Place) -> None:
    place.make("pieces", "v INT, t VARCHAR(400)")
    place.make("dues", "v INT, t TEXT", key="id BINARY(16) NOT NULL, n SMALLINT NOT NULL", primary="shop_id, id, n")
    tills = [Till(place, seed, 2500) for seed in (1, 2, 3, 4)]
    found: dict[str, set[Any]] = {"pieces": set(), "dues": set()}
    with place.tail("pieces", "dues") as tail:
        for till in tills:
            till.start()
        while any(till.is_alive() for till in tills):
            tills[0].join(0.05)
            for table, keys in tail.take().keys.items():
                found[table] |= keys
        done = GtidSet(place.executed())
        rest = place.taken(tail)
        for table, keys in rest.keys.items():
            found[table] |= keys
    assert [till.failed for till in tills] == [None] * 4
    changed = {table: set().union(*(till.changed[table] for till in tills)) for table in found}
    assert found == changed
    assert min(len(keys) for keys in changed.values()) > 2000
    assert GtidSet(rest.upto).covers(done)
