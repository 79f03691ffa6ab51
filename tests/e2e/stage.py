"""A shop that looks like one: a board, pieces of many kinds, customers, and some bills, all by the services."""

import datetime as dt
import io
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw

from app.cash import service as cash
from app.credits import service as credits
from app.customers import service as customers
from app.customers.service import Customer
from app.inventory.service import Item
from app.invoices import service as invoices
from app.invoices.service import Document
from app.kit.clock import today_ist, utc_now
from app.kit.runtime import Runtime
from tests.factories.bills import a_bill, a_claim
from tests.factories.gold import an_old_chain
from tests.factories.people import a_customer, a_phone
from tests.factories.rates import a_board
from tests.factories.savings import a_scheme
from tests.factories.stock import an_item
from tests.support.cast import Somebody

RATES = {"gold_9990": 13_980_00, "gold_9160": 12_800_00, "gold_7500": 10_480_00, "silver_9250": 150_00}
PIECES: tuple[dict[str, Any], ...] = (
    {"name": "Kolhapuri saaj", "category": "necklace", "gross_mg": 24_580, "stone_mg": 1_240, "making_bp": 1800},
    {"name": "Ring with leaf", "category": "ring", "gross_mg": 3_390},
    {"name": "Jhumka earrings", "category": "earrings", "gross_mg": 8_120, "stone_mg": 310, "making_bp": 1450},
    {"name": "Rope chain 20 inch", "category": "chain", "gross_mg": 10_050, "making_bp": 900},
    {"name": "Solitaire pendant", "category": "pendant", "fineness": 7500, "gross_mg": 2_860, "stone_mg": 140},
    {"name": "Kada, plain", "category": "kada", "gross_mg": 20_010, "making_bp": 700},
    {"name": "Anklets", "category": "anklet", "metal": "silver", "fineness": 9250, "gross_mg": 62_400, "huid": None},
    {"name": "Mangalsutra, short", "category": "mangalsutra", "gross_mg": 12_300, "stone_mg": 820, "making_bp": 1500},
)
BUYERS = (
    {"name": "Lata Deshpande", "pan": "ABCPD1234F"},
    {"name": "Farida Contractor", "address": "9 Dhobi Talao", "pan": "ABCPC1234F"},
    {"name": "Imran Shaikh", "address": "22 Mohammed Ali Road", "pan": "ABCPS1234F"},
)


@dataclass
class Stage:
    """What stands in the shop. Tests share it, so each takes pieces and bills that no other touches."""

    items: list[Item]
    people: list[Customer]
    bills: list[Document]
    receipt_id: UUID
    credit_id: UUID
    voucher_id: UUID
    scheme_id: UUID

    def take(self, category: str) -> Item:
        """A piece of this kind that is in stock, and nobody else's from now on."""
        found = next(item for item in self.items if item.category == category)
        self.items.remove(found)
        return found

    def take_bill(self) -> Document:
        return self.bills.pop()


def set_up(runtime: Runtime, who: Somebody, *, each: int = 1, bills: int = 2) -> Stage:
    """So many of each of PIECES in stock, and so many sold beside them."""
    with runtime.router.shop(who.shop_id, who.actor) as db:
        a_board(db, **RATES)
        kinds = [PIECES[number % len(PIECES)] for number in range(each * len(PIECES) + bills)]
        items = [an_item(db, tag=f"{kind['category'][:2].upper()}-{101 + n}", **kind) for n, kind in enumerate(kinds)]
        people = [a_customer(db, runtime.keyring, phone=a_phone(), **facts) for facts in BUYERS]
        db.commit()
    free, sold = items[: each * len(PIECES)], items[each * len(PIECES) :]
    made = [bill(runtime, who, [item.id], people[n % len(people)].id) for n, item in enumerate(sold)]
    fill_drawer(runtime, who)
    receipt_id, credit_id = known_of(runtime, who, people)
    with runtime.router.shop(who.shop_id, who.actor) as db:
        voucher = an_old_chain(db, runtime.keyring, customer_id=people[0].id)
        scheme = a_scheme(db, runtime.keyring, customer_id=people[1].id, paid=3)
        db.commit()
    runtime.cache.forget(who.shop_id)  # as the edges do: a page may have shown the shop before
    return Stage(free, people, made, receipt_id, credit_id, voucher.id, scheme.id)


def known_of(runtime: Runtime, who: Somebody, people: list[Customer]) -> tuple[UUID, UUID]:
    """What pages of customers show: an advance, unpaid bills of several ages, a family, days, a paper."""
    first, second = people[:2]
    keyring = runtime.keyring
    for days, paid in ((5, 40_000_00), (45, 30_000_00), (120, 45_000_00)):
        with runtime.router.shop(who.shop_id, who.actor) as db:
            item = an_item(db)
            db.commit()
        draft = invoices.BillDraft(
            lines=(invoices.LineDraft(item.id),), payments=(invoices.PaymentDraft("upi", paid),), customer_id=first.id
        )
        at = utc_now() - dt.timedelta(days=days)
        with runtime.router.shop(who.shop_id, who.actor, hot=True) as db:
            invoices.issue_invoice(db, draft=draft, claim=a_claim(), keyring=keyring, at=at)
    with runtime.router.shop(who.shop_id, who.actor) as db:
        customers.join_family(db, customer_id=second.id, with_id=first.id, relation="wife")
        today = today_ist()
        day = customers.SpecialDay("birthday", today.month, today.day, 1980)
        customers.set_dates(db, customer_id=first.id, expected_version=1, days={"birthday": day})
        paper = customers.add_paper(
            db, customer_id=first.id, kind="passport", number="M1234567", consent="2026-1", keyring=keyring
        )
        customers.verify_paper(db, paper_id=paper.id, expected_version=1)
        customers.add_paper(
            db, customer_id=first.id, kind="pan", number="ABCPD1234F", consent="2026-1", keyring=keyring
        )
        paid_by = [credits.Payment("upi", 25_000_00, "427700123456"), credits.Payment("cash", 10_000_00)]
        receipt = credits.receive(
            db, customer_id=first.id, purpose="advance", payments=paid_by, keyring=keyring, note="For the wedding set"
        )
        credit = credits.find_opened_by(db, receipt.id, "advance")
        assert credit is not None
        db.commit()
    return receipt.id, credit.id


def fill_drawer(runtime: Runtime, who: Somebody) -> None:
    """The till's shift, opened by a count; some cash that went, and some in the safe."""
    till_id = who.shop.till_id
    count = cash.Count([(500_00, 36), (100_00, 40), (10_00, 25)])
    with runtime.router.shop(who.shop_id, who.actor) as db:
        cash.open_shift(db, till_id=till_id, expected_version=0, count=count)
        cash.move_by_hand(
            db, till_id=till_id, kind=cash.EntryKind.EXPENSE, paise=-150_00, note="tea for customers"
        )  # fmt: skip
        cash.transfer(db, from_till_id=till_id, to_till_id=None, paise=10_000_00, note="to the safe")
        db.commit()


def bill(runtime: Runtime, who: Somebody, item_ids: list[UUID], customer_id: UUID | None) -> Document:
    return a_bill(
        runtime.router, runtime.keyring, shop_id=who.shop_id, actor=who.actor, item_ids=item_ids,
        customer_id=customer_id,
    )  # fmt: skip


def photo() -> bytes:
    """A ring on a light ground, as a JPEG that no other upload is equal to."""
    picture = Image.new("RGB", (900, 700), (236, 233, 228))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((270, 190, 630, 550), outline=(201, 150, 40), width=46)
    pen.polygon([(450, 90), (510, 150), (450, 215), (390, 150)], fill=(240, 246, 250), outline=(120, 150, 170))
    pen.point((1 + secrets.randbelow(200), 1 + secrets.randbelow(100)), fill=(200, 200, 200))
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=88)
    return body.getvalue()
