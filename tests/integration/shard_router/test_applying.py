"""What a replica does for each row that it applies (docs/decisions/0061)."""

from tests.integration.shard_router.conftest import Toy

COMMITS = 100


def test_a_row_with_a_foreign_key_is_applied_without_opening_its_parent_anew(toy: Toy) -> None:
    primary, replica = "a-1", "a-2"
    try:
        toy.sql(primary, "CREATE TABLE fk_parent (id INT PRIMARY KEY)")
        toy.sql(primary, "CREATE TABLE fk_child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES fk_parent (id))")
        toy.sql(primary, "INSERT INTO fk_parent VALUES (1)")
        _applied(toy, primary, replica)
        before = _opened(toy, replica)
        with toy.admin(primary, toy.shard_database) as connection, connection.cursor() as cursor:
            for number in range(COMMITS):
                cursor.execute("INSERT INTO fk_child VALUES (%s, 1)", (number,))
        _applied(toy, primary, replica)
        assert toy.sql(replica, "SELECT COUNT(*) FROM fk_child") == ((COMMITS,),)
        assert _opened(toy, replica) - before < COMMITS // 2
    finally:
        toy.sql(primary, "DROP TABLE IF EXISTS fk_child, fk_parent")


def _opened(toy: Toy, server: str) -> int:
    return int(toy.sql(server, "SHOW GLOBAL STATUS LIKE 'Opened_tables'")[0][1])


def _applied(toy: Toy, primary: str, replica: str) -> None:
    ((gtids,),) = toy.sql(primary, "SELECT @@gtid_executed")
    assert toy.sql(replica, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 20)", gtids) == ((0,),)
