"""Owns the doors of a cluster that was started with --proxied: a small TCP proxy before each server, which can be
silenced (no answer and no reset, as when a cable is cut) or made slow, without touching the server."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ops.cluster.mysql import MySQL
from ops.places import ROOT, Instance
from ops.processes import Processes
from ops.trouble import Trouble

NAME = "proxies"
BACKLOG = 128


class Door:
    """Forwards from one port to another. `cut` keeps its connections open and answers to nothing, new ones included."""

    def __init__(self, listen: int, target: int) -> None:
        self._target = target
        self._flowing = threading.Event()
        self._flowing.set()
        self._parked = threading.Event()
        self._delay = 0.0
        self._fillers: list[socket.socket] = []
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", listen))
        self._listener.listen(BACKLOG)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def state(self) -> str:
        """Empty while all is well."""
        if not self._flowing.is_set():
            return "cut"
        return f"slow by {self._delay:g} s" if self._delay else ""

    def cut(self) -> None:
        """A full queue of connections makes the kernel drop further ones unanswered."""
        if not self._flowing.is_set():
            return
        self._parked.clear()
        self._flowing.clear()
        self._listener.listen(0)
        self._fill(BACKLOG)
        self._parked.wait(1)  # whoever waits for a connection takes one of them, and leaves room for another
        self._fill(2)

    def _fill(self, places: int) -> None:
        for _ in range(places):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self._listener.getsockname())
            self._fillers.append(filler)

    def slow(self, seconds: float) -> None:
        """Each answer comes so much later."""
        self._delay = seconds

    def heal(self) -> None:
        self._delay = 0.0
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self._listener.listen(BACKLOG)
        self._flowing.set()

    def _accept(self) -> None:
        while True:
            self._flowing.wait()
            client, _ = self._listener.accept()
            if not self._flowing.is_set():
                self._parked.set()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flowing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), 5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
        self._pump(server, client, True)

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if is_answer and self._delay:
                    time.sleep(self._delay)
                self._flowing.wait()
                sink.sendall(chunk)
        self._flowing.wait()  # an end is not heard through a cut line either
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def main(arguments: list[str]) -> None:
    """`python -m ops.cluster.proxies SOCKET NAME=LISTEN:TARGET …`; obeys lines of JSON on that unix socket."""
    path, *wanted = arguments
    doors = {}
    for word in wanted:
        name, _, ports = word.partition("=")
        listen, _, target = ports.partition(":")
        doors[name] = Door(int(listen), int(target))
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            asker, _ = listener.accept()
            with asker, asker.makefile("rw") as line, contextlib.suppress(OSError, ValueError):
                line.write(json.dumps(_obey(doors, json.loads(line.readline()))) + "\n")


def _obey(doors: dict[str, Door], order: dict[str, Any]) -> dict[str, str]:
    if order.get("do") == "open" and order["server"] not in doors:
        doors[order["server"]] = Door(int(order["listen"]), int(order["target"]))
    door = doors.get(order.get("server", ""))
    if door is not None:
        match order["do"]:
            case "cut":
                door.cut()
            case "slow":
                door.slow(float(order["seconds"]))
            case "heal":
                door.heal()
    return {name: one.state for name, one in doors.items()}


# ---------------------------------------------------------------- the launcher's side


def start(instance: Instance, processes: Processes, servers: Iterable[MySQL]) -> None:
    """Starts the doors of these servers unless they stand; where others stand, those of a shard that was added."""
    wanted = list(servers)
    if processes.alive(NAME) is not None:
        doors = states(instance)
        for server in wanted if doors is not None else ():
            if server.name not in (doors or {}):
                order(instance, server.name, "open", listen=server.address, target=server.port)
        return
    path = instance.socket(NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    words = [f"{server.name}={server.address}:{server.port}" for server in wanted]
    processes.start(NAME, [sys.executable, "-m", "ops.cluster.proxies", str(path), *words], cwd=ROOT)
    processes.wait_until_ready(NAME, lambda: states(instance) is not None, limit=20)


def states(instance: Instance) -> dict[str, str] | None:
    """What is wrong with each door, empty where nothing is; None where no proxies run."""
    try:
        return _ask(instance, {})
    except OSError:
        return None


def order(instance: Instance, server: str, do: str, **how: float) -> None:
    """Tells one door what to do, and hears that it is done."""
    try:
        _ask(instance, {"server": server, "do": do, **how})
    except OSError:
        raise Trouble(
            "This cluster runs without proxies, so no line can be cut",
            "end it with ./dev cluster down and start it with ./dev cluster up --proxied",
        ) from None


def _ask(instance: Instance, order: dict[str, Any]) -> dict[str, str]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(instance.socket(NAME)))
        with line.makefile("rw") as talk:
            talk.write(json.dumps(order) + "\n")
            talk.flush()
            return dict(json.loads(talk.readline()))


if __name__ == "__main__":
    main(sys.argv[1:])
