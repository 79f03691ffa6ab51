"""Owns the table of faults as tests know it: which row a test shows, its seed, what it measured, and what is kept.

A test names its rows by `@pytest.mark.fault(12)`; docs/faults.md names the test's file in the same row. What
`./dev faults` was asked comes by the environment: TEST_FAULT_ROWS, …_SEED, …_COUNT and …_JSON."""

import json
import os
import random
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pytest

from ops.places import instance

FIGURES = pytest.StashKey[dict[str, object]]()
ALL = "all"
FRESH_SEED = random.SystemRandom().randrange(1, 2**31)


@runtime_checkable
class KeepsHistory(Protocol):
    """A fixture's value with a history: acknowledged writes and the like, kept where its test fails."""

    def history(self) -> Iterable[dict[str, Any]]: ...


def rows_of(item: pytest.Item) -> tuple[int, ...]:
    return tuple(dict.fromkeys(row for mark in item.iter_markers("fault") for row in mark.args))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where rows are asked for, only their tests run; with all of them, whatever else stands among the faults."""
    asked = os.environ.get("TEST_FAULT_ROWS", "")
    if not asked:
        return
    if asked == ALL:
        chosen = [item for item in items if rows_of(item) or item.path.parent.name == "faults"]
    else:
        wanted = {int(row) for row in asked.split(",")}
        chosen = [item for item in items if wanted & set(rows_of(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


# ---------------------------------------------------------------- seeds, counts, figures


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Of all that this test draws by chance; told with its figures, so that TEST_FAULT_SEED can repeat a run."""
    found = int(os.environ.get("TEST_FAULT_SEED") or FRESH_SEED)
    _figures(request.node)["seed"] = found
    return found


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How often: what the test says, or TEST_FAULT_COUNT where somebody wants more or less."""

    def times(usual: int) -> int:
        found = int(os.environ.get("TEST_FAULT_COUNT") or usual)
        _figures(request.node)["count"] = found
        return found

    return times


@pytest.fixture
def measured(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Notes a figure; all of them are shown at the end of the run, and with --json in the row's line."""

    def note(**figures: object) -> None:
        for name, value in figures.items():
            shown = round(value, 2) if isinstance(value, float) else value
            record_property(name, shown)
            _figures(request.node)[name] = shown

    return note


def _figures(item: pytest.Item) -> dict[str, object]:
    return item.stash.setdefault(FIGURES, {})


# ---------------------------------------------------------------- what became of it


LINES: list[dict[str, object]] = []
"""One for each row that a test showed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    rows = rows_of(item)
    if report.when == "call" or report.failed:
        if report.failed:
            _keep_histories(item)
        for row in rows:
            told = {"row": row, "test": item.name, "passed": report.passed, "seconds": round(report.duration, 1)}
            LINES.append({**told, **item.stash.get(FIGURES, {})})
    return report


def _keep_histories(item: pytest.Item) -> None:
    for name, value in getattr(item, "funcargs", {}).items():
        if isinstance(value, KeepsHistory):
            folder = instance("faults").folder / "histories"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{re.sub('[^a-zA-Z0-9_]+', '-', item.name)}-{name}.jsonl"
            path.write_text("".join(json.dumps(line, default=str) + "\n" for line in value.history()))
            item.add_report_section("call", "history", f"kept in {path}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    shown = [line for line in LINES if len(line) > 4]
    if shown:
        terminalreporter.section("measured under faults")
    for line in shown:
        for name, value in list(line.items())[4:]:
            terminalreporter.write_line(f"{line['row']:>3} {str(line['test'])[:76]:76}  {name} = {value}")


def pytest_sessionfinish() -> None:
    path = os.environ.get("TEST_FAULT_JSON")
    if path:
        Path(path).write_text("".join(json.dumps(line, default=str) + "\n" for line in _sorted(LINES)))


def _sorted(lines: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    yield from sorted(lines, key=lambda line: int(str(line["row"])))
