"""Owns good requests to the karigars, and of orders and repairs: each would succeed if sent."""

import datetime as dt
import itertools
import secrets
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.credits.service import Payment
from app.karigar import service as karigars
from app.kit.clock import today_ist
from app.orders import service as orders
from tests.factories.stock import a_draft, a_huid

if TYPE_CHECKING:
    from tests.support.good_asks import Stage

_numbers = itertools.count(1)


def later(days: int = 7) -> str:
    return (today_ist() + dt.timedelta(days=days)).isoformat()


def karigar_body() -> dict[str, Any]:
    return {
        "code": f"K{secrets.token_hex(3).upper()}", "name": "Ram Soni", "phone": "+919820055555", "pan": None,
        "gstin": "27AAACH2702H1Z0", "composition": False, "address": "4 Laxmi Road", "stateCode": "27", "active": True,
    }  # fmt: skip


def job_body() -> dict[str, Any]:
    return {
        "work": "plain", "description": "Two rings", "metal": "gold", "fineness": 9160, "pieces": 2,
        "labourBasis": "per_gram_net", "labourPaise": 450_00, "allowedBp": 200, "dueOn": later(), "orderId": None,
    }  # fmt: skip


def issue_body() -> dict[str, Any]:
    return {
        "metal": [{"metal": "gold", "fineness": 9160, "netMg": 5_000, "lotId": None, "valuePaise": 50_000_00}],
        "stones": [{"kind": "diamond", "stones": 2, "weightMct": 200, "lotId": None, "valuePaise": 10_000_00}],
        "note": "with care",
    }  # fmt: skip


def receipt_body() -> dict[str, Any]:
    piece = {
        "tag": f"W-{next(_numbers)}-{secrets.token_hex(2).upper()}", "name": "Ring", "category": "ring",
        "purity": {"metal": "gold", "fineness": 9160}, "grossMg": 4_040, "stoneMg": 40, "hsn": "711319",
        "huid": a_huid(), "huidExempt": None, "making": {"kind": "percent", "paise": 0, "bp": 1600},
        "wastage": {"kind": "none", "bp": 0}, "labourPaise": 1_800_00,
        "stones": [{"kind": "diamond", "pieces": 1, "weightMct": 100, "basis": "per_piece", "ratePaise": 10_000}],
        "otherMetals": [{"metal": "gold", "fineness": 9580, "netMg": 10}],
    }  # fmt: skip
    return {
        "pieces": [piece], "metal": [{"metal": "gold", "fineness": 9160, "netMg": 500, "lotCode": None}],
        "stones": [{"kind": "diamond", "stones": 1, "weightMct": 100, "why": "returned", "lotCode": None}],
        "closes": False, "excess": None, "fineRatePaise": 12_900_00, "approvalId": None, "reference": "R-1",
        "note": "checked",
    }  # fmt: skip


def a_karigar(stage: "Stage") -> karigars.Karigar:
    draft = karigars.KarigarDraft(code=f"K{secrets.token_hex(3).upper()}", name="Ram Soni")
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        made = karigars.register_karigar(db, draft=draft)
        db.commit()
    return made


def a_job(stage: "Stage", *, issued: bool = False, finished: bool = False) -> karigars.Job:
    ram = a_karigar(stage)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        job = karigars.open_job(db, karigar_id=ram.id, draft=karigars.JobDraft(
            work="plain", description="Ring", metal="gold", fineness=9160, due_on=today_ist(),
        ))  # fmt: skip
        if issued or finished:
            metal = (karigars.MetalOut(metal="gold", fineness=9160, net_mg=5_000),)
            stones = () if finished else (karigars.Stones("diamond", 2, 200),)
            karigars.issue(db, job_id=job.id, draft=karigars.IssueDraft(metal=metal, stones=stones))
        if finished:
            version = karigars.get_job(db, job.id).version
            piece = karigars.Finished(a_draft(gross_mg=5_000), 1_000_00)
            karigars.receive(db, job_id=job.id, expected_version=version, draft=karigars.ReceiptDraft(
                finished=(piece,), closes=True,
            ))  # fmt: skip
        made = karigars.get_job(db, job.id)
        db.commit()
    return made


def an_owed(stage: "Stage") -> UUID:
    """A karigar who is owed ₹1,000."""
    job = a_job(stage, finished=True)
    jobs = (karigars.BilledJob(job.id, 1_000_00),)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        karigars.note_bill(db, karigar_id=job.karigar_id, draft=karigars.BillDraft(
            number="R-1", billed_on=today_ist(), jobs=jobs,
        ))  # fmt: skip
        db.commit()
    return job.karigar_id


def bill_body(job: karigars.Job) -> dict[str, Any]:
    return {
        "number": "R-1", "billedOn": today_ist().isoformat(), "jobs": [{"jobId": str(job.id), "labourPaise": 1_000_00}],
    }  # fmt: skip


def order_body(stage: "Stage") -> dict[str, Any]:
    line = {
        "description": "Ring", "category": "ring", "metal": "gold", "fineness": 9160, "weightMg": 5_000, "pieces": 1,
        "estimatePaise": 60_000_00, "pictureId": None,
    }  # fmt: skip
    return {
        "customerId": str(stage.world.things["customer_id"]), "lines": [line], "dueOn": later(),
        "rateBasis": "delivery", "rateLockId": None, "note": "before the wedding",
        "advance": [{"mode": "upi", "paise": 1_000_00, "reference": "UPI-1"}],
    }  # fmt: skip


def repair_body(stage: "Stage") -> dict[str, Any]:
    return {
        "customerId": str(stage.world.things["customer_id"]), "description": "Chain", "condition": "torn",
        "work": "solder", "metal": "gold", "fineness": 9160, "grossMg": 8_250, "pieces": 1, "pictureId": None,
        "estimatePaise": 500_00, "dueOn": later(), "note": "carefully",
        "advance": [{"mode": "upi", "paise": 100_00, "reference": "UPI-2"}],
    }  # fmt: skip


def an_order(stage: "Stage") -> orders.Order:
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        made = orders.take_order(
            db, keyring=stage.runtime.keyring, advance=(Payment("upi", 500_00),),
            draft=orders.OrderDraft(
                customer_id=stage.world.things["customer_id"], due_on=today_ist(),
                lines=(orders.Wanted("Ring", "ring", "gold", 9160, 5_000),),
            ),
        )  # fmt: skip
        db.commit()
    return made


def a_repair(stage: "Stage", upto: str = "taken") -> orders.Order:
    """At this stage: taken, estimated, agreed or ready."""
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        made = orders.take_repair(db, keyring=stage.runtime.keyring, draft=orders.RepairDraft(
            customer_id=stage.world.things["customer_id"], description="Chain", condition="torn", work="solder",
            metal="gold", fineness=9160, gross_mg=8_250, due_on=today_ist(),
            estimate_paise=None if upto == "taken" else 500_00,
        ))  # fmt: skip
        if upto in ("agreed", "ready"):
            made = orders.note_answer(
                db, order_id=made.id, expected_version=made.version, agreed=True, by="phone"
            )  # fmt: skip
        for stage_name in ("in_work", "ready") if upto == "ready" else ():
            made = orders.move_on(db, order_id=made.id, expected_version=made.version, stage=stage_name)
        db.commit()
    return made
