"""Repairs: the estimate and the customer's answer, what of ours went into the piece, handing it back weighed."""

from typing import Any
from uuid import UUID

from app.inventory import service as inventory
from app.inventory.service import Spot, Weights
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.money import MAX_PAISE, rupees, whole
from app.kit.texts import _
from app.kit.weights import MAX_MG, grams
from app.metal.service import Account, Entry, post
from app.orders import repository
from app.orders.errors import OrderFactsWrong, RepairNotBilled, RepairWeightDiffers, StageNotNext
from app.orders.facts import ANSWERED_BY, one_line, said
from app.orders.models import Order as OrderRow
from app.orders.models import Repair, RepairUse
from app.orders.service.allowing import allow_charge, allow_loss, expected_out_mg
from app.orders.service.moving import check_agreed, check_not_billed, locked_repair, step, touch
from app.orders.service.reading import get_order, mending_of
from app.orders.stages import AGREED, DECLINED, ESTIMATED, HANDED_BACK, READY, TAKEN
from app.orders.views import Order
from shard_router import ShopSession

MOST_USES = 50


def give_estimate(db: ShopSession, *, order_id: UUID, expected_version: int, paise: int) -> Order:
    """Say what the work will cost, without tax; may be said anew until the customer answered."""
    whole(paise, "The estimate in paise", most=MAX_PAISE, field="paise")
    row, repair = locked_repair(db, order_id, expected_version)
    _check_stage(row, (TAKEN, ESTIMATED))
    repair.estimate_paise = paise
    step(db, row, ESTIMATED, None)
    db.flush()
    audit.record(db, "repair.estimated", row.id, {"number": row.number, "paise": paise})
    return get_order(db, row.id)


def note_answer(db: ShopSession, *, order_id: UUID, expected_version: int, agreed: bool, by: str) -> Order:
    """The customer agreed to the estimate, or declined, in person, by phone or by message."""
    if by not in ANSWERED_BY:
        raise OrderFactsWrong(_("A customer answers in person, by phone or by message."), fields={"by": "unknown"})
    row, repair = locked_repair(db, order_id, expected_version)
    _check_stage(row, (ESTIMATED,))
    repair.answered_at, repair.answered_by = utc_now(), by
    step(db, row, AGREED if agreed else DECLINED, None)
    db.flush()
    audit.record(db, "repair.answered", row.id, {
        "number": row.number, "agreed": agreed, "by": by, "estimatePaise": repair.estimate_paise,
    })  # fmt: skip
    return get_order(db, row.id)


def use(
    db: ShopSession, *, order_id: UUID, expected_version: int, description: str, lot_id: UUID | None = None,
    net_mg: int = 0, cost_paise: int = 0,
) -> Order:  # fmt: skip
    """Metal of a lot (its weight, at its share of the lot's cost), or a part of ours at a cost, goes into the
    customer's piece. Raises RepairNotAgreed before they agreed, OrderDelivered once it is billed, and LotUnknown,
    LotNotOpen, LotTooSmall."""
    text = said(description, 120, "description")
    whole(cost_paise, "Cost in paise", most=MAX_PAISE, field="costPaise")
    if lot_id is not None:
        whole(net_mg, "Weight in mg", least=1, most=MAX_MG, field="netMg")
        if cost_paise:
            raise OrderFactsWrong(_("What metal costs is its lot's."), fields={"costPaise": "beside a lot"})
    elif net_mg:
        raise OrderFactsWrong(_("Weight is of a lot: say which."), fields={"lotId": "missing"})
    row, _repair = locked_repair(db, order_id, expected_version)
    check_agreed(row)
    check_not_billed(row)
    pos = len(repository.uses_of(db, row.id)) + 1
    if pos > MOST_USES:
        raise OrderFactsWrong(_("At most %(most)s things go into one repair.", most=MOST_USES))
    ours = None
    if lot_id is not None:
        ours = inventory.draw_from_lot(
            db, lot_id=lot_id, part=Weights(net_mg=net_mg), target=Spot(Account.REPAIR, row.id), kind="repair_use",
            movement_id=row.id, reason=row.number,
        )  # fmt: skip
    cost = cost_paise if ours is None else ours.cost_paise
    db.add(RepairUse(
        order_id=row.id, pos=pos, description=text, metal=ours and ours.metal, fineness=ours.fineness if ours else 0,
        net_mg=net_mg, cost_paise=cost, at=utc_now(), actor_id=db.actor.person_id,
    ))  # fmt: skip
    touch(row)
    db.flush()
    audit.record(db, "repair.used", row.id, {
        "number": row.number, "lot": lot_id, "metal": ours and ours.metal, "netMg": net_mg, "costPaise": cost,
    })  # fmt: skip
    return get_order(db, row.id)


def hand_back(
    db: ShopSession, *, order_id: UUID, expected_version: int, gross_out_mg: int, why_it_differs: str | None = None,
    approval_id: UUID | None = None,
) -> Order:  # fmt: skip
    """Give the customer's piece back, weighed: mended and billed, or declined and as it came.

    Raises RepairNotBilled, RepairWeightDiffers where it does not weigh what it should and nobody says why, and
    ApprovalNeeded where more is missing than scales explain and the actor may write no metal off."""
    whole(gross_out_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossOutMg")
    reason = one_line(why_it_differs, 200, "whyItDiffers")
    spent = reason and allow_loss(
        db, order_id, expected_version, gross_out_mg=gross_out_mg, approval_id=approval_id
    )  # fmt: skip
    row, repair = locked_repair(db, order_id, expected_version)
    _check_stage(row, (READY, DECLINED, TAKEN, ESTIMATED))
    due = mending_of(repair).due_paise if row.stage == READY else 0
    if due and row.invoice_id is None:
        raise RepairNotBilled(
            _("%(number)s costs %(due)s without tax and is not billed yet.", number=row.number, due=rupees(due))
        )
    expected = expected_out_mg(db, repair)
    if gross_out_mg != expected and reason is None:
        message = _(
            "It came with %(came)s g and should weigh %(should)s g now, not %(now)s g.",
            came=grams(repair.gross_mg), should=grams(expected), now=grams(gross_out_mg),
        )  # fmt: skip
        raise RepairWeightDiffers(message, fields={"grossOutMg": f"not {grams(expected)} g"})
    now = utc_now()
    post(db, movement_id=row.id, kind="repair_out", at=now, entries=_way_out(db, row, repair, gross_out_mg))
    repair.gross_out_mg, repair.charge_paise = gross_out_mg, due
    row.is_open, row.closed_at = 0, now
    step(db, row, HANDED_BACK, reason)
    db.flush()
    audit.record(db, "repair.handed_back", row.id, {
        "number": row.number, "grossMg": repair.gross_mg, "grossOutMg": gross_out_mg, "expectedMg": expected,
        "chargePaise": due, "reason": reason, "invoice": row.invoice_id and str(row.invoice_id),
        **({"approval": spent} if spent else {}),
    })  # fmt: skip
    return get_order(db, row.id)


def set_charge(
    db: ShopSession, *, order_id: UUID, expected_version: int, paise: int, approval_id: UUID | None = None
) -> Order:
    """What the work costs in the end, for the bill's service line, while the piece is still here and ready.

    Raises ApprovalNeeded where it is less than the customer agreed to and the actor may give no discount."""
    whole(paise, "The charge in paise", most=MAX_PAISE, field="paise")
    spent = allow_charge(db, order_id, expected_version, paise=paise, approval_id=approval_id)
    row, repair = locked_repair(db, order_id, expected_version)
    _check_stage(row, (READY,))
    check_not_billed(row)
    before, repair.charge_paise = repair.charge_paise, paise
    touch(row)
    db.flush()
    audit.record(db, "repair.charged", row.id, {
        "number": row.number, "before": before, "after": paise, **({"approval": spent} if spent else {}),
    })  # fmt: skip
    return get_order(db, row.id)


def _check_stage(row: OrderRow, stages: tuple[str, ...]) -> None:
    if row.stage not in stages:
        message = _("%(number)s is at “%(stage)s”.", number=row.number, stage=row.stage.replace("_", " "))
        raise StageNotNext(message, fields={"stage": row.stage})


def _way_out(db: ShopSession, row: OrderRow, repair: Repair, out_mg: int) -> list[Entry]:
    """What the book has of this repair leaves it whole: its weight now to the customer, what is missing to loss."""
    held: dict[tuple[str, int], list[int]] = {(repair.metal, repair.fineness): [repair.gross_mg, 0]}
    for one in repository.uses_of(db, row.id):
        if one.metal is not None:
            there = held.setdefault((one.metal, one.fineness), [0, 0])
            there[0] += one.net_mg
            there[1] += one.cost_paise
    over = out_mg - sum(net_mg for net_mg, _cost in held.values())
    found = []
    if over > 0:  # heavier than we know of: so it was all along
        found.append(Entry(
            from_account=Account.ADJUSTMENT, to_account=Account.REPAIR, to_ref=row.id, metal=repair.metal,
            fineness=repair.fineness, net_mg=over,
        ))  # fmt: skip
        held[repair.metal, repair.fineness][0] += over
    lost, pieces = max(-over, 0), repair.pieces
    for (metal, fineness), (net_mg, cost) in held.items():
        gone = min(lost, net_mg)
        here: dict[str, Any] = {
            "from_account": Account.REPAIR,
            "from_ref": row.id,
            "metal": metal,
            "fineness": fineness,
        }
        if gone:
            found.append(Entry(to_account=Account.LOSS, net_mg=gone, **here))
        to: dict[str, Any] = {
            "to_account": Account.CUSTOMER,
            "to_ref": row.customer_id,
            "pieces": pieces,
            "cost_paise": cost,
        }
        if net_mg - gone or pieces or cost:
            found.append(Entry(net_mg=net_mg - gone, **here, **to))
        lost, pieces = lost - gone, 0
    return found
