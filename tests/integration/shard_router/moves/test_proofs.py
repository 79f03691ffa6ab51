"""A difference between the copy and its source is found before the switch, by each of the two proofs alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shard_router import DirectoryEntry
from shard_router.moves import Mover, MoveState, verifying
from shard_router.moves.adding_up import SumsAgree, compare_columns
from shard_router.moves.shapes import Shape
from shard_router.moves.verifying import Check, Differs, Sides, compare_keys, compare_rows
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import fence_of
from tests.integration.shard_router.moves.stock import FULL, SMALLEST, SUMS
from tests.integration.shard_router.moves.trade import audit

PROOFS: dict[str, Check] = {"rows": compare_rows, "sums": SumsAgree(SUMS)}


def test_every_type_of_column_is_planted() -> None:
    assert SMALLEST.keys() == FULL.keys()


@pytest.mark.fault(13)
def test_the_smallest_change_of_every_type_is_found(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]
) -> None:
    """Within one move, where source and target stand still for the proofs: planted, looked for, and taken back."""
    unseen: list[str] = []

    def plant_each(sides: Sides, shapes: Sequence[Shape]) -> None:
        samples = next(shape for shape in shapes if shape.name == "mv_samples")
        for column, smallest in [*SMALLEST.items(), *((column, "NULL") for column in SMALLEST)]:
            change = f"UPDATE mv_samples SET {column} = {smallest} WHERE shop_id = %s AND id = -1"
            back = f"UPDATE mv_samples SET {column} = %s WHERE shop_id = %s AND id = -1"
            with yard.admin("b-1", yard.shard_database) as connection, connection.cursor() as cursor:
                cursor.execute("SET time_zone = '+00:00', foreign_key_checks = 0")
                assert cursor.execute(change, (shop.shop_id,)) == 1, f"{column} = {smallest} changes nothing"
                unseen.extend(
                    f"{column} = {smallest} by {name}"
                    for name, prove in (
                        ("rows", lambda: compare_rows(sides, [samples])),
                        ("keys", lambda: compare_keys(sides, [samples], {"mv_samples": {(-1,)}})),
                        ("sums", lambda: compare_columns(sides, samples)),
                    )
                    if not differs(prove, column if name == "sums" else "-1")
                )
                cursor.execute(back, (FULL[column], shop.shop_id))
        compare_rows(sides, shapes)
        PROOFS["sums"](sides, shapes)

    mover = make_mover(checks=[plant_each])
    done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000))
    assert not unseen
    assert done.state is MoveState.SWITCHED, done.reason


def test_ranges_leave_nothing_out_and_name_nothing_twice(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over keys of one column and of two, of numbers, bytes and texts, below zero too."""
    monkeypatch.setattr(verifying, "RANGE", 3)
    wrong: list[str] = []

    def count(sides: Sides, shapes: Sequence[Shape]) -> None:
        for shape in shapes:
            ranges = list(sides.ranges(shape))
            here = f"SELECT COUNT(*) FROM {shape.quoted} WHERE"
            counts = [sides.source.scalar(f"{here} {where}") for where in ranges]
            whole = sides.source.scalar(f"{here} `shop_id` = {sides.shop_id:d}")
            if sum(counts) != whole or any(one != 3 for one in counts[:-1]) or counts[-1] >= 3:
                wrong.append(f"{shape.name}: {counts} of {whole}")

    mover = make_mover(checks=[count, *PROOFS.values()])
    done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000))
    assert not wrong
    assert done.state is MoveState.SWITCHED, done.reason


def test_rows_between_two_ranges_would_be_missed_by_the_sums(
    shop: DirectoryEntry, make_mover: Callable[..., Mover], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "RANGE", 50)
    ranges = Sides.ranges
    monkeypatch.setattr(Sides, "ranges", lambda sides, shape: list(ranges(sides, shape))[1:])
    mover = make_mover(checks=[PROOFS["sums"]])
    done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000))
    assert done.state is MoveState.ABORTED
    assert "the counts differ" in str(done.reason)


@pytest.mark.fault(13)
def test_a_bill_is_compared_wherever_it_stands_in_its_range(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first and the last of all, and those on both sides of a border."""
    monkeypatch.setattr(verifying, "RANGE", 100)
    unseen: list[str] = []

    def plant_each(sides: Sides, shapes: Sequence[Shape]) -> None:
        bills = next(shape for shape in shapes if shape.name == "mv_bills")
        keys = yard.sql("b-1", "SELECT id FROM mv_bills WHERE shop_id = %s ORDER BY id", shop.shop_id)
        for place in (0, 99, 100, 199, 200, len(keys) - 1):
            change = "UPDATE mv_bills SET total_paise = total_paise + %s WHERE shop_id = %s AND id = %s"
            yard.sql("b-1", change, 1, shop.shop_id, keys[place][0])
            proofs = {"rows": lambda: compare_rows(sides, [bills]), "sums": lambda: compare_columns(sides, bills)}
            unseen.extend(f"{place} by {name}" for name, prove in proofs.items() if not differs(prove, "differ"))
            yard.sql("b-1", change, -1, shop.shop_id, keys[place][0])

    mover = make_mover(checks=[plant_each, *PROOFS.values()])
    done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000))
    assert not unseen
    assert done.state is MoveState.SWITCHED, done.reason


def differs(prove: Callable[[], Any], named: str) -> bool:
    try:
        prove()
    except Differs as found:
        return named in str(found)
    return False


PLANTED = {
    "a row is missing": ("b-1", "DELETE FROM mv_lines WHERE shop_id = %s LIMIT 1"),
    "a row too many": ("b-1", "INSERT INTO mv_series VALUES (%s, 'rogue', 1)"),
    "a value went to another row": (
        "b-1",
        "UPDATE mv_samples AS a JOIN mv_samples AS b ON b.shop_id = a.shop_id AND b.id = -1"
        " SET a.c_int = b.c_int, b.c_int = NULL WHERE a.shop_id = %s AND a.id = 0",
    ),
    "a write that no binlog has": (
        "a-1",
        "UPDATE mv_bills SET total_paise = total_paise + 1 WHERE shop_id = %s AND no = 7",
    ),
}  # fmt: skip


@pytest.mark.fault(13)
@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_undoes_the_move(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover], planted: str, proof: str
) -> None:
    server, statement = PLANTED[planted]

    def plant(step: str) -> None:
        if step != "catching_up":
            return
        with yard.admin(server, yard.shard_database) as connection, connection.cursor() as cursor:
            if server == "a-1":  # on the target the replicas must follow, or the purge would stop them
                cursor.execute("SET SESSION sql_log_bin = 0")
            assert cursor.execute(statement, (shop.shop_id,)) > 0

    mover = make_mover(checks=[PROOFS[proof]], step=plant)
    done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000))
    assert done.state is MoveState.ABORTED
    assert "differ" in str(done.reason) or "on the source" in str(done.reason)
    assert fence_of(yard, "a-1", shop.shop_id) == ("open", 2, None)
    audit(yard, shop.shop_id, "shard-a")
