"""Good requests of cash, business days, old gold and saving schemes."""

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Any

from app.cash import service as cash
from app.kit.clock import today_ist
from app.schemes import service as schemes
from tests.factories.people import a_phone
from tests.factories.savings import a_scheme
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain

_PAID = [{"mode": "upi", "paise": 2_000_00, "reference": "UPI-3"}]


def _counted(**more: Any) -> dict[str, Any]:
    return {"pieces": [{"paise": 500_00, "count": 2}], "note": "counted", **more}


def _of_drawer(body: Callable[[Stage], Any], *, is_open: bool = False) -> Make:
    """A drawer of Asha's till as it stands now, closed, or opened for the ask."""

    def ask(stage: Stage) -> Ask:
        till_id = stage.asha.shop.till_id
        stage.settle_drawer(is_open=is_open)
        with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
            version = cash.get_drawer(db, till_id).version
        return Ask(stage.asha.token, {"till_id": till_id}, body(stage), version)

    return ask


def _of_handover(body: dict[str, Any]) -> Make:
    """Handed by Asha to her clerk, who answers."""

    def ask(stage: Stage) -> Ask:
        made = stage.handed_over()
        return Ask(stage.clerk[2], {"handover_id": made.id}, body, made.version)

    return ask


def _called_back(stage: Stage) -> Ask:
    made = stage.handed_over()
    return Ask(stage.asha.token, {"handover_id": made.id}, {"note": "she has left"}, made.version)


def _moved(stage: Stage) -> Ask:
    body = {
        "tillId": str(stage.asha.shop.till_id), "kind": "owner", "paise": 100_00, "out": False, "note": "from home"
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _transferred(stage: Stage) -> Ask:
    stage.settle_drawer(is_open=False)
    body = {"fromTillId": str(stage.asha.shop.till_id), "toTillId": None, "paise": 1, "note": "evening"}
    return Ask(stage.asha.token, {}, body)


def _day(stage: Stage) -> Ask:
    """One of last year, when nothing was booked: each ask closes the day behind the one before."""
    stage.settle_drawer(is_open=False)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        closed = cash.closed_days(db, limit=1)
    on = (closed[0] if closed else today_ist() - dt.timedelta(days=2000)) + dt.timedelta(days=1)
    return Ask(stage.asha.token, {}, {"on": on.isoformat(), "note": "a quiet day"})


def _old_gold(stage: Stage) -> Ask:
    """Three grams of 91.6 % at the usual terms, below the value that asks for a photograph."""
    line = {
        "description": "Old chain", "metal": "gold", "grossMg": 3_000, "dirtMg": 100, "fineness": 9_160, "test": "xrf",
        "testNote": "91.6 %", "meltingLossBp": 200, "fineRatePaisePerG": 10_000_00, "resale": False,
        "pictureId": str(stage.world.things["picture_id"]), "ofLineId": None,
    }  # fmt: skip
    body = {
        "customerId": str(stage.world.things["customer_id"]), "identity": {"kind": "voter", "number": "ABC1234567"},
        "lines": [line], "tillId": str(stage.asha.shop.till_id), "panDeclared": False,
        # 2.900 g × 0.916 × 0.98 = 2.603 g fine at ₹10,000
        "payouts": [{"mode": "upi", "paise": 26_030_00, "reference": "UPI-9"}], "expectedValuePaise": 26_030_00,
        "approvalId": None,
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _plan_body() -> dict[str, Any]:
    return {
        "code": f"G{next(numbers)}-{secrets.token_hex(2).upper()}", "name": "Swarna 11+1",
        "validFrom": today_ist().isoformat(), "instalment": "fixed", "leastPaise": 500_00, "stepPaise": 500_00,
        "months": 11, "bonus": "percent", "bonusBp": 800, "graceDays": 5, "mostLate": 3,
        "purity": {"metal": "gold", "fineness": 9160},
    }  # fmt: skip


def _saver(stage: Stage, paid: int = 0) -> Any:
    """A scheme of a saver of its own."""
    customer = stage.customer()
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        made = a_scheme(db, stage.runtime.keyring, customer_id=customer.id, paid=paid)
        db.commit()
    return made


def _ended_plan(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"plan_id": _saver(stage).plan_id}, {"lastOn": today_ist().isoformat()}, 1)


def _begun_scheme(stage: Stage) -> Ask:
    body = {
        "planId": str(_saver(stage).plan_id), "customerId": str(stage.world.things["customer_id"]),
        "instalmentPaise": 2_000_00, "nominee": {"name": "Ravi", "relation": "son", "phone": a_phone()},
        "tillId": str(stage.asha.shop.till_id),
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _of_scheme(body: dict[str, Any], *, paid: int = 0) -> Make:
    return lambda stage: Ask(stage.asha.token, {"scheme_id": _saver(stage, paid).id}, body)


def _receipt_back(stage: Stage) -> Ask:
    scheme = _saver(stage, paid=1)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        book = schemes.get_passbook(db, scheme.id, keyring=stage.runtime.keyring)
    assert book.months[0].paid is not None
    body = {"receiptId": str(book.months[0].paid.receipt_id), "reason": "cheque not honoured", "tillId": None}
    return Ask(stage.asha.token, {"scheme_id": scheme.id}, body)


GOOD: dict[str, Make] = {
    "old_gold.value": _old_gold,
    "old_gold.buy": _old_gold,
    "old_gold.set_terms": plain(
        lambda: {"metal": "platinum", "marginBp": 100, "meltingLossBp": 50, "validFrom": today_ist().isoformat()}
    ),
    "scheme_plans.add_plan": plain(_plan_body),
    "scheme_plans.end_plan": _ended_plan,
    "schemes.begin_scheme": _begun_scheme,
    "schemes.collect_instalment": _of_scheme({"payments": _PAID, "tillId": None}),
    "schemes.take_back_instalments": _receipt_back,
    "schemes.close_scheme": _of_scheme({"reason": "moves away"}, paid=1),
    "schemes.refund_scheme": _of_scheme({"reason": "moves away", "payments": _PAID, "tillId": None}, paid=1),
    "cash.change_drawer": _of_drawer(lambda stage: {"blind": next(numbers) % 2 == 0}),
    "cash.open_shift": _of_drawer(lambda stage: _counted()),
    "cash.close_shift": _of_drawer(lambda stage: _counted(), is_open=True),
    "cash.hand_over": _of_drawer(lambda stage: _counted(toWhom=str(stage.cast.bina.person_id)), is_open=True),
    "cash.take_over": _of_handover(_counted()),
    "cash.refuse_handover": _of_handover({"note": "I was not there"}),
    "cash.recall_handover": _called_back,
    "cash.move_by_hand": _moved,
    "cash.transfer": _transferred,
    "days.close_day": _day,
}
