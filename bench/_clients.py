"""Owns the load: clients that speak HTTP over a kept connection with as little work of their own as can be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Client:
    """One kept connection. A request is one write, its reply is read to its Content-Length."""

    port: int
    headers: str
    _socket: socket.socket | None = field(default=None, repr=False)

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Status and body of the reply."""
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{more}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), 30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(head.encode() + body)
        return self._reply(self._socket)

    def _reply(self, link: socket.socket) -> tuple[int, bytes]:
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            chunk = link.recv(65_536)
            if not chunk:
                raise ConnectionError("the server hung up")
            got += chunk
        head, body = got[:end].lower(), got[end + 4 :]
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += link.recv(65_536)
        return int(got[9:12]), body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def load(make: Callable[[int], Callable[[], None]], *, clients: int, seconds: float) -> tuple[int, float]:
    """How many calls `clients` threads got done, in what time; each calls what `make` gave it until time is over."""
    done = [0] * clients
    gate = threading.Barrier(clients + 1)
    until = [0.0]
    failed: list[Exception] = []

    def work(number: int) -> None:
        once = make(number)
        gate.wait()
        try:
            while time.perf_counter() < until[0]:
                once()
                done[number] += 1
        except Exception as error:  # noqa: BLE001 (told by the caller's thread)
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    until[0] = time.perf_counter() + seconds
    began = time.perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return sum(done), time.perf_counter() - began
