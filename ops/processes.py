"""Owns background processes: started detached, known again by a recorded identity, ended only if they are ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ops import files
from ops.trouble import Trouble


def identity(pid: int) -> str | None:
    """Tells this process from a later one with the same number: this boot, and when it started. None: not alive.

    Not its command line, which servers rewrite."""
    if not Path("/proc/self/stat").exists():
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


class Processes:
    """The processes of one instance, each under a name, recorded in a folder of small files."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder = folder
        self.logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> int:
        """Starts a process in a session of its own, its output appended to the log of that name.

        One of which no record can be kept, on a full disk, is ended at once: no later run would find it."""
        files.private_folder(self.folder)
        files.private_folder(self.logs)
        with (self.logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=None if env is None else dict(env),
                cwd=cwd,
            )
        try:
            self.record(name, child.pid)
        except OSError:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        self._children[name] = child
        return child.pid

    def record(self, name: str, pid: int) -> None:
        """Remembers a process, so that another run of the launcher can find and end it."""
        files.private_folder(self.folder)
        text = json.dumps({"pid": pid, "identity": identity(pid)})
        files.write(self.folder / f"{name}.json", text, mode=0o600)

    def alive(self, name: str) -> int | None:
        """The process's number when it still is the one that was recorded."""
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            return None
        text = files.read(self.folder / f"{name}.json")
        if not text:
            return None
        try:
            entry = json.loads(text)
        except ValueError:
            return None
        found = identity(entry["pid"])
        return int(entry["pid"]) if found is not None and found == entry["identity"] else None

    def names(self) -> list[str]:
        """Every name on record, alive or not."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def forget(self, name: str) -> None:
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def go_on(self, names: Iterable[str]) -> None:
        """Wakes those that were frozen."""
        for name in names:
            if (pid := self.alive(name)) is not None:
                os.kill(pid, signal.SIGCONT)

    def is_frozen(self, name: str) -> bool:
        """Whether it stands still by SIGSTOP."""
        pid = self.alive(name)
        if pid is None:
            return False
        done = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip().startswith("T")

    def wait_until_gone(self, name: str, limit: float = 20.0) -> None:
        """Waits for the end of a process that was killed."""
        deadline = time.monotonic() + limit
        while self.alive(name) is not None:
            if time.monotonic() > deadline:
                raise Trouble(f"{name} did not end within {limit:.0f} s", f"read {self.logs / f'{name}.log'}")
            time.sleep(0.02)

    def stop(self, names: Iterable[str], *, grace: float = 20.0) -> list[str]:
        """Ends these processes and their groups, politely first; returns the names of those that were alive."""
        running = {name: pid for name in names if (pid := self.alive(name)) is not None}
        for pid in running.values():
            _signal_group(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while any(self.alive(name) for name in running):
            if time.monotonic() > deadline:
                for name in running:
                    if (pid := self.alive(name)) is not None:
                        _signal_group(pid, signal.SIGKILL)
            time.sleep(0.02)
        for name in names:
            self.forget(name)
        return sorted(running)

    def end_group(self, name: str) -> None:
        """Kills what is left of a dead process's group, such as the workers of a killed server."""
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)

    def last_words(self, name: str) -> str:
        """Why a process ended, by its log: its first error, from which the others follow, else its last line."""
        try:
            lines = (self.logs / f"{name}.log").read_text(errors="replace").rstrip().splitlines()[-20:]
        except OSError:
            return "it left no log"
        errors = [line for line in lines if "[ERROR]" in line and "Aborting" not in line]
        return (errors[:1] or lines[-1:] or ["its log is empty"])[0][:200]

    def wait_until_ready(self, name: str, ready: Callable[[], bool], limit: float = 60.0) -> None:
        """Waits until `ready()` is true; a process that dies meanwhile, or the limit, is told with the log to read."""
        deadline = time.monotonic() + limit
        while not ready():
            if self.alive(name) is None:
                raise Trouble(
                    f"{name} ended while starting ({self.last_words(name)})",
                    f"read {self.logs / f'{name}.log'} and run again",
                )
            if time.monotonic() > deadline:
                raise Trouble(
                    f"{name} was not ready within {limit:.0f} s", f"read {self.logs / f'{name}.log'} and run again"
                )
            time.sleep(0.03)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass
