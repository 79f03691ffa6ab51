"""Issuing metal and stones to a karigar on a job, under a numbered delivery challan (CGST Rules, Rule 55).

Locks: karigar, job, the challan's series, lots by key, audit head. The series is drawn before the lots: what draws a
lot writes to the audit chain, behind which no series is waited for.
"""

from collections.abc import Sequence
from uuid import UUID

from app.inventory import service as inventory
from app.inventory.errors import LotTooSmall
from app.inventory.service import Spot, Weights
from app.karigar.errors import JobFactsWrong, OtherMetal
from app.karigar.facts import line as one_line
from app.karigar.models import KarigarJob, Why
from app.karigar.service.challans import draw_number, line_of, place_here, write_challan
from app.karigar.service.jobs import locked_job, touch
from app.karigar.service.posting import post_challan
from app.karigar.service.stones import checked
from app.karigar.views import Challan, IssueDraft, MetalOut, Stones
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.money import MAX_PAISE, whole
from app.kit.texts import _
from app.kit.weights import MAX_MG, fine_product
from app.metal.service import Account, Entry
from app.rates.purities import check_purity
from shard_router import ShopSession

ISSUE = "karigar_issue"


def issue(db: ShopSession, *, job_id: UUID, draft: IssueDraft) -> Challan:
    """Give metal and stones out; raises KarigarJobUnknown, JobClosed, OtherMetal, NothingMoved, what is wrong with a
    figure, and LotUnknown, LotNotOpen, LotTooSmall of a lot."""
    at, challan_id = utc_now(), new_id()
    on = ist(at).date()
    _karigar, job = locked_job(db, job_id, None)
    for place, one in enumerate(draft.metal):
        check_metal(job, one.metal, one.fineness, one.net_mg, field=f"metal.{place}")
        whole(one.value_paise or 0, "Value in paise", most=MAX_PAISE, field=f"metal.{place}.valuePaise")
    stones = [checked(one, f"stones.{place}") for place, one in enumerate(draft.stones)]
    here = place_here(db)
    number = draw_number(db, here, at)
    wanted: list[MetalOut | Stones] = [*draft.metal, *stones]
    lines = [line_of(job, challan_id, on, Why.ISSUED.value, **facts) for facts in _facts(db, job, challan_id, wanted)]
    post_challan(db, challan_id=challan_id, kind="issue", lines=lines, at=at)
    touch(job)
    return write_challan(
        db, challan_id=challan_id, job=job, kind="issue", lines=lines, place=here, at=at, number=number,
        note=one_line(draft.note, 200, "note"),
    )  # fmt: skip


def check_metal(job: KarigarJob, metal: str, fineness: int, net_mg: int, *, field: str) -> None:
    """Metal that can go to, or come from, a karigar on this job."""
    check_purity(metal, fineness, job.opened_on, field=f"{field}.fineness")
    whole(net_mg, "Weight in mg", least=1, most=MAX_MG, field=f"{field}.netMg")
    if metal != job.metal:
        message = _("%(number)s is a job of %(metal)s.", number=job.number, metal=job.metal)
        raise OtherMetal(message, fields={f"{field}.metal": "not the job's"})


def _facts(
    db: ShopSession, job: KarigarJob, challan_id: UUID, wanted: Sequence[MetalOut | Stones]
) -> list[dict[str, object]]:
    """The lines' facts as they were said; lots are taken from in the order of their keys, as everybody locks them."""
    found: dict[int, dict[str, object]] = {}
    ordered = sorted(enumerate(wanted), key=lambda one: one[1].lot_id.bytes if one[1].lot_id else b"")
    metals = sum(isinstance(one, MetalOut) for one in wanted)
    for place, one in ordered:
        weight = f"metal.{place}.netMg" if place < metals else f"stones.{place - metals}.weightMct"
        try:
            found[place] = _drawn(db, job, challan_id, one, weight.rpartition(".")[0])
        except LotTooSmall as refused:
            refused.fields = {weight: refused.message}
            raise
    return [found[place] for place in range(len(wanted))]


def _drawn(
    db: ShopSession, job: KarigarJob, challan_id: UUID, one: MetalOut | Stones, field: str
) -> dict[str, object]:  # fmt: skip
    if isinstance(one, MetalOut):
        return _metal(db, job, challan_id, one, field)
    return _stones(db, job, challan_id, one, field)


def _metal(db: ShopSession, job: KarigarJob, challan_id: UUID, one: MetalOut, field: str) -> dict[str, object]:
    value = one.value_paise or 0
    if one.lot_id is not None:
        entry = _out(db, job, challan_id, one.lot_id, Weights(net_mg=one.net_mg))
        if (entry.metal, entry.fineness) != (one.metal, one.fineness):
            message, action = _("The lot is of another purity."), _("Choose the purity of the lot, or another lot.")
            raise OtherMetal(message, action=action, fields={f"{field}.fineness": message})
        value = entry.cost_paise
    return {
        "metal": one.metal, "fineness": one.fineness, "gross_mg": one.net_mg, "net_mg": one.net_mg,
        "fine": fine_product(one.net_mg, one.fineness), "lot_id": one.lot_id, "value_paise": value,
    }  # fmt: skip


def _stones(db: ShopSession, job: KarigarJob, challan_id: UUID, one: Stones, field: str) -> dict[str, object]:
    value = one.value_paise
    if one.lot_id is not None:
        entry = _out(db, job, challan_id, one.lot_id, Weights(pieces=one.stones, stone_mct=one.weight_mct))
        if entry.metal != inventory.STONE:
            message = _("The lot is not of loose stones.")
            raise JobFactsWrong(message, fields={f"{field}.lotId": message})
        value = entry.cost_paise
    return {
        "stone_kind": one.kind, "stones": one.stones, "weight_mct": one.weight_mct, "lot_id": one.lot_id,
        "value_paise": value,
    }  # fmt: skip


def _out(db: ShopSession, job: KarigarJob, challan_id: UUID, lot_id: UUID, part: Weights) -> Entry:
    """Out of the lot and onto the karigar's account, in the book too."""
    return inventory.draw_from_lot(
        db, lot_id=lot_id, part=part, target=Spot(Account.KARIGAR, job.karigar_id), kind=ISSUE,
        movement_id=challan_id, reason=job.number,
    )  # fmt: skip
