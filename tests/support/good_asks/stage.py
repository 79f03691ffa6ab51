"""Owns what good requests are made in: a shop with something of everything, and how each is sent."""

import dataclasses
import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from app.cash import service as cash
from app.credits import service as credits
from app.customers import service as customers
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.models import Role
from shard_router import ShopSession
from tests.factories.bills import a_bill
from tests.factories.people import a_customer
from tests.factories.stock import an_item
from tests.support.cast import Cast, Somebody, issue, join
from tests.support.world import World

T = TypeVar("T")
numbers = itertools.count(1)


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
            code=f"S-{next(numbers)}-{secrets.token_hex(2).upper()}", name="Bars", kind="findings", metal="gold",
            fineness=9160, pieces=4, stone_mg=100, net_mg=50_000, stone_mct=500, cost_paise=5_00_000_00,
        )  # fmt: skip
        return self.write(lambda db: inventory.receive_lot(db, draft=draft))

    def supplier(self) -> inventory.Supplier:
        draft = inventory.SupplierDraft(name=f"Mehta {next(numbers)}")
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


Make = Callable[[Stage], Ask]
"""How an ask is made: afresh each time."""


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


def till_code() -> str:
    """Three letters that no till has yet; a shop of the tests never gets so many."""
    rest, third = divmod(next(numbers), 26)
    first, second = divmod(rest % 676, 26)
    return "".join(chr(ord("A") + letter) for letter in (first, second, third))


def plain(body: Callable[[], Any], who: str = "asha") -> Make:
    return lambda stage: Ask(getattr(stage.cast, who).token, {}, body())
