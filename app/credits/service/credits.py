"""Credits: opened once by a document, used up by bills, given back by what is cancelled.

What breaks the promise that none is used twice: nothing short of writing to the table by hand. `left_paise` falls by
one compare-and-set, in the transaction of whatever uses it. Locks: the customer's row before any credit, credits in the
order of their ids. These functions write no audit entry: the document that opens, uses or frees a credit has its own.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import orjson
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from app.credits import gone_back, repository
from app.credits.errors import (
    CreditExpired,
    CreditNotTheirs,
    CreditOpenedBefore,
    CreditShort,
    CreditSpent,
    CreditTwice,
    CreditUnknown,
)
from app.credits.models import Credit as CreditRow
from app.credits.models import CreditKind, CreditState, UseKind
from app.credits.models import CreditUse as UseRow
from app.customers import service as customers
from app.kit import paging
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.money import rupees, whole
from app.kit.texts import _
from shard_router import PacketResult, ShopSession

MAX_CREDITS = 20
"""As many a document uses at most."""


class Credit(Struct, frozen=True):
    """What the shop owes a customer."""

    id: UUID
    kind: str
    customer_id: UUID
    source_id: UUID
    paise: int
    left_paise: int
    state: str
    made_on: dt.date
    expires_on: dt.date | None
    version: int


@dataclass(frozen=True, slots=True)
class Use:
    """So much of a credit is to be used. `field` is its path in the input, for a refusal to stand beside it."""

    credit_id: UUID
    paise: int
    field: str = "credits"


class CreditUse(Struct, frozen=True):
    """What happened to a credit: spent, released, paid_out, closed; below nothing where it came back."""

    credit_id: UUID
    document_id: UUID
    kind: str
    paise: int
    at: dt.datetime
    actor_id: UUID | None


class Taken(Struct, frozen=True):
    """A credit of which a document holds so much now."""

    credit_id: UUID
    kind: str
    paise: int
    left_paise: int


# ---------------------------------------------------------------- opened


def open_credit(
    db: ShopSession, *, kind: str, customer_id: UUID, source_id: UUID, paise: int, expires_on: dt.date | None = None,
    on: dt.date | None = None, cash_paise: int | None = None,
) -> Credit:  # fmt: skip
    """Owe the customer so much, by the document `source_id`; whom they were merged into where they were. `cash_paise`:
    what of a store credit came in cash; of others their receipts tell.

    Raises CustomerUnknown, CreditOpenedBefore where the document opened one of the kind before, and what is wrong with
    the amount. To be called before a number is drawn."""
    whole(paise, "A credit in paise", least=1, field="paise")
    row = CreditRow(
        id=new_id(), kind=CreditKind(kind).value, customer_id=customers.hold(db, customer_id), source_id=source_id,
        paise=paise, left_paise=paise, cash_paise=cash_paise, state=CreditState.OPEN.value, made_on=on or today_ist(),
        expires_on=expires_on, version=1,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as twice:
        if "source_id" not in str(twice.orig):
            raise
        raise CreditOpenedBefore(_("This document opened a credit before.")) from twice
    return _credit(row)


# ---------------------------------------------------------------- used, outside of packets


def use_credits(
    db: ShopSession, *, uses: Sequence[Use], customer_id: UUID, document_id: UUID, on: dt.date | None = None
) -> tuple[Taken, ...]:
    """Use up credits for a document, all or none; raises what `read_taken` raises. The customer is locked before."""
    at, day = utc_now(), on or today_ist()
    ordered = check_uses(uses)
    for use in ordered:
        if not repository.take(db, credit_id=use.credit_id, customer_id=customer_id, paise=use.paise, on=day):
            _explain(
                ordered, repository.facts_of(db, [use.credit_id]), {use.credit_id}, customer_id=customer_id, on=day
            )
    found = _known(repository.facts_of(db, [use.credit_id for use in ordered]))
    db.add_all(UseRow(**row) for row in use_rows(db, ordered, document_id=document_id, at=at))
    db.flush()
    return tuple(_taken(use, found[use.credit_id]) for use in ordered)


# ---------------------------------------------------------------- used, in the packets of a bill


def bind_takes(uses: Sequence[Use], *, customer_id: UUID, on: dt.date) -> list[Any]:
    """For the first packet, behind the lock on the customer: one statement for each credit, and one that reads them.

    `read_taken` reads their results, which are as many as there are statements here: `len(uses) + 1`, none for none."""
    ordered = check_uses(uses)
    if not ordered:
        return []
    return [
        *(
            repository.TAKE.bind(b_id=use.credit_id, b_customer_id=customer_id, b_paise=use.paise, b_on=on)
            for use in ordered
        ),
        repository.FACTS.bind(ids=[use.credit_id for use in ordered]),
    ]


def read_taken(
    uses: Sequence[Use], results: Sequence[PacketResult], *, customer_id: UUID, on: dt.date
) -> tuple[Taken, ...]:
    """What the packet took, in the order of the credits' ids. Raises for the first that was refused: CreditUnknown,
    CreditNotTheirs, CreditExpired, CreditSpent, CreditShort, with the path of the use."""
    ordered = check_uses(uses)
    if not ordered:
        return ()
    *takes, facts = results
    refused = {use.credit_id for use, take in zip(ordered, takes, strict=True) if take.rowcount != 1}
    if refused:
        _explain(ordered, facts.rows, refused, customer_id=customer_id, on=on)
    known = _known(facts.rows)
    return tuple(_taken(use, known[use.credit_id]) for use in ordered)


def bind_uses(db: ShopSession, uses: Sequence[Use], *, document_id: UUID, at: dt.datetime) -> list[Any]:
    """For the last packet: the rows that say which document used what; none for none."""
    ordered = check_uses(uses)
    rows = [{"shop_id": db.shop_id, **row} for row in use_rows(db, ordered, document_id=document_id, at=at)]
    return [repository.INSERT_USE.bind_rows(rows)] if rows else []


def use_rows(
    db: ShopSession, uses: Iterable[Use], *, document_id: UUID, at: dt.datetime, kind: UseKind = UseKind.SPENT
) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(), "credit_id": use.credit_id, "document_id": document_id, "kind": kind.value,
            "paise": use.paise, "at": at, "actor_id": db.actor.person_id,
        }
        for use in uses
    ]  # fmt: skip


def check_uses(uses: Sequence[Use]) -> list[Use]:
    """In the order of their ids, in which they are locked; raises CreditTwice and what is wrong with an amount."""
    seen: set[UUID] = set()
    for use in uses:
        whole(use.paise, "What is used of a credit, in paise", least=1, field=f"{use.field}.paise")
        if use.credit_id in seen:
            raise CreditTwice(_("One credit is named twice."), fields={f"{use.field}.creditId": "named twice"})
        seen.add(use.credit_id)
    if len(seen) > MAX_CREDITS:
        message = _("A document uses at most %(most)s credits.", most=MAX_CREDITS)
        raise CreditTwice(message, fields={uses[MAX_CREDITS].field: "too many"})
    return sorted(uses, key=lambda use: use.credit_id.bytes)


# ---------------------------------------------------------------- given back


def release(db: ShopSession, *, document_id: UUID) -> int:
    """Give back what a cancelled document used: paise in all, 0 where it used none or was released before.

    A credit that has run out meanwhile is open again, and as expired as it was. Call it behind the customer's lock."""
    held = repository.used_by(db, document_id)
    credits = repository.lock_credits(db, held)
    held = repository.used_by(db, document_id)  # again: behind the locks nobody else releases
    back = [Use(row.id, -held[row.id]) for row in credits if held.get(row.id)]
    for row in credits:
        if held.get(row.id):
            row.left_paise += held[row.id]
            row.state, row.version = CreditState.OPEN.value, row.version + 1
    rows = use_rows(db, back, document_id=document_id, at=utc_now(), kind=UseKind.RELEASED)
    db.add_all(UseRow(**row) for row in rows)
    db.flush()
    return -sum(use.paise for use in back)


def hold(db: ShopSession, credit_ids: Iterable[UUID]) -> None:
    """Locks credits until the commit, behind their customer: for whoever gives some of them back behind other locks."""
    repository.lock_credits(db, credit_ids)


def give_back(db: ShopSession, uses: Sequence[Use], *, document_id: UUID) -> None:
    """So much of each credit is the customer's again, by a note over the bill that had used it. They are held."""
    back = {use.credit_id: use.paise for use in check_uses(uses)}
    for row in repository.lock_credits(db, back):
        row.left_paise += back[row.id]
        row.state, row.version = CreditState.OPEN.value, row.version + 1
    negative = [Use(credit_id, -paise) for credit_id, paise in back.items()]
    rows = use_rows(db, negative, document_id=document_id, at=utc_now(), kind=UseKind.RELEASED)
    db.add_all(UseRow(**row) for row in rows)
    db.flush()


def paid_back(db: ShopSession, uses: Sequence[Use], *, document_id: UUID) -> None:
    """So much of each credit went out in money, or as another credit, by a note over the bill that had used it: free
    again, and gone at once. Nothing is left of them that was not before; they are held."""
    at, gone = utc_now(), check_uses(uses)
    free = [Use(one.credit_id, -one.paise) for one in gone]
    for some, kind in ((free, UseKind.RELEASED), (gone, UseKind.PAID_OUT)):
        db.add_all(UseRow(**row) for row in use_rows(db, some, document_id=document_id, at=at, kind=kind))
    db.flush()


# ---------------------------------------------------------------- looked at


def get_credit(db: ShopSession, credit_id: UUID) -> Credit:
    """Raises CreditUnknown."""
    row = repository.find_credit(db, credit_id)
    if row is None:
        raise CreditUnknown()
    return _credit(row)


def find_opened_by(db: ShopSession, source_id: UUID, kind: str) -> Credit | None:
    """The credit that a document opened."""
    row = repository.opened_by(db, source_id, kind)
    return None if row is None else _credit(row)


def open_credits(db: ShopSession, *customer_ids: UUID) -> tuple[Credit, ...]:
    """What a customer may use up, the oldest first: what the counter offers."""
    return tuple(_credit(row) for row in repository.open_of(db, customer_ids))


def left_of(db: ShopSession, credit_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What is left of each of these credits, in paise, in one statement."""
    found = _known(repository.facts_of(db, list(credit_ids)))
    return {credit_id: facts.left_paise for credit_id, facts in found.items()}


def kept_of(db: ShopSession, credit_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What the shop kept of each of these credits, in paise: all of it, used up by bills or not, that did not go back
    in money, by a note over such a bill neither."""
    return {credit_id: int(paise) for credit_id, paise in gone_back.kept_of(db, credit_ids)}


def list_credits(
    db: ShopSession,
    *,
    customer_id: UUID | None = None,
    kind: str | None = None,
    state: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Credit]:
    """A page of credits, the newest first."""
    statement = repository.list_credits(
        customer_ids=None if customer_id is None else [customer_id], kind=kind, state=state
    )
    return paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(_credit)


def credits_of(db: ShopSession, customer_ids: Iterable[UUID]) -> tuple[Credit, ...]:
    """All credits that a person ever had, the oldest first; for their ledger."""
    return tuple(_credit(row) for row in repository.credits_of(db, customer_ids))


def uses_of(db: ShopSession, credit_ids: Iterable[UUID]) -> tuple[CreditUse, ...]:
    """What happened to these credits, in order."""
    wanted = list(credit_ids)
    rows = repository.uses_of(db, wanted) if wanted else ()
    return tuple(CreditUse(*(getattr(row, name) for name in CreditUse.__struct_fields__)) for row in rows)


def owed_by_kind(db: ShopSession) -> dict[str, tuple[int, int]]:
    """By kind: how many credits are open, and paise that are left of them."""
    return {kind: (count, int(paise)) for kind, count, paise in repository.owed_by_kind(db)}


def move_credits(db: ShopSession, *, loser_id: UUID, winner_id: UUID) -> tuple[UUID, ...]:
    """All credits of a customer who was merged are the winner's now. Both customers are locked before."""
    rows = repository.lock_credits_of(db, loser_id)
    for row in rows:
        row.customer_id, row.version = winner_id, row.version + 1
    db.flush()
    return tuple(row.id for row in rows)


def drifted(db: ShopSession) -> tuple[UUID, ...]:
    """Credits whose rest is not what their uses leave: none, in sound books."""
    return tuple(repository.drifted(db))


_ORDERS = paging.Orders(
    tie=CreditRow.id, default="-madeOn", madeOn=CreditRow.made_on, leftPaise=CreditRow.left_paise,
)  # fmt: skip
_COLUMNS = Credit.__struct_fields__


def _credit(row: CreditRow) -> Credit:
    return Credit(*(getattr(row, name) for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class _Facts:
    customer_id: UUID
    kind: str
    left_paise: int
    state: str
    expires_on: dt.date | None


def _known(rows: Iterable[Sequence[Any]]) -> dict[UUID, _Facts]:
    found = {}
    for credit_id, customer_id, packed in rows:
        kind, left_paise, state, expires_on = orjson.loads(packed)
        day = None if expires_on is None else dt.date.fromisoformat(expires_on)
        found[credit_id] = _Facts(customer_id, kind, left_paise, state, day)
    return found


def _taken(use: Use, facts: _Facts) -> Taken:
    return Taken(use.credit_id, facts.kind, use.paise, facts.left_paise)


def _explain(
    uses: Iterable[Use], rows: Iterable[Sequence[Any]], refused: set[UUID], *, customer_id: UUID, on: dt.date
) -> NoReturn:
    """Raises for the first use that was refused."""
    known = _known(rows)
    use = next(use for use in uses if use.credit_id in refused)
    facts, field = known.get(use.credit_id), f"{use.field}.creditId"
    if facts is None:
        raise CreditUnknown(fields={field: "unknown"})
    if facts.customer_id != customer_id:
        raise CreditNotTheirs(_("This credit belongs to another customer."), fields={field: "another customer's"})
    if facts.expires_on is not None and facts.expires_on < on:
        message = _("The last day of this credit was %(day)s.", day=f"{facts.expires_on:%d-%m-%Y}")
        raise CreditExpired(message, fields={field: "expired"})
    if facts.state != CreditState.OPEN.value:
        raise CreditSpent(_("Nothing is left of this credit."), fields={field: facts.state})
    message = _("%(left)s is left of this credit.", left=rupees(facts.left_paise))
    raise CreditShort(message, fields={f"{use.field}.paise": f"above {facts.left_paise}"})
