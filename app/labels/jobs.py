"""Owns printing labels: read, set, laid into the exports' bucket, which forgets them after seven days."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from uuid import UUID

from app.kit.clock import utc_now
from app.kit.jobs import GiveUp, ShopJob, shop_job
from app.kit.ports import Bucket
from app.labels import service
from app.printing.press import Press


@shop_job(queue="bills", attempts=3, right="stock.view")
def print_labels(job: ShopJob, *, item_ids: Sequence[str], size: str, price: bool) -> None:
    """Twice is harmless: the same labels go to the same place."""
    ids, now = [UUID(one) for one in item_ids], utc_now()
    sheet = job.read(lambda db: service.sheet_of(db, item_ids=ids, size=size, price=price, at=now))
    job.progress(1, 2)
    pdf = _press(job.runtime.font_dir).render_tags(sheet)
    key = service.object_key(job.shop_id, job.id)
    job.runtime.store.put(Bucket.EXPORTS, key, pdf, content_type="application/pdf")
    job.finish(result={"labels": len(sheet.tags)})


@cache
def _press(font_dir: Path | None) -> Press:
    if font_dir is None:
        raise GiveUp("BOOLA_FONT_DIR names no folder of fonts, so nothing can be printed")
    return Press(font_dir)
