"""Receiving from a karigar: finished pieces into the stock, metal and stones back, and the settling of the wastage.

Locks: approval, karigar, job, pieces as they are entered, audit head. Two who receive the same job meet at the job's
row: the second has looked at another version than it has by then, and is told so.
"""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.approvals import service as approvals
from app.inventory import service as inventory
from app.inventory.pieces import settled as settled_piece
from app.inventory.service import ItemDraft, LotDraft
from app.karigar import repository
from app.karigar.errors import JobFactsWrong, KarigarJobUnknown, MoreThanIssued, OtherMetal, ReceivedMeanwhile
from app.karigar.facts import line as one_line
from app.karigar.models import DueKind, JobState, KarigarDue, KarigarJob, KarigarLine, Why
from app.karigar.service.challans import line_of, place_here, write_challan
from app.karigar.service.excess import ACCEPT, CARRY, check_said, settlement
from app.karigar.service.issuing import check_metal
from app.karigar.service.jobs import locked_job, metal_of, stones_on, touch
from app.karigar.service.posting import origin_of, post_challan
from app.karigar.service.stones import checked, kind_of, settle_stones
from app.karigar.views import Challan, Finished, JobMetal, MetalBack, ReceiptDraft, Stones
from app.karigar.wastage import labour_of, price_of
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.money import MAX_PAISE, ratio, round_half_up, whole
from app.kit.texts import _
from app.kit.weights import fine_mg, fine_product, grams
from app.metal.service import MIXED
from shard_router import ShopSession

MOST_PIECES = 100
SETTLE = "karigar.settle"


@dataclass
class _Receipt:
    """A receipt as it is written, and what still lies on its job: what comes off takes its share of the value along."""

    job: KarigarJob
    id: UUID
    on: dt.date
    left: int  # fine units
    left_paise: int
    stones: dict[str, list[int]]  # by kind: thousandths of a carat and paise
    lots: int = 0  # made by this receipt
    hsn_of: dict[str, str | None] = field(default_factory=dict)  # of stones by kind, as their lots say
    set_paise: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))  # of stones in its pieces

    def line(self, why: Why, **facts: object) -> KarigarLine:
        return line_of(self.job, self.id, self.on, why.value, **facts)

    def share(self, fine: int) -> int:
        """The value of so much of what lies on the job; nothing for what is beyond it, the karigar's own metal."""
        taken = min(fine, self.left)
        if taken <= 0:
            return 0
        all_of_it = taken == self.left
        paise = self.left_paise if all_of_it else round_half_up(ratio(self.left_paise * taken, self.left))
        self.left, self.left_paise = self.left - taken, self.left_paise - paise
        return paise

    def share_of_stones(self, kind: str, mct: int) -> int:
        """The value of so many carats of what lies on the job; all of the rest goes with the last of them."""
        left = self.stones.get(kind)
        if left is None or mct <= 0 or left[0] <= 0:
            return 0
        paise = left[1] if mct >= left[0] else round_half_up(ratio(left[1] * mct, left[0]))
        left[0], left[1] = left[0] - min(mct, left[0]), left[1] - paise
        return paise

    def lot_code(self, said: str | None) -> str:
        """A lot of metal or stones that came back is called after the job, unless somebody says how."""
        self.lots += 1
        return said or f"{self.job.number}/{self.job.version}.{self.lots}"


def receive(db: ShopSession, *, job_id: UUID, expected_version: int, draft: ReceiptDraft) -> Challan:
    """Take in what comes back. With `closes` the wastage is settled: up to what is allowed it is the shop's, what is
    beyond is carried on the karigar's account, charged to them, or accepted by who may.

    Raises KarigarJobUnknown, JobClosed, ReceivedMeanwhile, OtherMetal, MoreThanIssued, StonesMissing, ExcessWastage,
    ExcessNotExcess, ApprovalNeeded, NothingMoved, and what register_item raises of a piece."""
    at, challan_id = utc_now(), new_id()
    on = ist(at).date()
    if len(draft.finished) > MOST_PIECES:
        message = _("At most %(most)s pieces come in on one receipt.", most=MOST_PIECES)
        raise JobFactsWrong(message, fields={"pieces": "too many"})
    approval_id = None
    if draft.closes and draft.excess == ACCEPT:
        approval_id = _accepted(db, job_id, expected_version, draft=draft, document_id=challan_id)
    _karigar, job = locked_job(db, job_id, expected_version)
    before = metal_of(db, [job.id])[job.id]
    there = stones_on(db, job.id)
    left_stones = {one.kind: [one.left_mct, one.left_paise] for one in there}
    receipt = _Receipt(job, challan_id, on, before.left, before.issued_paise - before.back_paise, left_stones)
    back = [checked(stones, f"stones.{place}") for place, stones in enumerate(draft.stones)]
    scales_mg = inventory.scales_differ_mg(on)
    stones = settle_stones(there, draft.finished, back, closes=draft.closes, scales_mg=scales_mg)
    booked = frozenset(one.kind for one in there if one.from_lot)
    receipt.hsn_of.update(_codes(db, job.id) if booked else {})
    lines = _returned(db, receipt, draft.metal) + _finished(db, receipt, draft.finished)
    lines += [_stone_line(db, receipt, one, booked) for one in stones]
    if draft.closes:
        lines += _written_off(db, receipt, draft, _with(before, lines), at)
        job.state, job.closed_at = JobState.RECEIVED.value, at
    post_challan(db, challan_id=challan_id, kind="receipt", lines=lines, at=at, booked_stones=booked)
    touch(job)
    db.flush()
    return write_challan(
        db, challan_id=challan_id, job=job, kind="receipt", lines=lines, place=place_here(db), at=at,
        reference=one_line(draft.reference, 60, "reference"), note=one_line(draft.note, 200, "note"),
        approval_id=approval_id,
    )  # fmt: skip


def _accepted(
    db: ShopSession, job_id: UUID, expected_version: int, *, draft: ReceiptDraft, document_id: UUID
) -> UUID | None:
    """Who may not let an excess pass uses up the approval of exactly this one. What is reckoned here before the job is
    locked holds behind the lock too: the version is the same, or nothing is received."""
    job = repository.find_job(db, job_id)
    if job is None:
        raise KarigarJobUnknown()
    if job.version != expected_version:
        raise ReceivedMeanwhile()
    before = metal_of(db, [job.id])[job.id]
    pieces = [settled_piece(piece.item, job.opened_on) for piece in draft.finished]
    finished = sum(_fine_of(piece) for piece in pieces)
    returned = sum(metal.net_mg * metal.fineness for metal in draft.metal)
    now = dataclasses.replace(before, finished=before.finished + finished, returned=before.returned + returned)
    facts = {"job": job.number, "version": job.version, "excessFine": settlement(job, now).excess}
    return approvals.require(
        db, right=SETTLE, kind="karigar.excess", subject_id=job.id, facts=facts, approval_id=draft.approval_id,
        document_id=document_id,
    )  # fmt: skip


def _returned(db: ShopSession, receipt: _Receipt, back: Sequence[MetalBack]) -> list[KarigarLine]:
    """Metal that comes back as it was, each a lot; not more of it than lies on the job."""
    lines = []
    for place, metal in enumerate(back):
        check_metal(receipt.job, metal.metal, metal.fineness, metal.net_mg, field=f"metal.{place}")
        fine = fine_product(metal.net_mg, metal.fineness)
        if fine > receipt.left:
            left = grams(fine_mg(receipt.left))
            message = _("Only %(left)s g fine lie on %(number)s.", left=left, number=receipt.job.number)
            raise MoreThanIssued(message, fields={f"metal.{place}.netMg": "more than lies on the job"})
        value = receipt.share(fine)
        lot = inventory.receive_lot(
            db, origin=origin_of(receipt.job.karigar_id, receipt.id),
            draft=LotDraft(
                code=receipt.lot_code(metal.lot_code), name=receipt.job.description, kind="bullion",
                metal=metal.metal, fineness=metal.fineness, net_mg=metal.net_mg, cost_paise=value,
            ),
        )  # fmt: skip
        lines.append(receipt.line(
            Why.RETURNED, metal=metal.metal, fineness=metal.fineness, gross_mg=metal.net_mg, net_mg=metal.net_mg,
            fine=fine, lot_id=lot.id, value_paise=value,
        ))  # fmt: skip
    return lines


def _finished(db: ShopSession, receipt: _Receipt, pieces: Sequence[Finished]) -> list[KarigarLine]:
    """Pieces into the stock, each at the cost of its metal and labour."""
    lines, job = [], receipt.job
    for place, piece in enumerate(pieces):
        draft = settled_piece(piece.item, receipt.on)
        if draft.metal != job.metal:
            message = _("%(number)s is a job of %(metal)s.", number=job.number, metal=job.metal)
            raise OtherMetal(message, fields={f"pieces.{place}.purity.metal": "not the job's"})
        _check_others(job, draft, f"pieces.{place}")
        assert draft.net_mg is not None  # a settled draft has it
        labour = piece.labour_paise
        if labour is None:
            labour = labour_of(job.labour_basis, job.labour_paise, net_mg=draft.net_mg)
        whole(labour, "Labour in paise", most=MAX_PAISE, field=f"pieces.{place}.labourPaise")
        fine = _fine_of(draft)
        value, gems = receipt.share(fine), _gems(receipt, draft)
        item = inventory.register_item(
            db, draft=dataclasses.replace(piece.item, cost_paise=value + gems + labour),
            origin=origin_of(job.karigar_id, receipt.id),
        )  # fmt: skip
        lines.append(receipt.line(
            Why.FINISHED, metal=item.metal, fineness=item.fineness, gross_mg=item.gross_mg, net_mg=item.net_mg,
            fine=fine, item_id=item.id, labour_paise=labour, value_paise=value,
        ))  # fmt: skip
    return lines


def _check_others(job: KarigarJob, draft: ItemDraft, path: str) -> None:
    """White gold beside yellow is gold all the same; what was never issued on the job can't come back from it."""
    for place, part in enumerate(draft.others):
        if part.metal != job.metal:
            message = _(
                "%(number)s is a job of %(metal)s: what is set on it of another metal is entered as a correction of the"
                " piece, once it is in stock.", number=job.number, metal=job.metal,
            )  # fmt: skip
            raise OtherMetal(message, fields={f"{path}.otherMetals.{place}.metal": "not the job's"})


def _fine_of(draft: ItemDraft) -> int:
    """Of all purities of a settled piece, unrounded."""
    others = sum(fine_product(part.net_mg, part.fineness) for part in draft.others)
    return fine_product(draft.own_mg, draft.fineness) + others


def _gems(receipt: _Receipt, piece: ItemDraft) -> int:
    """What those of a piece's stones cost that were issued on the job."""
    total = 0
    for stone in piece.stones:
        kind = kind_of(stone.kind)
        share = receipt.share_of_stones(kind, stone.weight_mct)
        receipt.set_paise[kind] += share
        total += share
    return total


def _stone_line(db: ShopSession, receipt: _Receipt, one: Stones, booked: frozenset[str]) -> KarigarLine:
    """Stones as they came back; what is returned makes a lot, where it came from one."""
    is_set = one.why == Why.SET.value
    value = receipt.set_paise[one.kind] if is_set else receipt.share_of_stones(one.kind, one.weight_mct)
    lot_id = None
    if one.why == Why.RETURNED.value and one.kind in booked:
        lot_id = inventory.receive_lot(
            db, origin=origin_of(receipt.job.karigar_id, receipt.id),
            draft=LotDraft(
                code=receipt.lot_code(one.lot_code), name=one.kind, kind="stones", metal=inventory.STONE,
                pieces=one.stones, stone_mct=one.weight_mct, cost_paise=value, hsn=receipt.hsn_of.get(one.kind),
            ),
            hsn_unsaid=True,
        ).id  # fmt: skip
    return receipt.line(
        Why(one.why), stone_kind=one.kind, stones=one.stones, weight_mct=one.weight_mct, lot_id=lot_id,
        value_paise=value,
    )  # fmt: skip


def _codes(db: ShopSession, job_id: UUID) -> dict[str, str | None]:
    """The HSN of each kind of stones that came out of lots: what comes back is what went out."""
    rows = repository.lots_of_stones(db, job_id)
    lots = inventory.get_lots(db, {lot_id for _kind, lot_id in rows})
    found: dict[str, str | None] = {}
    for kind, lot_id in rows:  # a lot of before codes were asked for says none
        found[kind] = lots[lot_id].hsn or found.get(kind)
    return found


def _with(before: JobMetal, lines: Sequence[KarigarLine]) -> JobMetal:
    """The job's metal with what this receipt brings."""

    def added(why: Why) -> int:
        return sum(line.fine for line in lines if line.why == why.value)

    return dataclasses.replace(
        before, finished=before.finished + added(Why.FINISHED), returned=before.returned + added(Why.RETURNED)
    )


def _written_off(
    db: ShopSession, receipt: _Receipt, draft: ReceiptDraft, now: JobMetal, at: dt.datetime
) -> list[KarigarLine]:
    """The wastage as lines of the receipt; what is charged is owed by the karigar from now on."""
    job = receipt.job
    found = settlement(job, now)
    check_said(job, found, draft.excess)
    lines = [_gone(receipt, Why.WASTAGE, found.wastage)] if found.wastage else []
    if not found.excess or draft.excess == CARRY:
        return lines
    if draft.excess == ACCEPT:
        return [*lines, _gone(receipt, Why.ACCEPTED, found.excess)]
    rate = draft.fine_rate_paise
    whole(rate, "The rate of fine metal in paise per gram", least=1, most=MAX_PAISE, field="fineRatePaise")
    db.add(KarigarDue(
        id=new_id(), karigar_id=job.karigar_id, kind=DueKind.EXCESS.value, paise=-price_of(found.excess, rate),
        booked_on=receipt.on, booked_at=at, job_id=job.id, actor_id=db.actor.person_id,
    ))  # fmt: skip
    return [*lines, _gone(receipt, Why.CHARGED, found.excess)]


def _gone(receipt: _Receipt, why: Why, fine: int) -> KarigarLine:
    """Fine metal that is gone: of no one purity, so its weight is that of the fine metal."""
    return receipt.line(
        why, metal=receipt.job.metal, fineness=MIXED, gross_mg=fine_mg(fine), net_mg=fine_mg(fine), fine=fine,
        value_paise=receipt.share(fine),
    )  # fmt: skip
