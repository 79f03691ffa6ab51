"""The vouchers' jobs: the PDF, made once per voucher and form, kept in the private bucket."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from app.credits import service
from app.kit.jobs import GiveUp, ShopJob, shop_job
from app.kit.ports import Bucket
from app.printing.logos import with_logo
from app.printing.press import Press
from shard_router import ShopSession

STEPS = 3


def _again(db: ShopSession, params: dict[str, Any]) -> UUID | None:
    job = service.ask_for_pdf(db, UUID(params["receipt_id"]))
    return job.id if job else None


@shop_job(queue="bills", again=_again, right="credit.view")
def render_pdf(job: ShopJob, *, receipt_id: str) -> None:
    """Print a voucher and keep it. Twice is harmless: the same bytes go to the same place, the row is written once."""
    voucher_id, runtime = UUID(receipt_id), job.runtime
    to_print = job.read(lambda db: service.get_paper(db, voucher_id, keyring=runtime.keyring))
    job.progress(1, STEPS)
    pdf = _press(runtime.font_dir).render_voucher(with_logo(to_print, runtime.store, job.shop_id))
    job.progress(2, STEPS)
    key = service.object_key(job.shop_id, voucher_id)
    runtime.store.put(Bucket.INVOICES, key, pdf, content_type="application/pdf")
    digest = hashlib.sha256(pdf).digest()
    job.finish(
        lambda db: service.record_pdf(db, receipt_id=voucher_id, key=key, sha256=digest, size_bytes=len(pdf)),
        result={"receiptId": receipt_id},
    )


@cache
def _press(font_dir: Path | None) -> Press:
    if font_dir is None:
        raise GiveUp("BOOLA_FONT_DIR names no folder of fonts, so nothing can be printed")
    return Press(font_dir)
