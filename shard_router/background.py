"""Owns the router's own threads: each repeats one task until the router closes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Background:
    def __init__(self) -> None:
        self._stop = threading.Event()
        self._tasks: list[tuple[str, float, Callable[[], object]]] = []
        self._threads: list[threading.Thread] = []
        self._running = False

    def every(self, seconds: float, name: str, task: Callable[[], object]) -> None:
        """Also once the others run: then it begins at once."""
        self._tasks.append((name, seconds, task))
        if self._running:
            self._begin(name, seconds, task)

    def start(self) -> None:
        self._running = True
        for name, seconds, task in self._tasks:
            self._begin(name, seconds, task)

    def _begin(self, name: str, seconds: float, task: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._repeat, args=(name, seconds, task, self._stop), daemon=True)
        thread.name = f"router-{name}"
        thread.start()
        self._threads.append(thread)

    @staticmethod
    def _repeat(name: str, seconds: float, task: Callable[[], object], stop: threading.Event) -> None:
        failing = False
        while not stop.is_set():
            try:
                task()
                failing = False
            except Exception as bad:  # noqa: BLE001 (a thread that dies would take its task with it)
                if not failing:  # say it once, not every second
                    log.warning("%s: %s", name, bad)
                failing = True
            stop.wait(seconds)

    def restart(self) -> None:
        """After a fork: threads do not come along."""
        self._stop = threading.Event()
        self._threads = []
        self.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
