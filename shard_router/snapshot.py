"""Owns the last-known-good file: what every process needs to route with the control database and Redis both dead."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
FORMAT = 1


class Snapshot:
    """Written whole or not at all; many processes share one file and one of them writes it at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: str | None = None

    def load(self) -> dict[str, Any] | None:
        """None where there is none, or none that can be read."""
        try:
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

    def age(self) -> float | None:
        """Seconds since some process last found the file to be true."""
        try:
            return max(0.0, time.time() - self._path.stat().st_mtime)
        except OSError:
            return None

    def save(self, content: dict[str, Any]) -> None:
        """An unchanged content only makes the file young again."""
        text = json.dumps({"format": FORMAT, **content}, separators=(",", ":"), sort_keys=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with Path(f"{self._path}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # another process is at it
            if text == self._written and self._path.exists():
                os.utime(self._path)
            else:
                self._replace(text)
                self._written = text

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
