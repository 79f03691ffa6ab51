"""Good requests of karigars, orders and repairs, counts and lists of the shop's own."""

import secrets
from typing import Any
from uuid import UUID

from app.imports import service as imports
from app.imports.columns import map_columns
from app.kit.clock import today_ist
from app.kit.ports import Bucket
from app.stocktake import service as stocktake
from tests.factories.stock import an_item
from tests.support import good_workshop as workshop
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain


def _of_karigar(stage: Stage, body: Any, *, version: int | None = None) -> Ask:
    return Ask(stage.asha.token, {"karigar_id": workshop.a_karigar(stage).id}, body, version)


def _of_job(stage: Stage, body: Any, *, issued: bool = False) -> Ask:
    job = workshop.a_job(stage, issued=issued)
    return Ask(stage.asha.token, {"karigar_job_id": job.id}, body, job.version)


def _labour_bill(stage: Stage) -> Ask:
    job = workshop.a_job(stage, finished=True)
    return Ask(stage.asha.token, {"karigar_id": job.karigar_id}, workshop.bill_body(job))


def _of_order(stage: Stage, body: Any) -> Ask:
    order = workshop.an_order(stage)
    return Ask(stage.asha.token, {"order_id": order.id}, body, order.version)


def _of_repair(stage: Stage, body: Any, upto: str = "taken") -> Ask:
    repair = workshop.a_repair(stage, upto)
    return Ask(stage.asha.token, {"order_id": repair.id}, body, repair.version)


def _count(stage: Stage, *, closed: bool = False) -> tuple[UUID, int]:
    """A count of a ring of its own kind, and its version."""
    category = f"kind_{next(numbers)}_{secrets.token_hex(3)}"
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        an_item(db, category=category)
        made = stocktake.open_stocktake(db, category=category)
        if closed:
            made = stocktake.close_stocktake(db, stocktake_id=made.id, expected_version=made.version)
        db.commit()
    return made.id, made.version


def _scanning(stage: Stage) -> Ask:
    count_id, _version = _count(stage)
    return Ask(stage.asha.token, {"stocktake_id": count_id}, {"scans": [{"code": "R-1", "grossMg": 3_390}]})


def _deciding(stage: Stage) -> Ask:
    count_id, _version = _count(stage, closed=True)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        found = stocktake.list_findings(db, count_id).items
    body = {"findingIds": [str(found[0].id)], "decision": "found", "reason": "it lay behind"}
    return Ask(stage.asha.token, {"stocktake_id": count_id}, body)


def _listed(stage: Stage) -> Ask:
    key = imports.incoming_key(stage.asha.shop_id)
    stage.runtime.store.put(Bucket.INCOMING, key, b"Name\nLata\n", content_type="application/octet-stream")
    body = {"uploadKey": key, "kind": "customers", "fileName": "list.csv", "placeId": str(stage.asha.shop.outlet_id)}
    return Ask(stage.asha.token, {}, body)


def _starting(stage: Stage) -> Ask:
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        made = imports.register_import(
            db, kind=imports.CUSTOMERS, file_name="list.csv", incoming=imports.incoming_key(stage.asha.shop_id),
            sha256=bytes(32), columns=map_columns(imports.CUSTOMERS, ("Name",)), total=1, place_id=None,
        )  # fmt: skip
        imports.checked(db, import_id=made.id, good=1, bad=0)
        db.commit()
    return Ask(stage.asha.token, {"import_id": made.id}, {"onlyIfAllGood": True}, 2)


def _of_count(stage: Stage) -> Ask:
    count_id, version = _count(stage)
    return Ask(stage.asha.token, {"stocktake_id": count_id}, {}, version)


GOOD: dict[str, Make] = {
    "stocktakes.open_stocktake": plain(
        lambda: {"placeId": None, "category": "ring", "metal": "gold", "note": "Diwali"}
    ),
    "stocktakes.scan": _scanning,
    "stocktakes.decide_findings": _deciding,
    "imports.add_import": _listed,
    "imports.make_upload_link": plain(lambda: {"length": 1000}),
    "imports.start_import": _starting,
    "karigars.register_karigar": plain(workshop.karigar_body),
    "karigars.edit_karigar": lambda stage: _of_karigar(stage, workshop.karigar_body(), version=1),
    "karigars.set_wastage": lambda stage: _of_karigar(
        stage, {"work": "plain", "validFrom": today_ist().isoformat(), "allowedBp": 150}
    ),
    "karigars.open_job": lambda stage: _of_karigar(stage, workshop.job_body()),
    "karigars.note_bill": _labour_bill,
    "karigars.pay": lambda stage: Ask(
        stage.asha.token,
        {"karigar_id": workshop.an_owed(stage)},
        {"mode": "upi", "paise": 100_00, "reference": "UPI-3"},
    ),
    "karigar_jobs.put_off": lambda stage: _of_job(stage, {"dueOn": workshop.later(9)}),
    "karigar_jobs.issue": lambda stage: _of_job(stage, workshop.issue_body()),
    "karigar_jobs.receive": lambda stage: _of_job(stage, workshop.receipt_body(), issued=True),
    "karigar_jobs.cancel_job": lambda stage: _of_job(stage, {"reason": "not wanted"}),
    "orders.take_order": lambda stage: Ask(stage.asha.token, {}, workshop.order_body(stage)),
    "orders.put_off": lambda stage: _of_order(stage, {"dueOn": workshop.later(9)}),
    "orders.move_on": lambda stage: _of_order(stage, {"stage": "ready", "note": "polished"}),
    "orders.take_advance": lambda stage: _of_order(
        stage, {"payments": [{"mode": "upi", "paise": 100_00, "reference": "UPI-4"}]}
    ),
    "orders.cancel": lambda stage: _of_order(stage, {"reason": "not wanted", "mode": "upi", "reference": "UPI-5"}),
    "repairs.take_repair": lambda stage: Ask(stage.asha.token, {}, workshop.repair_body(stage)),
    "repairs.give_estimate": lambda stage: _of_repair(stage, {"paise": 500_00}),
    "repairs.note_answer": lambda stage: _of_repair(stage, {"agreed": True, "by": "phone"}, "estimated"),
    "repairs.use": lambda stage: _of_repair(
        stage, {"description": "solder", "lotId": str(stage.lot().id), "netMg": 30, "costPaise": 0}, "agreed"
    ),
    "repairs.set_charge": lambda stage: _of_repair(stage, {"paise": 600_00, "approvalId": None}, "ready"),
    "repairs.hand_back": lambda stage: _of_repair(
        stage, {"grossOutMg": 8_250, "whyItDiffers": "none", "approvalId": None}
    ),
}


WITHOUT_BODY: dict[str, Make] = {
    "stocktakes.close_stocktake": _of_count,
    "stocktakes.abandon_stocktake": _of_count,
}
