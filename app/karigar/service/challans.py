"""Owns writing a challan with its lines, and giving it out again as it was written."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.karigar import repository
from app.karigar.errors import ChallanUnknown, NothingMoved
from app.karigar.models import KarigarChallan, KarigarJob, KarigarLine
from app.karigar.views import Challan, Line
from app.kit import audit
from app.kit.clock import financial_year, ist
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.tenants.service.places import Place, list_places
from app.tenants.service.seller import read_seller, seller_of
from shard_router import ShopSession

_LINE = tuple(field.name for field in dataclasses.fields(Line))
_BLANK: dict[str, Any] = {
    "metal": None, "fineness": 0, "gross_mg": 0, "net_mg": 0, "fine": 0, "stone_kind": None, "stones": 0,
    "weight_mct": 0, "lot_id": None, "item_id": None, "labour_paise": 0, "value_paise": 0,
}  # fmt: skip


def line_of(job: KarigarJob, challan_id: UUID, on: dt.date, why: str, **facts: Any) -> KarigarLine:
    """A line of a challan; `pos` is given when it is written."""
    return KarigarLine(
        challan_id=challan_id, karigar_id=job.karigar_id, job_id=job.id, why=why, moved_on=on, **{**_BLANK, **facts}
    )


def place_here(db: ShopSession) -> Place:
    """The till that the actor sits at, else the oldest: where our side of a document is written."""
    places = list_places(db)
    return next((place for place in places if place.till_id == db.actor.till_id), places[0])


def draw_number(db: ShopSession, place: Place, at: dt.datetime) -> tuple[int, str]:
    """The next number of the till's challans, as a figure and as it is written."""
    year, kind = financial_year(ist(at).date()), DocumentKind.DELIVERY_CHALLAN
    no = numbering.draw(db, registration_id=place.registration_id, year=year, kind=kind, till_id=place.till_id)
    return no, numbering.written(no, year=year, kind=kind, till_code=place.till_code)


def write_challan(
    db: ShopSession,
    *,
    challan_id: UUID,
    job: KarigarJob,
    kind: str,
    lines: Sequence[KarigarLine],
    place: Place,
    at: dt.datetime,
    number: tuple[int, str] | None = None,
    reference: str | None = None,
    note: str | None = None,
    approval_id: UUID | None = None,
) -> Challan:
    """The challan with its lines and its audit entry; an issue brings the number that was drawn for it."""
    if not lines:
        raise NothingMoved()
    on = ist(at).date()
    no, text = number or (None, None)
    row = KarigarChallan(
        id=challan_id, kind=kind, karigar_id=job.karigar_id, job_id=job.id, registration_id=place.registration_id,
        till_id=place.till_id, fy_start=financial_year(on).start_year, no=no, number=text, reference=reference,
        note=note, sender=seller_of(place).written(), moved_on=on, moved_at=at,
        value_paise=sum(line.value_paise for line in lines), actor_id=db.actor.person_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    for pos, line in enumerate(lines, start=1):
        line.pos = pos
    db.add_all(lines)
    db.flush()
    audit.record(db, f"karigar.{kind}", challan_id, {
        "job": job.number, "state": job.state, "number": text, "approval": approval_id and str(approval_id),
        "lines": [_told(line) for line in lines],
    })  # fmt: skip
    return challan_of(row, lines)


def get_challan(db: ShopSession, challan_id: UUID) -> Challan:
    """Raises ChallanUnknown."""
    row = repository.find_challan(db, challan_id)
    if row is None:
        raise ChallanUnknown()
    return challan_of(row, repository.lines_of(db, [row.id]))


def challans_of(db: ShopSession, job_id: UUID) -> list[Challan]:
    """All of a job, the oldest first, in two statements."""
    rows = repository.challans_of_job(db, job_id)
    lines = repository.lines_of(db, [row.id for row in rows]) if rows else ()
    return [challan_of(row, [line for line in lines if line.challan_id == row.id]) for row in rows]


def challan_of(row: KarigarChallan, lines: Sequence[KarigarLine]) -> Challan:
    return Challan(
        row.id, row.kind, row.karigar_id, row.job_id, row.number, row.reference, row.note, row.moved_on, row.moved_at,
        row.value_paise, read_seller(row.sender),
        tuple(Line(*(getattr(line, name) for name in _LINE)) for line in lines),
    )  # fmt: skip


def _told(line: KarigarLine) -> dict[str, Any]:
    if line.metal is None:
        return {"why": line.why, "stone": line.stone_kind, "stones": line.stones, "mct": line.weight_mct}
    item = str(line.item_id) if line.item_id else None
    return {"why": line.why, "metal": line.metal, "fineness": line.fineness, "fine": line.fine, "item": item}
