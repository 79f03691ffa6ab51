"""Owns reading the logs of an instance's processes."""

from __future__ import annotations

import time

from ops.places import Instance
from ops.progress import console
from ops.trouble import Trouble


def show(instance: Instance, name: str | None, *, follow: bool, lines: int) -> None:
    """Prints the end of one log, or which logs there are."""
    known = sorted(path.stem for path in instance.logs.glob("*.log"))
    if name is None:
        console.print(f"Logs: {', '.join(known)}." if known else "There are no logs yet.")
        return
    if name not in known:
        raise Trouble(f"There is no log {name}", f"choose one of {', '.join(known) or 'none, nothing ran yet'}")
    with (instance.logs / f"{name}.log").open(encoding="utf-8", errors="replace") as log:
        for line in log.readlines()[-lines:]:
            print(line, end="")
        while follow:
            line = log.readline()
            if line:
                print(line, end="", flush=True)
            else:
                time.sleep(0.2)
