"""A step may take something away only when the release that still runs no longer names it, and says which that is."""

from pathlib import Path

import pytest

from migrations import versions
from migrations.fleet import Plane
from migrations.releases import PREVIOUS
from tests.support.contracting import announced, is_over, taken_away

STEPS = [(plane.value, step) for plane in Plane for step in versions.history(plane.value)]


@pytest.mark.parametrize(("plane", "step"), STEPS, ids=lambda value: getattr(value, "revision", value))
def test_no_step_takes_away_what_running_code_names(plane, step):
    taken = taken_away(Path(step.path).read_text())
    if not taken:
        return
    release = announced(step.module.__doc__)
    assert release, f"{taken[0]}: say “Contract: no running code names … since release X.Y.Z” in the docstring"
    assert is_over(release, PREVIOUS.version), f"{taken[0]}: code of {PREVIOUS.version} may still be running"


@pytest.mark.parametrize(
    "statement",
    [
        'op.drop_column("items", "name")',
        'op.drop_table("items")',
        'op.alter("items", "RENAME COLUMN a TO b", "INSTANT")',
        'op.alter("items", "MODIFY name VARCHAR(10)", "COPY")',
        'op.alter("items", clause, "INPLACE")',
        'op.connection.execute(sa.text("DELETE FROM items"))',
        'op.add_index("items", "uq_items_name", ["name"], unique=True)',
        'op.add_column("items", must("name", code(10)))',
        'op.add_column("items", column)',
    ],
)
def test_each_of_these_takes_something_away(statement):
    assert taken_away(f"def upgrade(op):\n    {statement}\n") != []


@pytest.mark.parametrize(
    "statement",
    [
        'op.create_table("items", must("shop_id", BIG))',
        'op.add_column("items", may("name", code(10)))',
        'op.add_column("items", must("name", code(10), server_default="x"))',
        'op.add_index("items", "ix_items_name", ["shop_id", "name"])',
        'op.drop_index("items", "ix_items_name")',
        'op.seed("plans", [{"code": "annual"}])',
        'op.add_column("items", may("mark", ID)); op.add_index("items", "uq", ("shop_id", "mark"), unique=True)',
    ],
)
def test_none_of_these_does(statement):
    assert taken_away(f"def upgrade(op):\n    {statement}\n") == []


def test_a_contract_step_names_the_release_that_no_longer_needs_it():
    said = "Drops items.name.\n\nContract: no running code names items.name since release 0.10.0.\n\nRevision: 0009"
    assert announced(said) == "0.10.0"
    assert announced("Drops items.name. Nobody needs it.") is None
    assert [is_over("0.10.0", previous) for previous in ("0.9.0", "0.10.0", "0.11.0", "1.0.0")] == [
        False, True, True, True,
    ]  # fmt: skip
