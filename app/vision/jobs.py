"""Owns the work on pictures: decode, sizes, cut-out; and forgetting uploads that nobody needs any more."""

import datetime as dt
import io
from typing import Any
from uuid import UUID

from app.kit.clock import utc_now
from app.kit.errors import Unprocessable
from app.kit.jobs import ControlJobRun, ShopJob, control_job, shop_job
from app.kit.objects import read_bytes
from app.kit.ports import Bucket
from app.vision import service
from shard_router import ShopSession

KEPT = dt.timedelta(days=3)
"""Longer than any outage that a waiting picture should survive."""

STEPS = 5


def _gave_up(db: ShopSession, params: dict[str, Any]) -> None:
    service.refuse_picture(db, picture_id=UUID(params["picture_id"]), because=service.GAVE_UP)


def _again(db: ShopSession, params: dict[str, Any]) -> UUID | None:
    return service.process_again(db, picture_id=UUID(params["picture_id"]))


@shop_job(queue="pictures", attempts=4, time_limit=90, gave_up=_gave_up, again=_again, right="picture.edit")
def process_picture(job: ShopJob, *, picture_id: str, folder: str) -> None:
    """Sizes and cut-out under keys that were drawn when the job was asked for, so a second run writes the same ones."""
    from app.vision import guard, sizes

    known = UUID(picture_id)
    waiting = job.read(lambda db: service.find_waiting(db, known))
    if waiting is None:
        return
    body = read_bytes(job.runtime.store, Bucket.INCOMING, waiting.incoming_key, most=guard.MAX_BYTES)
    job.progress(1, STEPS)
    try:
        picture = guard.load(io.BytesIO(body), longest=max(sizes.LONGEST))
    except Unprocessable as refusal:
        code = refusal.code
        job.finish(
            lambda db: service.refuse_picture(db, picture_id=known, because=code),
            result={"pictureId": picture_id, "state": "refused", "because": code},
        )
        return
    job.progress(2, STEPS)
    made = sizes.make_sizes(picture)
    job.progress(3, STEPS)
    alone, by, sure_bp = sizes.cut_out(picture, job.runtime.cut_outs)
    job.progress(4, STEPS)
    forms = []
    for one in [*made, *([alone] if alone else [])]:
        key = f"{folder}/{one.name}.webp"
        job.runtime.store.put(Bucket.PICTURES, key, one.body, content_type="image/webp")
        forms.append(service.Stored(one.name, key, one.width, one.height))
    job.finish(
        lambda db: service.picture_ready(
            db, picture_id=known, forms=forms, width=picture.width, height=picture.height, by=by, sure_bp=sure_bp
        ),
        result={"pictureId": picture_id, "state": "ready", "cutOutBy": by},
    )


@control_job
def expire_uploads(job: ControlJobRun, *, on: str) -> None:
    """Originals carry places and cameras' numbers, and what is served was made new: they go after three days."""
    oldest = utc_now() - KEPT
    store = job.runtime.store
    for found in store.list(Bucket.INCOMING):
        if found.modified_at < oldest:
            store.delete(Bucket.INCOMING, found.key)
            job.check()
