"""Owns word of what a transaction of the control plane changed of people, so that memories end with its commit.

Services note; whoever remembers registers. No edge has to think of it, and a change rolled back forgets nothing.
"""

from typing import Protocol
from uuid import UUID
from weakref import WeakSet

from sqlalchemy import event

from shard_router import ControlSession

PEOPLE = "tenants.people_changed"
STANDINGS = "tenants.standings_changed"


class Rememberer(Protocol):
    """Something that remembers people."""

    def forget_person(self, person_id: UUID) -> None: ...

    def forget_standing(self, person_id: UUID, shop_id: int) -> None: ...


REMEMBERERS: "WeakSet[Rememberer]" = WeakSet()


def note_person(control: ControlSession, person_id: UUID) -> None:
    """Sessions, name or state of this person changed."""
    control.info.setdefault(PEOPLE, set()).add(person_id)


def note_standing(control: ControlSession, person_id: UUID, shop_id: int) -> None:
    """What this person is in this shop changed."""
    control.info.setdefault(STANDINGS, set()).add((person_id, shop_id))


@event.listens_for(ControlSession, "after_commit")
def _forget(control: ControlSession) -> None:
    if control.in_nested_transaction():
        return
    people, standings = control.info.pop(PEOPLE, ()), control.info.pop(STANDINGS, ())
    for rememberer in list(REMEMBERERS) if people or standings else ():
        for person_id in people:
            rememberer.forget_person(person_id)
        for person_id, shop_id in standings:
            rememberer.forget_standing(person_id, shop_id)
