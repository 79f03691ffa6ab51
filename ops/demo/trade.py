"""Owns a shop's believable stock, customers and month of bills, made by the services in the order they happened."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import random
from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.customers import service as customers
from app.inventory import service as inventory
from app.inventory.service import Item, ItemDraft, Stone
from app.invoices import service as invoices
from app.invoices.errors import LineAlreadyReversed
from app.invoices.pricing import Discount
from app.invoices.service import BillDraft, LineDraft, NoteDraft, PaymentDraft
from app.kit import idempotency, outbox
from app.kit.clock import IST, today_ist
from app.kit.idempotency import Claim, is_taken
from app.kit.runtime import Runtime
from app.rates import service as rates
from ops.demo.story import BASE_RATES, FIRST, KINDS, LAST, STREETS, DemoShop, PieceKind
from shard_router import Actor, ShopSession

HUID_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
DAYS = 30
CASH_MOST = 150_000_00
"""Below the ₹2,00,000 that one person may pay in cash in a day."""

PDFS_APART = dt.timedelta(seconds=0.5)
"""Of three shops that is six a second: a worker has time for more."""

Say = Callable[[str], None]


@dataclasses.dataclass
class Month:
    """One shop's demo trade under way."""

    runtime: Runtime
    shop: DemoShop
    shop_id: int
    actor: Actor
    dice: random.Random

    @classmethod
    def of(cls, runtime: Runtime, shop: DemoShop, shop_id: int, actor: Actor) -> Month:
        return cls(runtime, shop, shop_id, actor, random.Random(shop.seed))  # noqa: S311 (the same on every machine)

    def write(self, work: Callable[[ShopSession], object]) -> None:
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            work(db)
            db.commit()

    def trade(self, say: Say) -> None:
        """Stock and customers in one transaction each, then day by day; done again, it does only what is missing."""
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            begun = bool(inventory.list_items(db, limit=1).items)
        if not begun:
            say(f"{self.shop.new.name}: {self.shop.pieces} pieces")
            self.write(self._fill)
        self._sell(say)

    def put_off_pdfs(self) -> None:
        """Those that still wait come one after the other, the newest first: the first bill that is made by hand has
        its own at once, not behind a month of them."""
        self.write(lambda db: outbox.put_off(db, apart=PDFS_APART))

    # ------------------------------------------------------------ stock and customers

    def _fill(self, db: ShopSession) -> None:
        opened = dt.datetime.combine(today_ist() - dt.timedelta(days=DAYS), dt.time(10, 5), IST)
        self._set_rates(db, 0, opened)
        for number in range(1, self.shop.pieces + 1):
            inventory.register_item(db, draft=self._piece(number), at=opened)
        for number in range(24):
            customers.register_customer(db, draft=self._customer(number), keyring=self.runtime.keyring)

    def _piece(self, number: int) -> ItemDraft:
        dice = random.Random(f"{self.shop.seed}-{number}")  # noqa: S311
        kind: PieceKind = dice.choices(KINDS, [kind.share for kind in KINDS])[0]
        gross = dice.randrange(kind.least_mg, kind.most_mg, 10)
        marked = kind.metal == "gold" and gross >= 2_000
        return ItemDraft(
            tag=f"{self.shop.tag_prefix}-{number:04d}", name=kind.name, category=kind.category, metal=kind.metal,
            fineness=kind.fineness, gross_mg=gross, making_kind="percent", making_bp=dice.randrange(
                kind.least_making_bp, kind.most_making_bp, 25
            ),
            huid="".join(dice.choices(HUID_LETTERS, k=6)) if marked else None,
            hallmark_paise=45_00 if marked else 0, stones=self._stones(dice, kind),
        )  # fmt: skip

    @staticmethod
    def _stones(dice: random.Random, kind: PieceKind) -> tuple[Stone, ...]:
        if kind.category not in ("pendant", "ring") or kind.fineness != 7500:
            return ()
        return (Stone("diamond", dice.randrange(1, 12), dice.randrange(40, 420), "per_carat", 48_000_00),)

    def _customer(self, number: int) -> customers.CustomerDraft:
        dice = random.Random(f"{self.shop.seed}-c-{number}")  # noqa: S311
        return customers.CustomerDraft(
            name=f"{dice.choice(FIRST)} {dice.choice(LAST)}", phone=f"+9198{self.shop.seed:02d}{number:06d}",
            address=f"{dice.randrange(1, 180)} {dice.choice(STREETS)}", city=self.shop.new.city,
            pin=self.shop.new.pin, state_code=self.shop.new.state_code,
            pan=f"{''.join(dice.choices('ABCDEFGHJK', k=3))}P{dice.choice('DKNR')}{dice.randrange(1000, 9999)}K",
        )  # fmt: skip

    def _set_rates(self, db: ShopSession, day: int, at: dt.datetime) -> None:
        drift = 1_000 + day * 2 + (7, -4, 11, -9, 3, 0, -6)[day % 7]  # in thousandths: up some 6 % in the month
        board = [
            rates.RateSetting(metal, fineness, paise * drift // 1_000 // 100 * 100)
            for (metal, fineness), paise in BASE_RATES.items()
        ]
        rates.set_rates(db, rates=board, at=at)

    # ------------------------------------------------------------ the month

    def _sell(self, say: Say) -> None:
        today = today_ist()
        for ago in range(DAYS - 1, -1, -1):
            day, number = today - dt.timedelta(days=ago), DAYS - ago
            if self._is_done(number):
                continue
            opened = dt.datetime.combine(day, dt.time(10, 5), IST)
            if opened <= dt.datetime.now(dt.UTC):
                self.write(lambda db, number=number, opened=opened: self._set_rates(db, number, opened))  # type: ignore[misc]
            self._sell_on(day, number)
            say(f"{self.shop.new.name}: {number * self.shop.bills_a_day} of {DAYS * self.shop.bills_a_day} bills")

    def _is_done(self, number: int) -> bool:
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            return idempotency.find(db, self._claim(number, self.shop.bills_a_day - 1)) is not None

    def _sell_on(self, day: dt.date, number: int) -> None:
        for nth in range(self.shop.bills_a_day):
            at = dt.datetime.combine(day, dt.time(11 + 2 * nth, (number * 7 + nth * 13) % 60), IST)
            at = min(at, dt.datetime.now(dt.UTC))
            bill = self._issue(number, nth, at)
            if bill is not None and (number, nth) in ((9, 0), (21, 1)):
                self._take_back(bill)

    def _issue(self, number: int, nth: int, at: dt.datetime) -> invoices.Document | None:
        dice = random.Random(f"{self.shop.seed}-{number}-{nth}")  # noqa: S311
        with self.runtime.router.shop(self.shop_id, self.actor) as db:
            stock = inventory.list_items(db, status="in_stock", sort="tag", limit=200).items
            people = customers.list_customers(db, limit=200).items
            if len(stock) < 12:
                return None
            draft = self._draft(db, dice, stock, [person.id for person in people])
        try:
            with self.runtime.router.shop(self.shop_id, self.actor, hot=True) as db:
                return invoices.issue_invoice(
                    db, draft=draft, claim=self._claim(number, nth), keyring=self.runtime.keyring, at=at
                )
        except IntegrityError as error:
            if is_taken(error):
                return None
            raise

    def _draft(self, db: ShopSession, dice: random.Random, stock: list[Item], people: list[UUID]) -> BillDraft:
        pieces = dice.sample(stock, dice.choices((1, 2, 3), (6, 3, 1))[0])
        discount = Discount(bp=dice.choice((200, 500))) if dice.random() < 0.3 else Discount()
        draft = BillDraft(
            lines=tuple(LineDraft(piece.id, making_discount=discount) for piece in pieces),
            customer_id=dice.choice(people),
        )
        total = invoices.quote(db, draft=draft).priced.total_paise
        return dataclasses.replace(draft, payments=self._payments(dice, total))

    @staticmethod
    def _payments(dice: random.Random, total: int) -> tuple[PaymentDraft, ...]:
        cash = min(total, dice.choice((0, 0, 5_000_00, 20_000_00, CASH_MOST))) if total > CASH_MOST else total
        if total <= CASH_MOST and dice.random() < 0.6:
            cash = 0
        rest = total - cash
        taken = (("cash", cash, None), (dice.choice(("upi", "card", "bank")), rest, f"REF{dice.randrange(10**8):08d}"))
        return tuple(PaymentDraft(mode, paise, reference) for mode, paise, reference in taken if paise)

    def _take_back(self, bill: invoices.Document) -> None:
        """A customer brings the first piece back; the money goes the way most of it came."""

        def work(db: ShopSession) -> object:
            line = bill.lines[0].id
            due = invoices.refund_due(db, bill.id, (line,))
            refunds = (PaymentDraft("bank", due, "REFUND"),) if due else ()
            draft = NoteDraft(invoice_id=bill.id, reason="Size does not fit", line_ids=(line,), refunds=refunds)
            return invoices.issue_credit_note(db, draft=draft, keyring=self.runtime.keyring, at=bill.issued_at)

        try:
            self.write(work)
        except LineAlreadyReversed:
            return

    def _claim(self, number: int, nth: int) -> Claim:
        key = f"demo-{today_ist() - dt.timedelta(days=DAYS - number):%Y%m%d}-{nth}"
        return Claim(key, hashlib.sha256(key.encode()).digest(), "demo")
