"""A port that a killed server's last process still holds is waited for; one that stays taken is told."""

import signal
import subprocess
import sys

import pytest

from ops.cluster.control import check_ports, port_is_free
from ops.trouble import Trouble

# As a web server: the parent is killed, the worker keeps the port a moment longer; here until its input ends.
SERVER = """
import os, socket, sys
door = socket.socket()
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind(("127.0.0.1", 0))
door.listen()
if os.fork():
    print(door.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def killed():
    """A server killed with kill -9 whose worker lives on, and the port it holds."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())
    server.send_signal(signal.SIGKILL)
    server.wait()
    yield server, port
    server.stdin.close()
    server.stdout.close()


def test_a_port_that_stays_taken_is_told(killed):
    _, port = killed
    with pytest.raises(Trouble, match=f"Port {port} .for web. is in use"):
        check_ports({"web": port}, patience=0)


def test_a_port_that_a_dying_server_holds_is_waited_for(killed):
    server, port = killed
    looks = []

    def look(wanted):
        looks.append(port_is_free(wanted))
        if not server.stdin.closed:
            server.stdin.close()  # it goes only after it was seen
        return looks[-1]

    check_ports({"web": port}, look)
    assert looks[0] is False
    assert looks[-1] is True
