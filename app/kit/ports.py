"""Owns what the kit asks of the rooms above it: who somebody is, what a shop may do, files, cache."""

import datetime as dt
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Literal, Protocol, TypeAlias
from uuid import UUID

from flask import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Audience = Literal["shop", "console"]
Carrier = Literal["header", "cookie"]


# ---------------------------------------------------------------- who


@dataclass(frozen=True, slots=True)
class Principal:
    """A person whose sign-in was checked; says nothing yet about any shop."""

    person_id: UUID
    name: str
    audience: Audience
    session_version: int
    acting_for: UUID | None = None  # the vendor's person who is signed in as this one
    read_only: bool = False  # such a session may look, not write, until the owner approves
    via: Carrier = "header"
    locale: str = ""
    token_id: UUID | None = None  # of the token that it came with


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is in one shop, and may do there today."""

    role: str
    rights: frozenset[str]


class Identity(Protocol):
    """Checks sign-ins and knows memberships, from caches of at most 60 s and from the shard when control is gone."""

    def authenticate(self, request: Request) -> Principal | None:
        """Whose request this is; None where there is no sign-in, or one that no longer counts."""

    def rights(self, principal: Principal, shop_id: int) -> Membership | None:
        """None where the person is nothing in this shop: the edge answers 404, as for a shop that does not exist."""

    def still_counts(self, principal: Principal, shop_id: int) -> bool:
        """Asked now and then while somebody only listens: a sign-out elsewhere is seen within seconds."""

    def shop_of_slug(self, slug: str) -> int | None:
        """The shop behind `/s/<slug>`; None where there is none."""


class EntitlementState(enum.StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    GRACE = "grace"  # trades, with a banner
    READ_ONLY = "read_only"  # looks and exports, issues no bill
    SUSPENDED = "suspended"  # exports only

    @property
    def may_trade(self) -> bool:
        return self in (EntitlementState.TRIAL, EntitlementState.ACTIVE, EntitlementState.GRACE)


@dataclass(frozen=True, slots=True)
class EntitlementView:
    """How a shop's plan stands today (an IST date decides)."""

    state: EntitlementState
    plan: str = ""
    paid_until: dt.date | None = None


class EntitlementCheck(Protocol):
    """Knows how a shop's plan stands, from the shard's projection behind a short cache."""

    def may_trade(self, shop_id: int) -> EntitlementView: ...


# ---------------------------------------------------------------- files


class Bucket(enum.StrEnum):
    SHOP_LOGOS = "shop-logos"  # public
    PICTURES = "pictures"  # public by unguessable key, re-encoded only
    INVOICES = "invoices"  # private
    EXPORTS = "exports"  # private, 7 days
    BACKUPS = "backups"  # private, versioned
    INCOMING = "incoming"  # uploads, never served


Disposition = Literal["inline", "attachment"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store knows of an object without reading it."""

    key: str
    length: int
    content_type: str
    modified_at: dt.datetime


@dataclass(frozen=True, slots=True)
class UploadLink:
    """Where a browser sends one file of a declared length, and until when."""

    url: str
    method: Literal["PUT", "POST"]
    expires_at: dt.datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)  # form fields that go before the file, where POST


class ObjectStore(Protocol):
    """Files by bucket and key, which follows `objects.checked_key`. Raises NoSuchObject, StoreUnavailable (objects)."""

    def put(self, bucket: Bucket, key: str, body: bytes | IO[bytes], *, content_type: str) -> StoredObject:
        """Written whole or not at all; an object of this key is replaced."""

    def open(self, bucket: Bucket, key: str) -> IO[bytes]: ...

    def find(self, bucket: Bucket, key: str) -> StoredObject | None: ...

    def delete(self, bucket: Bucket, key: str) -> None:
        """Deleting what is not there is no error."""

    def list(self, bucket: Bucket, prefix: str = "") -> Iterator[StoredObject]:
        """Every object whose key begins so, in no promised order; for expiry and drills, never in a request."""

    def download_link(
        self,
        bucket: Bucket,
        key: str,
        *,
        filename: str,
        disposition: Disposition = "attachment",
        lasts: dt.timedelta = dt.timedelta(minutes=10),
    ) -> str: ...

    def upload_link(
        self,
        bucket: Bucket,
        key: str,
        *,
        content_type: str,
        length: int,
        lasts: dt.timedelta = dt.timedelta(minutes=10),
    ) -> UploadLink: ...

    def public_url(self, bucket: Bucket, key: str) -> str: ...


# ---------------------------------------------------------------- cache (the job queue: queueing.py)


class CacheDown(Exception):
    """The cache store did not answer in its (short) time; callers go on without it."""


class CacheStore(Protocol):
    """The few commands that a shop's cache needs; every one raises CacheDown instead of the library's own errors."""

    def read(self, keys: Sequence[str]) -> list[bytes | None]: ...

    def write(self, key: str, value: bytes, *, ttl_ms: int) -> None: ...

    def add(self, key: str, value: bytes, *, ttl_ms: int) -> bool:
        """Write where there is nothing yet; says whether it did."""

    def count(self, keys: Sequence[str], *, window_s: int) -> list[int]:
        """Add one to each counter, in one round trip; a counter that did not exist lives for the window."""

    def remove_if(self, key: str, value: bytes) -> None:
        """Remove the key while it still holds this value: only a lock's owner opens it."""

    def ping(self) -> float:
        """Milliseconds of one round trip."""


# ---------------------------------------------------------------- pictures

Pixels: TypeAlias = "NDArray[np.uint8]"
"""Height × width × 3 for a picture, height × width for a mask."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A piece's alpha over its picture, the method that made it, and how sure that is (10000: quite)."""

    alpha: Pixels
    by: str
    sure_bp: int


class CutOutMaker(Protocol):
    def cut(self, picture: Pixels) -> CutOut: ...
