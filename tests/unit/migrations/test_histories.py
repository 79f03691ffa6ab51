"""Holds the two histories to their form: one line, counted, frozen, and each step saying how it locks."""

import ast
from pathlib import Path

import pytest

from migrations import versions
from migrations.fleet import Plane

STEPS = [(plane.value, step) for plane in Plane for step in versions.history(plane.value)]


def named(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "revision", "")


@pytest.mark.parametrize("plane", [plane.value for plane in Plane])
def test_a_history_is_one_line_of_counted_steps(plane):
    steps = versions.history(plane)
    assert [step.revision for step in steps] == [f"{number:04d}" for number in range(1, len(steps) + 1)]
    assert [step.down_revision for step in steps] == [None, *(step.revision for step in steps[:-1])]


@pytest.mark.parametrize("plane", [plane.value for plane in Plane])
def test_what_the_code_needs_is_in_its_history(plane):
    assert versions.minimum(plane) in {step.revision for step in versions.history(plane)}


@pytest.mark.parametrize(("plane", "step"), STEPS, ids=named)
def test_a_step_says_how_it_locks(plane, step):
    assert "ALGORITHM" in step.module.__doc__
    assert "LOCK" in step.module.__doc__


@pytest.mark.parametrize(("plane", "step"), STEPS, ids=named)
def test_a_step_is_frozen_and_only_goes_forward(plane, step):
    path = Path(step.path)
    assert path.name.startswith(f"{step.revision}_")
    assert not hasattr(step.module, "downgrade"), "a step back is a new step forward"
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.split(".")[0] for name in imported if name} <= {"datetime", "sqlalchemy", "migrations"}


@pytest.mark.parametrize(
    ("found", "needed", "below"),
    [
        (None, "0001", True),
        ("0001", "0001", False),
        ("0001", "0002", True),
        ("0009", "0010", True),
        ("0011", "0010", False),
    ],
)
def test_a_database_ahead_of_the_code_is_not_below(found, needed, below):
    assert versions.is_below(found, needed) is below
