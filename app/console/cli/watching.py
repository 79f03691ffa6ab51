"""Owns how moves under way are shown: a live line each on a terminal, a plain line at each step in a log."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from shard_router.moves import MoveState, MoveStatus, Progress

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


class Watch:
    """`show` may be called from any thread."""

    def __init__(self, console: Console, moves: Sequence[MoveStatus]) -> None:
        self._console = console
        self._live = console.is_terminal
        self._lock = threading.Lock()
        self._states: dict[int, MoveState] = {}
        self._bars = Bars(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), BarColumn(24),
            TextColumn("{task.fields[rows]}"), TextColumn("{task.fields[more]}"), TimeElapsedColumn(),
            console=console, disable=not self._live,
        )  # fmt: skip
        self._tasks: dict[int, TaskID] = {}
        for move in moves:
            title = f"shop {move.shop_id} → {move.target}"
            self._tasks[move.shop_id] = self._bars.add_task(f"{title} waits", total=None, start=False, rows="", more="")
        self._titles = {move.shop_id: f"shop {move.shop_id} → {move.target}" for move in moves}

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
                self._console.print(f"  · {said}: {rows_of(progress)} {more_of(progress)}".rstrip(), markup=False)
            return
        task = self._tasks[shop_id]
        if begins:
            self._bars.start_task(task)
        ended = progress.state in (MoveState.SWITCHED, MoveState.ROLLED_BACK)
        total = progress.rows_copied if ended else max(progress.rows_expected, progress.rows_copied, 1)
        self._bars.update(
            task, description=said, completed=progress.rows_copied, total=total, rows=rows_of(progress),
            more=more_of(progress),
        )  # fmt: skip


def rows_of(progress: Progress) -> str:
    if progress.state in (MoveState.PLANNED, MoveState.COPYING, MoveState.CATCHING_UP):
        return f"{progress.rows_copied:,} of ~{progress.rows_expected:,} rows"
    return f"{progress.rows_copied:,} rows"


def more_of(progress: Progress) -> str:
    """What changed meanwhile and is still to be carried over; how long writers have waited; what the runner says."""
    parts = [
        f"{progress.dirty:,} changed meanwhile" if progress.dirty else "",
        f"pause {progress.pause_ms:.0f} ms" if progress.pause_ms is not None else "",
        progress.note,
    ]
    return " · ".join(part for part in parts if part)
