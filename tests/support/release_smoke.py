"""Owns a short day in three shops, run by any release's code: it is handed to a Python that has that release's tree.

So it uses only what every release has: its own tests' cast and counter, over its own application. Says what it saw as
JSON on its last line.
"""

import json
import os
import sys
from pathlib import Path


def main(prefix: str, folder: Path) -> dict[str, object]:
    from app.factory import build_runtime, create_app
    from migrations import versions
    from tests.support.cast import make_cast
    from tests.support.cluster import Cluster
    from tests.support.settings import settings_for

    file = Path(os.environ["BOOLA_CLUSTER"])
    cluster = Cluster(file, json.loads(file.read_text()), prefix)
    settings = settings_for(cluster, folder, font_dir=Path(os.environ["BOOLA_FONT_DIR"]))
    runtime = build_runtime(settings)
    try:
        app = create_app(settings, parts=runtime)
        cast = make_cast(runtime)
        seen = {who.name: trade(app, runtime, who) for who in (cast.asha, cast.ravi, cast.zoya)}
        listed = app.test_client().get("/api/v1/console/shops", headers=cast.om.headers())
        below = versions.shards_below_minimum(runtime.router)
        return {"code": str(Path(versions.__file__).parent), "shops": seen, "console": listed.status_code,
                "below": below, "control_below": versions.control_below_minimum(runtime.router)}  # fmt: skip
    finally:
        runtime.close()


def trade(app, runtime, who) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """A board, three pieces, two bills, a credit note on one, and the jobs that they left."""
    from tests.support.counter import Counter, made
    from tests.support.jobs import view, work_off

    counter = Counter(app, runtime, who)
    counter.set_board()
    first, second, _ = (counter.piece(grossMg=2390) for _ in range(3))
    bills = [made(counter.bill([one])) for one in (first, second)]
    note = made(counter.post(
        f"/invoices/{bills[0]['id']}/credit-notes",
        {"refunds": [{"mode": "bank", "paise": bills[0]["totalPaise"]}], "reason": "returned unworn"},
    ))  # fmt: skip
    done = work_off(runtime, who.shop_id)
    jobs = [view(runtime.router, who.shop_id, who.actor, job_id).state.value for job_id in done]
    books = counter.books()
    return {"numbers": counter.numbers(bills[0]["kind"]), "note": note["kind"], "jobs": jobs, "sound": books.sound,
            "documents": books.documents}  # fmt: skip


if __name__ == "__main__":
    print("\n" + json.dumps(main(sys.argv[1], Path(sys.argv[2]))))  # noqa: T201 (it is what the caller reads)
