"""Suppliers, what the shop owes them and what it paid."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.cash import service as cash
from app.cash.service import EntryKind
from app.customers.facts import dialled
from app.inventory.errors import NothingIsOwed, SupplierFactsWrong, SupplierTaken, SupplierUnknown
from app.inventory.models import Supplier as Row
from app.inventory.models import SupplierEntry
from app.inventory.repository import buying as repository
from app.kit import audit, paging
from app.kit.clock import ist, today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.money import whole
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.metal import service as metal
from app.tax.gstin import parse_gstin, parse_pan
from app.tax.states import state_of
from shard_router import ShopSession

CASH = "cash"
PAYMENT_MODES = (CASH, "upi", "card", "bank", "cheque")
BILL, RETURN, PAYMENT = "bill", "return", "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierDraft:
    """A supplier as they are entered; a GSTIN brings its PAN and state."""

    name: str
    gstin: str | None = None
    pan: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    state_code: str | None = None


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier as the shop sees them. `owed_paise` below nothing: they owe us."""

    id: UUID
    name: str
    gstin: str | None
    pan: str | None
    phone: str | None
    address: str | None
    city: str | None
    state_code: str | None
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    owed_paise: int = 0


@dataclass(frozen=True, slots=True)
class Owing:
    """One line of a supplier's ledger."""

    id: UUID
    supplier_id: UUID
    kind: str
    owed_paise: int
    purchase_id: UUID | None
    mode: str | None
    reference: str | None
    at: dt.datetime
    book_on: dt.date
    actor_id: UUID | None


_FIELDS = tuple(field.name for field in dataclasses.fields(SupplierDraft))
_ROW = tuple(field.name for field in dataclasses.fields(Supplier) if field.name != "owed_paise")
_ENTRY = tuple(field.name for field in dataclasses.fields(Owing))


def register_supplier(db: ShopSession, *, draft: SupplierDraft) -> Supplier:
    """Raises SupplierTaken, SupplierFactsWrong and what is wrong with GSTIN, PAN, phone or state."""
    facts, now = settled(draft, today_ist()), utc_now()
    row = Row(id=new_id(), version=1, created_at=now, updated_at=now, **dataclasses.asdict(facts))
    db.add(row)
    _flush(db)
    audit.record(db, "supplier.registered", row.id, {"name": row.name, "gstin": row.gstin})
    return _supplier(row)


def edit_supplier(db: ShopSession, *, supplier_id: UUID, expected_version: int, changes: Mapping[str, Any]) -> Supplier:
    """Bills already booked keep what they say; raises SupplierUnknown, PreconditionFailed and what entering raises."""
    row = lock_supplier(db, supplier_id)
    if row.version != expected_version:
        raise PreconditionFailed(_("This supplier was changed since you opened it."), action=_("Look at it again."))
    before = SupplierDraft(**{name: getattr(row, name) for name in _FIELDS})
    came_along = before.gstin is not None and "gstin" in changes and "pan" not in changes
    wanted: dict[str, Any] = {**({"pan": None} if came_along else {}), **changes}
    facts = settled(dataclasses.replace(before, **wanted), today_ist())
    changed = [name for name in _FIELDS if getattr(before, name) != getattr(facts, name)]
    if changed:
        for name in changed:
            setattr(row, name, getattr(facts, name))
        row.version, row.updated_at = row.version + 1, utc_now()
        _flush(db)
        audit.record(db, "supplier.edited", row.id, {"changed": changed, "version": row.version})
    return _supplier(row, repository.owed(db, [row.id]))


def pay_supplier(db: ShopSession, *, supplier_id: UUID, paise: int, mode: str, reference: str | None = None) -> Owing:
    """Money goes to a supplier, cash out of the drawer where one sits; more than is owed is an advance.

    Raises SupplierUnknown, NothingIsOwed, DrawerUnknown, CashShort.
    """
    whole(paise, "An amount in paise", least=1, field="paise")
    if mode not in PAYMENT_MODES:
        raise NothingIsOwed(_("There is no such way of paying."), fields={"mode": "unknown"})
    row = lock_supplier(db, supplier_id)
    entry_id, book_on = new_id(), None
    if mode == CASH:
        day = cash.post(db, till_id=db.actor.till_id, kind=EntryKind.SUPPLIER, paise=-paise, document_id=entry_id)
        book_on = day.business_on
    entry = owe(
        db, supplier_id=row.id, kind=PAYMENT, owed_paise=-paise, mode=mode, reference=reference or None, id=entry_id,
        book_on=book_on,
    )  # fmt: skip
    audit.record(db, "supplier.paid", row.id, {"paise": paise, "mode": mode, "reference": reference})
    return entry


def owe(db: ShopSession, *, supplier_id: UUID, kind: str, owed_paise: int, **facts: Any) -> Owing:
    """One line of the ledger, in the transaction of what brought it about."""
    now = utc_now()
    book_on = facts.pop("book_on", None) or metal.business_day(db, ist(now).date())
    row = SupplierEntry(
        id=facts.pop("id", None) or new_id(), supplier_id=supplier_id, kind=kind, owed_paise=owed_paise, at=now,
        book_on=book_on, actor_id=db.actor.person_id, **facts,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return _owing(row)


def lock_supplier(db: ShopSession, supplier_id: UUID) -> Row:
    """Held until the commit, before any piece is; raises SupplierUnknown."""
    row = repository.find_supplier(db, supplier_id, lock=True)
    if row is None:
        raise SupplierUnknown(fields={"supplierId": "unknown"})
    return row


def get_supplier(db: ShopSession, supplier_id: UUID) -> Supplier:
    """With what is owed; raises SupplierUnknown."""
    row = repository.find_supplier(db, supplier_id)
    if row is None:
        raise SupplierUnknown()
    return _supplier(row, repository.owed(db, [row.id]))


def list_suppliers(
    db: ShopSession, *, text: str | None = None, sort: str | None = None, after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Supplier]:  # fmt: skip
    """A page with what is owed to each, in two statements."""
    page = paging.page(db, repository.list_suppliers(text), orders=_ORDERS, sort=sort, after=after, limit=limit)
    owed = repository.owed(db, [row.id for row in page.items]) if page.items else {}
    return page.map(lambda row: _supplier(row, owed))


def supplier_names(db: ShopSession, supplier_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of many in one statement."""
    wanted = {one for one in supplier_ids if one is not None}
    return repository.supplier_names(db, wanted) if wanted else {}


def supplier_ledger(
    db: ShopSession, *, supplier_id: UUID, sort: str | None = None, after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Owing]:  # fmt: skip
    """Bills, returns and payments, the newest first; raises SupplierUnknown."""
    if repository.find_supplier(db, supplier_id) is None:
        raise SupplierUnknown()
    page = paging.page(db, repository.ledger(supplier_id), orders=_LEDGER, sort=sort, after=after, limit=limit)
    return page.map(_owing)


def total_owed(db: ShopSession) -> int:
    """To all suppliers together, in paise; those who owe us do not count against it."""
    return sum(paise for paise in repository.owed(db).values() if paise > 0)


def settled(draft: SupplierDraft, on: dt.date) -> SupplierDraft:
    """The draft in the forms that are kept."""
    gstin = parse_gstin(draft.gstin, on) if draft.gstin else None
    pan = parse_pan(draft.pan) if draft.pan else None
    if gstin is not None and pan is not None and pan != gstin.pan:
        raise SupplierFactsWrong(_("The PAN is not the one inside the GSTIN."), fields={"pan": "not the GSTIN's"})
    state = gstin.state_code if gstin else draft.state_code or None
    if state is not None:
        state_of(state, on)
    return SupplierDraft(
        name=_line(draft.name, 140, "name") or _refuse("name", _("A supplier has a name.")),
        gstin=gstin.text if gstin else None, pan=gstin.pan if gstin else pan,
        phone=dialled(draft.phone) if draft.phone else None, address=_line(draft.address, 300, "address"),
        city=_line(draft.city, 80, "city"), state_code=state,
    )  # fmt: skip


_ORDERS = paging.Orders(tie=Row.id, default="name", name=Row.name, createdAt=Row.created_at)
_LEDGER = paging.Orders(tie=SupplierEntry.id, default="-bookOn", bookOn=SupplierEntry.book_on)


def _line(text: str | None, most: int, field: str) -> str | None:
    bare = " ".join((text or "").split())
    if len(bare) > most:
        _refuse(field, _("At most %(most)s letters fit here.", most=most))
    if not is_readable(bare):
        _refuse(field, _(UNREADABLE))
    return bare or None


def _refuse(field: str, message: str) -> str:
    raise SupplierFactsWrong(message, fields={field: message})


def _flush(db: ShopSession) -> None:
    try:
        db.flush()
    except IntegrityError as taken:
        raise SupplierTaken(_("Another supplier has this GSTIN."), fields={"gstin": "taken"}) from taken


def _supplier(row: Row, owed: Mapping[UUID, int] | None = None) -> Supplier:
    return Supplier(**{name: getattr(row, name) for name in _ROW}, owed_paise=(owed or {}).get(row.id, 0))


def _owing(row: SupplierEntry) -> Owing:
    return Owing(*(getattr(row, name) for name in _ENTRY))
