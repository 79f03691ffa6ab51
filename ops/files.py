"""Owns how this package writes: atomically, privately where it must, and under a lock that other clones respect."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.trouble import Trouble


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replaces a file in one step, so that a reader sees the old text or the new one and never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), mode)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> str:
    """The text of a file, or nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def private_folder(path: Path) -> Path:
    """A folder only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def password() -> str:
    """A new random password."""
    return secrets.token_urlsafe(24)


_MAKING = threading.Lock()


def secret(path: Path, make: Callable[[], str] = password) -> str:
    """The secret kept in a file; made once, readable by its owner only. Many may ask at once: one of them makes it."""
    with _MAKING:
        found = read(path)
        if not found:
            found = make()
            private_folder(path.parent)
            write(path, found, mode=0o600)
        return found


@contextmanager
def locked(path: Path, *, busy: Trouble | None = None, wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds a lock between processes. While another holds it: raises `busy` if given, else waits, saying so once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if busy is not None:
                raise busy from None
            if wait is not None:
                wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def published(target: Path) -> Iterator[Path]:
    """A scratch folder that becomes `target` when all went well; a run that was cut short leaves nothing half-made.

    The caller holds a lock, so scratch folders found here belong to nobody any more."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for stale in target.parent.glob(f".{target.name}.making-*"):
        shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.making-"))
    scratch.chmod(0o755)
    try:
        yield scratch
        if target.exists():
            target.rename(scratch.with_name(scratch.name + "-old"))
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(scratch.with_name(scratch.name + "-old"), ignore_errors=True)
