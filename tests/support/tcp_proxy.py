"""Owns a TCP proxy in front of a server, so that a test can have it "die" or go silent without touching the server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

Watch = Callable[[bytes], bool]


class TcpProxy:
    """Forwards to `host:port`. As a context manager it listens on `address` and ends all its threads.

    cut()        closes every connection; new ones are refused until `mend`
    silence()    keeps connections open and forwards nothing more, in either direction, until `mend`
    cut_when(f)  forwards what a client sends; where f(chunk) is true, lets it reach the server and then cuts that
                 connection, so that the client never hears the answer
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._open = threading.Event()  # connections are accepted
        self._flowing = threading.Event()  # bytes are forwarded
        self._closed = threading.Event()
        self._watch: Watch | None = None
        self._open.set()
        self._flowing.set()
        self.accepted = 0

    @property
    def port(self) -> int:
        return self.address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._flowing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all()

    def cut(self) -> None:
        self._open.clear()
        self._close_all()

    def silence(self) -> None:
        self._flowing.clear()

    def mend(self) -> None:
        self._watch = None
        self._open.set()
        self._flowing.set()

    def cut_when(self, watch: Watch) -> None:
        self._watch = watch

    def close_connections(self) -> None:
        """Those there are, politely; new ones are welcome. As a server does that restarts."""
        self._close_all()

    def _close_all(self) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._close(pair)

    def _close(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            self._pairs.discard(pair)
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if not self._open.is_set():
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, 2)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            if not self._open.is_set():  # cut while the server was being called
                self._close(pair)
                continue
            threading.Thread(target=self._pump, args=(client, server, pair, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, pair, False), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket], from_client: bool
    ) -> None:
        try:
            while chunk := source.recv(65536):
                self._flowing.wait()
                fatal = from_client and self._watch is not None and self._watch(chunk)
                if fatal:
                    self._deliver_and_cut(sink, chunk, pair)
                    return
                sink.sendall(chunk)
        except OSError:
            pass
        self._close(pair)

    def _deliver_and_cut(self, server: socket.socket, chunk: bytes, pair: tuple[socket.socket, socket.socket]) -> None:
        client = pair[0]
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        server.sendall(chunk)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        client.close()
        with self._lock:
            self._pairs.discard(pair)
