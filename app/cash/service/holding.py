"""A drawer, or the safe, held alone until the commit, so that of what is there nobody else takes anything meanwhile."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.cash import repository
from app.cash.errors import CashShort, DrawerUnknown
from app.cash.models import Drawer
from app.cash.service.days import SAFE_SHIFT, BookDay, without_drawer
from app.cash.service.shifts import BLIND_RIGHT, expected_paise, where
from app.kit.clock import ist
from app.kit.money import rupees
from app.kit.texts import _
from app.tenants.service.places import hold_places
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Held:
    """A drawer, or the safe, that is ours until the commit; `paise` is what it holds by the book."""

    till_id: UUID | None
    day: BookDay
    paise: int
    blind: bool = False


def hold(db: ShopSession, till_ids: Sequence[UUID | None], moment: dt.datetime) -> list[Held]:
    """In the order asked for; locked in the order of their keys, the safe and tills without a drawer first.

    Raises DrawerUnknown."""
    drawers = {row.till_id: row for row in repository.list_drawers(db)}
    if any(till_id not in drawers for till_id in till_ids):
        known = {place.till_id for place in hold_places(db, shared=False)}
        if any(till_id is not None and till_id not in known for till_id in till_ids):
            raise DrawerUnknown(fields={"tillId": "unknown"})
    locked: dict[UUID, Drawer] = {}
    for till_id in sorted(one for one in till_ids if one is not None):
        row = repository.find_drawer(db, till_id, lock=True)
        if row is not None:
            locked[till_id] = row
    return [_at(db, till_id, locked.get(till_id) if till_id else None, moment) for till_id in till_ids]


def check_there(db: ShopSession, held: Held, paise: int, *, field: str = "paise") -> None:
    """`paise` with its sign; `field` is where the caller's body has it. Raises CashShort, which tells nobody who counts
    blind what is there."""
    if paise >= 0 or held.paise + paise >= 0:
        return
    wanted = rupees(-paise)
    if held.blind and not db.actor.may(BLIND_RIGHT):
        message = _("Less is there by the book than the %(wanted)s that would leave.", wanted=wanted)
    else:
        there = rupees(max(held.paise, 0))
        message = _("Only %(there)s are there by the book, %(wanted)s would leave.", there=there, wanted=wanted)
    raise CashShort(message, fields={field: "more than is there"})


def _at(db: ShopSession, till_id: UUID | None, row: Drawer | None, moment: dt.datetime) -> Held:
    if row is not None:
        return Held(till_id, where(row, moment), expected_paise(db, row), row.blind)
    day = without_drawer(repository.latest_day(db), ist(moment).date())
    if till_id is None:
        day = BookDay(day.business_on, SAFE_SHIFT)
    return Held(till_id, day, repository.sum_of_till(db, till_id))
