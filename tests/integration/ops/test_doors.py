"""The proxy before a server: a cut line is silent for old and new connections alike, and whole again afterwards."""

import contextlib
import socket
import subprocess
import sys
import threading
import time

import pytest

from ops.cluster import proxies
from ops.places import ROOT, Instance
from ops.processes import Processes
from ops.trouble import Trouble
from tests.support.stack import free_port
from tests.support.waiting import until


@pytest.fixture
def echo():
    """A server that sends back what it hears; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    def answer(client):
        with client, contextlib.suppress(OSError):
            while heard := client.recv(100):
                client.sendall(heard)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def door(echo, tmp_path):
    """The instance whose server a-1 stands behind a proxy, and the proxy's port."""
    instance = Instance("t", 20000, tmp_path)
    path, port = instance.socket(proxies.NAME), free_port()
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "ops.cluster.proxies", str(path), f"a-1={port}:{echo}"]
    process = subprocess.Popen(words, cwd=ROOT)
    until(lambda: proxies.states(instance) is not None, within=20, what="the proxy")
    yield instance, port
    process.kill()
    process.wait()


def ask(line, word=b"x"):
    line.settimeout(5)
    line.sendall(word)
    return line.recv(100)


def is_silent(line):
    line.settimeout(0.3)
    with pytest.raises(TimeoutError):
        line.recv(100)
    return True


def test_a_cut_line_says_nothing_and_closes_nothing(door):
    instance, port = door
    with socket.create_connection(("127.0.0.1", port), 5) as old:
        assert ask(old) == b"x"
        proxies.order(instance, "a-1", "cut")
        proxies.order(instance, "a-1", "cut")
        old.sendall(b"later")
        assert is_silent(old)
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", port), 0.5)
        assert proxies.states(instance) == {"a-1": "cut"}
        proxies.order(instance, "a-1", "heal")
        old.settimeout(5)
        assert old.recv(100) == b"later"
    with socket.create_connection(("127.0.0.1", port), 5) as new:
        assert ask(new) == b"x"
    assert proxies.states(instance) == {"a-1": ""}


def test_a_slow_line_answers_late(door):
    instance, port = door
    proxies.order(instance, "a-1", "slow", seconds=0.4)
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        began = time.monotonic()
        assert ask(line) == b"x"
        assert time.monotonic() - began >= 0.4
        proxies.order(instance, "a-1", "heal")
        began = time.monotonic()
        assert ask(line) == b"x"
        assert time.monotonic() - began < 0.4


def test_without_proxies_nothing_can_be_cut_and_that_is_said(tmp_path):
    instance = Instance("t", 20000, tmp_path)
    assert proxies.states(instance) is None
    with pytest.raises(Trouble, match="up --proxied"):
        proxies.order(instance, "a-1", "cut")


def test_a_frozen_process_is_known_and_wakes(tmp_path):
    processes = Processes(tmp_path / "pids", tmp_path / "log")
    processes.start("one", ["sleep", "60"])
    try:
        assert not processes.is_frozen("one")
        subprocess.run(["kill", "-STOP", str(processes.alive("one"))], check=True)
        until(lambda: processes.is_frozen("one"))
        processes.go_on(["one", "nobody"])
        until(lambda: not processes.is_frozen("one"))
    finally:
        processes.stop(["one"])
    assert not processes.is_frozen("one")
