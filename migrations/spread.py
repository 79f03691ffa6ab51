"""Owns doing one thing to many databases, some at once, and stopping at the first that fails."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def some_at_once(targets: Sequence[T], work: Callable[[T], int], *, at_once: int) -> tuple[int, dict[T, BaseException]]:
    """The sum of what `work` gave, and what failed. After a failure no other is begun; those under way may finish."""
    waiting = list(targets)
    running: dict[Future[int], T] = {}
    failures: dict[T, BaseException] = {}
    total = 0
    with ThreadPoolExecutor(max(at_once, 1), thread_name_prefix="migrate") as pool:
        while waiting or running:
            while waiting and len(running) < max(at_once, 1):
                target = waiting.pop(0)
                running[pool.submit(work, target)] = target
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                target = running.pop(future)
                if failed := future.exception():
                    failures[target] = failed
                    waiting.clear()
                else:
                    total += future.result()
    return total, failures
