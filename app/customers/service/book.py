"""The shop's customers: entered once, found by phone, corrected; each with the keys that seal their papers."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError

from app.customers import repository
from app.customers.errors import CustomerMerged, CustomerUnknown, PhoneMalformed, PhoneTaken
from app.customers.facts import CustomerDraft, dialled, settled
from app.customers.models import Customer as CustomerRow
from app.kit import audit, paging, sealing_keys
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.kit.texts import _
from shard_router import ShopSession
from shard_router.moves import Restoring

__all__ = [
    "BUYER_FOR_SHARE", "BUYER_FOR_UPDATE", "PAN_FOR_UPDATE", "Buyer", "Customer", "CustomerDraft", "buyer_of",
    "edit_customer", "find_buyer", "find_by_phone", "get_buyer", "get_customer", "hold", "list_customers", "lock_buyer",
    "names_of",
    "register_customer", "register_customers", "same_pan", "same_person", "settle_restore", "shop_sums", "taken_phones",
]  # fmt: skip

BUYER_FOR_UPDATE, BUYER_FOR_SHARE = repository.BUYER_FOR_UPDATE, repository.BUYER_FOR_SHARE
PAN_FOR_UPDATE = repository.PAN_FOR_UPDATE
shop_sums = repository.shop_sums

_FIELDS = tuple(field.name for field in dataclasses.fields(CustomerDraft))


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the shop sees them."""

    id: UUID
    name: str
    phone: str | None
    email: str | None
    gstin: str | None
    pan: str | None
    address: str | None
    city: str | None
    pin: str | None
    state_code: str | None
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    erased_at: dt.datetime | None
    merged_into: UUID | None


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a bill needs to know of its customer."""

    id: UUID
    name: str
    phone: str | None
    gstin: str | None
    pan: str | None
    address: str | None
    city: str | None
    pin: str | None
    state_code: str | None

    @property
    def registered(self) -> bool:
        return self.gstin is not None

    @property
    def full_address(self) -> bool:
        """Name, address and state: what Rule 46(e) wants on a large bill."""
        return bool(self.name and self.address and self.state_code)


def register_customer(db: ShopSession, *, draft: CustomerDraft, keyring: Keyring) -> Customer:
    """Enter a customer, with keys of their own; raises PhoneTaken and what is wrong with the draft."""
    now = utc_now()
    facts = settled(draft, today_ist())
    row = CustomerRow(id=new_id(), version=1, created_at=now, updated_at=now, **dataclasses.asdict(facts))
    db.add(row)
    _flush(db)
    sealing_keys.make(db, row.id, keyring)
    given = {name: getattr(row, name) for name in _FIELDS if getattr(row, name)}
    audit.record(db, "customer.registered", row.id, {
        "given": list(given), "version": 1, **_sealed(db, row, keyring, {"after": given}),
    })  # fmt: skip
    return _customer(row)


def register_customers(db: ShopSession, *, drafts: Sequence[CustomerDraft], keyring: Keyring) -> list[UUID]:
    """Enter many customers at once, all or none, in a statement a table and one entry of the audit chain.

    Raises PhoneTaken where any of them has a phone number that another has (`taken_phones` says beforehand which).
    """
    now, today = utc_now(), today_ist()
    rows = [
        CustomerRow(id=new_id(), version=1, created_at=now, updated_at=now, **dataclasses.asdict(settled(one, today)))
        for one in drafts
    ]
    db.add_all(rows)
    _flush(db)
    sealing_keys.make_many(db, [row.id for row in rows], keyring)
    audit.record(db, "customers.registered", None, {"customers": [str(row.id) for row in rows]})
    return [row.id for row in rows]


def taken_phones(db: ShopSession, phones: Iterable[str]) -> set[str]:
    """Those of these numbers, written in full, that a customer has by now."""
    wanted = set(phones)
    return {phone for phone in repository.taken_phones(db, wanted) if phone} if wanted else set()


def edit_customer(
    db: ShopSession, *, customer_id: UUID, expected_version: int, changes: Mapping[str, Any], keyring: Keyring
) -> Customer:
    """Correct a customer; bills already issued keep what they say. Raises CustomerUnknown, PreconditionFailed."""
    row = repository.find_customer(db, customer_id, lock=True)
    if row is None or row.erased_at is not None:
        raise CustomerUnknown()
    refuse_merged(row.merged_into)
    if row.version != expected_version:
        raise PreconditionFailed(_("This customer was changed since you opened it."), action=_("Look at it again."))
    before = CustomerDraft(**{name: getattr(row, name) for name in _FIELDS})
    facts = settled(dataclasses.replace(before, **_reconsidered(before, changes)), today_ist())
    changed = [name for name in _FIELDS if getattr(row, name) != getattr(facts, name)]
    if not changed:
        return _customer(row)
    for name in changed:
        setattr(row, name, getattr(facts, name))
    row.version, row.updated_at = row.version + 1, utc_now()
    _flush(db)
    told = {"before": {name: getattr(before, name) for name in changed},
            "after": {name: getattr(row, name) for name in changed}}  # fmt: skip
    audit.record(db, "customer.edited", row.id, {
        "changed": changed, "version": row.version, **_sealed(db, row, keyring, told),
    })  # fmt: skip
    return _customer(row)


def get_customer(db: ShopSession, customer_id: UUID) -> Customer:
    """Raises CustomerUnknown; an erased customer is unknown. One who was merged says so in `merged_into`."""
    row = repository.find_customer(db, customer_id)
    if row is None or row.erased_at is not None:
        raise CustomerUnknown()
    return _customer(row)


def find_by_phone(db: ShopSession, phone: str) -> Customer | None:
    """The customer of a number as it is typed, the row that counts; what is no number is nobody's."""
    try:
        row = repository.find_by_phone(db, dialled(phone))
    except PhoneMalformed:
        return None
    if row is not None and row.merged_into is not None:
        row = repository.find_customer(db, row.merged_into)
    return None if row is None else _customer(row)


def list_customers(
    db: ShopSession,
    *,
    text: str | None = None,
    phone: str | None = None,
    gstin: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Customer]:
    statement = repository.list_customers(text=text, phone=phone, gstin=gstin)
    return paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(_customer)


def names_of(db: ShopSession, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of many customers in one statement."""
    wanted = set(customer_ids)
    return dict(repository.names_of(db, wanted)) if wanted else {}


def get_buyer(db: ShopSession, customer_id: UUID) -> Buyer:
    """Raises CustomerUnknown, CustomerMerged."""
    row = repository.find_customer(db, customer_id)
    if row is None or row.erased_at is not None:
        raise CustomerUnknown(fields={"customerId": "unknown"})
    refuse_merged(row.merged_into)
    return Buyer(row.id, *(getattr(row, column.key) for column in repository.PACKED))


def find_buyer(db: ShopSession, customer_id: UUID) -> Buyer | None:
    """Who somebody is by now that bought once: of one who was merged the row that counts, of one who was erased
    nobody."""
    row = repository.find_customer(db, repository.merged_into(db, customer_id) or customer_id)
    if row is None or row.erased_at is not None:
        return None
    return Buyer(row.id, *(getattr(row, column.key) for column in repository.PACKED))


def lock_buyer(db: ShopSession, customer_id: UUID) -> None:
    """Holds the customer still until the commit, before any piece is locked: of one who was merged the row that counts,
    which bills and receipts lock, and those of the same PAN; one who was erased too."""
    wanted = repository.merged_into(db, customer_id) or customer_id
    repository.hold_pan(db, wanted)
    while (row := repository.hold(db, wanted, exclusive=True)) is not None and row.merged_into is not None:
        wanted = row.merged_into


def hold(db: ShopSession, customer_id: UUID, *, exclusive: bool = False) -> UUID:
    """Holds the customer still until the commit, shared with others unless said otherwise: the id of the row that
    counts, which is another one where this customer was merged. Exclusively: with every entry of their PAN, since
    their cash is one person's. Raises CustomerUnknown, also for one who was erased."""
    wanted = customer_id
    while True:
        wanted = repository.merged_into(db, wanted) or wanted
        if exclusive:
            repository.hold_pan(db, wanted)
        row = repository.hold(db, wanted, exclusive=exclusive)
        if row is None or row.erased_at is not None:
            raise CustomerUnknown(fields={"customerId": "unknown"})
        if row.merged_into is None:
            return wanted


def same_person(db: ShopSession, customer_id: UUID) -> tuple[UUID, ...]:
    """All rows of a person who was entered more than once: the one that counts and those merged into it."""
    living = repository.merged_into(db, customer_id) or customer_id
    return tuple(repository.rows_of_person(db, living)) or (customer_id,)


def same_pan(db: ShopSession, customer_id: UUID) -> tuple[UUID, ...]:
    """All rows of whom the law on cash takes for one person: `same_person`, and everybody of their PAN. Firms of one
    PAN in several states, or an owner beside their firm, are entered apart and stay so; only their cash is one."""
    living = repository.merged_into(db, customer_id) or customer_id
    return tuple(sorted(set(db.scalars(repository.entries_of_pan(db.shop_id, living))))) or (customer_id,)


def entries_of(db: ShopSession, person_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """All rows of many people, and which of these people each is of; in one statement."""
    wanted = set(person_ids)
    rows = repository.entries_of(db, wanted)
    return {row.id: row.id if row.id in wanted else row.merged_into for row in rows}


def buyer_of(customer_id: UUID, rows: Sequence[Sequence[Any]]) -> Buyer:
    """The buyer of the row that BUYER_FOR_UPDATE or BUYER_FOR_SHARE gave; raises CustomerUnknown, CustomerMerged."""
    if not rows:
        raise CustomerUnknown(fields={"customerId": "unknown"})
    *facts, merged_into = orjson.loads(rows[0][0])
    refuse_merged(UUID(merged_into) if merged_into else None)
    return Buyer(customer_id, *facts)


def refuse_merged(merged_into: UUID | None) -> None:
    """Raises CustomerMerged, which names the row that counts."""
    if merged_into is not None:
        raise CustomerMerged(_("This customer was merged into another one."), fields={"customerId": str(merged_into)})


def contacts_of(db: ShopSession, customer_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """Names and phones of many customers in one statement."""
    wanted = set(customer_ids)
    return {row.id: (row.name, row.phone) for row in repository.contacts_of(db, wanted)} if wanted else {}


_ORDERS = paging.Orders(tie=CustomerRow.id, default="name", name=CustomerRow.name, createdAt=CustomerRow.created_at)


def _reconsidered(before: CustomerDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A new or removed GSTIN takes the PAN that came with the old one along."""
    came_along = before.gstin is not None and "gstin" in changes and "pan" not in changes
    return {**({"pan": None} if came_along else {}), **changes}


def _sealed(db: ShopSession, row: CustomerRow, keyring: Keyring, told: dict[str, Any]) -> dict[str, Any]:
    """What was and what is, for the audit log; nobody reads it any more once the customer is erased."""
    sealed = sealing_keys.seal_told(db, row.id, keyring, told, version=row.version)
    return {"sealed": sealed} if sealed else {}


def _flush(db: ShopSession) -> None:
    try:
        db.flush()
    except IntegrityError as taken:
        if "phone" not in str(taken.orig):
            raise
        raise PhoneTaken(_("Another customer has this phone number."), fields={"phone": "taken"}) from taken


def _customer(row: CustomerRow) -> Customer:
    return Customer(*(getattr(row, field.name) for field in dataclasses.fields(Customer)))


def settle_restore(restoring: Restoring) -> None:
    """Who was erased since stays erased, and a paper that was withdrawn since stays blank."""
    if restoring.closed is None:
        return
    for rows, ended in ((repository.ROWS, "erased_at"), (repository.PAPERS, "withdrawn_at")):
        there = rows.read(restoring.target)
        closed = rows.read(restoring.closed)
        kept = [row for key, row in closed.items() if getattr(row, ended) is not None and key in there]
        rows.drop(restoring.target, kept)
        rows.add(restoring.target, kept)
