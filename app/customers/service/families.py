"""Families: customers who buy together, seen together; each belongs to one at most."""

from dataclasses import dataclass
from uuid import UUID

from app.customers import repository
from app.customers.errors import FamilyUnknown, InFamilyAlready
from app.customers.models import Family, FamilyMember
from app.customers.service.book import get_buyer, hold
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.texts import _
from shard_router import ShopSession

RELATIONS = ("head", "wife", "husband", "son", "daughter", "father", "mother", "brother", "sister", "other")


@dataclass(frozen=True, slots=True)
class Member:
    """`relation` is what they are to the head of the family."""

    customer_id: UUID
    name: str
    phone: str | None
    relation: str


@dataclass(frozen=True, slots=True)
class FamilyView:
    id: UUID
    name: str
    members: tuple[Member, ...]


def join_family(db: ShopSession, *, customer_id: UUID, with_id: UUID, relation: str) -> FamilyView:
    """Put a customer into the family of another one, who becomes the head of a new family where they have none.

    Raises CustomerUnknown, InFamilyAlready. Both are locked in the order of their ids."""
    if customer_id == with_id:
        raise InFamilyAlready(_("One needs two for a family."), fields={"withId": "the same customer"})
    if relation not in RELATIONS:
        raise ValueError(f"no relation {relation}")
    for one in sorted((customer_id, with_id)):
        hold(db, one, exclusive=True)
    get_buyer(db, customer_id), get_buyer(db, with_id)  # neither was merged or erased
    if repository.find_member(db, customer_id, lock=True) is not None:
        raise InFamilyAlready(_("This customer belongs to a family."), fields={"customerId": "in a family"})
    head = repository.find_member(db, with_id, lock=True)
    family_id = _new_family(db, with_id) if head is None else head.family_id
    db.add(FamilyMember(customer_id=customer_id, family_id=family_id, relation=relation, added_at=utc_now()))
    db.flush()
    audit.record(db, "family.joined", customer_id, {"family": family_id, "relation": relation})
    found = family_of(db, customer_id)
    assert found is not None
    return found


def leave_family(db: ShopSession, *, customer_id: UUID) -> None:
    """Raises FamilyUnknown where they belong to none. The last but one takes the family with them."""
    row = repository.find_member(db, customer_id, lock=True)
    if row is None:
        raise FamilyUnknown()
    others = [one for one in repository.members_of(db, row.family_id) if one.id != customer_id]
    db.delete(row)
    if len(others) == 1 and (last := repository.find_member(db, others[0].id, lock=True)) is not None:
        db.delete(last)
    db.flush()
    audit.record(db, "family.left", customer_id, {"family": row.family_id})


def family_of(db: ShopSession, customer_id: UUID) -> FamilyView | None:
    """The family of a customer with all its members, the head first."""
    member = repository.find_member(db, customer_id)
    family = repository.find_family(db, member.family_id) if member else None
    if family is None:
        return None
    members = tuple(Member(row.id, row.name, row.phone, row.relation) for row in repository.members_of(db, family.id))
    return FamilyView(family.id, family.name, members)


def _new_family(db: ShopSession, head_id: UUID) -> UUID:
    """Called by the head's last name, which may be corrected."""
    now, name = utc_now(), get_buyer(db, head_id).name
    family = Family(id=new_id(), name=name.split()[-1][:140], version=1, created_at=now)
    db.add(family)
    db.flush()
    db.add(FamilyMember(customer_id=head_id, family_id=family.id, relation="head", added_at=now))
    db.flush()
    return family.id
