"""Merging doubled customers: one entry counts from now on, the other points to it; documents stay as they were issued.

For ever: what both entries meant cannot be told apart again. Both rows are locked in the order of their ids, so a bill
that is being issued for the loser is either there before, and stays with that entry, or is refused with its new name.
"""

from uuid import UUID

from app.customers import repository
from app.customers.errors import CustomerUnknown, MergeNotConfirmed, NotOnePerson, NotTwoCustomers
from app.customers.models import Customer as CustomerRow
from app.customers.models import CustomerDate, FamilyMember
from app.customers.service.book import refuse_merged
from app.kit.clock import utc_now
from app.kit.errors import PreconditionFailed
from app.kit.texts import _
from shard_router import ShopSession

ADDRESS = ("address", "city", "pin", "state_code")


def merge(
    db: ShopSession, *, winner_id: UUID, loser_id: UUID, winner_version: int, loser_version: int, confirm: str
) -> tuple[str, ...]:
    """Merge the loser's entry into the winner's: which facts the winner got from it. The room above moves credits and
    writes the audit entry.

    `confirm` is the loser's name, written again. Raises NotTwoCustomers, CustomerUnknown, CustomerMerged,
    MergeNotConfirmed, PreconditionFailed, and NotOnePerson for two who have other tax numbers."""
    if winner_id == loser_id:
        raise NotTwoCustomers(fields={"into": "the same customer"})
    rows = {row.id: row for row in repository.lock_both(db, (winner_id, loser_id))}
    winner, loser = _living(rows.get(winner_id)), _living(rows.get(loser_id))
    if " ".join(confirm.split()).casefold() != loser.name.casefold():
        raise MergeNotConfirmed(_("This is not the name of the entry that goes."), fields={"confirm": "another name"})
    if (winner.version, loser.version) != (winner_version, loser_version):
        raise PreconditionFailed(_("One of the two was changed meanwhile."), action=_("Look at both again."))
    _check_one_person(winner, loser)
    taken = _take_over(db, winner, loser)
    for row in repository.merged_rows(db, loser_id):
        row.merged_into = winner_id
    loser.merged_into = winner_id
    for row in (winner, loser):
        row.version, row.updated_at = row.version + 1, utc_now()
    _move_dates(db, winner_id, loser_id)
    _move_family(db, winner_id, loser_id)
    db.flush()
    return taken


def _living(row: CustomerRow | None) -> CustomerRow:
    if row is None or row.erased_at is not None:
        raise CustomerUnknown()
    refuse_merged(row.merged_into)
    return row


def _check_one_person(winner: CustomerRow, loser: CustomerRow) -> None:
    """A person has one PAN, and the tax takes each GSTIN for a person of its own."""
    for name in ("pan", "gstin"):
        ours, theirs = getattr(winner, name), getattr(loser, name)
        if ours and theirs and ours != theirs:
            message = _("These two have another %(what)s each: they are not one person.", what=name.upper())
            raise NotOnePerson(message, fields={"into": f"another {name.upper()}"})


def _take_over(db: ShopSession, winner: CustomerRow, loser: CustomerRow) -> tuple[str, ...]:
    """What the winner lacks; an address as a whole, tax numbers together. The loser's phone finds the winner anyway."""
    taken = []
    if winner.phone is None and loser.phone is not None:
        phone, loser.phone = loser.phone, None
        db.flush()  # one phone is one entry at any moment
        winner.phone = phone
        taken.append("phone")
    groups = (("email",), ADDRESS) if winner.gstin else (("email",), ADDRESS, ("gstin", "pan"))
    for group in groups:
        if not any(getattr(winner, name) for name in group) and any(getattr(loser, name) for name in group):
            for name in group:
                setattr(winner, name, getattr(loser, name))
            taken += group
    return tuple(taken)


def _move_dates(db: ShopSession, winner_id: UUID, loser_id: UUID) -> None:
    there = {row.kind for row in repository.dates_of(db, [winner_id])}
    for row in repository.dates_of(db, [loser_id]):
        if row.kind not in there:
            db.add(CustomerDate(customer_id=winner_id, kind=row.kind, month_day=row.month_day, year=row.year))
        db.delete(row)


def _move_family(db: ShopSession, winner_id: UUID, loser_id: UUID) -> None:
    """The winner takes the loser's place in a family where they have none."""
    place = repository.find_member(db, loser_id, lock=True)
    if place is None:
        return
    if repository.find_member(db, winner_id, lock=True) is None:
        db.add(FamilyMember(
            customer_id=winner_id, family_id=place.family_id, relation=place.relation, added_at=place.added_at
        ))  # fmt: skip
    db.delete(place)
