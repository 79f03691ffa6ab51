"""The vendor's day: the second factor set up, a shop opened, its owner's first sign-in."""

import datetime as dt
import re
import secrets
from collections.abc import Callable

import pyotp
from playwright.sync_api import expect

from app.kit.clock import today_ist
from tests.e2e.support import Watched
from tests.support.cast import PASSWORD, Cast, Somebody

REFUSED = "422 (UNPROCESSABLE ENTITY)"
OWN_PASSWORD = "peacock over Kutch 26"


def test_a_shop_is_opened_and_its_owner_signs_in(screen: Watched, cast: Cast) -> None:
    page, tag = screen.page, secrets.token_hex(3)
    screen.expected = (REFUSED, "401 (UNAUTHORIZED)", "403 (FORBIDDEN)")
    enrol(screen, cast)
    page.get_by_role("link", name="Open a shop").click()
    page.get_by_label("Name", exact=True).first.fill(f"Gokul Jewellers {tag}")
    page.get_by_label("GSTIN").fill("33AAACZ4322M2Z9")
    page.get_by_label("Address").fill("3 MG Road")
    page.get_by_label("Town").fill("Mumbai")
    page.get_by_label("PIN code").fill("400001")
    page.get_by_label("Name", exact=True).last.fill("Gokul Rao")
    page.get_by_label("E-mail").fill(f"gokul-{tag}@example.test")
    page.keyboard.press("F9")
    expect(page.locator("#f-gstin")).to_have_attribute("aria-invalid", "true")
    screen.look("story-open-refused")
    page.get_by_label("GSTIN").fill("")
    page.keyboard.press("F9")
    expect(page.get_by_role("heading", name=f"Gokul Jewellers {tag} is open")).to_be_visible()
    screen.look("story-opened")
    one_time = page.locator("#one-time").inner_text()
    page.get_by_role("link", name="To the shop").click()
    expect(page.get_by_text("trial started")).to_be_visible()
    expect(page.get_by_text(re.compile("shard-[ab]")).first).to_be_visible()
    until_ready(screen)
    screen.look("story-console-shop")
    page.locator("summary").filter(has_text="Om").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in")
    first_sign_in(screen, f"gokul-{tag}@example.test", one_time)


def enrol(screen: Watched, cast: Cast) -> None:
    """The first sign-in shows the secret; from then on a code is asked for."""
    page = screen.page
    screen.go("/console/shops")
    page.get_by_label("E-mail").fill(cast.om.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name=re.compile("QR"))).to_be_visible()
    screen.look("story-enrol")
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/shops")


def until_ready(screen: Watched) -> None:
    """The worker prepares the shop; the page says so when it is looked at again."""
    page = screen.page
    for _ in range(160):
        if page.get_by_text("ready", exact=True).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("the shop was not prepared")


def first_sign_in(screen: Watched, email: str, one_time: str) -> None:
    page = screen.page
    screen.go("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(one_time)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your own new password")).to_be_visible()
    screen.look("story-new-password")
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_label("Your own new password").fill("y4x3" * 19)
    page.keyboard.press("Enter")
    expect(page.locator("#h-new_password")).to_contain_text("at most 72 bytes")
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_label("Your own new password").fill(OWN_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/s/gokul-jewellers-**")
    expect(page.get_by_text("The rate board is empty")).to_be_visible()


def test_a_shops_sign_in_opens_no_console(screen: Watched, cast: Cast) -> None:
    screen.be(cast.asha)
    screen.go("/console/shops")
    expect(screen.page.get_by_role("heading", name="Console")).to_be_visible()
    assert "/console/sign-in" in screen.page.url


def test_a_plan_is_extended_and_paid_each_said_before_it_is_done(screen: Watched, cast: Cast) -> None:
    page = screen.page
    screen.expected = (REFUSED,)
    screen.be(cast.om)
    screen.go(f"/console/shops/{cast.ravi.shop_id}")
    page.get_by_text("Extend the plan").click()
    page.locator("#f-extend-ends_on").fill("01-01-2020")
    page.locator("#f-extend-reason").fill("Diwali rush")
    page.get_by_role("button", name="Look at what it does").first.click()
    expect(page.locator("#h-extend-ends_on")).to_contain_text("must lie after")
    expect(page.locator("#f-extend-reason")).to_have_value("Diwali rush")
    later = (today_ist() + dt.timedelta(days=40)).strftime("%d-%m-%Y")
    page.locator("#f-extend-ends_on").fill(later)
    page.get_by_role("button", name="Look at what it does").first.click()
    expect(page.get_by_text("Nothing is done yet")).to_be_visible()
    expect(page.get_by_text(f"to {later}")).to_be_visible()
    screen.look("story-console-sure")
    page.get_by_role("link", name="No, go back").click()
    expect(page.get_by_text("13 days left")).to_be_visible()
    page.get_by_text("Extend the plan").click()
    page.locator("#f-extend-ends_on").fill(later)
    page.locator("#f-extend-reason").fill("Diwali rush")
    page.get_by_role("button", name="Look at what it does").first.click()
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("status")).to_contain_text("plan is extended")
    expect(page.get_by_text("40 days left")).to_be_visible()
    page.get_by_text("A paid year").click()
    page.locator("#f-activate-reason").fill("Paid by transfer")
    page.get_by_role("button", name="Look at what it does").last.click()
    expect(page.get_by_text("₹10,000.00 a year")).to_be_visible()
    page.get_by_role("button", name="Begin the paid year").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    history = page.locator("tbody").last
    expect(history.locator("tr").filter(has_text="Diwali rush")).to_contain_text("Om")
    screen.look("story-console-paid")


def test_a_person_is_disabled_everywhere_and_enabled_again(
    open_page: Callable[..., Watched], screen: Watched, others: Cast
) -> None:
    page, bina, theirs = screen.page, others.bina, open_page()
    theirs.expected = ("401 (UNAUTHORIZED)",)
    theirs.be(bina)
    assert theirs.go(f"/s/{bina.shop.slug}/") == 200
    screen.be(others.om)
    screen.go(f"/console/shops/{others.asha.shop_id}")
    page.get_by_role("link", name="Bina").click()
    change(screen, "Disable", "Phone was stolen")
    expect(page.get_by_role("status")).to_contain_text("every sign-in has ended")
    screen.look("story-console-disabled")
    theirs.go(f"/s/{bina.shop.slug}/")
    expect(theirs.page.get_by_role("heading", name="Sign in to your shop")).to_be_visible()
    try_signing_in(theirs, bina)
    expect(theirs.page.get_by_role("alert")).to_contain_text("not right")
    change(screen, "Enable", "Phone is found")
    try_signing_in(theirs, bina)
    theirs.page.wait_for_url("**/s/**")


def change(screen: Watched, what: str, reason: str) -> None:
    """Asked once, looked at, asked again."""
    page = screen.page
    page.locator("summary").filter(has_text=what).click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Look at what it does").click()
    expect(page.get_by_text("Nothing is done yet")).to_be_visible()
    page.get_by_role("button", name=what).click()


def try_signing_in(screen: Watched, who: Somebody) -> None:
    screen.page.get_by_label("E-mail").fill(who.email)
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.page.keyboard.press("Enter")
