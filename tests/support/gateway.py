"""Owns an S3-compatible store in tests: Ceph's object gateway, started as the containers start it."""

import os
import secrets
import signal
import subprocess
from pathlib import Path

from app.adapters.object_store.s3 import S3Store
from app.kit.clock import utc_now
from ops import testservers
from ops.places import ROOT
from tests.support.stack import answers, free_port
from tests.support.waiting import until

HERE = ROOT / "ops/gateway"


class Gateway:
    """One store with one user; what it holds outlives stop() and start()."""

    def __init__(self, folder: Path, *, hour: int = 12) -> None:
        """`hour`: what its clock shows by now, roughly."""
        self.clock = f"HERE{utc_now().hour - hour:+}"
        self.port = free_port()
        self.access_key, self.secret_key = secrets.token_hex(10), secrets.token_hex(20)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "access_key").write_text(self.access_key)
        (folder / "secret_key").write_text(self.secret_key)
        (folder / "gateway.conf").write_text(self._configuration())

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        given = [str(self._folder / name) for name in ("gateway.conf", "access_key", "secret_key")]
        words = ["sh", str(HERE / "start.sh"), *given]
        path = f"{testservers.gateway(print)}:{os.environ['PATH']}"
        log = self._folder / "gateway.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                words,
                stdout=out,
                stderr=out,
                env={**os.environ, "PATH": path, "TZ": self.clock},
                start_new_session=True,
            )
        until(lambda: self._process.poll() is not None or answers(self.address), within=90, what="the object gateway")
        assert self._process.poll() is None, log.read_text()[-2000:]

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(60)

    def store(self, *, prefix: str = "test-", endpoint: str | None = None) -> S3Store:
        return S3Store(
            endpoint=endpoint or self.address, region="ap-south-1", access_key=self.access_key,
            secret_key=self.secret_key, bucket_prefix=prefix,
        )  # fmt: skip

    def _configuration(self) -> str:
        """The product's, but for where things lie on this machine."""
        text = (HERE / "gateway.conf").read_text()
        own = {"= /tmp": f"= {self._folder}", "/data": str(self._folder), "0.0.0.0:8333": f"127.0.0.1:{self.port}"}
        for old, new in own.items():
            assert old in text, f"{old!r} stands no longer in gateway.conf"
            text = text.replace(old, new)
        return text
