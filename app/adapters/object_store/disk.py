"""Owns files under one data folder: the object store of a single box and of development.

An object appears whole or not at all (written beside, synced, renamed), also when power fails. What breaks that: a disk
that lies about fsync. Several hosts need a shared folder or the s3 backend.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from app.kit.clock import utc_now
from app.kit.objects import (
    NEVER_SERVED,
    PUBLIC,
    NoSuchObject,
    StoreUnavailable,
    checked_key,
    content_type_of,
    copy,
    safe_filename,
)
from app.kit.ports import Bucket, Disposition, StoredObject, UploadLink
from app.kit.signing import LinkSigner

FILES = "/files"
TEMPORARY = ".writing"
TEN_MINUTES = dt.timedelta(minutes=10)


class DiskStore:
    """`root/bucket/key`; links lead to the side service, which serves them (app/live/files.py)."""

    def __init__(self, root: Path, *, links: LinkSigner, side_url: str) -> None:
        self._root = root
        self._links = links
        self._side_url = side_url.rstrip("/")
        (root / TEMPORARY).mkdir(parents=True, exist_ok=True)

    def put(self, bucket: Bucket, key: str, body: bytes | IO[bytes], *, content_type: str) -> StoredObject:
        path = self._path(bucket, key)
        try:
            self._write(path, body)
        except OSError as problem:
            raise StoreUnavailable() from problem
        return self._stored(key, path.stat())

    def open(self, bucket: Bucket, key: str) -> IO[bytes]:
        try:
            return self._path(bucket, key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchObject() from None
        except OSError as problem:
            raise StoreUnavailable() from problem

    def find(self, bucket: Bucket, key: str) -> StoredObject | None:
        path = self._path(bucket, key)
        return self._stored(key, path.stat()) if path.is_file() else None

    def delete(self, bucket: Bucket, key: str) -> None:
        path = self._path(bucket, key)
        if path.is_file():
            path.unlink(missing_ok=True)

    def list(self, bucket: Bucket, prefix: str = "") -> Iterator[StoredObject]:
        top = self._root / bucket
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(top).as_posix()
                if key.startswith(prefix):
                    yield self._stored(key, path.stat())

    def download_link(
        self,
        bucket: Bucket,
        key: str,
        *,
        filename: str,
        disposition: Disposition = "attachment",
        lasts: dt.timedelta = TEN_MINUTES,
    ) -> str:
        if bucket in NEVER_SERVED:
            raise ValueError(f"nothing is served from {bucket}")
        path = _address(bucket, key)
        query = self._links.query("GET", path, lasts=lasts, disposition=disposition, filename=safe_filename(filename))
        return f"{self._side_url}{path}?{query}"

    def upload_link(
        self, bucket: Bucket, key: str, *, content_type: str, length: int, lasts: dt.timedelta = TEN_MINUTES
    ) -> UploadLink:
        path = _address(bucket, key)
        query = self._links.query("PUT", path, lasts=lasts, length=length)
        return UploadLink(
            url=f"{self._side_url}{path}?{query}", method="PUT", expires_at=utc_now() + lasts,
            headers={"Content-Type": content_type},
        )  # fmt: skip

    def public_url(self, bucket: Bucket, key: str) -> str:
        if bucket not in PUBLIC:
            raise ValueError(f"{bucket} is not public")
        return f"{self._side_url}{_address(bucket, key)}"

    def _path(self, bucket: Bucket, key: str) -> Path:
        return self._root / bucket / checked_key(key)

    def _stored(self, key: str, stat: os.stat_result) -> StoredObject:
        modified = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
        return StoredObject(key=key, length=stat.st_size, content_type=content_type_of(key), modified_at=modified)

    def _write(self, path: Path, body: bytes | IO[bytes]) -> None:
        """Beside it first, so that a reader sees the old object or the new one, and a crash leaves no half."""
        handle, name = tempfile.mkstemp(dir=self._root / TEMPORARY)
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(body, bytes):
                    file.write(body)
                else:
                    copy(body, file)
                file.flush()
                os.fsync(file.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _address(bucket: Bucket, key: str) -> str:
    return f"{FILES}/{bucket}/{checked_key(key)}"


def _sync_folder(folder: Path) -> None:
    """The rename itself reaches the disk only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
