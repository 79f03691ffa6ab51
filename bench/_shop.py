"""Owns the two shops that are measured: one of the product, stocked and signed in, and the yardstick's."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token
from pymysql.constants import CLIENT
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from app.amc import service as amc
from app.customers import service as customers
from app.inventory.models import Item
from app.invoices import service as bills
from app.kit.clock import utc_now
from app.kit.idempotency import claim_of
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from app.rates import service as rates
from app.tenants import service as tenants
from app.tenants.service import NewPassword, NewShop
from bench._clients import Client
from bench._ground import Ground, Server
from bench.naive import app as naive
from shard_router import Actor, Mode, PacketResult, Prepared, ShopSession

LINES = 3
PACK = 1000
RATE = 12_800_00
TOTAL_OF_THREE = 155_534_00  # three times case 1 of the price table: 1,51,004.16 + 2 × 2,265.06 = 1,55,534.28
INSERT_ITEM = Prepared(lambda: insert(Item))


class Pieces:
    """Takes the next pieces that nobody sold yet; shared by all clients."""

    def __init__(self, ids: Sequence[Any]) -> None:
        self._ids = ids
        self._next = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> Sequence[Any]:
        with self._lock:
            at = self._next
            self._next += count
        if at + count > len(self._ids):
            raise RuntimeError("the stock is sold out: raise what bench.bill stocks")
        return self._ids[at : at + count]


class TradingShop:
    """A shop of the product on the first shard, opened as the console opens shops; its owner is signed in."""

    def __init__(self, ground: Ground, runtime: Runtime) -> None:
        self.ground = ground
        self.runtime = runtime
        router = runtime.router
        with router.control() as control:
            tenants.rotate_keys(control, self.runtime.keyring)
            opened = amc.open_shop(
                control, router, actor_id=None, one_time=NewPassword("!"),
                new=NewShop(
                    name="Bench Jewellers", legal_name="Bench Jewellers", state_code="27", gstin="27AAACR5055K1Z7",
                    address="1 Zaveri Bazaar", city="Mumbai", pin="400002", owner_name="Owner",
                    owner_email=f"{secrets.token_hex(6)}@example.test", shard=ground.shard.name,
                ),
            )  # fmt: skip
            control.commit()
        tenants.announce(router, opened)
        self.shop_id = opened.shop.shop_id
        tenants.prepare_shop(router, self.shop_id)
        with router.control() as control:
            view = tenants.find_member_rights(control, self.shop_id, opened.owner.id)
        assert view is not None
        self.actor = Actor(opened.owner.id, name="Owner", rights=view.rights)
        issued = self.runtime.identity.sign_ins.tokens.issue(  # type: ignore[attr-defined]
            person_id=opened.owner.id, name="Owner", audience="shop", session_version=1
        )
        self.slug, self.token = opened.shop.slug, str(issued.text)
        self.headers = f"Authorization: Bearer {self.token}\r\n"
        self.path = f"/api/v1/shops/{self.shop_id}/invoices"
        self.pieces = Pieces(())
        self.customer = self._furnish()

    def _furnish(self) -> UUID:
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            rates.set_rates(db, rates=[
                rates.RateSetting("gold", fineness, RATE * fineness // 9160) for fineness in (9160, 7500, 5850)
            ])  # fmt: skip
            draft = customers.CustomerDraft(
                name="Lata Deshpande", phone="9820012345", address="4 Laxmi Road", state_code="27", pan="ABCPD1234F"
            )
            customer = customers.register_customer(db, draft=draft, keyring=self.runtime.keyring)
            db.commit()
        return customer.id

    def stock(self, count: int) -> None:
        """Rings of case 1 of the price table, a thousand to a packet."""
        ids = [new_id() for _ in range(count)]
        for at in range(0, count, PACK):
            with self.runtime.router.shop(self.shop_id, self.actor, hot=True) as db:
                db.run_packet([INSERT_ITEM.bind_rows([_ring(self.shop_id, at + n, one) for n, one in
                                                      enumerate(ids[at : at + PACK])])])  # fmt: skip
                db.commit()
        self.pieces = Pieces(ids)

    @contextmanager
    def serving(self) -> Iterator[Server]:
        with self.ground.serving("app.factory:create_app()", self.ground.environment) as server:
            yield server

    # -- over HTTP --------------------------------------------------------------------------------------------------
    def bill(self, client: Client) -> None:
        body = orjson.dumps({
            "lines": [{"itemId": str(one)} for one in self.pieces.take(LINES)],
            "payments": [{"mode": "upi", "paise": TOTAL_OF_THREE}], "customerId": str(self.customer),
            "expectedTotalPaise": TOTAL_OF_THREE,
        })  # fmt: skip
        status, reply = client.send("POST", self.path, body, Idempotency_Key=secrets.token_hex(16))
        if status != 201:
            raise RuntimeError(f"{status}: {reply[:500]!r}")

    def list_fifty(self, client: Client) -> None:
        status, reply = client.send("GET", f"{self.path}?limit=50")
        if status != 200 or reply.count(b'"number"') != 50:
            raise RuntimeError(f"{status}: {reply[:500]!r}")

    # -- in this process ----------------------------------------------------------------------------------------------
    def draft(self, lines: int) -> bills.BillDraft:
        return bills.BillDraft(
            lines=tuple(bills.LineDraft(one) for one in self.pieces.take(lines)),
            customer_id=self.customer,
            payments=(bills.PaymentDraft("upi", RATE),),
        )

    def round_trips(self, lines: Iterable[int]) -> int:
        """The most that a bill of any of these lengths took, COMMIT included."""
        return max(self._issue(count) for count in lines)

    def _issue(self, lines: int) -> int:
        with self.runtime.router.shop(self.shop_id, self.actor, hot=True) as db:
            claim = claim_of(secrets.token_hex(16), kind="bench", path="/", body=b"")
            bills.issue_invoice(db, draft=self.draft(lines), claim=claim, keyring=self.runtime.keyring)
            return int(db.round_trips)

    def replica_read_share(self, count: int) -> float:
        """Of reads that follow a bill of the same shop at once."""
        counts = self.runtime.router.counts
        counts.clear()
        token = None
        for number in range(count):
            if number % 10 == 0:
                with self.runtime.router.shop(self.shop_id, self.actor, hot=True) as db:
                    claim = claim_of(secrets.token_hex(16), kind="bench", path="/", body=b"")
                    bills.issue_invoice(db, draft=self.draft(1), claim=claim, keyring=self.runtime.keyring)
                    token = db.token
            with self.runtime.router.shop(self.shop_id, self.actor, mode=Mode.READ, token=token) as db:
                bills.list_invoices(db, limit=50)
        reads = sum(number for name, number in counts.items() if name.startswith("read_"))
        return round((counts["read_replica"] + counts["read_replica_waited"]) / reads, 3)

    def books_sound(self) -> bool:
        """All that was measured was real: every number there, every hash in the chain."""
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            return bills.verify_books(db).sound

    def close(self) -> None:
        self.runtime.close()


class Recorder:
    """A session's stand-in that writes down what a bill sends, and answers as the books would."""

    def __init__(self, db: ShopSession, raw: Any, no: int, seq: int) -> None:
        self.shop_id, self.epoch, self.actor, self.info = db.shop_id, db.epoch, db.actor, db.info
        self._db, self._raw, self._no, self._seq = db, raw, no, seq
        self.packets: list[str] = []

    def run_packet(self, statements: Sequence[Any], *, commit: bool = False) -> list[PacketResult]:
        texts = [one.prepared.form().render(self._raw, one.rows, self.shop_id, self.epoch) for one in statements]
        self.packets.append(";".join([*texts, "COMMIT"] if commit else texts))
        if len(self.packets) == 1:
            return self._db.run_packet(statements)
        if len(self.packets) == 2:
            return [
                PacketResult(0, 0, ((None, None, None, None),)),  # a till without a drawer
                PacketResult(1, self._no),
                PacketResult(1, self._seq),
                PacketResult(0, 0, ((self._seq, bytes(32)),)),
            ]
        return []


class Floor:
    """Bills written down once and sent again from bare PyMySQL, in a till's series of its own shop."""

    def __init__(self, shop: TradingShop, count: int) -> None:
        ground = shop.ground
        account = ground.accounts["app"]
        self._raw = ground.connect(
            account, ground.shard.database, client_flag=CLIENT.MULTI_STATEMENTS,
            init_command="SET SESSION transaction_isolation='READ-COMMITTED'",
        )  # fmt: skip
        self.bills: list[list[str]] = []
        first = _last_seq(self._raw, shop.shop_id)
        for number in range(count):
            self.bills.append(self._record(shop, 1 + number, first + 1 + number))

    def _record(self, shop: TradingShop, no: int, seq: int) -> list[str]:
        with shop.runtime.router.shop(shop.shop_id, shop.actor, hot=True) as db:
            recorder = Recorder(db, self._raw, no, seq)
            claim = claim_of(secrets.token_hex(16), kind="bench", path="/", body=b"")
            bills.issue_invoice(recorder, draft=shop.draft(LINES), claim=claim, keyring=shop.runtime.keyring)  # type: ignore[arg-type]
            db.rollback()
        return recorder.packets

    def write(self, number: int) -> float:
        """Milliseconds of one bill's packets, the last with its COMMIT."""
        began = time.perf_counter()
        for packet in self.bills[number]:
            self._raw.query(packet)
            while self._raw._result.has_next:
                self._raw.next_result()
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        self._raw.close()


class NaiveShop:
    """The yardstick's database on the same server, and its server process."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.secret = secrets.token_hex(32)
        server, database = ground.shard.server, f"{ground.name}_naive"
        with ground.fleet.connect(ground.shard, "admin", database=False) as connection:
            connection.exec_driver_sql(f"CREATE DATABASE `{database}`")
            connection.commit()
        self.url = f"mysql+pymysql://{ground.admin.user}:{ground.admin.password}@{server.host}:{server.port}/{database}"
        self.engine = create_engine(self.url, connect_args={"ssl": ground.fleet.tls})
        naive.Base.metadata.create_all(self.engine)
        self.pieces = Pieces(())
        signer = Flask("signer")
        signer.config["JWT_SECRET_KEY"] = self.secret
        JWTManager(signer)
        with signer.app_context():
            self.headers = f"Authorization: Bearer {create_access_token('clerk-7')}\r\n"

    def stock(self, count: int) -> None:
        with Session(self.engine) as session:
            session.add(naive.Series(name="T1", last_no=0))
            session.add(naive.Customer(id=1, name="Lata Deshpande", phone="+919820012345", address="4 Laxmi Road"))
            session.add_all(naive.Rate(fineness=f, paise_per_g=RATE * f // 9160) for f in (9160, 7500, 5850))
            session.commit()
            for at in range(0, count, PACK):
                session.execute(insert(naive.Item), [
                    {"id": n + 1, "tag": f"B-{n}", "name": "Ring", "huid": f"{n:06d}"[-6:], "fineness": 9160,
                     "net_mg": 3390, "making_bp": 1600, "status": "in_stock"}
                    for n in range(at, min(at + PACK, count))
                ])  # fmt: skip
                session.commit()
        self.pieces = Pieces(range(1, count + 1))

    @contextmanager
    def serving(self) -> Iterator[Server]:
        own = {"NAIVE_DATABASE": self.url, "NAIVE_SECRET": self.secret, "NAIVE_TLS_CA": self.ground.raw["tls_ca"]}
        with self.ground.serving("bench.naive.app:create_app()", {**os.environ, **own}) as server:
            yield server

    def bill(self, client: Client) -> None:
        body = orjson.dumps({
            "customer_id": 1, "lines": [{"item_id": one} for one in self.pieces.take(LINES)],
            "payments": [{"mode": "upi", "paise": TOTAL_OF_THREE}],
        })  # fmt: skip
        status, reply = client.send("POST", "/invoices", body)
        if status != 201:
            raise RuntimeError(f"{status}: {reply[:500]!r}")


def _ring(shop_id: int, number: int, item_id: UUID) -> dict[str, Any]:
    now = utc_now()
    huid = f"{number % 1_000_000:06d}"
    return {
        "shop_id": shop_id, "id": item_id, "tag": f"B-{number}", "name": "Ring", "category": "ring", "metal": "gold",
        "fineness": 9160, "hsn": "7113", "huid": huid, "huid_exempt": None, "gross_mg": 3390, "stone_mg": 0,
        "net_mg": 3390, "wastage_kind": "none", "wastage_bp": 0, "making_kind": "percent", "making_paise": 0,
        "making_bp": 1600, "hallmark_paise": 0, "status": "in_stock", "live_tag": f"B-{number}", "live_huid": huid,
        "invoice_id": None, "picture_id": None, "cost_paise": None, "place_id": None,
        "supplier_id": None, "lot_id": None, "version": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip


def _last_seq(raw: Any, shop_id: int) -> int:
    with raw.cursor() as cursor:
        cursor.execute("SELECT seq FROM audit_head WHERE shop_id = %s", (shop_id,))
        return int(cursor.fetchone()[0])
