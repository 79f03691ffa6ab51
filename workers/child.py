"""Owns the worker's child: it keeps its connections and compiled parts, and does jobs one after another."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from rq import SimpleWorker, get_current_job
from rq.serializers import JSONSerializer

from app.adapters.redis_queue import RedisQueue
from app.kit.jobruns import run_job
from app.kit.runtime import Runtime
from workers.parts import build
from workers.worker import BEGIN, END, STOP_WITHIN

JOBS_PER_CHILD = 2000
"""Then the child makes room for a fresh one, so that no leak in a native library grows for ever."""

TTL = 60
"""RQ's own bookkeeping of dead workers; ours is the lease."""


class Child:
    """Does jobs; ends on SIGTERM after the one under way, and when its parent is gone."""

    def __init__(self, queues: Sequence[str], builder: str, *, says: int, parent: int) -> None:
        self._queues = list(queues)
        self._builder = builder
        self._says = says
        self._parent = parent

    def run(self) -> int:
        global _parts  # noqa: PLW0603 (RQ calls a plain function; this is its way to the parts)
        threading.Thread(target=self._follow_parent, name="follow-parent", daemon=True).start()
        _parts = (build(self._builder), self._says)
        logging.getLogger("rq.worker").setLevel(logging.WARNING)
        queue = cast(RedisQueue, _parts[0].queue)
        worker = SimpleWorker(
            queue.lines(self._queues), connection=queue.connection(), serializer=JSONSerializer, worker_ttl=TTL,
            maintenance_interval=TTL, log_job_description=False,
        )  # fmt: skip
        try:
            worker.work(max_jobs=JOBS_PER_CHILD, logging_level="WARNING")
        finally:
            _parts[0].close()
        return 0

    def _follow_parent(self) -> None:
        """Reading the pipe ends when its other end closes: with the parent, however that died."""
        os.read(self._parent, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_WITHIN)
        os._exit(1)


_parts: tuple[Runtime, int] | None = None


def perform(*, shop_id: int | None, job_id: str, attempts: int) -> None:
    """What RQ calls. It never fails in RQ's eyes: what comes of a job stands in its outbox row."""
    if _parts is None:
        raise RuntimeError("perform outside a worker's child")
    runtime, says = _parts
    current = get_current_job()
    os.write(says, BEGIN + str(current.timeout if current else 0).encode() + b";")
    try:
        run_job(runtime, shop_id=shop_id, job_id=UUID(job_id), attempts=attempts)
    finally:
        os.write(says, END + b";")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.child", description="Started by workers.worker only.")
    parser.add_argument("--queues", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--says", type=int, required=True, help="descriptor on which the parent hears of jobs")
    parser.add_argument("--parent", type=int, required=True, help="descriptor that closes when the parent is gone")
    chosen = parser.parse_args(arguments)
    return Child(chosen.queues.split(","), chosen.build, says=chosen.says, parent=chosen.parent).run()


if __name__ == "__main__":
    from workers.child import main as imported_main  # under its own name, so that RQ finds the same `_parts`

    sys.exit(imported_main())
