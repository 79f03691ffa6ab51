"""Owns what of a bill its clerk may not do alone: a rate, a discount, a wastage, a sale below cost (N12).

Only the direction that costs the owner asks, and it asks for exactly these facts: reckoned here from the books, so what
a caller makes up fits no approval. What a piece cost the shop is not among them: who asks may not know it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from app.approvals import service as approvals
from app.approvals.service import ApprovalState, Want
from app.inventory.service import Item, Portion
from app.invoices.pricing import PricedLine
from app.invoices.service.drafts import BillDraft, LineDraft
from app.invoices.service.reckoning import Reckoned, Sold
from app.kit.money import ratio, round_half_up
from app.kit.weights import MG_PER_GRAM
from shard_router import ShopSession

RATE, DISCOUNT, WASTAGE, BELOW_COST = "line.rate", "line.discount", "line.wastage", "line.below_cost"
TERMS = "bill.terms"
MOST_TAGS = 40


def wants_of(draft: BillDraft, bill: Reckoned) -> list[Want]:
    """Everything about the bill that takes a right of its own, whoever issues it."""
    wants: list[Want] = []
    for line, sold, priced in zip(draft.lines, bill.sold, bill.priced.lines, strict=True):
        if sold.item is not None:
            wants += _of_piece(line, sold.item, priced)
        elif sold.portion is not None:
            wants += _of_lot(sold.portion, priced)
        elif priced.discount_paise:
            facts = {"description": sold.description, "valuePaise": priced.value_paise}
            wants.append(_discount(None, priced, facts))
    return [*wants, *_of_terms(bill)]


def open_needs(db: ShopSession, draft: BillDraft, bill: Reckoned) -> tuple[Want, ...]:
    """What the actor lacks the right to and no approval at hand covers, for quotes. Raises ApprovalUnknown."""
    lacking = [want for want in wants_of(draft, bill) if not db.actor.may(want.right)]
    granted = _granted(db, draft.approval_ids)
    return tuple(want for want in lacking if want.hash not in granted)


def _granted(db: ShopSession, approval_ids: Sequence[UUID]) -> set[bytes]:
    """What the approvals at hand allow."""
    found = (approvals.get_approval(db, approval_id) for approval_id in approval_ids)
    return {
        Want(one.kind, one.right, one.subject_id, one.facts).hash for one in found if one.state == ApprovalState.GRANTED
    }


def _of_piece(line: LineDraft, item: Item, priced: PricedLine) -> Iterator[Want]:
    facts = {"tag": item.tag, "netMg": item.net_mg}
    yield from _of_rate(item.id, item.own_mg, priced, facts)
    if priced.discount_paise or priced.making_discount_paise:
        yield _discount(item.id, priced, {**facts, "valuePaise": priced.value_paise})
    if line.wastage is not None and (line.wastage.kind.value, line.wastage.bp) != (item.wastage_kind, item.wastage_bp):
        yield Want(WASTAGE, "bill.wastage", item.id, {
            **facts, "fromKind": item.wastage_kind, "fromBp": item.wastage_bp, "toKind": line.wastage.kind.value,
            "toBp": line.wastage.bp,
        })  # fmt: skip
    if item.cost_paise is not None and priced.taxable_paise < item.cost_paise:
        yield Want(BELOW_COST, "bill.below_cost", item.id, {**facts, "taxablePaise": priced.taxable_paise})


def _of_lot(portion: Portion, priced: PricedLine) -> Iterator[Want]:
    """Making and a rate a carat are what is agreed on: there is nothing that they would be below but what it cost."""
    lot, taken = portion.lot, portion.taken
    facts: dict[str, object] = {"tag": lot.code}
    facts |= {"netMg": taken.net_mg} if taken.net_mg else {"stoneMct": taken.stone_mct}
    yield from _of_rate(lot.id, taken.net_mg, priced, facts)
    if priced.discount_paise or priced.making_discount_paise:
        yield _discount(lot.id, priced, {**facts, "valuePaise": priced.value_paise})
    if priced.taxable_paise < portion.cost_paise:
        yield Want(BELOW_COST, "bill.below_cost", lot.id, {**facts, "taxablePaise": priced.taxable_paise})


def _of_rate(subject_id: UUID, net_mg: int, priced: PricedLine, facts: Mapping[str, object]) -> Iterator[Want]:
    board, rate = priced.line.board_paise_per_g, priced.line.rate_paise_per_g
    if board is None:
        return
    told = {**facts, "fromPaisePerG": board, "toPaisePerG": rate}
    if rate < board:
        less = round_half_up(ratio((board - rate) * net_mg, MG_PER_GRAM))
        yield Want(RATE, "bill.lower_rate", subject_id, {**told, "costPaise": less})
    else:
        yield Want(RATE, "bill.raise_rate", subject_id, told)


def _discount(item_id: UUID | None, priced: PricedLine, facts: dict[str, object]) -> Want:
    return Want(DISCOUNT, "bill.discount", item_id, {
        **facts, "discountPaise": priced.discount_paise, "makingDiscountPaise": priced.making_discount_paise,
        "costPaise": priced.discount_paise + priced.making_discount_paise,
    })  # fmt: skip


def _of_terms(bill: Reckoned) -> Iterator[Want]:
    """The bill's own discount or agreed price, of exactly these pieces."""
    off = bill.priced.discounts_paise - bill.bonus_paise  # the bonus was agreed to when the scheme began
    added = sum(line.agreed_paise for line in bill.priced.lines)
    facts = {
        "tags": [one.tag for one in bill.sold if one.tag][:MOST_TAGS], "lines": len(bill.sold), "soldHash": _sold(bill),
        "totalPaise": bill.priced.total_paise,
    }  # fmt: skip
    if off:
        yield Want(TERMS, "bill.discount", None, {**facts, "discountPaise": off, "costPaise": off})
    if added:
        yield Want(TERMS, "bill.raise_rate", None, {**facts, "addedPaise": added})


def _sold(bill: Reckoned) -> str:
    """What exactly is sold, in short: the tags alone could be another shopful."""
    named = sorted(_named(one) for one in bill.sold)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]


def _named(one: Sold) -> str:
    if one.portion is not None:
        taken = one.portion.taken
        return f"{one.portion.lot.id.hex}*{taken.net_mg}*{taken.stone_mct}*{one.pieces}"
    return one.item.id.hex if one.item else f"{one.description}*{one.pieces}"
