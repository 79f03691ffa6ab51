"""Owns how moves under way are shown: a live line each on a terminal, a plain line at each step in a log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from shard_router.moves import MoveState, Progress

SAID = {
    MoveState.PLANNED: "waits",
    MoveState.COPYING: "copies",
    MoveState.CATCHING_UP: "catches up",
    MoveState.VERIFYING: "verifies",
    MoveState.FENCING: "switches",
    MoveState.SWITCHED: "has moved",
    MoveState.FINISHED: "has moved",
    MoveState.ABORTED: "undone",
    MoveState.ROLLED_BACK: "is back",
}
ENDS = frozenset({MoveState.SWITCHED, MoveState.FINISHED, MoveState.ROLLED_BACK})


class Watch:
    """`show` may be called from any thread."""

    def __init__(self, console: Console, ways: Mapping[int, str]) -> None:
        """`ways` says for each shop where it goes."""
        self._console = console
        self._live = console.is_terminal
        self._lock = threading.Lock()
        self._states: dict[int, MoveState] = {}
        self._titles = {shop_id: f"shop {shop_id} → {target}" for shop_id, target in ways.items()}
        self._bars = Bars(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), BarColumn(24),
            TextColumn("{task.fields[more]}"), TimeElapsedColumn(), console=console, disable=not self._live,
        )  # fmt: skip
        self._tasks = {
            shop_id: self._bars.add_task(f"{title} waits", total=None, start=False, more="")
            for shop_id, title in self._titles.items()
        }

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def show(self, shop_id: int, progress: Progress) -> None:
        """A progress of one shop's move, as its runner tells it."""
        with self._lock:
            begins = shop_id not in self._states
            changed = begins or self._states[shop_id] is not progress.state
            self._states[shop_id] = progress.state
        said = f"{self._titles[shop_id]} {SAID[progress.state]}"
        if not self._live:
            if changed:
                self._console.print(f"  · {said}{': ' if (told := told_of(progress)) else ''}{told}", markup=False)
            return
        task = self._tasks[shop_id]
        if begins:
            self._bars.start_task(task)
        done, ended = progress.rows_copied, progress.state in ENDS
        total = max(done, 1) if ended else max(progress.rows_expected, done + 1)  # full at the end, and not before
        self._bars.update(
            task, description=said, completed=total if ended else done, total=total, more=told_of(progress)
        )


def told_of(progress: Progress) -> str:
    """Rows copied, what changed meanwhile and is still to come, how long writers have waited, the runner's own word."""
    copying = progress.state in (MoveState.PLANNED, MoveState.COPYING)
    expected = f" of ~{progress.rows_expected:,}" if copying and progress.rows_expected else ""
    parts = [
        f"{progress.rows_copied:,}{expected} rows" if progress.rows_copied or expected else "",
        f"{progress.dirty:,} changed meanwhile" if progress.dirty else "",
        f"pause {progress.pause_ms:.0f} ms" if progress.pause_ms is not None else "",
        progress.note,
    ]
    return " · ".join(part for part in parts if part)
