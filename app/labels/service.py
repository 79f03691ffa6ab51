"""Labels of pieces: asked for, made by a job as a PDF of the roll's size, fetched for seven days."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.inventory import service as inventory
from app.inventory.errors import ItemUnknown
from app.invoices import service as invoices
from app.invoices.service import BillDraft, LineDraft
from app.kit import audit, outbox
from app.kit.clock import today_ist
from app.kit.outbox import JobNotFound, JobView
from app.kit.ports import Bucket, ObjectStore
from app.kit.texts import _
from app.labels.errors import LabelsUnfit, LabelsUnknown
from app.labels.sizes import list_sizes, size_of
from app.printing.tag import TagFacts, TagSheet
from shard_router import ShopSession

__all__ = ["Labels", "ask_labels", "get_labels", "list_sizes", "object_key", "sheet_of"]

PRINT = "app.labels.jobs.print_labels"
PRICED_AT_ONCE = 100
"""Lines of one quote."""

LINK_LASTS = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels asked for; `id` is their job's. `download_url` once they are there."""

    id: UUID
    state: str
    labels: int | None
    error: str | None
    download_url: str | None = None


def ask_labels(db: ShopSession, *, item_ids: Sequence[UUID], size: str, price: bool = False) -> Labels:
    """Ask for labels in the order given, a piece as often as it is named. Raises LabelsUnfit, ItemUnknown."""
    form = size_of(size, today_ist())
    if not 1 <= len(item_ids) <= form.most:
        message = _("From one to %(most)s labels are printed at once.", most=form.most)
        raise LabelsUnfit(message, fields={"itemIds": "none or too many"})
    known = inventory.standing(db, item_ids)
    missing = {f"itemIds.{place}": "unknown" for place, one in enumerate(item_ids) if one not in known}
    if missing:
        raise ItemUnknown(fields=missing)
    params = {"item_ids": [str(one) for one in item_ids], "size": size, "price": price}
    job_id = outbox.enqueue(db, PRINT, params=params)
    db.flush()
    audit.record(db, "labels.asked", job_id, {"labels": len(item_ids), "size": size, "price": price})
    return Labels(job_id, "waiting", None, None)


def get_labels(db: ShopSession, labels_id: UUID, *, store: ObjectStore) -> Labels:
    """With a link to the PDF once it is made. Raises LabelsUnknown."""
    try:
        job = outbox.get_job(db, labels_id)
    except JobNotFound:
        raise LabelsUnknown() from None
    if job.job != PRINT:
        raise LabelsUnknown()
    return _labels(db, job, store)


def sheet_of(db: ShopSession, *, item_ids: Sequence[UUID], size: str, price: bool, at: dt.datetime) -> TagSheet:
    """What is printed, as it stands now; with prices of today's board where asked, tax included.

    Raises what quoting raises: a rate that is missing, a piece that was sold.
    """
    items = inventory.get_items(db, item_ids)
    prices = _prices(db, list(dict.fromkeys(item_ids))) if price else {}
    facts = [
        TagFacts(
            tag=item.tag, metal=item.metal, fineness=item.fineness, gross_mg=item.gross_mg, net_mg=item.net_mg,
            huid=item.huid or "", price_paise=prices.get(item.id),
            others=tuple((part.metal, part.fineness) for part in item.others),
        )
        for item in (items[one] for one in item_ids if one in items)
    ]  # fmt: skip
    return TagSheet(size_of(size, today_ist()).form, tuple(facts), at)


def object_key(shop_id: int, job_id: UUID) -> str:
    return f"{shop_id}/labels-{job_id.hex}.pdf"


def _prices(db: ShopSession, item_ids: Sequence[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for begin in range(0, len(item_ids), PRICED_AT_ONCE):
        part = item_ids[begin : begin + PRICED_AT_ONCE]
        quoted = invoices.quote(db, draft=BillDraft(lines=tuple(LineDraft(one) for one in part)))
        found |= {one: line.total_paise for one, line in zip(part, quoted.priced.lines, strict=True)}
    return found


def _labels(db: ShopSession, job: JobView, store: ObjectStore) -> Labels:
    url = None
    key = object_key(db.shop_id, job.id)
    if job.state == "done" and store.find(Bucket.EXPORTS, key) is not None:
        url = store.download_link(Bucket.EXPORTS, key, filename=f"labels-{job.id.hex[:8]}.pdf", lasts=LINK_LASTS)
    return Labels(job.id, job.state.value, (job.result or {}).get("labels"), job.error, url)
