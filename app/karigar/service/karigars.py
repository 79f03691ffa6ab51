"""Karigars: entered, corrected, listed with what lies with them; the wastage that each is allowed."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.karigar import repository
from app.karigar.errors import KarigarCodeTaken, KarigarFactsWrong, KarigarUnknown
from app.karigar.facts import settled, work_name
from app.karigar.models import Karigar as KarigarRow
from app.karigar.models import KarigarWastage
from app.karigar.views import FineBalance, Karigar, KarigarDraft, StoneBalance, Wastage
from app.karigar.works import usual_wastage
from app.kit import audit, paging
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.money import BASIS_POINTS, whole
from app.kit.texts import _
from shard_router import ShopSession

_FIELDS = tuple(field.name for field in dataclasses.fields(KarigarDraft))
_OWN = tuple(field.name for field in dataclasses.fields(Karigar))[:13]


def register_karigar(db: ShopSession, *, draft: KarigarDraft) -> Karigar:
    """Enter a karigar; raises KarigarCodeTaken and what is wrong with the draft."""
    now = utc_now()
    facts = settled(draft, today_ist())
    row = KarigarRow(
        id=new_id(), version=1, last_job=0, created_at=now, updated_at=now,
        **{name: getattr(facts, name) for name in _FIELDS},
    )  # fmt: skip
    db.add(row)
    _flush(db)
    audit.record(db, "karigar.registered", row.id, {"code": row.code, "registered": row.gstin is not None})
    return karigar_of(row)


def edit_karigar(db: ShopSession, *, karigar_id: UUID, expected_version: int, changes: Mapping[str, Any]) -> Karigar:
    """Correct a karigar, or let them rest; raises KarigarUnknown, PreconditionFailed, KarigarCodeTaken."""
    row = locked_karigar(db, karigar_id)
    if row.version != expected_version:
        raise PreconditionFailed(_("This karigar was changed since you opened it."), action=_("Look at it again."))
    before = KarigarDraft(**{name: getattr(row, name) for name in _FIELDS})
    facts = settled(dataclasses.replace(before, **changes), today_ist())
    changed = [name for name in _FIELDS if getattr(row, name) != getattr(facts, name)]
    if changed:
        for name in changed:
            setattr(row, name, getattr(facts, name))
        row.version, row.updated_at = row.version + 1, utc_now()
        _flush(db)
        audit.record(db, "karigar.edited", row.id, {"changed": changed, "version": row.version})
    return _with_balances(db, [row])[0]


def get_karigar(db: ShopSession, karigar_id: UUID) -> Karigar:
    """With what lies with them; raises KarigarUnknown."""
    row = repository.find_karigar(db, karigar_id)
    if row is None:
        raise KarigarUnknown()
    return _with_balances(db, [row])[0]


def list_karigars(
    db: ShopSession,
    *,
    text: str | None = None,
    active: bool | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Karigar]:
    """A page of karigars with their balances, in four statements whatever its length."""
    found = paging.page(
        db, repository.list_karigars(text=text, active=active), orders=_ORDERS, sort=sort, after=after, limit=limit
    )
    return paging.Page(_with_balances(db, found.items), found.next_cursor)


def set_wastage(db: ShopSession, *, karigar_id: UUID, work: str, valid_from: dt.date, allowed_bp: int) -> Wastage:
    """Allow a karigar so much at a kind of work from a day on. Jobs that are open keep what was agreed.

    Raises KarigarUnknown, and KarigarFactsWrong where something was agreed from that day on already."""
    row = locked_karigar(db, karigar_id)
    whole(allowed_bp, "Allowed wastage in basis points", most=BASIS_POINTS, field="allowedBp")
    name = work_name(work)
    try:
        with db.begin_nested():
            db.add(KarigarWastage(
                karigar_id=row.id, work=name, valid_from=valid_from, allowed_bp=allowed_bp, set_at=utc_now()
            ))  # fmt: skip
    except IntegrityError as taken:
        message = _("For %(work)s another wastage was agreed from that day on.", work=name)
        raise KarigarFactsWrong(
            message, action=_("Choose another first day."), fields={"validFrom": "agreed before"}
        ) from taken
    audit.record(db, "karigar.wastage_set", row.id, {
        "work": name, "validFrom": valid_from.isoformat(), "allowedBp": allowed_bp,
    })  # fmt: skip
    return Wastage(name, valid_from, allowed_bp)


def list_wastages(db: ShopSession, karigar_id: UUID) -> list[Wastage]:
    """All that was agreed with a karigar, by work, the latest first."""
    return [Wastage(row.work, row.valid_from, row.allowed_bp) for row in repository.list_wastages(db, karigar_id)]


def allowed_on(db: ShopSession, karigar_id: UUID, work: str, on: dt.date) -> int:
    """What is agreed with the karigar, else what the trade allows, in basis points."""
    agreed = repository.wastage_on(db, karigar_id, work, on)
    return usual_wastage(work, on) if agreed is None else agreed


def stones_with(db: ShopSession, karigar_id: UUID) -> tuple[StoneBalance, ...]:
    """Stones by kind that lie with a karigar."""
    found = (
        StoneBalance(kind, int(count), int(mct)) for kind, count, mct in repository.stones_of_karigar(db, karigar_id)
    )
    return tuple(one for one in found if one.stones or one.weight_mct)


def locked_karigar(db: ShopSession, karigar_id: UUID) -> KarigarRow:
    """Held until the commit; raises KarigarUnknown."""
    row = repository.find_karigar(db, karigar_id, lock=True)
    if row is None:
        raise KarigarUnknown()
    return row


def karigar_of(row: KarigarRow) -> Karigar:
    return Karigar(*(getattr(row, name) for name in _OWN))


_ORDERS = paging.Orders(tie=KarigarRow.id, default="name", name=KarigarRow.name, createdAt=KarigarRow.created_at)


def _with_balances(db: ShopSession, rows: Sequence[KarigarRow]) -> list[Karigar]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    metal: defaultdict[UUID, list[FineBalance]] = defaultdict(list)
    for karigar_id, name, fine in repository.balances(db, ids):
        if int(fine):
            metal[karigar_id].append(FineBalance(name, int(fine)))
    owed = {karigar_id: int(paise) for karigar_id, paise in repository.dues(db, ids)}
    jobs = {row[0]: (int(row[1]), int(row[2])) for row in repository.open_jobs(db, ids, today_ist())}
    return [
        dataclasses.replace(
            karigar_of(row), metal=tuple(sorted(metal[row.id], key=lambda one: one.metal)),
            owed_paise=owed.get(row.id, 0), open_jobs=jobs.get(row.id, (0, 0))[0],
            overdue_jobs=jobs.get(row.id, (0, 0))[1],
        )
        for row in rows
    ]  # fmt: skip


def _flush(db: ShopSession) -> None:
    try:
        db.flush()
    except IntegrityError as taken:
        if "code" not in str(taken.orig):
            raise
        raise KarigarCodeTaken(_("Another karigar has this short name."), fields={"code": "taken"}) from taken
