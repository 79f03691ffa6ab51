"""Every type of column that MySQL has, with random values and NULLs, between the key of a row and the next row."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tests.support.tailing import Place, key, run

Value = Callable[[random.Random], str]  # as SQL
ROW_TOO_LARGE = 1118
BUSY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # the machine may be


def number(low: int, high: int) -> Value:
    return lambda r: str(r.choice([low, high, r.randint(low, high), r.randint(max(low, -9), min(high, 9))]))


def real(largest: float) -> Value:
    return lambda r: repr(r.choice([0.0, -0.0, largest, -largest, r.uniform(-1, 1), r.uniform(-1, 1) * largest]))


def decimal(precision: int, scale: int) -> Value:
    def value(r: random.Random) -> str:
        digits = r.choice(
            ["9" * precision, "0", "".join(r.choice("0123456789") for _ in range(r.randint(1, precision)))]
        )
        digits = digits.zfill(scale + 1)
        whole, rest = (digits[:-scale], digits[-scale:]) if scale else (digits, "0")
        return f"{r.choice(['', '-'])}{whole}.{rest}"

    return value


def text(length: int, letters: str = "aZ9 é₹सो💍") -> Value:
    """Often empty, full, or about as long as a length byte can say."""

    def value(r: random.Random) -> str:
        size = min(length, r.choice([0, 1, length, 63, 64, 85, 127, 128, 255, 256, r.randint(0, length)]))
        return "'" + "".join(r.choices(letters, k=size)) + "'"

    return value


def octets(length: int) -> Value:
    def value(r: random.Random) -> str:
        size = min(length, r.choice([0, 1, length, 127, 128, 250, 251, 252, 255, 256, r.randint(0, length)]))
        return (
            "X'"
            + r.choice([bytes(size), r.randbytes(size), r.randbytes(size // 2) + bytes(size - size // 2)]).hex()
            + "'"
        )

    return value


def moment(decimals: int, low: int = 0, high: int = 9999) -> Value:
    def value(r: random.Random) -> str:
        year = r.choice([low, high, r.randint(low, high)])
        day = f"{year:04}-{r.randint(1, 12):02}-{r.randint(1, 28):02}"
        return f"'{day} {r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}{_fraction(r, decimals)}'"

    return lambda r: "'0000-00-00 00:00:00'" if r.random() < 0.1 else value(r)


def time_of(decimals: int) -> Value:
    def value(r: random.Random) -> str:
        clock = f"{r.randint(0, 837)}:{r.randint(0, 59):02}:{r.randint(0, 59):02}{_fraction(r, decimals)}"
        return r.choice(["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'", f"'{clock}'", f"'-{clock}'"])

    return value


def _fraction(r: random.Random, decimals: int) -> str:
    return f".{r.choice([0, 1, 10**decimals - 1, r.randrange(10**decimals)]):0{decimals}}" if decimals else ""


def document(r: random.Random) -> str:
    return r.choice(["'null'", "'{}'", "'[]'", "'0'", "'-1.5e300'", "'\"\"'", "'{\"a\": [1, null, \"é\"]}'",
        f"JSON_OBJECT('k', REPEAT('x', {r.randint(0, 70_000)}))", "CAST(CAST('12:00' AS TIME(6)) AS JSON)",
        "CAST(9999999999999999999.99 AS JSON)"])  # fmt: skip


def shape(kind: str) -> Value:
    texts = {
        "POINT": ["POINT(0 0)", "POINT(-1.5 1e300)"],
        "LINESTRING": ["LINESTRING(0 0, 1 1)", "LINESTRING(" + ", ".join(f"{n} {n}" for n in range(300)) + ")"],
        "POLYGON": ["POLYGON((0 0, 0 1, 1 1, 0 0))"],
        "GEOMETRYCOLLECTION": ["GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))"],
    }
    every = [one for some in texts.values() for one in some]
    return lambda r: f"ST_GeomFromText('{r.choice(texts.get(kind, every))}')"


def vector(largest: int) -> Value:
    def value(r: random.Random) -> str:
        size = r.choice([1, largest, r.randint(1, largest)])
        return "TO_VECTOR('[" + ",".join(str(r.randint(-9, 9)) for _ in range(size)) + "]')"

    return value


def members(count: int) -> str:
    return ",".join(f"'m{n}'" for n in range(count))


def one_of(count: int) -> Value:
    return lambda r: str(r.choice([1, count, r.randint(1, count)]))


def some_of(count: int) -> Value:
    return lambda r: str(r.choice([0, 1, (1 << count) - 1, r.randrange(1 << count)]))


TYPES: dict[str, Value] = {
    **{f"{name} {sign}": number(0 if sign else -(1 << bits - 1), (1 << bits) - 1 if sign else (1 << bits - 1) - 1)
       for name, bits in {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}.items()
       for sign in ("", "UNSIGNED")},
    "BOOL": number(0, 1),
    "INT(10) UNSIGNED ZEROFILL": number(0, 99),
    "FLOAT": real(3e38), "DOUBLE": real(1e308), "FLOAT(20)": real(3e38), "FLOAT(53)": real(1e308),
    **{f"DECIMAL({p},{s})": decimal(p, s)
       for p, s in [(1, 0), (2, 1), (5, 5), (9, 0), (9, 9), (10, 0), (10, 5), (14, 4), (18, 9), (19, 1), (30, 30),
                    (38, 12), (65, 0), (65, 30)]},
    **{f"BIT({n})": some_of(n) for n in (1, 7, 8, 9, 16, 17, 31, 63, 64)},
    "DATE": lambda r: "'0000-00-00'" if r.random() < 0.1 else moment(0)(r)[:11] + "'",
    "YEAR": lambda r: str(r.choice([0, 1901, 2155, r.randint(1901, 2155)])),
    **{f"DATETIME({n})": moment(n) for n in range(7)},
    **{f"TIMESTAMP({n})": moment(n, 1971, 2037) for n in range(7)},
    **{f"TIME({n})": time_of(n) for n in range(7)},
    **{f"CHAR({n})": text(n) for n in (0, 1, 63, 64, 127, 128, 191, 192, 255)},
    "CHAR(255) CHARACTER SET ascii": text(255, "ab "), "CHAR(10) CHARACTER SET utf16": text(10),
    "CHAR(255) CHARACTER SET utf32": text(255), "CHAR(30) CHARACTER SET latin1": text(30, "aé "),
    **{f"VARCHAR({n})": text(n) for n in (0, 1, 63, 64, 255, 256, 300)},
    "VARCHAR(255) CHARACTER SET latin1": text(255, "aé "), "VARCHAR(256) CHARACTER SET latin1": text(256, "aé "),
    "VARCHAR(16000)": text(16_000, "a💍"),
    **{f"BINARY({n})": octets(n) for n in (0, 1, 16, 254, 255)},
    **{f"VARBINARY({n})": octets(n) for n in (0, 1, 255, 256, 3000)},
    "TINYTEXT": text(60), "TEXT": text(16_000), "MEDIUMTEXT": text(20_000), "LONGTEXT": text(20_000),
    "TINYBLOB": octets(255), "BLOB": octets(60_000), "MEDIUMBLOB": octets(70_000), "LONGBLOB": octets(70_000),
    **{f"ENUM({members(n)})": one_of(n) for n in (1, 255, 256, 1000)},
    **{f"SET({members(n)})": some_of(n) for n in (1, 8, 9, 16, 17, 24, 25, 32, 33, 64)},
    "JSON": document,
    **{kind: shape(kind) for kind in ("GEOMETRY", "POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION")},
    "VECTOR(1)": vector(1), "VECTOR": vector(2048), "VECTOR(16383)": vector(16_383),
    "INT GENERATED ALWAYS AS (shop_id * 3) VIRTUAL": lambda r: "DEFAULT",
    "VARCHAR(300) GENERATED ALWAYS AS (HEX(id)) STORED": lambda r: "DEFAULT",
    "INT DEFAULT 7 INVISIBLE": lambda r: "DEFAULT",
    "VARCHAR(20) UNIQUE": lambda r: "DEFAULT",
}  # fmt: skip


def seen(place: Place, columns: list[str], seed: int, rows: int) -> list[dict[str, set[Any]]]:
    """Rows of two shops in one statement, then all changed, twice, then all gone: the keys that the tail saw each time.

    They must be Asha's, `hers`."""
    r = random.Random(seed)
    place.make("wide", ", ".join(f"c{n} {one} {'' if 'GENERATED' in one else 'NULL'}" for n, one in enumerate(columns)))
    names = ", ".join(f"c{n}" for n in range(len(columns)))
    with place.connect() as till:
        run(till, "SET SESSION sql_mode = ''")
        values = ",".join(f"({1 if n % 3 else 2},X'{key(n).hex()}',{_row(r, columns)})" for n in range(rows))
        with place.tail("wide") as tail:
            found = []
            for change in (
                f"INSERT INTO wide (shop_id, id, {names}) VALUES {values}",
                f"UPDATE wide SET shop_id = shop_id + 10, {_changes(r, columns)}",
                f"UPDATE wide SET shop_id = shop_id - 10, {_changes(r, columns)}",
                "DELETE FROM wide",
            ):
                run(till, change)
                found.append(place.keys(tail))
    return found


def hers(rows: int) -> dict[str, set[Any]]:
    return {"wide": {(key(n),) for n in range(rows) if n % 3}}


def _row(r: random.Random, columns: list[str]) -> str:
    return ",".join(_value(r, one) for one in columns)


def _value(r: random.Random, column: str) -> str:
    value = TYPES[column](r)
    return "NULL" if r.random() < 0.3 and value != "DEFAULT" else value


def _changes(r: random.Random, columns: list[str]) -> str:
    return ", ".join(f"c{n} = {_value(r, one)}" for n, one in enumerate(columns))


@pytest.mark.parametrize("column", [one if len(one) < 60 else one[:50] for one in TYPES])
def test_each_type_is_stepped_over_exactly(place: Place, column: str) -> None:
    whole = next(one for one in TYPES if one.startswith(column))
    assert seen(place, [whole], seed=len(column), rows=25) == [hers(25)] * 4


@settings(max_examples=20, deadline=None, suppress_health_check=BUSY)
@given(columns=st.lists(st.sampled_from(sorted(TYPES)), min_size=2, max_size=9), seed=st.integers(0, 2**32))
def test_any_columns_beside_each_other(place: Place, columns: list[str], seed: int) -> None:
    try:
        found = seen(place, columns, seed, rows=12)
    except pymysql.err.OperationalError as bad:
        if bad.args[0] != ROW_TOO_LARGE:
            raise
        reject()
    assert found == [hers(12)] * 4


@settings(max_examples=15, deadline=None, suppress_health_check=BUSY)
@given(width=st.sampled_from([5, 6, 7, 13, 14, 15, 60, 248, 249, 250, 300, 1000]), seed=st.integers(0, 2**32))
def test_every_pattern_of_nulls(place: Place, width: int, seed: int) -> None:
    """Also in tables whose bits of NULL, or whose number of columns, take another byte."""
    r = random.Random(seed)
    kinds = {"TINYINT": "7", "VARCHAR(1)": "'a'", "SMALLINT": "300", "CHAR(1)": "''"}
    columns = [list(kinds)[n % 4] for n in range(width)]
    place.make("wide", ", ".join(f"c{n} {kind}" for n, kind in enumerate(columns)))
    rows = [
        [kinds[kind] if r.random() < share else "NULL" for kind in columns]
        for share in (0, 0.1, 0.5, 0.9, 1)
        for _ in range(4)
    ]
    with place.tail("wide") as tail:
        values = ",".join(f"(1,X'{key(n).hex()}',{','.join(row)})" for n, row in enumerate(rows))
        place.sql(f"INSERT INTO wide VALUES {values}")
        assert place.keys(tail) == {"wide": {(key(n),) for n in range(len(rows))}}


def test_columns_that_came_and_went_at_once(place: Place) -> None:
    """ALGORITHM=INSTANT leaves old rows as they are; the binlog shows all rows as the table is now."""
    place.make("wide", "a INT, b VARCHAR(300)")
    place.sql("INSERT INTO wide VALUES (1, %s, 1, 'x')", key(1))
    for change in ("ADD COLUMN c DATETIME(3) DEFAULT '2026-01-01'", "DROP COLUMN a", "ADD COLUMN d JSON"):
        place.sql(f"ALTER TABLE wide {change}, ALGORITHM=INSTANT")
        place.sql("INSERT INTO wide (shop_id, id, b) VALUES (1, %s, REPEAT('y', 299))", change.ljust(16)[:16].encode())
    with place.tail("wide") as tail:
        place.sql("UPDATE wide SET b = NULL")
        ids = {(key(1),), (b"ADD COLUMN c DAT",), (b"DROP COLUMN a   ",), (b"ADD COLUMN d JSO",)}
        assert place.keys(tail) == {"wide": ids}


def test_indexes_on_expressions_add_nothing_to_a_row(place: Place) -> None:
    """Each has a hidden column."""
    place.make("wide", "a VARCHAR(30), j JSON, KEY ((LOWER(a))), KEY ((CAST(j->'$.z' AS UNSIGNED ARRAY)))")
    with place.tail("wide") as tail:
        place.sql("INSERT INTO wide VALUES (1, %s, 'X', '{\"z\": [1, 2]}'), (1, %s, NULL, NULL)", key(1), key(2))
        assert place.keys(tail) == {"wide": {(key(1),), (key(2),)}}
