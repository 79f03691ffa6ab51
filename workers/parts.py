"""Owns how an entry point gets its runtime, and how it is told to stop."""

import importlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from app.kit.runtime import Runtime

BUILD = "workers.parts:from_settings"
"""What makes the parts, as module:function; tests name another."""


def from_settings() -> "Runtime":
    """The same parts that the web has, and every module with jobs imported."""
    from app.factory import JOB_MODULES, build_runtime
    from app.settings import load

    for module in JOB_MODULES:
        importlib.import_module(module)
    return build_runtime(load())


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
