"""Owns how often somebody who may not know costs may learn that a lot's price takes the owner's word.

Out of a lot the clerk agrees on the price themselves, so its cost is the only floor there is. It is said only where the
bill would be issued else, a refusal puts its question before the owner by itself, and after so many of a lot in a day
every price of it takes the owner's word; of stones without a cost each does (docs/decisions/0060).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalNeeded, Want
from app.inventory.service import Portion
from app.invoices.service.drafts import BillDraft
from app.invoices.service.needs import OWNERS_WORD, floor_of_lot, sees_costs
from app.invoices.service.reckoning import Reckoned
from app.kit.clock import IST
from app.kit.dated import read_table, remembered
from shard_router import Actor, Bound, PacketResult, ShopSession

DATA = Path(__file__).parent.parent / "data" / "price_tries.json"
NONE_TRIED: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class _Bound:
    tries: int
    valid_from: dt.date
    valid_to: dt.date | None


@remembered
def _records() -> tuple[_Bound, ...]:
    return tuple(
        _Bound(
            row["tries"], dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in read_table(DATA)["records"]
    )  # fmt: skip


def most_tries(on: dt.date) -> int:
    """How many prices of one lot one person may have refused on a day, before each of its prices is."""
    for one in _records():
        if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to):
            return one.tries
    raise LookupError(f"no bound of tries holds on {on}")


def bind_tried(actor: Actor, draft: BillDraft, on: dt.date) -> list[Bound]:
    """For the first packet: how often the actor was refused today, of each lot. Nothing where no cost is kept back."""
    if not draft.lot_ids or sees_costs(actor) or actor.person_id is None:
        return []
    begun = dt.datetime.combine(on, dt.time(), IST).astimezone(dt.UTC)
    return [approvals.ASKED_SINCE.bind(since=begun, by=actor.person_id, kind=OWNERS_WORD, ids=draft.lot_ids)]


def read_tried(results: Sequence[PacketResult], on: dt.date) -> frozenset[UUID]:
    """The lots of which the actor has learnt enough for today."""
    return frozenset(lot_id for one in results for lot_id, times in one.rows if times >= most_tries(on))


def words_of(bill: Reckoned, actor: Actor, tried: frozenset[UUID]) -> list[Want]:
    """What lots' prices take of who may not know costs: asked last, so that no other refusal comes behind it."""
    if sees_costs(actor):
        return []
    return [
        floor_of_lot(sold.portion, priced, OWNERS_WORD)
        for sold, priced in zip(bill.sold, bill.priced.lines, strict=True)
        if sold.portion is not None
        and (
            priced.taxable_paise < sold.portion.cost_paise or sold.portion.lot.id in tried or _no_floor(sold.portion)
        )
    ]  # fmt: skip


def _no_floor(portion: Portion) -> bool:
    """Of stones whose cost the books don't know, such as were picked out of old gold: no board has a rate for them
    either, so nothing at all would be too little."""
    return not portion.taken.net_mg and not portion.lot.left_cost_paise


def tells_cost(draft: BillDraft, refused: ApprovalNeeded) -> bool:
    """Whether a refusal told something of a lot's cost, so that it must be kept."""
    return refused.kind == OWNERS_WORD and refused.subject_id in draft.lot_ids


def keep_try(db: ShopSession, *, refused: ApprovalNeeded) -> Approval:
    """Puts what a refusal told before the owner, whoever saw it: it is counted there, and in the audit chain."""
    return approvals.ask(db, kind=refused.kind, right=refused.right, subject_id=refused.subject_id, facts=refused.facts)
