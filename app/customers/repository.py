"""Owns the statements on customers."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, String, and_, bindparam, func, or_, select, union_all
from sqlalchemy.orm import aliased

from app.customers.models import Customer, CustomerDate, CustomerKyc, Family, FamilyMember
from app.kit.db import Id
from app.kit.restoring import Rows
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

PACKED = (
    Customer.name, Customer.phone, Customer.gstin, Customer.pan, Customer.address, Customer.city, Customer.pin,
    Customer.state_code,
)  # fmt: skip


ROWS, PAPERS = Rows(Customer), Rows(CustomerKyc)  # of a restore


def find_customer(db: ShopSession, customer_id: UUID, *, lock: bool = False) -> Customer | None:
    statement = select(Customer).where(Customer.id == customer_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def merged_into(db: ShopSession, customer_id: UUID) -> UUID | None:
    return db.scalars(select(Customer.merged_into).where(Customer.id == customer_id)).one_or_none()


def hold(db: ShopSession, customer_id: UUID, *, exclusive: bool) -> Any | None:
    """Nobody edits, erases or merges the row before our commit."""
    wanted = select(Customer.merged_into, Customer.erased_at).where(Customer.id == customer_id)
    return db.execute(wanted.with_for_update(read=not exclusive)).one_or_none()


def hold_pan(db: ShopSession, customer_id: UUID) -> None:
    """Every entry of this customer's PAN, exclusively: to the law on cash they are one person."""
    db.execute(_of_pan(db.shop_id, customer_id))


def _of_pan(shop_id: Any, customer_id: Any) -> Select[UUID]:
    """In the order of their ids, by the index on PANs: two bills of one PAN never lock them crosswise."""
    me, other = aliased(Customer), aliased(Customer)
    return (
        select(other.id)
        .select_from(me)
        .join(other, and_(other.shop_id == me.shop_id, other.pan == me.pan))
        .where(me.shop_id == shop_id, me.id == customer_id)
        .with_for_update(of=other)
    )


def rows_of_person(db: ShopSession, customer_id: UUID) -> Sequence[UUID]:
    return db.scalars(
        select(Customer.id)
        .where(or_(Customer.id == customer_id, Customer.merged_into == customer_id))
        .order_by(Customer.id)
    ).all()


def find_by_phone(db: ShopSession, phone: str) -> Customer | None:
    return db.scalars(select(Customer).where(Customer.phone == phone)).one_or_none()


def taken_phones(db: ShopSession, phones: Iterable[str]) -> Sequence[str | None]:
    return db.scalars(select(Customer.phone).where(Customer.phone.in_(sorted(phones)))).all()


def names_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[tuple[UUID, str]]:
    rows = db.execute(select(Customer.id, Customer.name).where(Customer.id.in_(sorted(customer_ids)))).all()
    return [(row.id, row.name) for row in rows]


def entries_of(db: ShopSession, person_ids: Iterable[UUID]) -> Sequence[Any]:
    """Each row of these people, and the row that counts of it."""
    wanted = sorted(person_ids)
    return db.execute(
        select(Customer.id, Customer.merged_into).where(or_(Customer.id.in_(wanted), Customer.merged_into.in_(wanted)))
    ).all()


def contacts_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Any]:
    return db.execute(
        select(Customer.id, Customer.name, Customer.phone).where(Customer.id.in_(sorted(customer_ids)))
    ).all()


def persons(shop_id: int) -> Select[UUID, UUID]:
    """Each row's id and the id of the row that counts; for rooms above to join."""
    living = func.coalesce(Customer.merged_into, Customer.id, type_=Id)
    return select(Customer.id, living.label("person_id")).where(Customer.shop_id == shop_id)


def entries_of_one(shop_id: Any, customer_id: Any) -> CompoundSelect[UUID]:
    """The ids of all rows of the person whose row counts; for rooms above to look in, in one statement."""
    return union_all(
        select(Customer.id).where(Customer.shop_id == shop_id, Customer.id == customer_id),
        select(Customer.id).where(Customer.shop_id == shop_id, Customer.merged_into == customer_id),
    )


def entries_of_pan(shop_id: Any, customer_id: Any) -> Select[UUID]:
    """The same, and every row of the PAN of the row that counts: one person to the law on cash. What was merged into
    another entry of this PAN is not looked up. A statement of its own around the union, so that the database begins
    with these few rows: in a union alone it would look up each bill of the shop."""
    me, other = aliased(Customer), aliased(Customer)
    of_pan = and_(other.shop_id == me.shop_id, other.pan == me.pan)
    every = union_all(
        *entries_of_one(shop_id, customer_id).selects,
        select(other.id).select_from(me).join(other, of_pan).where(me.shop_id == shop_id, me.id == customer_id),
    ).subquery()
    return select(every.c.id)


def lock_both(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Customer]:
    """In the order of their ids, in which everybody locks them."""
    return db.scalars(
        select(Customer).where(Customer.id.in_(sorted(customer_ids))).order_by(Customer.id).with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip


def merged_rows(db: ShopSession, customer_id: UUID) -> Sequence[Customer]:
    """Rows that were merged into this one, locked."""
    return db.scalars(
        select(Customer).where(Customer.merged_into == customer_id).order_by(Customer.id).with_for_update()
    ).all()


# ---------------------------------------------------------------- dates, families, papers


def dates_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[CustomerDate]:
    return db.scalars(
        select(CustomerDate)
        .where(CustomerDate.customer_id.in_(sorted(customer_ids)))
        .order_by(CustomerDate.customer_id, CustomerDate.kind.desc())
    ).all()


def dates_between(db: ShopSession, spans: Iterable[tuple[int, int]], most: int) -> Sequence[Any]:
    """Kind, month and day, year, and the customer's id, name and phone; each span includes both its ends."""
    wanted = or_(*(CustomerDate.month_day.between(first, last) for first, last in spans))
    return db.execute(
        select(CustomerDate.kind, CustomerDate.month_day, CustomerDate.year, Customer.id, Customer.name, Customer.phone)
        .join(Customer, (Customer.shop_id == CustomerDate.shop_id) & (Customer.id == CustomerDate.customer_id))
        .where(wanted, Customer.erased_at.is_(None), Customer.merged_into.is_(None))
        .order_by(CustomerDate.month_day, Customer.name, Customer.id)
        .limit(most)
    ).all()


def find_member(db: ShopSession, customer_id: UUID, *, lock: bool = False) -> FamilyMember | None:
    statement = select(FamilyMember).where(FamilyMember.customer_id == customer_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_family(db: ShopSession, family_id: UUID) -> Family | None:
    return db.scalars(select(Family).where(Family.id == family_id)).one_or_none()


def members_of(db: ShopSession, family_id: UUID) -> Sequence[Any]:
    """Customer's id, name, phone, and what they are to the others."""
    return db.execute(
        select(Customer.id, Customer.name, Customer.phone, FamilyMember.relation)
        .join(FamilyMember, (FamilyMember.shop_id == Customer.shop_id) & (FamilyMember.customer_id == Customer.id))
        .where(FamilyMember.family_id == family_id, Customer.erased_at.is_(None))
        .order_by(FamilyMember.added_at, Customer.id)
    ).all()


def find_paper(db: ShopSession, paper_id: UUID, *, lock: bool = False) -> CustomerKyc | None:
    statement = select(CustomerKyc).where(CustomerKyc.id == paper_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def papers_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[CustomerKyc]:
    """Also those that were withdrawn, the oldest first."""
    return db.scalars(
        select(CustomerKyc).where(CustomerKyc.customer_id.in_(sorted(customer_ids))).order_by(CustomerKyc.id)
    ).all()


def list_customers(*, text: str | None, phone: str | None, gstin: str | None) -> Select[Any]:
    """`text` is looked for in name and phone, `phone` is a beginning of the number in full."""
    statement = select(Customer).where(Customer.erased_at.is_(None), Customer.merged_into.is_(None))
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
PAN_FOR_UPDATE = Prepared(lambda: _of_pan(bindparam("shop_id"), bindparam("customer_id", type_=Id)))  # before it
BUYER_FOR_SHARE = Prepared(lambda: _packed_buyer().with_for_update(read=True))


def _packed_buyer() -> Select[Any]:
    """PACKED and the row it was merged into as one JSON array: the driver takes longer to read a column's description
    than all of a row's values."""
    return select(func.json_array(*PACKED, func.hex(Customer.merged_into), type_=String())).where(
        Customer.shop_id == bindparam("shop_id"),
        Customer.id == bindparam("customer_id", type_=Id),
        Customer.erased_at.is_(None),
    )


def shop_sums() -> tuple[Sum, ...]:
    """How many customers there are, by state, and of which they are merged; dates, families, and papers by kind."""
    merged = (func.coalesce(Customer.state_code, "none"), Customer.merged_into.is_not(None))
    return (
        added_up("customers", Customer, by=merged, of=(Customer.version,)),
        added_up("customers' dates", CustomerDate, by=(CustomerDate.kind,), of=(CustomerDate.month_day,)),
        added_up("families", Family, of=(Family.version,)),
        added_up("family members", FamilyMember, by=(FamilyMember.relation,)),
        added_up("customers' papers", CustomerKyc, by=(CustomerKyc.kind,), of=(CustomerKyc.version,)),
    )
