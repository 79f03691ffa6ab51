"""Owns the worker's processes: a parent that only watches, and children that do jobs one after another.

A child keeps its connections and compiled parts from job to job. The parent kills it when a job outlives its limit,
also inside native code that hears no signal, and starts a new one; the job's lease runs out and it is done again. When
the parent dies its children end after their jobs.
"""

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

import structlog

from app.kit.queueing import QUEUES
from app.settings import STOPPED
from workers.parts import BUILD

log = structlog.get_logger(__name__)

GRACE = 5.0
"""Seconds that a job gets after its limit to end by itself, before the parent kills the child."""

LINES = ("bills,default", "exports,pictures", "moves")
"""The children by default: what takes minutes never stands before a bill, nor what takes hours before an export."""

LOOK_EVERY = 0.1
STOP_WITHIN = 30.0
RESTART_AFTER = 1.0
BEGIN, END = b"b", b"e"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.worker", description=__doc__)
    parser.add_argument(
        "--queues", action="append", metavar="A,B",
        help=f"queues of one child, in order of urgency; give it once for each child (default: {' and '.join(LINES)})",
    )  # fmt: skip
    parser.add_argument("--build", default=BUILD, help="module:function that makes the runtime")
    chosen = parser.parse_args(arguments)
    lines = chosen.queues or list(LINES)
    if unknown := {name for line in lines for name in line.split(",")} - set(QUEUES):
        parser.error(f"no such queue: {', '.join(sorted(unknown))}; there are {', '.join(QUEUES)}")
    return Parent([Line(queues, chosen.build) for queues in lines]).run()


class Line:
    """One child and the queues that it serves; watched in steps, so that one parent has several."""

    def __init__(self, queues: str, builder: str) -> None:
        self.queues = queues
        self._command = [sys.executable, "-m", "workers.child", "--queues", queues, "--build", builder]
        self._child: subprocess.Popen[bytes] | None = None
        self._says = self._held = -1
        self._deadline: float | None = None
        self._start_at = 0.0
        self.hopeless = False  # wrong settings: the next child would say the same

    @property
    def runs(self) -> bool:
        return self._child is not None

    def start_if_due(self) -> None:
        if self._child is not None or time.monotonic() < self._start_at:
            return
        self._says, heard = os.pipe()
        life, self._held = os.pipe()
        self._child = subprocess.Popen(  # noqa: S603 (our own command line)
            [*self._command, "--says", str(heard), "--parent", str(life)], pass_fds=(heard, life)
        )
        os.close(heard)
        os.close(life)
        os.set_blocking(self._says, False)
        self._deadline = None

    def look(self) -> None:
        """Bury it when it ended; kill it when its job outlived the limit."""
        if self._child is None:
            return
        if (code := self._child.poll()) is not None:
            log.log(logging.INFO if code == 0 else logging.WARNING, "worker ended", queues=self.queues, code=code)
            os.close(self._says)
            os.close(self._held)
            self._child = None
            self.hopeless = code == STOPPED
            self._start_at = time.monotonic() + (0 if code == 0 else RESTART_AFTER)
            return
        self._hear()
        if self._deadline is not None and time.monotonic() > self._deadline:
            log.error("a job outlived its limit; its worker is killed", queues=self.queues, pid=self._child.pid)
            self._child.kill()

    def stop(self, *, now: bool = False) -> None:
        if self._child is not None:
            (self._child.kill if now else self._child.terminate)()

    def _hear(self) -> None:
        """The child writes b<seconds>; when it begins a job, and e; when that job has ended."""
        try:
            words = os.read(self._says, 65536).split(b";")
        except BlockingIOError:
            return
        for word in words:
            if word.startswith(BEGIN):
                self._deadline = time.monotonic() + float(word[1:]) + GRACE
            elif word == END:
                self._deadline = None


class Parent:
    """Keeps every line's child running until told to stop; then waits for their jobs under way."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._stopping_at: float | None = None

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._told)
        signal.signal(signal.SIGINT, self._told)
        while self._stopping_at is None:
            for line in self._lines:
                line.start_if_due()
                line.look()
            if any(line.hopeless for line in self._lines):
                self._told(0, None)
            time.sleep(LOOK_EVERY)
        for line in self._lines:
            line.stop()
        while any(line.runs for line in self._lines):
            if time.monotonic() > self._stopping_at + STOP_WITHIN:
                log.warning("workers did not stop in time; they are killed, their jobs run again elsewhere")
                for line in self._lines:
                    line.stop(now=True)
            for line in self._lines:
                line.look()
            time.sleep(LOOK_EVERY)
        return STOPPED if any(line.hopeless for line in self._lines) else 0

    def _told(self, number: int, frame: FrameType | None) -> None:
        if self._stopping_at is None:
            self._stopping_at = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
