"""Owns how an entry point gets its runtime, and how it is told to stop."""

import importlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from app.kit.runtime import Runtime

BUILD = "app.factory:build_worker_runtime"
"""What makes the parts, as module:function; tests name another."""


def build(named: str) -> "Runtime":
    module, _, function = named.partition(":")
    make = cast("Callable[[], Runtime]", getattr(importlib.import_module(module), function))
    return make()


def stop_on_signals() -> threading.Event:
    """Set by SIGTERM and Ctrl-C; what is under way is finished first."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop
