"""Owns waiting in tests for what other processes do: until a condition holds, and never longer than a limit."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], within: float = 20.0, *, what: str = "") -> float:
    """Waits for the condition and gives the seconds that it took; fails loudly when it never comes."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < within, f"{what or 'what was waited for'}: not within {within} s"
        time.sleep(0.02)
    return time.monotonic() - began
