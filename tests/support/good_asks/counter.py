"""Good requests of the counter: bills, notes, estimates, sheets put aside."""

import datetime as dt
from typing import Any

from app.approvals import service as approvals
from app.invoices import service as invoices
from app.kit.clock import today_ist
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain


def _bill(stage: Stage) -> Ask:
    wastage = {"kind": "none", "bp": 0}
    body = {
        "lines": [{
            "itemId": str(stage.item().id), "discount": {"bp": 0, "paise": 0}, "makingDiscount": {"bp": 0, "paise": 0},
            "wastage": wastage, "ratePaisePerG": None, "pieces": 1, "taxIncluded": False,
            "sells": None, "description": None, "pricePaise": None, "rateLockId": None, "ofOrder": False,
            "repairId": None, "lotId": None, "netMg": None, "stoneMct": None, "stoneRatePaise": None, "making": None,
            "hsn": None,
            "ofEstimate": False,
        }],
        "schemeIds": [], "orderId": None, "estimateId": None,
        "payments": [{"mode": "credit", "paise": 1_00, "creditId": str(stage.credit().id), "reference": None,
                      "tenderedPaise": None}],
        "discount": {"bp": 0, "paise": 0}, "toldPaise": None, "occasion": "wedding-2026",
        "customerId": str(stage.world.things["customer_id"]), "tillId": str(stage.asha.shop.till_id),
        "shipTo": "27", "panDeclared": False, "expectedTotalPaise": stage.total, "approvalIds": [_question(stage)],
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _estimate(stage: Stage) -> Ask:
    bill = _bill(stage).body
    told = {key: bill[key] for key in bill if key not in ("payments", "expectedTotalPaise", "estimateId")}
    return Ask(stage.asha.token, {}, {**told, "expiresOn": (today_ist() + dt.timedelta(days=3)).isoformat()})


def _held(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {"label": "Lata", "draft": _bill(stage).body})


def _question(stage: Stage) -> str:
    """A question of Bina's: a bill that needs no approval uses none up, whatever it brings along."""
    bina = stage.cast.bina
    with stage.runtime.router.shop(bina.shop_id, bina.actor) as db:
        facts = {"costPaise": 700_00 + next(numbers)}
        asked = approvals.ask(db, kind="line.rate", right="bill.lower_rate", subject_id=None, facts=facts)
        db.commit()
    return str(asked.id)


def _thousand_of(line: invoices.Line) -> dict[str, Any]:
    return {"lineId": str(line.id), "taxablePaise": 1_000_00, "totalPaise": None, "bp": None}


def _debit(stage: Stage) -> Ask:
    bill = stage.bill()
    body = {
        "reason": "charged too little", "amounts": [_thousand_of(bill.lines[0])],
        "payments": [{"mode": "upi", "paise": 1_030_00, "reference": "UPI-3"}],
    }  # fmt: skip
    return Ask(stage.asha.token, {"invoice_id": bill.id}, body)


def _cancellation(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"invoice_id": stage.bill().id}, {"reason": "wrong piece", "handedOver": False})


def _note(stage: Stage) -> Ask:
    bill = stage.bill(pieces=2)
    body = {
        "reason": "brought back", "lineIds": [str(bill.lines[0].id)],
        "amounts": [_thousand_of(bill.lines[1])],
        "refunds": [{"mode": "upi", "paise": bill.lines[0].total_paise, "reference": "UPI-2"}], "storeCreditPaise": 0,
    }  # fmt: skip
    return Ask(stage.asha.token, {"invoice_id": bill.id}, body)


GOOD: dict[str, Make] = {
    "invoices.quote": _bill,
    "invoices.issue_invoice": _bill,
    "estimates.make_estimate": _estimate,
    "held_sheets.hold_sheet": _held,
    "invoices.issue_credit_note": _note,
    "invoices.issue_debit_note": _debit,
    "invoices.cancel_bill": _cancellation,
    "exports.ask_export": plain(
        lambda: {"kind": "invoices", "from": "2026-04-01", "to": "2026-04-30", "format": "csv"}
    ),
}
