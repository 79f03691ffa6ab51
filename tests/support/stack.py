"""Owns the product's processes for tests that need them real: started as ./dev up starts them, killed by their ids."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from app.settings import Settings
from ops.places import ROOT
from tests.support.waiting import until

SERVES_WITHIN = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def variables(settings: Settings) -> dict[str, str]:
    """The settings as a process's environment says them."""
    found = {}
    for name, value in settings:
        if value is None or value in ((), ""):
            continue
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        found[f"BOOLA_{name.upper()}"] = str(text).lower() if isinstance(text, bool) else str(text)
    return found


class Stack:
    """The processes of one installation: `web` and `side` by gunicorn, `worker`, `relay`, `scheduler`."""

    def __init__(self, settings: Settings, folder: Path, *, web_workers: int = 2, threads: int = 16) -> None:
        self.settings = settings
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._workers, self._threads = web_workers, threads
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return self.settings.public_url

    def start(self, *names: str) -> None:
        for name in names:
            with (self.logs / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    self._command(name), cwd=ROOT, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True,
                )  # fmt: skip

    def wait_until_serving(self) -> float:
        """Seconds until web and side, those that were started, answered; what they need of others may be gone."""
        addresses = {"web": self.settings.public_url, "side": self.settings.side_url}
        wanted = [f"{url}/healthz" for name, url in addresses.items() if name in self._running]
        return until(lambda: self._lives() and all(map(answers, wanted)), within=SERVES_WITHIN, what="the first answer")

    def _lives(self) -> bool:
        """A process that ended while starting says why at once."""
        for name in self._running:
            assert self.runs(name), f"{name} ended: {(self.logs / f'{name}.log').read_text(errors='replace')[-1500:]}"
        return True

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def runs(self, name: str) -> bool:
        return self._running[name].poll() is None

    def children(self, name: str) -> list[int]:
        """The processes that a process started: gunicorn's workers, a worker's children."""
        words = ["ps", "-o", "pid=", "--ppid", str(self.pid(name))]
        listed = subprocess.run(words, capture_output=True, text=True, check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def kill(self, name: str) -> None:
        """kill -9 of the process and all that it started."""
        process = self._running.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for name, process in list(self._running.items()):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self._running.clear()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_")}
        return {**kept, **variables(self.settings), "PYTHONUNBUFFERED": "1"}

    def _command(self, name: str) -> Sequence[str]:
        if name == "web":
            return self._gunicorn(self.settings.public_url, "app.factory:create_app()", self._workers, self._threads)
        if name == "side":
            return self._gunicorn(self.settings.side_url, "app.factory:create_side_app()", 1, 32)
        return (sys.executable, "-m", f"workers.{name}")

    @staticmethod
    def _gunicorn(url: str, application: str, workers: int, threads: int) -> Sequence[str]:
        return (
            *(sys.executable, "-m", "gunicorn", application, "--bind", url.removeprefix("http://")),
            *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
            *("--graceful-timeout", "5", "--timeout", "60", "--keep-alive", "75", "--no-control-socket"),
        )


def answers(url: str) -> bool:
    """Whether something serves this address, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
