"""Owns the last-known-good file: what every process needs to route with the control database and Redis both dead."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
FORMAT = 1


class Snapshot:
    """Written whole or not at all; many processes share one file, and who writes it has its `turn` from before it read.

    Without the turn, a slow process would put what it read long ago over what another one has written since.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None

    def load(self) -> dict[str, Any] | None:
        """None where there is none, or none that can be read."""
        try:
            self._seen = self._mark()
            content = json.loads(self._path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as bad:
            log.error("snapshot %s cannot be read: %s", self._path, bad)
            return None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            log.error("snapshot %s has another format", self._path)
            return None
        return content

    def news(self) -> dict[str, Any] | None:
        """The content, if some process has written or confirmed it since this one last read it."""
        try:
            if self._mark() == self._seen:
                return None
        except OSError:
            return None
        return self.load()

    def age(self) -> float | None:
        """Seconds since some process last found the file to be true."""
        try:
            return max(0.0, time.time() - self._path.stat().st_mtime)
        except OSError:
            return None

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this process may write; False where another one is at it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with Path(f"{self._path}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True

    def save(self, content: dict[str, Any]) -> None:
        """In a turn only. An unchanged content only makes the file young again."""
        text = json.dumps({"format": FORMAT, **content}, separators=(",", ":"), sort_keys=True)
        if self._holds(text):
            os.utime(self._path)
        else:
            self._replace(text)
        self._seen = self._mark()

    def _holds(self, text: str) -> bool:
        """What this process wrote last says nothing: another one may have written since."""
        try:
            return self._path.read_text() == text
        except (OSError, ValueError):
            return False

    def _mark(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns

    def _replace(self, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w") as new:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink()
            raise
