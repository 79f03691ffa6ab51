"""Owns a list's way in and what is told of it: read while it arrives, laid into `incoming`, its problems beside it."""

import hashlib
from dataclasses import dataclass
from typing import IO

import orjson

from app.imports import service
from app.imports.bounds import bounds_on
from app.imports.columns import Columns, map_columns
from app.imports.errors import ImportFileUnknown
from app.imports.rows import Problem
from app.imports.service import Import
from app.imports.sheet import read_sheet
from app.kit.clock import today_ist
from app.kit.objects import NoSuchObject, checked_key, read_bytes
from app.kit.ports import Bucket, ObjectStore

MOST_TOLD = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrived:
    """A list that lies in `incoming` and can be read as one."""

    key: str
    sha256: bytes
    columns: Columns
    total: int
    just_put: bool


def receive(store: ObjectStore, shop_id: int, kind: str, file: IO[bytes]) -> Arrived:
    """A file that came with the request; raises what is wrong with it as a whole."""
    most = bounds_on(today_ist()).max_bytes
    body = file.read(most + 1)
    columns, total = _looked_at(kind, body)
    key = service.incoming_key(shop_id)
    store.put(Bucket.INCOMING, key, body, content_type="application/octet-stream")
    return Arrived(key, hashlib.sha256(body).digest(), columns, total, just_put=True)


def received(store: ObjectStore, shop_id: int, kind: str, key: str) -> Arrived:
    """A file that was sent by an upload link; raises ImportFileUnknown and what receive raises."""
    most = bounds_on(today_ist()).max_bytes
    try:
        if not key.startswith(f"{shop_id}/"):  # another shop's upload is not there for this one
            raise ImportFileUnknown()
        with store.open(Bucket.INCOMING, checked_key(key)) as file:
            body = file.read(most + 1)
    except (NoSuchObject, ValueError):
        raise ImportFileUnknown() from None
    columns, total = _looked_at(kind, body)
    return Arrived(key, hashlib.sha256(body).digest(), columns, total, just_put=False)


def problems_of(store: ObjectStore, found: Import, *, after_row: int = 0, limit: int | None = None) -> list[Problem]:
    """What is wrong with which row, in their order; nothing while it is looked through, and once the file is gone."""
    try:
        told = orjson.loads(read_bytes(store, Bucket.INCOMING, found.problems_key, most=MOST_TOLD))
    except NoSuchObject:
        return []
    every = [Problem(**one) for one in told if one["row"] > after_row]
    if limit is None or len(every) <= limit:
        return every
    last = every[limit - 1].row  # all of one row stay together
    return [one for one in every if one.row <= last]


def _looked_at(kind: str, body: bytes) -> tuple[Columns, int]:
    bounds = bounds_on(today_ist())
    sheet = read_sheet(body, bounds)
    return map_columns(kind, sheet.headings), len(sheet.rows)
