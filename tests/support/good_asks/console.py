"""Good requests of the console."""

import datetime as dt
import json
import secrets
from typing import Any

from app.amc import service as amc
from app.console import corrections
from app.console.moves import mover_of
from app.kit.clock import today_ist
from app.tenants import service as tenants
from shard_router.moves import Limits
from tests.factories.people import a_phone
from tests.support.cast import PASSWORD, hashed
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain
from tests.support.shops import open_shop_rows


def _decided_table(stage: Stage) -> Ask:
    """The table as it is delivered, decided once more: nothing is reckoned otherwise by it."""
    name = "goods.json"
    with stage.runtime.router.control() as control:
        version = corrections.get_table(control, name).version
    packaged = json.loads(corrections.dated.packaged_tables()[name].read_text(encoding="utf-8"))
    body = {"body": corrections.written(packaged), "reason": "as it was"}
    return Ask(stage.cast.om.token, {"name": name}, body, version)


def _console_sign_in(stage: Stage) -> Ask:
    email = f"admin-{secrets.token_hex(6)}@example.test"
    with stage.runtime.router.control() as control:
        tenants.create_admin(control, email=email, name="Uma", password=hashed())
        control.commit()
    return Ask(None, {}, {"email": email, "password": PASSWORD, "code": ""})


def _new_shop(stage: Stage) -> Ask:
    tag = secrets.token_hex(5)
    body = {
        "name": f"Lakshmi Gold {tag}", "legalName": "Lakshmi Gold LLP", "nameLocal": None, "stateCode": "29",
        "gstin": "29AAACI4798L1ZU", "composition": False, "address": "4 Avenue Road", "city": "Bengaluru",
        "pin": "560002", "phone": a_phone(), "locale": "en", "ownerEmail": f"l{tag}@example.test",
        "ownerName": "Lakshmi", "ownerPhone": a_phone(), "shard": "shard-a",
    }  # fmt: skip
    return Ask(stage.cast.om.token, {}, body)


def _extension(stage: Stage) -> Ask:
    with stage.runtime.router.control() as control:
        ends_on = amc.get_contract(control, stage.cast.ravi.shop_id).ends_on
    later = ends_on + dt.timedelta(days=1)
    return Ask(stage.cast.om.token, {}, {"endsOn": later.isoformat(), "reason": "asked for"})


def _activation(stage: Stage) -> Ask:
    starts = today_ist() + dt.timedelta(days=next(numbers) % 60)  # for the year in force nothing happens
    return Ask(stage.cast.om.token, {}, {"startsOn": starts.isoformat(), "reason": "paid by cheque"})


def _standing(stage: Stage) -> Ask:
    return Ask(stage.cast.om.token, {"person_id": stage.somebody()[0]}, {"reason": "asked for by the owner"})


def _move(stage: Stage) -> Ask:
    """Of a shop of its own, which has nothing but its fence; these servers are the cheap ones."""
    shop = open_shop_rows(stage.runtime.router, "shard-a")
    body = {"target": "shard-b", "maxPauseMs": 500, "acceptDegraded": True}
    return Ask(stage.cast.om.token, {"number": str(shop.shop_id)}, body)


def _of_move(body: dict[str, Any], *, moved: bool = False) -> Make:
    """Of a move that waits, or that has switched and can be taken back."""

    def ask(stage: Stage) -> Ask:
        mover = mover_of(stage.runtime.router, Limits(accept_degraded=True))
        shop = open_shop_rows(stage.runtime.router, "shard-a")
        move_id = mover.ask(shop.shop_id, "shard-b", asked_by="Om")
        if moved:
            mover.run(move_id)
        return Ask(stage.cast.om.token, {"move_id": move_id}, body)

    return ask


GOOD: dict[str, Make] = {
    "console_auth.sign_in": _console_sign_in,
    "console_shops.open_shop": _new_shop,
    "console_shops.extend_contract": _extension,
    "console_shops.activate_contract": _activation,
    "console_shops.ask_move": _move,
    "console_fleet.abort_move": _of_move({"reason": "a wedding today"}),
    "console_fleet.roll_back_move": _of_move({"acceptDegraded": True}, moved=True),
    "console_fleet.resume_move": _of_move({"acceptDegraded": True}),
    "console_people.disable_person": _standing,
    "console_people.enable_person": _standing,
    "console_tables.decide_table": _decided_table,
    "console_platform.sweep": plain(lambda: {"on": today_ist().isoformat()}, "om"),
}
