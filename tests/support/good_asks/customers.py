"""Good requests of customers, and of what the shop owes them."""

import dataclasses
import secrets
from typing import Any
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.kit.ports import Bucket
from tests.factories.people import a_customer, a_phone
from tests.support.good_asks.stage import Ask, Make, Stage, plain


def _buyer() -> dict[str, Any]:
    return {
        "name": "Lata Deshpande", "phone": a_phone(), "email": "lata@example.test", "gstin": None,
        "pan": "ABCPD1234F", "address": "4 Laxmi Road", "city": "Mumbai", "pin": "400004", "stateCode": "27",
    }  # fmt: skip


def _edited_buyer(stage: Stage) -> Ask:
    known = stage.customer()
    return Ask(stage.asha.token, {"customer_id": known.id}, _buyer(), known.version)


def _advance(stage: Stage) -> Ask:
    body = {"customerId": str(stage.customer().id), "purpose": "advance", "tillId": None}
    paid = [{"mode": "upi", "paise": 100, "reference": "UPI-5"}]
    return Ask(stage.asha.token, {}, {**body, "payments": paid, "note": "for a ring"})


def _an_advance(stage: Stage) -> tuple[UUID, UUID]:
    """Ids of a receipt and of the credit that it opened."""
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        buyer, keyring = a_customer(db, stage.runtime.keyring), stage.runtime.keyring
        paid = [credits.Payment("upi", 100)]
        receipt = credits.receive(db, customer_id=buyer.id, purpose="advance", payments=paid, keyring=keyring)
        credit = credits.find_opened_by(db, receipt.id, "advance")
        assert credit is not None
        db.commit()
    return receipt.id, credit.id


def _taken_back(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"receipt_id": _an_advance(stage)[0]}, {"reason": "a slip", "tillId": None})


def _paid_out(stage: Stage) -> Ask:
    body = {
        "payments": [{"mode": "upi", "paise": 100, "reference": "1"}],
        "reason": "the order was cancelled",
        "tillId": None,
    }
    return Ask(stage.asha.token, {"credit_id": _an_advance(stage)[1]}, body, 1)


def _on_a_buyer(body: dict[str, Any]) -> Make:
    return lambda stage: Ask(stage.asha.token, {"customer_id": stage.customer().id}, body, 1)


def _merged_customer(stage: Stage) -> Ask:
    winner, loser = stage.customer(), stage.customer()
    body = {"into": str(winner.id), "intoVersion": 1, "confirm": loser.name}
    return Ask(stage.asha.token, {"customer_id": loser.id}, body, 1)


def _joining_family(stage: Stage) -> Ask:
    body = {"withId": str(stage.customer().id), "relation": "daughter"}
    return Ask(stage.asha.token, {"customer_id": stage.customer().id}, body)


def _scan(stage: Stage) -> Ask:
    key = f"{stage.asha.shop_id}/scan-{secrets.token_hex(6)}"
    stage.runtime.store.put(Bucket.INCOMING, key, b"%PDF-1.7", content_type="image/png")
    return dataclasses.replace(_on_a_paper(stage), body={"uploadKey": key})


def _on_a_paper(stage: Stage) -> Ask:
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        buyer, keyring = a_customer(db, stage.runtime.keyring), stage.runtime.keyring
        paper = customers.add_paper(
            db, customer_id=buyer.id, kind="passport", number="M1234567", consent="2026-1", keyring=keyring
        )
        db.commit()
    return Ask(stage.asha.token, {"paper_id": paper.id}, {}, 1)


GOOD: dict[str, Make] = {
    "customers.register_customer": plain(_buyer),
    "customers.edit_customer": _edited_buyer,
    "receipts.receive": _advance,
    "receipts.take_back": _taken_back,
    "credits.pay_out": _paid_out,
    "customer_merges.merge_customer": _merged_customer,
    "customers.set_days": _on_a_buyer({"days": [{"kind": "birthday", "month": 7, "day": 24, "year": 1980}]}),
    "customers.join_family": _joining_family,
    "customers.add_paper": _on_a_buyer({"kind": "passport", "number": "M1234567", "consent": "2026-1"}),
    "customers.keep_scan": _scan,
}


WITHOUT_BODY: dict[str, Make] = {
    "customers.verify_paper": _on_a_paper,
    "customers.withdraw_paper": _on_a_paper,
}
