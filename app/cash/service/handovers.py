"""Handing a drawer over: who gives counts and closes, who takes confirms under their own sign-in and goes on.

Between the two, nobody has the drawer: what is booked meanwhile is of the taker's shift, and counted by them. Until
it is taken its giver can call it back, and so can whoever may close days: the taker may have left the shop.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.cash import repository
from app.cash.errors import HandoverAnswered, HandoverUnknown, HandoverWaits, NotTheGiver, NotTheTaker
from app.cash.models import Drawer, Handover, HandoverState
from app.cash.service.shifts import Count, CountedDrawer, begin, end, held_drawer
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.tenants import service as tenants
from shard_router import ShopSession

HANDLES, CLOSES_DAYS = "cash.handle", "day.close"


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A drawer on its way from one person to another."""

    id: UUID
    till_id: UUID
    given_paise: int
    given_by: UUID
    given_at: dt.datetime
    to_whom: UUID
    state: str
    answered_at: dt.datetime | None
    answer_note: str | None
    version: int


def hand_over(
    db: ShopSession, *, till_id: UUID, expected_version: int, count: Count, to_whom: UUID,
    at: dt.datetime | None = None,
) -> HandoverView:  # fmt: skip
    """Count a drawer, close its shift and give it to somebody of the shop.

    Raises what `close_shift` does, and NotTheTaker where nobody else of the shop who may handle cash is named.
    """
    moment = at or utc_now()
    row, first = held_drawer(db, till_id, expected_version, moment)
    giver = _check_parties(db, to_whom)
    if repository.find_waiting(db, till_id) is not None:
        raise HandoverWaits(_("This drawer was handed over and is still to be taken."))
    counted = end(db, row, count, moment, first=first)
    made = Handover(
        id=new_id(), till_id=till_id, live_till_id=till_id, count_id=counted.id, given_paise=counted.counted_paise,
        given_by=giver, given_at=moment, to_whom=to_whom, state=HandoverState.WAITING.value, version=1,
    )  # fmt: skip
    db.add(made)
    db.flush()
    audit.record(db, "cash.handed_over", made.id, {
        "till": till_id, "paise": counted.counted_paise, "to": to_whom, "count": counted.id
    })  # fmt: skip
    return _view(made)


def take_over(
    db: ShopSession, *, handover_id: UUID, expected_version: int, count: Count, at: dt.datetime | None = None
) -> CountedDrawer:
    """Confirm a handover by counting, and open the next shift. What differs is booked in it, with the reason.

    Raises HandoverUnknown, HandoverAnswered, NotTheTaker, CountMalformed, CountUnexplained.
    """
    moment = at or utc_now()
    made, row = _theirs(db, handover_id, expected_version)
    _answer(made, HandoverState.TAKEN, moment, count.note)
    db.flush()
    done = begin(db, row, count, moment, first=False)
    audit.record(db, "cash.taken_over", made.id, {
        "till": made.till_id, "given": made.given_paise, "taken": done.counted_paise, "from": made.given_by
    })  # fmt: skip
    return done


def refuse_handover(
    db: ShopSession, *, handover_id: UUID, expected_version: int, note: str, at: dt.datetime | None = None
) -> HandoverView:
    """Say no, with the reason: the drawer stays closed, and whoever will open it counts it.

    Raises HandoverUnknown, HandoverAnswered, NotTheTaker.
    """
    made, _row = _theirs(db, handover_id, expected_version)
    _answer(made, HandoverState.REFUSED, at or utc_now(), note)
    db.flush()
    audit.record(db, "cash.handover_refused", made.id, {"till": made.till_id, "note": note, "from": made.given_by})
    return _view(made)


def recall_handover(
    db: ShopSession, *, handover_id: UUID, expected_version: int, note: str, at: dt.datetime | None = None
) -> HandoverView:
    """Call a drawer back that was not taken yet, with the reason: it stays closed, and whoever will open it counts it.

    Raises HandoverUnknown, HandoverAnswered, NotTheGiver.
    """
    made, _row = _waiting(db, handover_id, expected_version)
    if db.actor.person_id != made.given_by and not db.actor.may(CLOSES_DAYS):
        raise NotTheGiver()
    _answer(made, HandoverState.RECALLED, at or utc_now(), note)
    db.flush()
    audit.record(db, "cash.handover_recalled", made.id, {
        "till": made.till_id, "note": note, "from": made.given_by, "to": made.to_whom
    })  # fmt: skip
    return _view(made)


def list_waiting(db: ShopSession) -> list[HandoverView]:
    """Drawers that wait to be taken."""
    return [_view(row) for row in repository.list_waiting(db)]


def get_handover(db: ShopSession, handover_id: UUID) -> HandoverView:
    """Raises HandoverUnknown."""
    row = repository.find_handover(db, handover_id)
    if row is None:
        raise HandoverUnknown()
    return _view(row)


def list_takers(db: ShopSession) -> dict[UUID, str]:
    """Whom a drawer can be handed to: by id, the name of everybody else of the shop who may handle cash."""
    return {
        one.person_id: one.name
        for one in tenants.list_kept_members(db)
        if one.active and HANDLES in one.rights and one.person_id != db.actor.person_id
    }


def _check_parties(db: ShopSession, to_whom: UUID) -> UUID:
    """The giver. Who may not handle cash could neither take the drawer nor refuse it."""
    if db.actor.person_id is None or to_whom not in list_takers(db):
        message = _("A drawer is handed to somebody else of the shop who may handle cash.")
        raise NotTheTaker(message, fields={"toWhom": "nobody who takes it"})
    return db.actor.person_id


def _theirs(db: ShopSession, handover_id: UUID, expected_version: int) -> tuple[Handover, Drawer]:
    made, row = _waiting(db, handover_id, expected_version)
    if db.actor.person_id != made.to_whom:
        raise NotTheTaker()
    return made, row


def _waiting(db: ShopSession, handover_id: UUID, expected_version: int) -> tuple[Handover, Drawer]:
    """The drawer is held first, then the handover: as whoever counts does."""
    known = get_handover(db, handover_id)
    row = repository.find_drawer(db, known.till_id, lock=True)
    made = repository.find_handover(db, handover_id, lock=True)
    assert row is not None and made is not None  # it was counted when it was given
    if made.state != HandoverState.WAITING.value:
        raise HandoverAnswered()
    if made.version != expected_version:
        raise PreconditionFailed(_("This handover was changed since you looked at it."), action=_("Look at it again."))
    return made, row


def _answer(made: Handover, state: HandoverState, moment: dt.datetime, note: str | None) -> None:
    made.state, made.live_till_id, made.answered_at, made.answer_note = state.value, None, moment, note
    made.version += 1


def _view(row: Handover) -> HandoverView:
    return HandoverView(
        row.id, row.till_id, row.given_paise, row.given_by, row.given_at, row.to_whom, row.state, row.answered_at,
        row.answer_note, row.version,
    )  # fmt: skip
