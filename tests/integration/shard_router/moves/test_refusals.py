"""What a move is refused for before anything was begun; each time with its reason, and nothing is left behind."""

# ruff: noqa: E501 (a change, its undoing and what is said of it stand on one line)

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from shard_router import DirectoryEntry, Router
from shard_router.moves import Limits, Mover, MoveRefused, MoveState, UnknownMove
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import LIMITS, fence_of
from tests.integration.shard_router.moves.stock import SUMS, TABLES


def refusal(yard: Toy, mover: Mover, shop_id: int, target: str = "shard-b", **more: int) -> str:
    """The reasons; there is no intent, no fence on the target, and the shop is open where it was."""
    known = len(mover.list_moves(shop_id=shop_id))
    with pytest.raises(MoveRefused) as refused:
        mover.ask(shop_id, target, asked_by="a test", **more)
    assert len(mover.list_moves(shop_id=shop_id)) == known
    return str(refused.value)


def test_the_same_shard(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    assert "lives on shard-a already" in refusal(yard, mover, shop.shop_id, "shard-a")


def test_an_unknown_shard_and_an_unknown_shop_at_once(yard: Toy, mover: Mover) -> None:
    said = refusal(yard, mover, 987_654_321, "shard-z")
    assert "no such shard: shard-z; there are shard-a, shard-b" in said
    assert "no such shop: 987654321" in said


@pytest.mark.parametrize("pause", [0, -1, 19, 5501, 10_001])
def test_a_pause_that_is_none_or_longer_than_writes_wait(
    yard: Toy, shop: DirectoryEntry, mover: Mover, pause: int
) -> None:
    """Writes of this router wait 6 s; half a second of it is for taking a pause back that ran out."""
    said = refusal(yard, mover, shop.shop_id, max_pause_ms=pause)
    assert f"a pause of {pause} ms: from 20 to 5500 can be allowed, since a write waits 6 s" in said


def test_the_longest_pause_that_writes_wait_for(shop: DirectoryEntry, mover: Mover) -> None:
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5500)
    assert mover.abort(move_id, "the test is over").state is MoveState.ABORTED


def test_a_second_live_move(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    first = mover.ask(shop.shop_id, "shard-b", asked_by="a test")
    assert "is being moved already" in refusal(yard, mover, shop.shop_id)
    mover.abort(first, "the test is over")


def test_a_target_that_has_rows_of_the_shop(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    yard.sql("b-1", "INSERT INTO mv_series VALUES (%s, 'old', 1)", shop.shop_id)
    assert "the target holds rows of the shop in mv_series" in refusal(yard, mover, shop.shop_id)
    assert fence_of(yard, "b-1", shop.shop_id) is None


@pytest.mark.parametrize(("server", "state"), [("a-1", "fenced"), ("b-1", "open"), ("b-1", "incoming")])
def test_a_fence_that_is_not_as_it_should_be(
    yard: Toy, shop: DirectoryEntry, mover: Mover, server: str, state: str
) -> None:
    yard.sql(server, "DELETE FROM shop_fence WHERE shop_id = %s", shop.shop_id)
    yard.sql(server, "INSERT INTO shop_fence VALUES (%s, 1, %s, NULL, NULL, NOW(6))", shop.shop_id, state)
    assert state in refusal(yard, mover, shop.shop_id)


def test_degraded_durability_unless_it_is_accepted(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]
) -> None:
    """The servers of the tests have one replica and one second."""
    said = refusal(yard, make_mover(limits=Limits()), shop.shop_id)
    assert "source a-1: semi-sync gives up after 1000 ms (degraded)" in said
    assert "target b-1: semi-sync" in said


def test_a_binlog_that_is_not_kept_for_long_enough(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]
) -> None:
    kept = int(yard.sql("a-1", "SELECT @@binlog_expire_logs_seconds")[0][0])
    mover = make_mover(limits=Limits(accept_degraded=True, keep_source=kept + 1.0))
    said = refusal(yard, mover, shop.shop_id)
    assert f"source a-1: the binlog is kept for {kept} s" in said
    assert "binlog_expire_logs_seconds" in said


def test_a_migration_that_runs(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    """By the lock that `migrations/runner.py` holds while it works."""
    with yard.admin("ctl-1") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (f"migrations.{yard.control_database}",))
        assert cursor.fetchone() == (1,)
        assert "a migration is running" in refusal(yard, mover, shop.shop_id)


def test_a_proxy(yard: Toy, router: Router, shop: DirectoryEntry, tmp_path: Path) -> None:
    topology = json.loads((yard.folder / "topology.json").read_text())
    one = topology["shards"]["shard-b"]
    one["kind"], one["servers"] = "proxy", {"b-1": one["servers"]["b-1"]}
    (tmp_path / "topology.json").write_text(json.dumps(topology))
    behind = yard.router(topology=tmp_path / "topology.json", snapshot=tmp_path / "snapshot.json")
    mover = Mover(behind, tables=TABLES, sums=SUMS, limits=LIMITS)
    assert "shard-b is behind a proxy that has no GTIDs" in refusal(yard, mover, shop.shop_id)


# A change of the schema on one side or both, its undoing, and what is said of it.
SCHEMAS = [
    ("b", "ALTER TABLE mv_series ADD extra INT", "ALTER TABLE mv_series DROP extra", "mv_series: the columns differ between source and target: extra"),
    ("b", "ALTER TABLE mv_series MODIFY last_no BIGINT NOT NULL", "ALTER TABLE mv_series MODIFY last_no INT NOT NULL", "mv_series: the columns differ between source and target: last_no"),
    ("b", "CREATE TABLE alembic_version (version_num VARCHAR(32)) SELECT '0009' AS version_num", "DROP TABLE alembic_version", "the schemas differ: nothing on the source, 0009 on the target"),
    ("a", "CREATE TABLE mv_late (shop_id BIGINT, id INT, PRIMARY KEY (shop_id, id))", "DROP TABLE mv_late", "source: mv_late has rows of shops and is not among the tables to be moved"),
    ("ab", "ALTER TABLE mv_pieces ADD n BIGINT NOT NULL AUTO_INCREMENT, ADD KEY (n)", "ALTER TABLE mv_pieces DROP n", "mv_pieces.n: AUTO_INCREMENT"),
    ("ab", "ALTER TABLE mv_series ADD place POINT", "ALTER TABLE mv_series DROP place", "mv_series.place: a point cannot be carried"),
    ("ab", "ALTER TABLE mv_series DROP PRIMARY KEY, ADD PRIMARY KEY (series, shop_id)", "ALTER TABLE mv_series DROP PRIMARY KEY, ADD PRIMARY KEY (shop_id, series)", "mv_series: the columns of its primary key do not lead the table"),
    ("a", "ALTER TABLE mv_pictures ADD CONSTRAINT gone FOREIGN KEY (shop_id, piece_id) REFERENCES mv_pieces (shop_id, id) ON DELETE CASCADE", "ALTER TABLE mv_pictures DROP FOREIGN KEY gone", "source: a foreign key of mv_pictures has ON DELETE CASCADE"),
    ("b", "CREATE TRIGGER mv_touch BEFORE INSERT ON mv_series FOR EACH ROW SET NEW.last_no = NEW.last_no + 1", "DROP TRIGGER mv_touch", "target: mv_series has the trigger mv_touch"),
]  # fmt: skip


@pytest.mark.parametrize(("sides", "do", "undo", "said"), SCHEMAS, ids=[said[:40] for *_, said in SCHEMAS])
def test_a_schema_that_cannot_be_moved(
    yard: Toy, shop: DirectoryEntry, mover: Mover, sides: str, do: str, undo: str, said: str
) -> None:
    for side in sides:
        yard.sql(f"{side}-1", do)
    try:
        assert said in refusal(yard, mover, shop.shop_id)
    finally:
        for side in sides:
            yard.sql(f"{side}-1", undo)


def test_several_reasons_are_named_at_once(yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]) -> None:
    yard.sql("b-1", "INSERT INTO mv_series VALUES (%s, 'old', 1)", shop.shop_id)
    with pytest.raises(MoveRefused) as refused:
        make_mover(limits=Limits()).ask(shop.shop_id, "shard-b", asked_by="a test")
    assert len(refused.value.reasons) == 3


def test_an_unknown_move(mover: Mover) -> None:
    for act in (mover.run, mover.status, mover.roll_back, lambda one: mover.abort(one, "why")):
        with pytest.raises(UnknownMove):
            act(uuid4())


def test_what_has_ended_is_not_ended_again(shop: DirectoryEntry, mover: Mover) -> None:
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test")
    assert mover.abort(move_id, "not today").reason == "not today"
    with pytest.raises(MoveRefused, match="nothing to abort"):
        mover.abort(move_id, "again")
    with pytest.raises(MoveRefused, match="aborted"):
        mover.roll_back(move_id)
    assert mover.run(move_id).state is MoveState.ABORTED
