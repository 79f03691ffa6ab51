"""Owns what of a bill its clerk may not do alone: a rate, a discount, a wastage, a price by its cost (N12).

Only the direction that costs the owner asks, and it asks for exactly these facts: reckoned here from the books, so what
a caller makes up fits no approval. What a piece cost the shop is not among them: who asks may not know it, and may not
find it by asking at one price after another (docs/decisions/0060; of lots: tries.py).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from app.approvals import service as approvals
from app.approvals.service import ApprovalState, Want
from app.inventory.service import Item, Portion
from app.invoices.pricing import NO_DISCOUNT, PieceFacts, PricedLine, Wastage, WastageKind, price_line
from app.invoices.service.drafts import BillDraft, LineDraft
from app.invoices.service.reckoning import Reckoned, Sold
from app.kit.money import ratio, round_half_up
from app.kit.weights import MG_PER_GRAM
from app.tax.states import Supply
from shard_router import Actor, ShopSession

RATE, DISCOUNT, WASTAGE, BELOW_COST = "line.rate", "line.discount", "line.wastage", "line.below_cost"
OWNERS_WORD = "line.owners_word"
"""Instead of BELOW_COST, to who may not know costs."""
TERMS = "bill.terms"
SELLS_BELOW, BUYS = "bill.below_cost", "stock.buy"
MOST_TAGS = 40


def sees_costs(actor: Actor) -> bool:
    """Whether somebody may know what things cost the shop: they buy them, or may sell them below it."""
    return actor.may(BUYS) or actor.may(SELLS_BELOW)


def wants_of(draft: BillDraft, bill: Reckoned, actor: Actor) -> list[Want]:
    """Everything about the bill that takes a right of its own, as it is told to this actor; without what a lot's price
    takes of who may not know costs (`tries.words_of`)."""
    wants: list[Want] = []
    terms = list(_of_terms(bill))
    for line, sold, priced in zip(draft.lines, bill.sold, bill.priced.lines, strict=True):
        if sold.item is not None:
            lowered = list(_of_piece(line, sold.item, priced))
            wants += lowered
            wants += _floor_of_piece(sold.item, priced, bill.priced.supply, [*lowered, *terms], actor)
        elif sold.portion is not None:
            wants += _of_lot(sold.portion, priced, actor)
        elif priced.discount_paise:
            facts = {"description": sold.description, "valuePaise": priced.value_paise}
            wants.append(_discount(None, priced, facts))
    return [*wants, *terms]


def open_needs(db: ShopSession, draft: BillDraft, bill: Reckoned) -> tuple[Want, ...]:
    """What the actor lacks the right to and no approval at hand covers, for quotes. Raises ApprovalUnknown."""
    lacking = [want for want in wants_of(draft, bill, db.actor) if not db.actor.may(want.right)]
    granted = _granted(db, draft.approval_ids)
    return tuple(want for want in lacking if want.hash not in granted)


def floor_of_lot(portion: Portion, priced: PricedLine, kind: str) -> Want:
    """The question whether so much of a lot goes at this price."""
    facts = {**_lot_facts(portion), "taxablePaise": priced.taxable_paise}
    return Want(kind, SELLS_BELOW, portion.lot.id, facts)


def _granted(db: ShopSession, approval_ids: Sequence[UUID]) -> set[bytes]:
    """What the approvals at hand allow."""
    found = (approvals.get_approval(db, approval_id) for approval_id in approval_ids)
    return {
        Want(one.kind, one.right, one.subject_id, one.facts).hash for one in found if one.state == ApprovalState.GRANTED
    }


def _of_piece(line: LineDraft, item: Item, priced: PricedLine) -> Iterator[Want]:
    facts = _piece_facts(item)
    rated = {"ratedMg": item.own_mg} if item.others else {}  # the rate is of the main metal alone
    yield from _of_rate(item.id, item.own_mg, priced, {**facts, **rated})
    if priced.discount_paise or priced.making_discount_paise:
        yield _discount(item.id, priced, {**facts, "valuePaise": priced.value_paise})
    if line.wastage is not None and (line.wastage.kind.value, line.wastage.bp) != (item.wastage_kind, item.wastage_bp):
        yield Want(WASTAGE, "bill.wastage", item.id, {
            **facts, "fromKind": item.wastage_kind, "fromBp": item.wastage_bp, "toKind": line.wastage.kind.value,
            "toBp": line.wastage.bp,
        })  # fmt: skip


def _floor_of_piece(
    item: Item, priced: PricedLine, supply: Supply, asked: Sequence[Want], actor: Actor
) -> Iterator[Want]:
    """Who knows costs is told of a price below them. To who does not, no price that they choose may make a difference:
    the plain price decides, and whatever they lower without asking for that."""
    facts = {**_piece_facts(item), "taxablePaise": priced.taxable_paise}
    cost = item.cost_paise or 0
    if sees_costs(actor):
        if priced.taxable_paise < cost:
            yield Want(BELOW_COST, SELLS_BELOW, item.id, facts)
        return
    plain = _plain_paise(item, priced, supply)
    alone = any(actor.may(want.right) for want in asked if want.right != "bill.raise_rate")
    lowered = priced.taxable_paise + priced.bonus_paise < plain
    if plain < cost or (lowered and alone):
        yield Want(OWNERS_WORD, SELLS_BELOW, item.id, facts)


def _plain_paise(item: Item, priced: PricedLine, supply: Supply) -> int:
    """What the piece comes to at the board's rate, or at one that was promised, with nothing taken off or added."""
    line = priced.line
    assert isinstance(line.facts, PieceFacts)
    plain = replace(
        line.facts, discount=NO_DISCOUNT, making_discount=NO_DISCOUNT,
        wastage=Wastage(WastageKind(item.wastage_kind), item.wastage_bp),
    )  # fmt: skip
    rate = line.rate_paise_per_g if line.board_paise_per_g is None else line.board_paise_per_g
    return price_line(replace(line, facts=plain, rate_paise_per_g=rate), supply).taxable_paise


def _of_lot(portion: Portion, priced: PricedLine, actor: Actor) -> Iterator[Want]:
    """Making and a rate a carat are what is agreed on: there is nothing that they would be below but what it cost."""
    lot, facts = portion.lot, _lot_facts(portion)
    yield from _of_rate(lot.id, portion.taken.net_mg, priced, facts)
    if priced.discount_paise or priced.making_discount_paise:
        yield _discount(lot.id, priced, {**facts, "valuePaise": priced.value_paise})
    if sees_costs(actor) and priced.taxable_paise < portion.cost_paise:
        yield floor_of_lot(portion, priced, BELOW_COST)


def _piece_facts(item: Item) -> dict[str, object]:
    return {"tag": item.tag, "netMg": item.net_mg}


def _lot_facts(portion: Portion) -> dict[str, object]:
    taken = portion.taken
    weighed = {"netMg": taken.net_mg} if taken.net_mg else {"stoneMct": taken.stone_mct}
    return {"tag": portion.lot.code, **weighed}


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
        "taxablePaise": bill.priced.taxable_paise, "totalPaise": bill.priced.total_paise,
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
