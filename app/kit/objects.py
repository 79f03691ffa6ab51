"""Owns the rules of stored objects: the grammar of keys, what may be served, and what it is when one is missing."""

import re
import secrets
import shutil
import tempfile
from typing import IO

from app.kit.errors import NotFound, Unavailable
from app.kit.ports import Bucket, ObjectStore
from app.kit.texts import N_

PUBLIC = frozenset({Bucket.SHOP_LOGOS, Bucket.PICTURES})
"""Read by anybody who knows the key."""

NEVER_SERVED = frozenset({Bucket.INCOMING, Bucket.BACKUPS})
"""No link leads out of these, signed or not."""

MAX_KEY = 200
CHUNK = 64 * 1024
SPOOL = 1024 * 1024

_SEGMENT = r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")

_TYPES = {
    "webp": "image/webp", "png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8", "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


class NoSuchObject(NotFound):
    """The file is not in the object store: it expired, or it never arrived."""

    default_message = N_("This file is no longer there.")
    default_action = N_("Ask for it again.")


class StoreUnavailable(Unavailable):
    """The object store can't be reached or refuses us; a job tries again later."""

    default_message = N_("Files can't be reached at the moment.")
    default_action = N_("Try again in a minute; nothing is lost.")


class ObjectTooLarge(Exception):
    """An object is larger than its reader wants to hold in memory."""


def checked_key(key: str) -> str:
    """The key itself if it follows the grammar: lower-case segments, no dot where one begins, so no way upward."""
    if len(key) > MAX_KEY or _KEY.fullmatch(key) is None:
        raise ValueError(f"not an object key: {key[:60]!r}")
    return key


def unguessable() -> str:
    """A key segment that nobody can guess: 160 random bits as 40 hexadecimal digits."""
    return secrets.token_hex(20)


def safe_filename(name: str) -> str:
    """A name fit for Content-Disposition: ASCII letters, digits, dot, dash, underscore and space."""
    kept = re.sub(r"[^A-Za-z0-9._ -]+", "-", name).strip(" .-")
    return kept[:100] or "file"


def content_type_of(key: str) -> str:
    """What our own writers put under such a key; anything else is bytes that a browser saves."""
    return _TYPES.get(key.rpartition(".")[2], "application/octet-stream")


def read_bytes(store: ObjectStore, bucket: Bucket, key: str, *, most: int) -> bytes:
    """The whole object in memory; raises ObjectTooLarge rather than take more than `most`."""
    with store.open(bucket, key) as file:
        body = file.read(most + 1)
    if len(body) > most:
        raise ObjectTooLarge(f"{bucket}/{key} is larger than {most} bytes")
    return body


def spool() -> IO[bytes]:
    """A scratch file for what is made piece by piece: in memory while small, then on disk, gone when closed."""
    return tempfile.SpooledTemporaryFile(max_size=SPOOL)


def copy(source: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(source, target, CHUNK)
