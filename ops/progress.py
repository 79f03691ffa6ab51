"""Owns how long work is shown: a live line a step on a terminal, plain lines with times in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ops.debian import Say

console = Console(highlight=False, soft_wrap=True)


class Steps:
    """Runs named steps, some beside each other, and shows what each is doing."""

    def __init__(self) -> None:
        self._live = console.is_terminal
        self._lock = threading.Lock()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            disable=not self._live,
        )

    def __enter__(self) -> Steps:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def run(self, title: str, work: Callable[[Say], Any]) -> Any:
        """Does one step to its end. Lines that begin with a blank are passing ones, shown on a terminal only."""
        began = time.monotonic()
        task = self._progress.add_task(title, total=1)

        def say(text: str) -> None:
            if self._live:
                self._progress.update(task, description=f"{title} [dim]· {text}")
            elif not text.startswith(" "):
                self._plain(f"{title}: {text}")

        result = work(say)
        self._progress.update(task, description=title, completed=1)
        if not self._live:
            self._plain(f"{title}: done in {time.monotonic() - began:.1f} s")
        return result

    def beside(self, **steps: tuple[str, Callable[[Say], Any]]) -> dict[str, Any]:
        """Does several steps beside each other; all are finished or failed before the first failure is raised."""
        with ThreadPoolExecutor(len(steps)) as pool:
            futures: dict[str, Future[Any]] = {
                name: pool.submit(self.run, title, work) for name, (title, work) in steps.items()
            }
            wait(futures.values())
        return {name: future.result() for name, future in futures.items()}

    def _plain(self, text: str) -> None:
        with self._lock:
            console.print(f"  · {text}", markup=False, soft_wrap=True)
