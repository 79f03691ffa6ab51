"""Owns the circuit breakers of all servers, shared by a host's processes: one small file in memory, no server to ask.

Closed: everybody may ask. Open, after some failures in a row: nobody waits for that server, each is refused at once.
Half-open, after a rest: one caller of the host is let through, whose fortune decides. The poller's own questions count
too, so that as a rule no request is spent on finding out.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

log = logging.getLogger(__name__)

SLOTS = 1024
MAGIC = b"boola breakers 1"
SLOT = struct.Struct("<16sIIddd")  # whose, failures in a row, unused, the first of them, open until, probe until
REFUSES_UNTIL = struct.Struct("<d")
AT_OPEN = 32  # where "open until" stands in a slot
SIZE = (SLOTS + 1) * SLOT.size

Address = tuple[str, int]


class Breakers:
    """Times are the host's monotonic clock: every process reads the same, and none of them jumps with the date."""

    def __init__(self, path: Path, *, failures: int, window: float, rest: float, probe: float) -> None:
        self._path = path
        self._failures, self._window, self._rest, self._probe = failures, window, rest, probe
        self._slots: dict[Address, int] = {}
        self.after_fork()
        self._file, self._memory = self._open()

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would never be released in the child."""
        self._lock = threading.Lock()

    # -- what requests ask ----------------------------------------------------------------------------------------
    def refuses(self, address: Address) -> bool:
        """True while nobody should wait for this server. The one who probes it is told False."""
        at = self._slots.get(address)
        if at is None:
            at = self._find(address)
        if self._until(at) == 0.0:
            return False
        return not self._may_probe(at)

    def _may_probe(self, at: int) -> bool:
        now = time.monotonic()
        with self._alone():
            whose, failed, _, first, until, probing = SLOT.unpack_from(self._memory, at)
            if until == 0.0:
                return True
            if until > now + self._rest:  # written before the machine's last start
                until = now
            if now < until or now < probing <= now + self._probe:
                return False
            SLOT.pack_into(self._memory, at, whose, failed, 0, first, until, now + self._probe)
            return True

    # -- what is learned ------------------------------------------------------------------------------------------
    def failed(self, address: Address) -> None:
        """It could not be reached, or did not answer in time."""
        at, now = self._find(address), time.monotonic()
        with self._alone():
            whose, failed, _, first, until, _ = SLOT.unpack_from(self._memory, at)
            if not now - self._window <= first <= now:
                failed, first = 0, now
            failed += 1
            opens = until != 0.0 or failed >= self._failures
            SLOT.pack_into(self._memory, at, whose, failed, 0, first, now + self._rest if opens else 0.0, 0.0)
        if opens and until == 0.0:
            log.warning("%s:%s is asked no more: %s failures in a row", *address, failed)

    def answered(self, address: Address) -> None:
        at = self._find(address)
        whose, failed, _, _, until, _ = SLOT.unpack_from(self._memory, at)
        if not failed and until == 0.0:
            return
        with self._alone():
            SLOT.pack_into(self._memory, at, whose, 0, 0, 0.0, 0.0, 0.0)
        if until != 0.0:
            log.warning("%s:%s answers again", *address)

    def is_open(self, address: Address) -> bool:
        """For people who look; it takes no probe."""
        return self._until(self._find(address)) != 0.0

    def _until(self, at: int) -> float:
        until: float = REFUSES_UNTIL.unpack_from(self._memory, at + AT_OPEN)[0]
        return until

    # -- the file -------------------------------------------------------------------------------------------------
    def _find(self, address: Address) -> int:
        """Where the server's slot begins; a server not known yet takes the next free one."""
        known = self._slots.get(address)
        if known is not None:
            return known
        whose = blake2b(f"{address[0]}:{address[1]}".encode(), digest_size=16).digest()
        start = int.from_bytes(whose[:4], "little")
        with self._alone():
            for n in range(SLOTS):
                at = (1 + (start + n) % SLOTS) * SLOT.size
                taken = self._memory[at : at + 16]
                if taken not in (whose, bytes(16)):
                    continue
                self._memory[at : at + 16] = whose
                self._slots[address] = at
                return at
        raise RuntimeError(f"{self._path} has no room for another server: delete it, then start the processes again")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Threads by the lock, processes by the file; either is held for microseconds, and a dead holder lets go."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX)  # not flock: a forked child would share its parent's lock
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _open(self) -> tuple[int | None, mmap.mmap]:
        """The shared file; memory of this process alone where there can be none."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as bad:
            log.warning("breakers are not shared with other processes: %s", bad)
            return None, mmap.mmap(-1, SIZE)
        fcntl.lockf(file, fcntl.LOCK_EX)
        try:
            if os.fstat(file).st_size != SIZE or os.pread(file, len(MAGIC), 0) != MAGIC:
                os.ftruncate(file, 0)
                os.pwrite(file, MAGIC + bytes(SIZE - len(MAGIC)), 0)  # written, so that a full disk shows here
            return file, mmap.mmap(file, SIZE)
        except (OSError, ValueError) as bad:
            log.warning("breakers are not shared with other processes: %s", bad)
            os.close(file)
            return None, mmap.mmap(-1, SIZE)
        finally:
            with suppress(OSError):
                fcntl.lockf(file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
