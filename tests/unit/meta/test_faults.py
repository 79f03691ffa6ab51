"""docs/faults.md and the tests agree on which test shows which row of the table of faults."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from ops.places import ROOT
from ops.testing import rows_shown

TESTS = ROOT / "tests"
SHOWN = "## What is shown now"


def rows_of_the_page() -> dict[int, set[str]]:
    """Row → files that the page says show it, below tests/."""
    section = (ROOT / "docs/faults.md").read_text(encoding="utf-8").split(SHOWN)[1].split("\n## ")[0]
    found = defaultdict(set)
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        for row in re.findall(r"\d+", cells[0]) if line.startswith("| ") else ():
            found[int(row)] |= {full(name) for name in re.findall(r"`([\w/]+\.py)`", cells[-1])}
    return dict(found)


def full(name: str) -> str:
    return name if "/" in name else f"faults/{name}"


def rows_of_the_tests() -> dict[int, set[str]]:
    found = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for row in marks_in(path):
            found[row].add(str(path.relative_to(TESTS)))
    return dict(found)


def marks_in(path: Path) -> set[int]:
    """The numbers in each `….fault(1, 2)` of a file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "fault"]
    return {arg.value for mark in marks for arg in mark.args if isinstance(arg, ast.Constant)}


def test_each_row_names_its_tests_and_each_test_its_row():
    page, tests = rows_of_the_page(), rows_of_the_tests()
    assert {row: sorted(page[row]) for row in page} == {row: sorted(tests.get(row, ())) for row in page}
    assert not tests.keys() - page.keys(), "tests show rows that docs/faults.md does not list as shown"


def test_every_row_shown_is_one_of_the_table():
    rows = set(rows_of_the_page())
    assert {1, 6, 8, 9, 15, 16, 20} <= rows <= set(range(1, 23))


def test_the_launcher_finds_the_same_files():
    found = {row: {str(path.relative_to(TESTS)) for path in paths} for row, paths in rows_shown().items()}
    assert found == rows_of_the_tests()
