"""Owns the statements on customers."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, bindparam, func, or_, select

from app.customers.models import Customer
from app.kit.db import Id
from app.kit.restoring import Rows
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

PACKED = (
    Customer.name, Customer.phone, Customer.gstin, Customer.pan, Customer.address, Customer.city, Customer.pin,
    Customer.state_code,
)  # fmt: skip


ROWS = Rows(Customer)  # of a restore


def find_customer(db: ShopSession, customer_id: UUID, *, lock: bool = False) -> Customer | None:
    statement = select(Customer).where(Customer.id == customer_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def merged_into(db: ShopSession, customer_id: UUID) -> UUID | None:
    return db.scalars(select(Customer.merged_into).where(Customer.id == customer_id)).one_or_none()


def hold(db: ShopSession, customer_id: UUID, *, exclusive: bool) -> Any | None:
    """Nobody edits, erases or merges the row before our commit."""
    wanted = select(Customer.merged_into, Customer.erased_at).where(Customer.id == customer_id)
    return db.execute(wanted.with_for_update(read=not exclusive)).one_or_none()


def rows_of_person(db: ShopSession, customer_id: UUID) -> Sequence[UUID]:
    return db.scalars(
        select(Customer.id)
        .where(or_(Customer.id == customer_id, Customer.merged_into == customer_id))
        .order_by(Customer.id)
    ).all()


def find_by_phone(db: ShopSession, phone: str) -> Customer | None:
    return db.scalars(select(Customer).where(Customer.phone == phone)).one_or_none()


def names_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[tuple[UUID, str]]:
    rows = db.execute(select(Customer.id, Customer.name).where(Customer.id.in_(sorted(customer_ids)))).all()
    return [(row.id, row.name) for row in rows]


def list_customers(*, text: str | None, phone: str | None, gstin: str | None) -> Select[Any]:
    """`text` is looked for in name and phone, `phone` is a beginning of the number in full."""
    statement = select(Customer).where(Customer.erased_at.is_(None))
    if phone:
        statement = statement.where(Customer.phone.startswith(phone, autoescape=True))
    if gstin:
        statement = statement.where(Customer.gstin == gstin)
    if text:
        digits = "".join(character for character in text if character in "+0123456789")
        found = [Customer.name.contains(text, autoescape=True)]
        if len(digits) >= 3:
            found.append(Customer.phone.contains(digits, autoescape=True))
        statement = statement.where(or_(*found))
    return statement


# Part of a bill's first packet. The row is locked, exclusively where cash is taken, so that the day's cash of one
# person is added up by one bill at a time; shared otherwise, so that the bill's foreign key never waits on an edit
# while the shop's hot rows are held.
BUYER_FOR_UPDATE = Prepared(lambda: _packed_buyer().with_for_update())
BUYER_FOR_SHARE = Prepared(lambda: _packed_buyer().with_for_update(read=True))


def _packed_buyer() -> Select[Any]:
    """PACKED as one JSON array: the driver takes longer to read a column's description than all of a row's values."""
    return select(func.json_array(*PACKED, type_=String())).where(
        Customer.shop_id == bindparam("shop_id"),
        Customer.id == bindparam("customer_id", type_=Id),
        Customer.erased_at.is_(None),
        Customer.merged_into.is_(None),
    )


def shop_sums() -> tuple[Sum, ...]:
    """How many customers there are, by state."""
    return (added_up("customers", Customer, by=(func.coalesce(Customer.state_code, "none"),), of=(Customer.version,)),)
