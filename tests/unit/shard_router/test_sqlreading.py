"""What the reader takes for one shop's statement, and what it refuses: SQL as SQLAlchemy compiles it."""

import pytest
import sqlglot
from sqlglot import exp

from shard_router.errors import WrongShop
from shard_router.sqlreading import _Reader, read

PINNED = {
    "SELECT a.id FROM items AS a WHERE a.shop_id = %(s)s": ("s",),
    "SELECT a.id FROM items AS a WHERE %(s)s = a.shop_id": ("s",),
    "SELECT id FROM items WHERE shop_id = %(s)s": ("s",),
    "SELECT a.id FROM `items` AS a WHERE (a.x = 1 OR a.y = 2) AND (a.z = 3 AND a.shop_id = %(s)s)": ("s",),
    "SELECT a.id FROM items AS a, lines AS l WHERE a.shop_id = %(s)s AND l.shop_id = a.shop_id": ("s",),
    "SELECT a.id FROM items AS a INNER JOIN lines AS l ON l.shop_id = a.shop_id WHERE l.shop_id = %(s)s": ("s",),
    "SELECT a.id FROM items AS a LEFT OUTER JOIN lines AS l ON l.shop_id = a.shop_id WHERE a.shop_id = %(s)s": ("s",),
    "SELECT a.id FROM items AS a LEFT JOIN lines AS l ON l.id = a.id AND l.shop_id = %(t)s WHERE a.shop_id = %(s)s": (
        "s",
        "t",
    ),
    "SELECT a.n FROM a LEFT JOIN (b JOIN c ON c.shop_id=b.shop_id) ON b.shop_id=a.shop_id WHERE a.shop_id = %(s)s": (
        "s",
    ),
    "SELECT a.id FROM a WHERE a.shop_id = %(s)s AND EXISTS (SELECT 1 FROM b WHERE b.shop_id = a.shop_id)": ("s",),
    "SELECT x.n FROM (SELECT b.n FROM b WHERE b.shop_id = %(s)s) AS x": ("s",),
    "WITH c AS (SELECT b.n FROM b WHERE b.shop_id = %(s)s) SELECT c.n FROM c": ("s",),
    "WITH b AS (SELECT b.n FROM b WHERE b.shop_id = %(s)s) SELECT b.n FROM b": ("s",),
    "WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT c.n + 1 FROM c WHERE c.n < 9) SELECT c.n FROM c": (),
    "(SELECT a.n FROM a WHERE a.shop_id = %(s)s) UNION ALL (SELECT b.n FROM b WHERE b.shop_id = %(t)s) ORDER BY n": (
        "s",
        "t",
    ),
    "SELECT a.n FROM a, LATERAL (SELECT b.n FROM b WHERE b.shop_id = a.shop_id) AS x WHERE a.shop_id = %(s)s": ("s",),
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s AND a.id IN (__[POSTCOMPILE_ids]) FOR UPDATE OF a SKIP LOCKED": ("s",),
    "SELECT a.n FROM a WHERE (a.shop_id, a.id) IN (__[POSTCOMPILE_keys]) AND a.shop_id = %(s)s": ("s",),
    "SELECT jt.a FROM JSON_TABLE(%(j)s, '$[*]' COLUMNS(a INT PATH '$.a')) AS jt": (),
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s AND a.name LIKE '100%%;--/*'": ("s",),
    "SELECT now()": (),
    "INSERT INTO a (shop_id, n) VALUES (%(s)s, %(n)s)": ("s",),
    "INSERT INTO a (n, shop_id) VALUES (%(n)s, %(s)s), (%(n2)s, %(s2)s) ON DUPLICATE KEY UPDATE n = VALUES(n)": (
        "s",
        "s2",
    ),
    "INSERT INTO a SET n = 1, shop_id = %(s)s": ("s",),
    "INSERT INTO a (shop_id, n) SELECT f.shop_id, %(n)s AS x FROM f WHERE f.shop_id = %(s)s FOR SHARE": ("s",),
    "INSERT INTO a (shop_id, n) SELECT %(t)s AS y, f.n FROM f WHERE f.shop_id = %(s)s": ("s", "t"),
    "UPDATE a SET n = n + 1 WHERE a.shop_id = %(s)s": ("s",),
    "UPDATE a, b SET a.n = b.n WHERE a.shop_id = %(s)s AND b.shop_id = a.shop_id": ("s",),
    "UPDATE a SET n = (SELECT MAX(b.n) FROM b WHERE b.shop_id = a.shop_id) WHERE a.shop_id = %(s)s": ("s",),
    "DELETE FROM a WHERE a.shop_id = %(s)s": ("s",),
    "DELETE FROM a USING a, b WHERE a.shop_id = %(s)s AND b.shop_id = a.shop_id": ("s",),
}

REFUSED = [
    "SELECT a.id FROM items AS a",
    "SELECT a.id FROM items AS a WHERE a.shop_id = 2",
    "SELECT a.id FROM items AS a WHERE a.shop_id = '2'",
    "SELECT a.id FROM items AS a WHERE a.shop_id <> %(s)s",
    "SELECT a.id FROM items AS a WHERE NOT a.shop_id = %(s)s",
    "SELECT a.id FROM items AS a WHERE NOT (a.shop_id = %(s)s)",
    "SELECT a.id FROM items AS a WHERE a.shop_id >= %(s)s",
    "SELECT a.id FROM items AS a WHERE a.shop_id IN (%(s)s)",
    "SELECT a.id FROM items AS a WHERE a.shop_id IN (__[POSTCOMPILE_s])",
    "SELECT a.id FROM items AS a WHERE a.shop_id = %(s)s OR a.id = 1",
    "SELECT a.id FROM items AS a WHERE a.shop_id = %(s)s XOR a.id = 1",
    "SELECT a.id FROM items AS a WHERE (a.shop_id = %(s)s) = 0",
    "SELECT a.id FROM items AS a WHERE (a.shop_id = %(s)s) IS NOT NULL",
    "SELECT a.id FROM items AS a WHERE a.shop_id + 0 = %(s)s",
    "SELECT a.id FROM items AS a WHERE a.shop_id = %(s)s + 1",
    "SELECT a.id FROM items AS a WHERE a.shop_id = a.shop_id",
    "SELECT a.id FROM items AS a WHERE a.shop_id <=> %(s)s",
    "SELECT a.id FROM items AS a HAVING a.shop_id = %(s)s",
    "SELECT a.id, a.shop_id = %(s)s FROM items AS a",
    "SELECT a.id FROM items AS a, lines AS l WHERE a.shop_id = %(s)s AND l.id = a.id",
    "SELECT shop_id FROM items, lines WHERE shop_id = %(s)s",
    "SELECT a.id FROM items AS a LEFT JOIN lines AS l ON l.shop_id = %(s)s AND a.shop_id = %(s)s",
    "SELECT a.id FROM items AS a LEFT JOIN lines AS l ON a.shop_id = l.shop_id AND l.shop_id = %(s)s",
    "SELECT a.id FROM items AS a RIGHT JOIN lines AS l ON a.shop_id = %(s)s WHERE l.shop_id = %(s)s",
    "SELECT a.id FROM items AS a NATURAL JOIN lines AS l WHERE a.shop_id = %(s)s",
    "SELECT a.id FROM items AS a JOIN lines AS l USING (shop_id) WHERE a.shop_id = %(s)s",
    "SELECT a.id FROM a WHERE a.shop_id = %(s)s AND EXISTS (SELECT 1 FROM b WHERE b.id = a.id)",
    "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.shop_id = a.shop_id AND b.shop_id = %(s)s)",
    "SELECT a.id, (SELECT MAX(b.id) FROM b) FROM a WHERE a.shop_id = %(s)s",
    "SELECT a.id FROM a WHERE a.shop_id = %(s)s ORDER BY (SELECT MAX(b.id) FROM b)",
    "SELECT a.id FROM a JOIN c ON c.shop_id = a.shop_id AND EXISTS (SELECT 1 FROM b) WHERE a.shop_id = %(s)s",
    "SELECT x.n FROM (SELECT b.n, b.shop_id FROM b) AS x WHERE x.shop_id = %(s)s",
    "SELECT a.n FROM a, (SELECT 1 AS shop_id) AS x WHERE x.shop_id = %(s)s AND a.shop_id = x.shop_id",
    "WITH c AS (SELECT b.n FROM b) SELECT c.n FROM c",
    "WITH b AS (SELECT b.n FROM b) SELECT b.n FROM b",
    "WITH c AS (SELECT 1 AS n) SELECT d.n FROM (SELECT b.n FROM b) AS d, c",
    "(SELECT a.n FROM a WHERE a.shop_id = %(s)s) UNION (SELECT b.n FROM b)",
    "(SELECT a.n FROM a WHERE a.shop_id = %(s)s) UNION (SELECT 1) ORDER BY (SELECT MAX(b.n) FROM b)",
    "SELECT a.n FROM a, LATERAL (SELECT b.n FROM b) AS x WHERE a.shop_id = %(s)s",
    "SELECT a.n FROM other.a AS a WHERE a.shop_id = %(s)s",
    "SELECT a.n FROM information_schema.tables AS a WHERE a.shop_id = %(s)s",
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s /*! OR 1 */",
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s -- OR",
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s # OR",
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s; SELECT 1",
    "SELECT a.n FROM a WHERE a.shop_id = %(s)s INTO OUTFILE '/tmp/x'",
    "TABLE a",
    "INSERT INTO a (n) VALUES (%(n)s)",
    "INSERT INTO a VALUES (%(s)s, %(n)s)",
    "INSERT INTO a (shop_id, n) VALUES (2, %(n)s)",
    "INSERT INTO a (shop_id, n) VALUES (%(s)s + 1, %(n)s)",
    "INSERT INTO a (shop_id, n) VALUES (%(s)s, (SELECT MAX(b.n) FROM b))",
    "INSERT INTO a (shop_id, n) VALUES (%(s)s, 1) ON DUPLICATE KEY UPDATE shop_id = 2",
    "INSERT INTO a (shop_id, n) SELECT 2, f.n FROM f WHERE f.shop_id = %(s)s",
    "INSERT INTO a (shop_id, n) SELECT f.n, f.shop_id FROM f WHERE f.shop_id = %(s)s",
    "INSERT INTO a (shop_id, n) SELECT f.shop_id, f.n FROM f",
    "INSERT INTO a (shop_id, n) SELECT * FROM f WHERE f.shop_id = %(s)s",
    "INSERT INTO other.a (shop_id, n) VALUES (%(s)s, 1)",
    "REPLACE INTO a (shop_id) VALUES (%(s)s)",
    "UPDATE a SET n = 1",
    "UPDATE a SET shop_id = %(s)s WHERE a.shop_id = %(s)s",
    "UPDATE a SET a.shop_id = 2 WHERE a.shop_id = %(s)s",
    "UPDATE a, b SET a.n = b.n WHERE a.shop_id = %(s)s",
    "UPDATE a SET n = (SELECT MAX(b.n) FROM b) WHERE a.shop_id = %(s)s",
    "DELETE FROM a",
    "DELETE FROM a USING a, b WHERE b.shop_id = %(s)s",
    "DELETE a FROM a WHERE a.shop_id = %(s)s",
    "SET @x = 1",
    "CALL f()",
    "DROP TABLE a",
    "TRUNCATE a",
    "LOCK TABLES a WRITE",
    "SHOW TABLES",
    "KILL 1",
    "not sql at all (",
    "",
]


@pytest.mark.parametrize("sql", PINNED)
def test_what_is_shown_to_stay_in_one_shop(sql: str) -> None:
    assert read(sql).pins == tuple(sorted(PINNED[sql]))


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not(sql: str) -> None:
    with pytest.raises(WrongShop):
        read(sql)


def test_binds_that_name_a_shop_anywhere_are_compared_too() -> None:
    """They tie nothing there; but naming another shop at all is a mistake worth refusing."""
    found = read("SELECT a.id FROM a WHERE a.shop_id = %(s)s AND (a.shop_id = %(t)s OR a.id = %(u)s)")
    assert found.pins == ("s", "t")


@pytest.mark.parametrize(("sql", "writes", "fences"), [
    ("SELECT a.n FROM a WHERE a.shop_id = %(s)s", False, False),
    ("SELECT f.epoch FROM shop_fence AS f WHERE f.shop_id = %(s)s FOR SHARE", False, True),
    ("SELECT f.epoch FROM shop_fence AS f WHERE f.shop_id = %(s)s", False, False),
    ("INSERT INTO a (shop_id) SELECT f.shop_id FROM shop_fence AS f WHERE f.shop_id = %(s)s FOR SHARE", True, True),
    ("UPDATE a SET n = 1 WHERE a.shop_id = %(s)s", True, False),
])  # fmt: skip
def test_what_else_is_read_off_it(sql: str, writes: bool, fences: bool) -> None:
    found = read(sql)
    assert (found.writes, found.fences) == (writes, fences)


def test_a_table_in_a_place_that_nobody_read_is_noticed() -> None:
    """The backstop for SQL that the parser knows and this reader does not."""
    tree = sqlglot.parse_one("SELECT a.n FROM a WHERE a.shop_id = :b0", dialect="mysql")
    reader = _Reader()
    reader.statement(tree)
    reader.nothing_left_out(tree)
    tree.set("hint", exp.Hint(expressions=[exp.to_table("b")]))
    with pytest.raises(WrongShop, match="b in an unknown place"):
        reader.nothing_left_out(tree)
