"""The market beside the board, a rate promised, and a question that the owner answers from another screen."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from playwright.sync_api import expect

from app.approvals import service as approvals
from app.credits import service as credits
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from app.rates import service as rates
from app.rates.service import NewRate, Rule, RuleDraft, Terms
from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.factories.stock import an_item
from tests.support.cast import Cast

DARK = {"viewport": PHONE, "color_scheme": "dark"}


def ask(runtime: Runtime, cast: Cast, item_id: UUID) -> UUID:
    """As a bill's refusal lets Bina ask for a piece."""
    facts = {
        "costPaise": 1_017_00, "fromPaisePerG": 12_800_00, "toPaisePerG": 12_500_00, "netMg": 3_390, "metal": "gold",
        "fineness": 9160, "wastageBp": 550,
    }  # fmt: skip
    with runtime.router.shop(cast.bina.shop_id, cast.bina.actor) as db:
        asked = approvals.ask(
            db, kind="bill.rate", right="bill.lower_rate", subject_id=item_id, facts=facts, reason="A regular buyer"
        )
        db.commit()
    return asked.id


def test_an_owner_allows_on_the_phone_what_a_clerk_waits_for(
    open_page: Callable[..., Watched], runtime: Runtime, cast: Cast, stage: Stage
) -> None:
    base = f"/s/{cast.asha.shop.slug}/approvals"
    desk, phone = open_page(), open_page(**DARK)
    phone.be(cast.asha)
    phone.go(base)
    expect(phone.page.get_by_text("Nothing waits for an answer")).to_be_visible()
    approval_id = ask(runtime, cast, stage.items[0].id)
    desk.be(cast.bina)
    desk.go(f"{base}/{approval_id}")
    expect(desk.page.get_by_role("status").first).to_contain_text("waits")
    desk.look("approval-waits")
    card = phone.page.get_by_role("article")  # the list comes again by itself
    expect(card).to_contain_text("₹1,017.00")
    expect(card).to_contain_text("Bina asks")
    expect(card).to_contain_text(stage.items[0].tag)
    phone.look("approvals-phone-dark")
    buttons = card.get_by_role("button")
    assert all((box := button.bounding_box()) and box["height"] >= 48 for button in buttons.all())
    card.get_by_role("button", name="Allow once").click()
    expect(phone.page.get_by_text("Nothing waits for an answer")).to_be_visible()
    expect(desk.page.get_by_role("status").first).to_contain_text("allowed")  # and so does the asker's page
    desk.look("approval-allowed")
    desk.page.set_viewport_size(PHONE)
    desk.look("approval-allowed-phone")


def test_the_market_suggests_and_one_key_accepts(
    open_page: Callable[..., Watched], runtime: Runtime, cast: Cast, stage: Stage
) -> None:
    """6,500.88 × 0.916 = 5,954.81, to ₹1: 5,955; silver is two hours old, and says so."""
    zoya, now = cast.zoya, utc_now()
    with runtime.router.shop(zoya.shop_id, zoya.actor) as db:
        rates.set_rates(
            db, rates=[rates.RateSetting("gold", 9160, 5_900_00), rates.RateSetting("silver", 9250, 150_00)]
        )
        rates.take(db, [
            NewRate("gold", 6_500_88, "first; money", now),
            NewRate("silver", 81_26, "first; money", now - dt.timedelta(hours=2)),
        ])  # fmt: skip
        rates.set_rules(
            db, terms=Terms(follows=True, with_duty=False), expected_version=rates.get_rules(db).version,
            rules=[RuleDraft("gold", 9160, Rule())],
        )  # fmt: skip
        db.commit()
    base = f"/s/{zoya.shop.slug}/rates"
    desk, phone = open_page(), open_page(**DARK)
    desk.be(zoya)
    desk.go(base)
    expect(desk.page.locator("#feed")).to_contain_text("stale")
    desk.look("rates-market")
    desk.page.keyboard.press("F8")
    expect(desk.page.get_by_role("status").first).to_contain_text("The board is set")
    expect(desk.page.get_by_role("textbox", name="22K 916")).to_have_value("5,955.00")
    desk.go(f"{base}/rules")
    desk.look("rates-rules")
    phone.be(zoya)
    for path, name in (
        (base, "rates-market"),
        (f"{base}/rules", "rates-rules"),
        (f"/s/{zoya.shop.slug}/", "home-stale"),
    ):
        phone.go(path)
        phone.look(f"{name}-phone-dark")


def test_a_promise_is_taken_at_the_counter_and_stands_with_what_is_left_of_it(
    open_page: Callable[..., Watched], runtime: Runtime, cast: Cast, stage: Stage
) -> None:
    asha, customer = cast.asha, stage.people[0]
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        credits.open_credit(
            db, kind=credits.CreditKind.ADVANCE, customer_id=customer.id, source_id=new_id(), paise=2_00_000_00
        )
        ring = an_item(db)
        db.commit()
    base = f"/s/{asha.shop.slug}/rates/locks"
    desk, phone = open_page(), open_page(**DARK)
    desk.be(asha)
    desk.go(f"{base}/new?customer={customer.id}")
    desk.look("rate-lock-new")
    desk.page.get_by_label("Purity and board rate").select_option("gold-9160")
    desk.page.get_by_label("Grams").fill("10")
    desk.page.keyboard.press("F9")
    expect(desk.page.get_by_role("status").first).to_contain_text("The rate is locked")
    desk.go(f"/s/{asha.shop.slug}/bills/new?customer={customer.id}")
    desk.page.locator("#code").fill(ring.tag)
    desk.page.keyboard.press("Enter")
    promise = desk.page.get_by_label("Promised rate")
    promise.select_option(index=1)
    expect(promise).to_contain_text("10.000 g left")
    desk.look("counter-promised")
    desk.page.keyboard.press("F7")
    expect(desk.page.locator(".left")).to_contain_text("Paid in full")
    desk.page.keyboard.press("F9")
    desk.page.wait_for_url("**/bills/*?issued=yes")
    desk.go(base)
    expect(desk.page.get_by_role("table")).to_contain_text("6.610 / 10.000 g")
    desk.look("rate-locks")
    phone.be(asha)
    phone.go(base)
    phone.look("rate-locks-phone-dark")


def test_the_vendor_sees_the_feed_and_what_is_held(
    open_page: Callable[..., Watched], runtime: Runtime, cast: Cast
) -> None:
    from app.kit.transactions import write_control
    from app.rates.models import FeedSource, MetalQuote

    now = utc_now()
    facts: dict[str, object] = {"usd_micros": 2_400_000_000, "inr_micros": 84_250_000, "feed": "first; money"}

    def quotes(control: object) -> None:
        control.add_all([  # type: ignore[attr-defined]
            MetalQuote(id=new_id(), metal="gold", paise_per_g=6_500_88, fetched_at=now, state="good", **facts),
            MetalQuote(
                id=new_id(), metal="gold", paise_per_g=7_313_49, fetched_at=now, state="held", change_bp=1_250, **facts
            ),
            FeedSource(feed="first", tried_at=now, worked_at=now, failures=0),
            FeedSource(feed="second", tried_at=now, failures=3, failure="it answered 500"),
        ])  # fmt: skip

    write_control(runtime.router, quotes)
    desk, phone = open_page(), open_page(**DARK)
    for one in (desk, phone):
        one.be(cast.om)
        one.go("/console/feed")
    expect(desk.page.get_by_text("is held")).to_be_visible()
    desk.look("console-feed")
    phone.look("console-feed-phone-dark")
    desk.page.get_by_role("button", name="It is right").click()
    expect(desk.page.get_by_text("is held")).to_have_count(0)
