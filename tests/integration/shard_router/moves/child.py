"""A mover in a process of its own, which ends or stops itself at the step that it is told; started by tests alone.

python -m tests.integration.shard_router.moves.child SETTINGS MOVE STEP SIGNAL: `STEP` may be `copied:3`, the third.
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

from shard_router import Account, Router, RouterConfig
from shard_router.moves import Limits, Mover
from tests.integration.shard_router.moves.stock import SUMS, TABLES


def build_router(settings: dict[str, str]) -> Router:
    return Router(RouterConfig(
        topology=Path(settings["topology"]), accounts={"app": Account(settings["user"], settings["password"])},
        snapshot=Path(settings["snapshot"]), redis_url=settings["redis_url"], tls_ca=Path(settings["tls_ca"]),
        shard_database=settings["shard_database"], control_database=settings["control_database"],
        redis_prefix=settings["redis_prefix"], token_keys=(settings["token_key"].encode(),),
    ))  # fmt: skip


def main(file: str, move_id: str, step: str, sign: str) -> None:
    settings = json.loads(Path(file).read_text())
    name, _, count = step.partition(":")
    seen: Counter[str] = Counter()

    def at(taken: str) -> None:
        seen[taken] += 1
        if taken == name and seen[taken] == int(count or 1):
            os.kill(os.getpid(), signal.Signals[sign])

    router = build_router(settings)
    limits = Limits(accept_degraded=True, lease=1.0, patience=20.0, chunk_rows=100)
    Mover(router, tables=TABLES, sums=SUMS, limits=limits, step=at).run(UUID(move_id))
    router.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
