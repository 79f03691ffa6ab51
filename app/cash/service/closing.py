"""Closing a business day: once, when all its drawers are counted; from then on everything is of a later day.

Whoever closes holds the shop's places and all drawers alone: no bill is on its way then, so what is summed up is all
there will ever be of this day. The figures come from above, since this room does not know what was sold.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.cash import repository
from app.cash.errors import ClosingUnknown, DayClosed, DayNotDue, DrawerUncounted, ShiftOpen
from app.cash.models import DayClosing, Drawer, DrawerState
from app.cash.service.shifts import BEFORE_ALL
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.texts import _
from app.tenants.service.places import Place, hold_places, list_places
from shard_router import ShopSession

CLOSED = "day.closed"


@dataclass(frozen=True, slots=True)
class Closing:
    """A business day that is over. `figures` is what it came to; the chain's head is that of just before."""

    id: UUID
    business_on: dt.date
    figures: dict[str, Any]
    content_hash: bytes
    chain_seq: int
    chain_hash: bytes
    note: str | None
    closed_by: UUID | None
    closed_at: dt.datetime


def close_day(
    db: ShopSession,
    *,
    business_on: dt.date,
    figures: Callable[[ShopSession, dt.date], Mapping[str, Any]],
    earlier: Callable[[ShopSession, dt.date], dt.date | None] = lambda _db, _on: None,
    note: str | None = None,
    at: dt.datetime | None = None,
) -> Closing:
    """Close a business day for ever. `figures` is asked once nothing more can come to it; `earlier` may name an
    earlier day that has something in it and was not closed.

    Raises DayClosed, DayNotDue, ShiftOpen, DrawerUncounted.
    """
    moment = at or utc_now()
    places = hold_places(db, shared=False)
    drawers = repository.list_drawers(db, lock=True)
    _check_due(db, business_on, moment, earlier(db, business_on))
    _check_counted(db, business_on, drawers, places)
    _move_on(db, business_on, drawers, places)
    said = audit.canonical(figures(db, business_on))
    head = audit.lock_head(db)
    row = DayClosing(
        business_on=business_on, id=new_id(), figures=said, content_hash=hashlib.sha256(said).digest(),
        chain_seq=head.seq, chain_hash=head.hash, note=note, closed_by=db.actor.person_id, closed_at=moment,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, CLOSED, row.id, {
        "bookOn": business_on, "contentHash": row.content_hash, "chainSeq": row.chain_seq, "chainHash": row.chain_hash,
        "note": note,
    })  # fmt: skip
    return _closing(row)


def find_closing(db: ShopSession, business_on: dt.date) -> Closing | None:
    row = repository.find_closing(db, business_on)
    return None if row is None else _closing(row)


def get_closing(db: ShopSession, business_on: dt.date) -> Closing:
    """Raises ClosingUnknown."""
    found = find_closing(db, business_on)
    if found is None:
        raise ClosingUnknown()
    return found


def closing_of(db: ShopSession, closing_id: UUID) -> Closing:
    """By its own id, as what a form made is found again; raises ClosingUnknown."""
    row = repository.find_closing_by_id(db, closing_id)
    if row is None:
        raise ClosingUnknown()
    return _closing(row)


def closed_days(db: ShopSession, *, limit: int = 60) -> list[dt.date]:
    """The newest first."""
    return list(repository.closed_days(db, limit))


def chain_anchors(db: ShopSession) -> dict[int, bytes]:
    """The audit chain's heads that the closings kept: what they say of an entry, a rewritten chain does not."""
    return {int(seq): bytes(known) for seq, known in repository.anchors(db)}


def day_to_close(db: ShopSession, *, at: dt.datetime | None = None) -> dt.date:
    """The business day that the shop is in: the earliest of its drawers', and today's where it has none."""
    days = [row.business_on for row in repository.list_drawers(db)]
    last = repository.closed_days(db, 1)
    today = ist(at or utc_now()).date()
    first = min(days, default=today)
    return max(first, last[0] + dt.timedelta(days=1)) if last else first


def tills_to_count(db: ShopSession, on: dt.date) -> set[UUID]:
    """Over which `close_day` would not close this day: a shift is open there, or cash moved after the last count."""
    rows = repository.list_drawers(db)
    untouched = {place.till_id for place in list_places(db)} - {row.till_id for row in rows}
    wanting = {row.till_id for row in rows if row.business_on <= on and _is_wanting(db, row, on)}
    return wanting | {till_id for till_id in untouched if repository.count_up_to(db, till_id, on)}


def _is_wanting(db: ShopSession, row: Drawer, on: dt.date) -> bool:
    return row.state == DrawerState.OPEN.value or bool(repository.sum_behind(db, row, up_to=on)[0])


def _check_due(db: ShopSession, on: dt.date, moment: dt.datetime, earlier: dt.date | None) -> None:
    last = repository.closed_days(db, 1)
    if last and on <= last[0]:
        raise DayClosed(_("%(day)s is closed, and so is every day before it.", day=f"{last[0]:%d-%m-%Y}"))
    if on > ist(moment).date():
        raise DayNotDue(_("%(day)s has not begun yet.", day=f"{on:%d-%m-%Y}"), fields={"on": "not begun"})
    if earlier is not None:
        message = _("%(day)s is still to be closed before it.", day=f"{earlier:%d-%m-%Y}")
        raise DayNotDue(message, action=_("Close the days in their order."), fields={"on": "not the next"})


def _check_counted(db: ShopSession, on: dt.date, drawers: Sequence[Drawer], places: Sequence[Place]) -> None:
    codes = {place.till_id: place.till_code for place in places}
    for row in drawers:
        if row.business_on > on:
            continue  # it was counted into a later day
        if row.state == DrawerState.OPEN.value:
            raise ShiftOpen(_("The shift of till %(till)s is still open.", till=codes[row.till_id]))
        if repository.sum_behind(db, row, up_to=on)[0]:
            raise _uncounted(codes[row.till_id])
    for till_id in codes.keys() - {row.till_id for row in drawers}:
        if repository.count_up_to(db, till_id, on):
            raise _uncounted(codes[till_id])


def _uncounted(till_code: str) -> DrawerUncounted:
    return DrawerUncounted(_("Till %(till)s took or gave cash after it was last counted.", till=till_code))


def _move_on(db: ShopSession, on: dt.date, drawers: Sequence[Drawer], places: Sequence[Place]) -> None:
    """Every till has a drawer from now on, and none of them is in this day, or in one before it."""
    tomorrow = on + dt.timedelta(days=1)
    for row in drawers:
        if row.business_on < tomorrow:
            row.business_on, row.shift_no, row.version = tomorrow, 0, row.version + 1
    for till_id in {place.till_id for place in places} - {row.till_id for row in drawers}:
        db.add(Drawer(
            till_id=till_id, business_on=tomorrow, shift_no=0, state=DrawerState.CLOSED.value, opening_paise=0,
            counted_on=BEFORE_ALL, counted_shift=0, opened_at=None, opened_by=None, blind=False, version=1,
        ))  # fmt: skip
    db.flush()


def _closing(row: DayClosing) -> Closing:
    return Closing(
        row.id, row.business_on, orjson.loads(row.figures), row.content_hash, row.chain_seq, row.chain_hash, row.note,
        row.closed_by, row.closed_at,
    )  # fmt: skip
