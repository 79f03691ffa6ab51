"""Owns one good request for every route that takes a body: what bad ones are made of by spoiling a part of it.

A new route with a body needs a line in GOOD; a test says so. Each ask is made afresh: it would succeed if sent.
"""

import dataclasses
import datetime as dt
import io
import itertools
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from app.amc import service as amc
from app.approvals import service as approvals
from app.cash import service as cash
from app.console import corrections
from app.console.moves import mover_of
from app.credits import service as credits
from app.credits.service import CreditKind
from app.customers import service as customers
from app.imports import service as imports
from app.imports.columns import map_columns
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.ports import Bucket
from app.kit.runtime import Runtime
from app.kit.transactions import write_control
from app.rates import service as rates
from app.rates.models import MetalQuote
from app.schemes import service as schemes
from app.stocktake import service as stocktake
from app.tenants import service as tenants
from app.tenants.models import Role
from app.vision import service as vision
from shard_router import ShopSession
from shard_router.moves import Limits
from tests.factories.bills import a_bill
from tests.factories.people import a_customer, a_phone
from tests.factories.savings import a_scheme
from tests.factories.stock import a_draft, a_huid, an_item
from tests.support import good_workshop as workshop
from tests.support import pictures
from tests.support.cast import GSTIN, PASSWORD, Cast, Somebody, hashed, issue, join
from tests.support.shops import open_shop_rows
from tests.support.world import World

T = TypeVar("T")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ask:
    """One request: who asks, where, for what version, with which body."""

    token: str | None
    places: Mapping[str, Any]
    body: Any
    version: int | None = None


@dataclass
class Stage:
    """Asha's shop with something of everything, and the way to it."""

    app: Flask
    runtime: Runtime
    cast: Cast
    world: World

    @property
    def asha(self) -> Somebody:
        return self.cast.asha

    @cached_property
    def places(self) -> dict[str, Any]:
        """What stands in addresses, unless an ask says otherwise."""
        return {**self.world.things, "shop_id": self.asha.shop_id, "number": str(self.cast.ravi.shop_id)}

    @cached_property
    def total(self) -> int:
        """What the usual ring comes to."""
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            ring = an_item(db)
            lines = (invoices.LineDraft(ring.id),)
            return invoices.quote(db, draft=invoices.BillDraft(lines=lines)).priced.total_paise

    def item(self) -> inventory.Item:
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            made = an_item(db)
            db.commit()
        return made

    def write(self, work: Callable[[ShopSession], T]) -> T:
        """Committed, by Asha."""
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            made = work(db)
            db.commit()
        return made

    def lot(self) -> inventory.Lot:
        draft = inventory.LotDraft(
            code=f"S-{next(_numbers)}-{secrets.token_hex(2).upper()}", name="Bars", kind="findings", metal="gold",
            fineness=9160, pieces=4, stone_mg=100, net_mg=50_000, stone_mct=500, cost_paise=5_00_000_00,
        )  # fmt: skip
        return self.write(lambda db: inventory.receive_lot(db, draft=draft))

    def supplier(self) -> inventory.Supplier:
        draft = inventory.SupplierDraft(name=f"Mehta {next(_numbers)}")
        return self.write(lambda db: inventory.register_supplier(db, draft=draft))

    def relative(self) -> UUID:
        """A customer who is of a family."""
        one, other = self.customer().id, self.customer().id
        self.write(lambda db: customers.join_family(db, customer_id=one, with_id=other, relation="son"))
        return one

    def customer(self) -> customers.Customer:
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            made = a_customer(db, self.runtime.keyring)
            db.commit()
        return made

    def credit(self) -> credits.Credit:
        """What the shop owes the customer of its bills."""
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            made = credits.open_credit(
                db, kind="advance", customer_id=self.world.things["customer_id"], source_id=new_id(), paise=1_000_00
            )
            db.commit()
        return made

    def settle_drawer(self, *, is_open: bool) -> None:
        """Asha's drawer without a handover on its way, open or closed, with ₹1,000 in it."""
        till_id, count = self.asha.shop.till_id, cash.Count([(500_00, 2)], "counted")
        for waiting in self._cash(cash.list_waiting):
            taker = dataclasses.replace(self.cast.bina, person_id=waiting.to_whom)
            self._cash(
                lambda db, one=waiting: cash.refuse_handover(
                    db, handover_id=one.id, expected_version=one.version, note="not now"
                ),
                taker,
            )
        version = self._cash(lambda db: cash.get_drawer(db, till_id)).version
        closed = self._cash(lambda db: cash.close_shift(db, till_id=till_id, expected_version=version, count=count))
        if is_open:
            self._cash(lambda db: cash.open_shift(db, till_id=till_id, expected_version=closed.version, count=count))

    @cached_property
    def clerk(self) -> tuple[UUID, str, str]:
        """A clerk of Asha's whom no ask signs out: id, e-mail, token."""
        return self.somebody()

    def handed_over(self) -> cash.HandoverView:
        """Asha's drawer, given to the clerk."""
        self.settle_drawer(is_open=True)
        till_id, to = self.asha.shop.till_id, self.clerk[0]
        version = self._cash(lambda db: cash.get_drawer(db, till_id)).version
        count = cash.Count([(500_00, 2)], "counted")
        return self._cash(
            lambda db: cash.hand_over(db, till_id=till_id, expected_version=version, count=count, to_whom=to)
        )

    def _cash(self, work: Callable[[Any], Any], who: Somebody | None = None) -> Any:
        person = who or self.asha
        with self.runtime.router.shop(person.shop_id, person.actor) as db:
            done = work(db)
            db.commit()
        return done

    def bill(self, pieces: int = 1) -> invoices.Document:
        return a_bill(
            self.runtime.router, self.runtime.keyring, shop_id=self.asha.shop_id, actor=self.asha.actor,
            item_ids=[self.item().id for _ in range(pieces)], customer_id=self.world.things["customer_id"],
        )  # fmt: skip

    def invitation(self, email: str, owner: Somebody | None = None) -> tenants.Invited:
        """Somebody is asked to be Asha's clerk, or another owner's."""
        who = owner or self.asha
        return write_control(self.runtime.router, lambda control: tenants.invite(
            control, shop_id=who.shop_id, email=email, name="Uma", role=Role.CLERK, phone=None, actor_id=who.person_id
        ))  # fmt: skip

    def somebody(self) -> tuple[UUID, str, str]:
        """A new clerk of Asha's: id, e-mail, token."""
        name, tag = "Nila", secrets.token_hex(5)
        person_id = join(self.runtime, name, tag, Role.CLERK, self.asha.shop)
        return person_id, f"nila-{tag}@example.test", issue(self.runtime, person_id, name)

    def version_of_profile(self) -> int:
        with self.runtime.router.shop(self.asha.shop_id, self.asha.actor) as db:
            return tenants.get_profile(db).version

    def send(self, endpoint: str, ask: Ask, method: str, **options: Any) -> TestResponse:
        """As a program sends it; each call from an address of its own, so that no pause of one holds up another."""
        path = self.app.url_map.bind("shop.test").build(endpoint, {**_needed(self, endpoint, ask)}, method=method)
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers={**headers_of(ask, method), **options.pop("headers", {})},
            environ_base={"REMOTE_ADDR": an_address()}, **options,
        )  # fmt: skip


def _needed(stage: Stage, endpoint: str, ask: Ask) -> dict[str, Any]:
    rule = next(stage.app.url_map.iter_rules(endpoint))
    return {name: {**stage.places, **ask.places}[name] for name in rule.arguments}


def headers_of(ask: Ask, method: str) -> dict[str, str]:
    found = {} if ask.token is None else {"Authorization": f"Bearer {ask.token}"}
    if ask.version is not None:
        found["If-Match"] = f'"{ask.version}"'
    if method == "POST":
        found["Idempotency-Key"] = secrets.token_hex(16)
    return found


def an_address() -> str:
    return ".".join(["10", *(str(secrets.randbelow(254) + 1) for _ in range(3))])


# ---------------------------------------------------------------- a shop's own


def _piece() -> dict[str, Any]:
    return {
        "tag": f"B-{next(_numbers)}-{secrets.token_hex(2).upper()}", "name": "Ring", "category": "ring",
        "purity": {"metal": "gold", "fineness": 9160}, "grossMg": 3_490, "stoneMg": 100, "netMg": 3_390,
        "hsn": "711319", "huid": a_huid(), "huidExempt": None,
        "making": {"kind": "percent", "paise": 0, "bp": 1600}, "wastage": {"kind": "none", "bp": 0},
        "hallmarkPaise": 4500, "costPaise": 30_000_00,
        "stones": [{"kind": "diamond", "pieces": 2, "weightMct": 500, "basis": "per_piece", "ratePaise": 10_000}],
    }  # fmt: skip


def _placed_piece(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {**_piece(), "placeId": str(stage.asha.shop.outlet_id)})


def _edited_piece(stage: Stage) -> Ask:
    item = stage.item()
    return Ask(stage.asha.token, {"item_id": item.id}, _piece(), item.version)


def _withdrawn_piece(stage: Stage) -> Ask:
    item = stage.item()
    return Ask(stage.asha.token, {"item_id": item.id}, {"reason": "melted down", "kind": "melted"}, item.version)


def _tray(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {
        "outletId": str(stage.asha.shop.outlet_id), "code": f"T{next(_numbers)}", "name": "Front tray",
    })  # fmt: skip


def _edited_tray(stage: Stage) -> Ask:
    tray = stage.write(lambda db: inventory.add_tray(
        db, outlet_id=stage.asha.shop.outlet_id, code=f"T{next(_numbers)}", name="Tray"
    ))  # fmt: skip
    return Ask(stage.asha.token, {"tray_id": tray.id}, {"name": "Safe", "active": False}, 1)


def _shift(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, {
        "toPlaceId": str(stage.world.things["tray_id"]), "itemIds": [str(stage.item().id)],
        "lotIds": [str(stage.lot().id)],
    })  # fmt: skip


def _lot(**more: Any) -> dict[str, Any]:
    return {
        "code": f"L-{next(_numbers)}-{secrets.token_hex(2).upper()}", "name": "Bars", "kind": "findings",
        "metal": "gold", "fineness": 9160, "pieces": 4, "stoneMg": 100, "netMg": 50_000, "stoneMct": 500, **more,
    }  # fmt: skip


def _opening_lot(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {}, _lot(costPaise=5_00_000_00, placeId=str(stage.asha.shop.outlet_id)))


def _of_lot(**more: Any) -> Callable[[Stage], Ask]:
    part = {"pieces": 1, "stoneMg": 20, "netMg": 10_000, "stoneMct": 100}

    def ask(stage: Stage) -> Ask:
        given = {key: value() if callable(value) else value for key, value in more.items()}
        return Ask(stage.asha.token, {"lot_id": stage.lot().id}, {**part, **given}, 1)

    return ask


def _merged(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"lot_id": stage.lot().id}, {"lotIds": [str(stage.lot().id)]})


def _tagged(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"lot_id": stage.lot().id}, _new_piece(), 1)


def _new_piece() -> dict[str, Any]:
    return {key: value for key, value in _piece().items() if key != "costPaise"}


def _supplier() -> dict[str, Any]:
    return {
        "name": "Mehta Bullion", "gstin": None, "pan": "ABCPD1234F", "phone": a_phone(), "address": "4 Laxmi Road",
        "city": "Mumbai", "stateCode": "27",
    }  # fmt: skip


def _edited_supplier(stage: Stage) -> Ask:
    known = stage.supplier()
    return Ask(stage.asha.token, {"supplier_id": known.id}, _supplier(), 1)


def _supplier_payment(stage: Stage) -> Ask:
    body = {"paise": 1_000_00, "mode": "bank", "reference": "NEFT 1"}
    return Ask(stage.asha.token, {"supplier_id": stage.supplier().id}, body)


def _purchase(stage: Stage) -> Ask:
    body = {
        "supplierId": str(stage.supplier().id), "billNo": f"B/{next(_numbers)}", "billOn": "2026-11-20",
        "placeId": str(stage.asha.shop.outlet_id), "totalPaise": 3_000_00, "tdsPaise": 0, "reverseCharge": False,
        "lines": [
            {"taxablePaise": 1_000_00, "piece": _new_piece(), "hsn": "711319", "use": ""},
            {"taxablePaise": 2_000_00, "lot": _lot(), "hsn": "711319", "use": ""},
        ],
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _purchase_return(stage: Stage) -> Ask:
    draft = inventory.PurchaseDraft(
        supplier_id=stage.supplier().id, bill_no=f"B/{next(_numbers)}", bill_on=today_ist(),
        lines=(inventory.BoughtLine(taxable_paise=1_000_00, piece=a_draft()),),
    )  # fmt: skip
    bought = stage.write(lambda db: inventory.book_purchase(db, draft=draft))
    body = {"lineIds": [str(bought.lines[0].id)], "reason": "wrong size"}
    return Ask(stage.asha.token, {"purchase_id": bought.id}, body)


def _transfer(stage: Stage) -> Ask:
    body = {
        "toOutletId": str(stage.world.things["annex_id"]), "itemIds": [str(stage.item().id)],
        "lotIds": [str(stage.lot().id)], "note": "for the wedding",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _of_transfer(body: Callable[[inventory.Consignment], dict[str, Any]]) -> Callable[[Stage], Ask]:
    def ask(stage: Stage) -> Ask:
        item = stage.item()
        sent = stage.write(lambda db: inventory.send_transfer(
            db, to_outlet_id=stage.world.things["annex_id"], item_ids=[item.id]
        ))  # fmt: skip
        return Ask(stage.asha.token, {"transfer_id": sent.id}, body(sent), 1)

    return ask


def _memo(stage: Stage) -> Ask:
    body = {
        "customerId": str(stage.world.things["customer_id"]), "itemIds": [str(stage.item().id)],
        "dueOn": "2026-12-20", "note": "for the wedding",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _returned_memo(stage: Stage) -> Ask:
    item = stage.item()
    memo = stage.write(lambda db: inventory.send_memo(
        db, customer_id=stage.world.things["customer_id"], item_ids=[item.id]
    ))  # fmt: skip
    return Ask(stage.asha.token, {"memo_id": memo.id}, {"lineIds": [str(memo.lines[0].id)]}, 1)


def _melt(stage: Stage) -> Ask:
    body = {
        "itemIds": [str(stage.item().id)], "lotIds": [str(stage.lot().id)],
        "placeId": str(stage.asha.shop.outlet_id), "note": "old stock",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body)


def _poured(stage: Stage) -> Ask:
    lot = stage.lot()
    melt = stage.write(lambda db: inventory.start_melt(db, lot_ids=[lot.id]))
    result = _lot(kind="bullion", netMg=40_000, pieces=0, stoneMg=0, stoneMct=0)
    stones = _lot(kind="stones", metal="stone", fineness=0, netMg=0, pieces=1, stoneMct=100, stoneMg=0)
    return Ask(stage.asha.token, {"melt_id": melt.id}, {"result": result, "stones": stones}, 1)


def _buyer() -> dict[str, Any]:
    return {
        "name": "Lata Deshpande", "phone": a_phone(), "email": "lata@example.test", "gstin": None,
        "pan": "ABCPD1234F", "address": "4 Laxmi Road", "city": "Mumbai", "pin": "400004", "stateCode": "27",
    }  # fmt: skip


def _edited_buyer(stage: Stage) -> Ask:
    known = stage.customer()
    return Ask(stage.asha.token, {"customer_id": known.id}, _buyer(), known.version)


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
        facts = {"costPaise": 700_00 + next(_numbers)}
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


def _uploaded(stage: Stage) -> Ask:
    key = vision.incoming_key(stage.asha.shop_id)
    stage.runtime.store.put(
        Bucket.INCOMING, key, io.BytesIO(pictures.encoded(pictures.ring((64, 64)))), content_type="image/jpeg"
    )
    return Ask(stage.asha.token, {}, {"uploadKey": key, "itemId": str(stage.world.things["item_id"])})


def _asking(stage: Stage) -> Ask:
    """A clerk, who may not lower a rate."""
    facts = {"costPaise": 500_00 + next(_numbers), "piece": {"tag": "R-1", "netMg": 3_390}}
    body = {"kind": "bill.rate", "right": "bill.lower_rate", "subjectId": None, "facts": facts, "reason": "a regular"}
    return Ask(stage.clerk[2], {}, body)


def _decision(stage: Stage) -> Ask:
    bina = stage.cast.bina
    with stage.runtime.router.shop(bina.shop_id, bina.actor) as db:
        asked = approvals.ask(
            db, kind="bill.rate", right="bill.lower_rate", subject_id=None, facts={"costPaise": next(_numbers)}
        )
        db.commit()
    return Ask(stage.asha.token, {"approval_id": asked.id}, {"grant": True, "note": "this once"}, asked.version)


def _rules(stage: Stage) -> Ask:
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        version = rates.get_rules(db).version
    body = {
        "terms": {"follows": False, "withDuty": True, "autoPublish": False, "autoMostBp": 100, "lockedFromMin": 1200},
        "rules": [{
            "purity": {"metal": "gold", "fineness": 9160}, "premiumBp": 50, "premiumPaisePerG": -1_000,
            "roundToPaise": 100,
        }],
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body, version)


def _suggested(stage: Stage) -> Ask:
    """A feed that moved since the last time, and what it suggests for 24 karat."""
    paise, asha = 12_000_00 + next(_numbers) * 100, stage.asha
    with stage.runtime.router.shop(asha.shop_id, asha.actor) as db:
        rates.take(db, [rates.NewRate("gold", paise, "test", utc_now())])
        found = next(one for one in rates.suggested(db) if one.fineness == 9990)
        db.commit()
    rate = {"purity": {"metal": "gold", "fineness": 9990}, "paisePerG": found.paise_per_g}
    return Ask(asha.token, {}, {"rates": [rate], "approvalId": None})


def _held_quote(stage: Stage) -> Ask:
    """Of a leap that nobody confirmed yet, on a day long ago, so that it is nobody's newest rate."""
    quote_id = new_id()
    row = MetalQuote(
        id=quote_id, metal="gold", usd_micros=2_400_000_000, inr_micros=84_250_000, paise_per_g=6_500_88, feed="a test",
        fetched_at=utc_now() - dt.timedelta(days=4000), change_bp=900, state="held",
    )  # fmt: skip
    write_control(stage.runtime.router, lambda control: control.add(row))
    return Ask(stage.cast.om.token, {"quote_id": quote_id}, {"confirm": False})


def _locked_rate(stage: Stage) -> Ask:
    """Ten grams of 22 karat against an advance that covers them whole."""
    asha, customer = stage.asha, stage.customer()
    with stage.runtime.router.shop(asha.shop_id, asha.actor) as db:
        credit = credits.open_credit(
            db, kind=CreditKind.ADVANCE, customer_id=customer.id, source_id=new_id(), paise=5_00_000_00
        )
        rates.set_rate(db, metal="gold", fineness=9160, paise_per_g=12_800_00)
        db.commit()
    body = {
        "customerId": str(customer.id), "creditId": str(credit.id), "purity": {"metal": "gold", "fineness": 9160},
        "mg": 10_000, "paisePerG": 12_900_00, "expiresOn": (today_ist() + dt.timedelta(days=30)).isoformat(),
        "approvalId": None,
    }  # fmt: skip
    return Ask(asha.token, {}, body)


def _profile(stage: Stage) -> Ask:
    body = {
        "name": "Asha Jewellers", "nameLocal": "आशा ज्वेलर्स", "legalName": "Asha Jewellers", "phone": a_phone(),
        "locale": "en", "rateBasis": "fineness",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body, stage.version_of_profile())


def _of_profile(body: Callable[[Stage], Any]) -> Callable[[Stage], Ask]:
    """Registration, outlets and tills have the profile's version."""
    return lambda stage: Ask(stage.asha.token, {}, body(stage), stage.version_of_profile())


def _logo(stage: Stage) -> Any:
    return {"uploadKey": _uploaded(stage).body["uploadKey"]}


def _registration(stage: Stage) -> Any:
    return {"gstin": GSTIN["asha"], "legalName": f"Asha Jewellers {next(_numbers)}", "composition": False}


def _outlet(stage: Stage) -> Any:
    return {
        "name": "Asha Jewellers", "address": f"{next(_numbers)} Zaveri Bazaar", "city": "Mumbai", "pin": "400002",
        "bisRegistration": "HM/C-7190000000",
    }  # fmt: skip


def _till(stage: Stage) -> Any:
    return {"outletId": str(stage.asha.shop.outlet_id), "code": _till_code(), "name": "Upstairs"}


def _new_outlet(stage: Stage) -> Any:
    return {**_outlet(stage), "registrationId": str(stage.asha.shop.registration_id), "tillCode": _till_code()}


def _till_code() -> str:
    """Three letters that no till has yet; a shop of the tests never gets so many."""
    rest, third = divmod(next(_numbers), 26)
    first, second = divmod(rest % 676, 26)
    return "".join(chr(ord("A") + letter) for letter in (first, second, third))


# ---------------------------------------------------------------- people


def _signing_in(stage: Stage) -> Ask:
    return Ask(None, {}, {"email": stage.somebody()[1], "password": PASSWORD, "newPassword": "Marigold-river-42-lamps"})


def _new_password(stage: Stage) -> Ask:
    body = {"oldPassword": PASSWORD, "newPassword": "Marigold-river-42-lamps"}
    return Ask(stage.somebody()[2], {}, body)


def _oneself(stage: Stage) -> Ask:
    return Ask(stage.somebody()[2], {}, {"name": "Nila", "phone": a_phone(), "locale": "en"}, 1)


def _invited(stage: Stage) -> Ask:
    email = f"new-{secrets.token_hex(6)}@example.test"
    return Ask(stage.asha.token, {}, {"email": email, "name": "Uma", "phone": a_phone(), "role": "clerk"})


def _joining(stage: Stage) -> Ask:
    email = f"new-{secrets.token_hex(6)}@example.test"
    return Ask(None, {}, {"email": email, "code": stage.invitation(email).code, "password": "a song of my own"})


def _accepting(stage: Stage) -> Ask:
    """Ravi asks a clerk of Asha's."""
    _person_id, email, token = stage.somebody()
    asked = stage.invitation(email, stage.cast.ravi)
    return Ask(token, {"invitation_id": asked.invitation.id}, {"code": asked.code})


def _role(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"person_id": stage.somebody()[0]}, {"role": "manager"}, 1)


# ---------------------------------------------------------------- the console


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
    starts = today_ist() + dt.timedelta(days=next(_numbers) % 60)  # for the year in force nothing happens
    return Ask(stage.cast.om.token, {}, {"startsOn": starts.isoformat(), "reason": "paid by cheque"})


def _standing(stage: Stage) -> Ask:
    return Ask(stage.cast.om.token, {"person_id": stage.somebody()[0]}, {"reason": "asked for by the owner"})


def _move(stage: Stage) -> Ask:
    """Of a shop of its own, which has nothing but its fence; these servers are the cheap ones."""
    shop = open_shop_rows(stage.runtime.router, "shard-a")
    body = {"target": "shard-b", "maxPauseMs": 500, "acceptDegraded": True}
    return Ask(stage.cast.om.token, {"number": str(shop.shop_id)}, body)


def _of_move(body: dict[str, Any], *, moved: bool = False) -> Callable[[Stage], Ask]:
    """Of a move that waits, or that has switched and can be taken back."""

    def ask(stage: Stage) -> Ask:
        mover = mover_of(stage.runtime.router, Limits(accept_degraded=True))
        shop = open_shop_rows(stage.runtime.router, "shard-a")
        move_id = mover.ask(shop.shop_id, "shard-b", asked_by="Om")
        if moved:
            mover.run(move_id)
        return Ask(stage.cast.om.token, {"move_id": move_id}, body)

    return ask


# ---------------------------------------------------------------- credits, and what is known of customers


def _advance(stage: Stage) -> Ask:
    body = {"customerId": str(stage.customer().id), "purpose": "advance", "tillId": None}
    paid = [{"mode": "upi", "paise": 100, "reference": "UPI-5"}]
    return Ask(stage.asha.token, {}, {**body, "payments": paid, "aboutId": None, "note": "for a ring"})


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


def _on_a_buyer(body: dict[str, Any]) -> Callable[[Stage], Ask]:
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


def _plain(body: Callable[[], Any], who: str = "asha") -> Callable[[Stage], Ask]:
    return lambda stage: Ask(getattr(stage.cast, who).token, {}, body())


# ---------------------------------------------------------------- cash and days


def _counted(**more: Any) -> dict[str, Any]:
    return {"pieces": [{"paise": 500_00, "count": 2}], "note": "counted", **more}


def _of_drawer(body: Callable[[Stage], Any], *, is_open: bool = False) -> Callable[[Stage], Ask]:
    """A drawer of Asha's till as it stands now, closed, or opened for the ask."""

    def ask(stage: Stage) -> Ask:
        till_id = stage.asha.shop.till_id
        stage.settle_drawer(is_open=is_open)
        with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
            version = cash.get_drawer(db, till_id).version
        return Ask(stage.asha.token, {"till_id": till_id}, body(stage), version)

    return ask


def _of_handover(body: dict[str, Any]) -> Callable[[Stage], Ask]:
    """Handed by Asha to her clerk, who answers."""

    def ask(stage: Stage) -> Ask:
        made = stage.handed_over()
        return Ask(stage.clerk[2], {"handover_id": made.id}, body, made.version)

    return ask


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
        "code": f"G{next(_numbers)}-{secrets.token_hex(2).upper()}", "name": "Swarna 11+1",
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


def _of_scheme(body: dict[str, Any], *, paid: int = 0) -> Callable[[Stage], Ask]:
    return lambda stage: Ask(stage.asha.token, {"scheme_id": _saver(stage, paid).id}, body)


def _receipt_back(stage: Stage) -> Ask:
    scheme = _saver(stage, paid=1)
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        book = schemes.get_passbook(db, scheme.id, keyring=stage.runtime.keyring)
    assert book.months[0].paid is not None
    body = {"receiptId": str(book.months[0].paid.receipt_id), "reason": "cheque not honoured", "tillId": None}
    return Ask(stage.asha.token, {"scheme_id": scheme.id}, body)


_PAID = [{"mode": "upi", "paise": 2_000_00, "reference": "UPI-3"}]


def _count(stage: Stage, *, closed: bool = False) -> tuple[UUID, int]:
    """A count of a ring of its own kind, and its version."""
    category = f"kind_{next(_numbers)}_{secrets.token_hex(3)}"
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


def _labels(stage: Stage) -> Ask:
    body = {"itemIds": [str(stage.item().id)], "size": "label_50x25", "price": False}
    return Ask(stage.asha.token, {}, body)


Path = tuple[str | int, ...]
_OF_A_BILL: tuple[Path, ...] = (
    ("schemeIds", 0), ("lines", 0, "repairId"),
    *(("lines", 0, name) for name in ("lotId", "netMg", "stoneMct", "stoneRatePaise", "making", "hsn")),
)  # fmt: skip
_OF_A_SHEET: tuple[Path, ...] = tuple(("draft", name) for name in (
    "lines", "payments", "customerId", "tillId", "shipTo", "panDeclared", "expectedTotalPaise", "discount", "toldPaise",
    "occasion", "approvalIds", "schemeIds", "orderId", "estimateId",
))  # fmt: skip
ELSEWHERE: dict[str, tuple[Path, ...]] = {
    "purchases.book_purchase": (("lines", 0, "lot"),), "invoices.quote": _OF_A_BILL,
    "invoices.issue_invoice": _OF_A_BILL, "estimates.make_estimate": _OF_A_BILL, "held_sheets.hold_sheet": _OF_A_SHEET,
    **dict.fromkeys(("old_gold.value", "old_gold.buy"), (("lines", 0, "ofLineId"),)),
}  # fmt: skip
"""Places that a good request cannot have beside others: a line brings a piece or a lot, whose own route asks them; a
bill's schemes and repairs have tests of their own, where their rooms are (test_on_a_bill.py); what stands on a sheet is
a bill's draft, whose own route asks it, and names nothing that is looked at while it waits."""


def is_elsewhere(endpoint: str, path: Path) -> bool:
    return any(path[: len(other)] == other for other in ELSEWHERE.get(endpoint, ()))


GOOD: dict[str, Callable[[Stage], Ask]] = {
    "old_gold.value": _old_gold,
    "old_gold.buy": _old_gold,
    "old_gold.set_terms": _plain(
        lambda: {"metal": "platinum", "marginBp": 100, "meltingLossBp": 50, "validFrom": today_ist().isoformat()}
    ),
    "scheme_plans.add_plan": _plain(_plan_body),
    "scheme_plans.end_plan": _ended_plan,
    "schemes.begin_scheme": _begun_scheme,
    "schemes.collect_instalment": _of_scheme({"payments": _PAID, "tillId": None}),
    "schemes.take_back_instalments": _receipt_back,
    "schemes.close_scheme": _of_scheme({"reason": "moves away"}, paid=1),
    "schemes.refund_scheme": _of_scheme({"reason": "moves away", "payments": _PAID, "tillId": None}, paid=1),
    "stocktakes.open_stocktake": _plain(
        lambda: {"placeId": None, "category": "ring", "metal": "gold", "note": "Diwali"}
    ),
    "stocktakes.scan": _scanning,
    "stocktakes.decide_findings": _deciding,
    "imports.add_import": _listed,
    "imports.make_upload_link": _plain(lambda: {"length": 1000}),
    "imports.start_import": _starting,
    "labels.ask_labels": _labels,
    "rates.set_rates": _plain(
        lambda: {
            "rates": [{"purity": {"metal": "gold", "fineness": 9990}, "paisePerG": 13_900_00}],
            "approvalId": None,
        }
    ),
    "items.register_item": _placed_piece,
    "items.edit_item": _edited_piece,
    "items.withdraw_item": _withdrawn_piece,
    "places.add_tray": _tray,
    "places.change_tray": _edited_tray,
    "places.move_stock": _shift,
    "lots.receive_lot": _opening_lot,
    "lots.draw_from_lot": _of_lot(kind="lost", reason="fell down"),
    "lots.weigh_lot": _of_lot(reason="weighed again"),
    "lots.split_lot": _of_lot(code=lambda: f"L-{next(_numbers)}-{secrets.token_hex(2).upper()}"),
    "lots.merge_lots": _merged,
    "lots.tag_from_lot": _tagged,
    "suppliers.register_supplier": _plain(_supplier),
    "suppliers.edit_supplier": _edited_supplier,
    "suppliers.pay_supplier": _supplier_payment,
    "purchases.book_purchase": _purchase,
    "purchases.return_purchase": _purchase_return,
    "transfers.send_transfer": _transfer,
    "transfers.receive_transfer": _of_transfer(
        lambda sent: {
            "arrivals": [{"lineId": str(sent.lines[0].id), "grossMg": sent.lines[0].gross_mg, "lost": False}],
            "acceptDifferences": False,
        }
    ),
    "transfers.recall_transfer": _of_transfer(lambda sent: {"lineIds": [str(sent.lines[0].id)]}),
    "memos.send_memo": _memo,
    "memos.return_memo": _returned_memo,
    "melts.start_melt": _melt,
    "melts.finish_melt": _poured,
    "customers.register_customer": _plain(_buyer),
    "customers.edit_customer": _edited_buyer,
    "invoices.quote": _bill,
    "invoices.issue_invoice": _bill,
    "estimates.make_estimate": _estimate,
    "held_sheets.hold_sheet": _held,
    "invoices.issue_credit_note": _note,
    "invoices.issue_debit_note": _debit,
    "invoices.cancel_bill": _cancellation,
    "images.add_picture": _uploaded,
    "images.make_upload_link": _plain(lambda: {"length": 1000, "contentType": "image/png"}),
    "exports.ask_export": _plain(
        lambda: {"kind": "invoices", "from": "2026-04-01", "to": "2026-04-30", "format": "csv"}
    ),
    "receipts.receive": _advance,
    "receipts.take_back": _taken_back,
    "credits.pay_out": _paid_out,
    "customer_merges.merge_customer": _merged_customer,
    "customers.set_days": _on_a_buyer({"days": [{"kind": "birthday", "month": 7, "day": 24, "year": 1980}]}),
    "customers.join_family": _joining_family,
    "customers.add_paper": _on_a_buyer({"kind": "passport", "number": "M1234567", "consent": "2026-1"}),
    "customers.keep_scan": _scan,
    "auth.sign_in": _signing_in,
    "auth.change_password": _new_password,
    "auth.change_me": _oneself,
    "auth.join": _joining,
    "auth.accept_invitation": _accepting,
    "people.invite_member": _invited,
    "people.change_role": _role,
    "profile.change_shop_profile": _profile,
    "logo.set_logo": _of_profile(_logo),
    "profile.change_registration": _of_profile(_registration),
    "profile.change_outlet": _of_profile(_outlet),
    "profile.add_till": _of_profile(_till),
    "profile.add_outlet": _of_profile(_new_outlet),
    "profile.rename_till": _of_profile(lambda stage: {"name": f"Front {next(_numbers)}"}),
    "cash.change_drawer": _of_drawer(lambda stage: {"blind": next(_numbers) % 2 == 0}),
    "cash.open_shift": _of_drawer(lambda stage: _counted()),
    "cash.close_shift": _of_drawer(lambda stage: _counted(), is_open=True),
    "cash.hand_over": _of_drawer(lambda stage: _counted(toWhom=str(stage.cast.bina.person_id)), is_open=True),
    "cash.take_over": _of_handover(_counted()),
    "cash.refuse_handover": _of_handover({"note": "I was not there"}),
    "cash.move_by_hand": _moved,
    "cash.transfer": _transferred,
    "days.close_day": _day,
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
    "rates.accept_suggested": _suggested,
    "rates.set_rules": _rules,
    "console_feed.decide_quote": _held_quote,
    "ratelocks.lock_rate": _locked_rate,
    "approvals.ask": _asking,
    "approvals.decide": _decision,
    "karigars.register_karigar": _plain(workshop.karigar_body),
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
    "repairs.set_charge": lambda stage: _of_repair(stage, {"paise": 600_00}, "ready"),
    "repairs.hand_back": lambda stage: _of_repair(stage, {"grossOutMg": 8_250, "whyItDiffers": "none"}),
    "console_platform.sweep": _plain(lambda: {"on": today_ist().isoformat()}, "om"),
}


def _own_question(stage: Stage) -> Ask:
    """Whoever asked takes it back."""
    clerk = dataclasses.replace(stage.cast.bina, person_id=stage.clerk[0])
    with stage.runtime.router.shop(clerk.shop_id, clerk.actor) as db:
        facts = {"costPaise": 900_00 + next(_numbers)}
        asked = approvals.ask(db, kind="bill.rate", right="bill.lower_rate", subject_id=None, facts=facts)
        db.commit()
    return Ask(stage.clerk[2], {"approval_id": asked.id}, {}, asked.version)


def _of_count(stage: Stage) -> Ask:
    count_id, version = _count(stage)
    return Ask(stage.asha.token, {"stocktake_id": count_id}, {}, version)


WITHOUT_BODY: dict[str, Callable[[Stage], Ask]] = {
    "customers.verify_paper": _on_a_paper,
    "customers.withdraw_paper": _on_a_paper,
    "approvals.withdraw": _own_question,
    "ratelocks.close_lock": lambda stage: Ask(stage.asha.token, {"lock_id": stage.world.things["lock_id"]}, {}, 1),
    "stocktakes.close_stocktake": _of_count,
    "stocktakes.abandon_stocktake": _of_count,
}
"""Changes of a version that take no body."""
