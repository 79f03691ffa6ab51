"""Owns a picture's life: taken in, asked to be processed, ready and shown with its piece, or refused with a reason."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.inventory import service as inventory
from app.kit import audit, outbox, paging
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.objects import unguessable
from app.kit.ports import Bucket, ObjectStore
from app.vision import repository
from app.vision.errors import PictureNotFailed, PictureUnknown
from app.vision.models import Picture as PictureRow
from app.vision.models import PictureState
from shard_router import ShopSession

__all__ = ["ORDERS", "PictureState"]

ORDERS = repository.ORDERS
PROCESS = "app.vision.jobs.process_picture"
CUT_OUT = "cut-out"
GAVE_UP = "processing_failed"
"""Why a picture is refused that nothing is wrong with: its job failed, and may be asked for again."""


@dataclass(frozen=True, slots=True)
class Size:
    """One served form of a picture."""

    name: str
    key: str
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the shop sees it; `job_id` only when it was just taken in."""

    id: UUID
    state: PictureState
    item_id: UUID | None
    width: int | None
    height: int | None
    sizes: tuple[Size, ...]
    cut_out: Size | None
    cut_out_by: str | None
    cut_out_sure_bp: int | None
    refused_because: str | None
    created_at: dt.datetime
    processed_at: dt.datetime | None
    job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the job needs of a picture that waits for it."""

    incoming_key: str
    item_id: UUID | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One form that the job has put into the public bucket."""

    name: str
    key: str
    width: int
    height: int


def incoming_key(shop_id: int) -> str:
    """Where a new upload of this shop lies; nobody else can guess it, and it tells whose it is."""
    return f"{shop_id}/{unguessable()}"


def register_picture(
    db: ShopSession, *, incoming: str, sha256: bytes, width: int, height: int, item_id: UUID | None, store: ObjectStore
) -> Picture:
    """Note an upload that passed the guard, and ask for its processing. Raises ItemUnknown."""
    if item_id is not None:
        inventory.get_item(db, item_id)
    row = PictureRow(
        id=new_id(), item_id=item_id, state=PictureState.UPLOADED.value, incoming_key=incoming, sha256=sha256,
        width=width, height=height, created_at=utc_now(),
    )  # fmt: skip
    db.add(row)
    folder = f"{db.shop_id}/{unguessable()}"
    job_id = outbox.enqueue(db, PROCESS, params={"picture_id": str(row.id), "folder": folder})
    audit.record(db, "picture.added", row.id, {"sha256": sha256, "item": str(item_id) if item_id else None})
    return _picture(row, store, job_id=job_id)


def process_again(db: ShopSession, *, picture_id: UUID) -> UUID:
    """The job that tries a picture once more whose processing failed. Raises PictureUnknown, PictureNotFailed."""
    row = _found(db, picture_id, lock=True)
    if row.state != PictureState.REFUSED.value or row.refused_because != GAVE_UP:
        raise PictureNotFailed()
    row.state, row.refused_because, row.processed_at = PictureState.UPLOADED.value, None, None
    folder = f"{db.shop_id}/{unguessable()}"
    job_id = outbox.enqueue(db, PROCESS, params={"picture_id": str(row.id), "folder": folder})
    audit.record(db, "picture.asked_again", row.id, {"sha256": row.sha256})
    return job_id


def get_picture(db: ShopSession, picture_id: UUID, *, store: ObjectStore) -> Picture:
    """Raises PictureUnknown."""
    return _picture(_found(db, picture_id), store)


def find_pictures(db: ShopSession, picture_ids: Iterable[UUID], *, store: ObjectStore) -> dict[UUID, Picture]:
    """Those of the pictures that there are, in one statement; for lists of pieces."""
    wanted = set(picture_ids)
    return {row.id: _picture(row, store) for row in repository.find_pictures(db, wanted)} if wanted else {}


def known_pictures(db: ShopSession, picture_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are pictures of this shop, in one statement."""
    wanted = set(picture_ids)
    return {row.id for row in repository.find_pictures(db, wanted)} if wanted else set()


def list_pictures(
    db: ShopSession,
    *,
    store: ObjectStore,
    item_id: UUID | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Picture]:
    found = paging.page(db, repository.pictures(item_id), orders=ORDERS, sort=sort, after=after, limit=limit)
    return found.map(lambda row: _picture(row, store))


def find_waiting(db: ShopSession, picture_id: UUID) -> Waiting | None:
    """None once it is ready or refused. Raises PictureUnknown."""
    row = _found(db, picture_id)
    return Waiting(row.incoming_key, row.item_id) if row.state == PictureState.UPLOADED.value else None


def picture_ready(
    db: ShopSession, *, picture_id: UUID, forms: Sequence[Stored], width: int, height: int, by: str, sure_bp: int
) -> None:
    """Serve these forms, and show the picture with its piece."""
    row = _found(db, picture_id, lock=True)
    row.sizes = {one.name: {"key": one.key, "width": one.width, "height": one.height} for one in forms}
    row.state, row.width, row.height = PictureState.READY.value, width, height
    row.cut_out_by, row.cut_out_sure_bp, row.processed_at = by, sure_bp, utc_now()
    if row.item_id is not None:
        inventory.set_picture(db, item_id=row.item_id, picture_id=row.id)


def refuse_picture(db: ShopSession, *, picture_id: UUID, because: str) -> None:
    """`because` is the code of the error that said no."""
    row = _found(db, picture_id, lock=True)
    if row.state == PictureState.UPLOADED.value:
        row.state, row.refused_because, row.processed_at = PictureState.REFUSED.value, because, utc_now()


def _found(db: ShopSession, picture_id: UUID, *, lock: bool = False) -> PictureRow:
    row = repository.find_picture(db, picture_id, lock=lock)
    if row is None:
        raise PictureUnknown()
    return row


def _picture(row: PictureRow, store: ObjectStore, *, job_id: UUID | None = None) -> Picture:
    forms = {name: _size(name, form, store) for name, form in (row.sizes or {}).items()}
    cut_out = forms.pop(CUT_OUT, None)
    return Picture(
        id=row.id, state=PictureState(row.state), item_id=row.item_id, width=row.width, height=row.height,
        sizes=tuple(sorted(forms.values(), key=lambda one: one.width)), cut_out=cut_out, cut_out_by=row.cut_out_by,
        cut_out_sure_bp=row.cut_out_sure_bp, refused_because=row.refused_because, created_at=row.created_at,
        processed_at=row.processed_at, job_id=job_id,
    )  # fmt: skip


def _size(name: str, form: dict[str, object], store: ObjectStore) -> Size:
    key = str(form["key"])
    return Size(name, key, store.public_url(Bucket.PICTURES, key), int(str(form["width"])), int(str(form["height"])))
