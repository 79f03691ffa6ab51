"""An owner looks after the shop itself: its people, its names, its outlets and tills."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from app.kit.runtime import Runtime
from app.tenants import service as tenants
from tests.e2e.support import Watched
from tests.support.cast import Cast, Somebody

REFUSED = "422 (UNPROCESSABLE ENTITY)"
OWN_PASSWORD = "lamps over the Ganga 26"


def in_menu(page: Page, group: str, name: str) -> Locator:
    """An entry of the menu, with its group opened."""
    page.locator("#menu summary", has_text=group).click()
    return page.locator("#menu").get_by_role("link", name=name)


def test_a_clerk_is_invited_promoted_and_taken_off(
    open_page: Callable[..., Watched], screen: Watched, others: Cast
) -> None:
    zoya, theirs = others.zoya, open_page()
    screen.expected = (REFUSED, "409 (CONFLICT)")
    screen.be(zoya)
    screen.go(f"/s/{zoya.shop.slug}/")
    in_menu(screen.page, "Shop", "Staff").click()
    email = f"chitra-{zoya.shop.slug}@example.test"
    code = invite_chitra(screen, email)
    join(theirs, email, code)
    promote_and_take_off(screen, theirs)
    accept_as_known(screen, open_page(), others.ravi)
    page = screen.page
    page.get_by_role("link", name="Zoya", exact=True).click()
    page.get_by_text("Take off the staff").click()
    page.get_by_role("button", name="Take Zoya off the staff").click()
    expect(page.get_by_role("alert")).to_contain_text("keeps at least one owner")


def invite_chitra(screen: Watched, email: str) -> str:
    """The code to hand over; a slip in the address first."""
    page = screen.page
    page.get_by_label("E-mail").fill("chitra@")
    page.get_by_label("Name").fill("Chitra Rao")
    page.evaluate("document.querySelector('form[action$=staff]').noValidate = true")
    page.keyboard.press("F9")
    expect(page.locator("#f-email")).to_have_attribute("aria-invalid", "true")
    screen.look("story-staff-refused")
    page.get_by_label("E-mail").fill(email)
    page.keyboard.press("F9")
    code = page.locator("#code").inner_text()
    screen.look("story-staff-given")
    page.get_by_role("link", name="All staff").click()
    expect(page.locator("tr").filter(has_text="Chitra Rao")).to_have_count(0)
    expect(page.get_by_role("button", name="Take back the invitation of Chitra Rao")).to_be_visible()
    screen.look("story-staff-invited")
    return str(code)


def join(theirs: Watched, email: str, code: str) -> None:
    """A wrong code first, then as somebody whom nobody knew."""
    theirs.expected = (REFUSED, "401 (UNAUTHORIZED)", "404 (NOT FOUND)")
    theirs.go("/sign-in")
    theirs.page.get_by_role("link", name="Join it").click()
    theirs.page.get_by_label("E-mail").fill(email)
    theirs.page.get_by_label("Code").fill("aaaa-bbbb-cccc-dddd")
    theirs.page.get_by_label("Your own password").fill(OWN_PASSWORD)
    theirs.page.keyboard.press("Enter")
    expect(theirs.page.get_by_role("alert")).to_contain_text("fit no invitation")
    theirs.page.get_by_label("Code").fill(code)
    theirs.page.get_by_label("Your own password").fill(OWN_PASSWORD)
    theirs.look("story-join")
    theirs.page.keyboard.press("Enter")
    theirs.page.wait_for_url("**/s/**")
    assert theirs.page.locator("#menu a", has_text="Staff").count() == 0
    assert theirs.page.locator("#menu a", has_text="Settings").count() == 1


def promote_and_take_off(screen: Watched, theirs: Watched) -> None:
    """Each change holds at once in the other browser."""
    page = screen.page
    page.reload()
    page.get_by_role("link", name="Chitra Rao").click()
    page.get_by_role("radio", name=re.compile("Manager")).check()
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("status")).to_contain_text("holds at once")
    expect(page.get_by_text(re.compile(r"\d\d-\d\d-\d{4} \d\d:\d\d")).nth(1)).to_be_visible()  # the last sign-in
    theirs.page.reload()
    expect(in_menu(theirs.page, "Shop", "Staff")).to_be_visible()
    page.get_by_text("Sign out everywhere").click()
    screen.look("story-staff-person")
    page.get_by_role("button", name="Sign Chitra Rao out everywhere").click()
    theirs.page.reload()
    expect(theirs.page.get_by_role("heading", name="Sign in to your shop")).to_be_visible()
    page.get_by_text("Take off the staff").click()
    page.get_by_role("button", name="Take Chitra Rao off the staff").click()
    expect(page.locator("tbody tr").filter(has_text="Chitra")).to_have_count(0)


def accept_as_known(screen: Watched, known: Watched, ravi: Somebody) -> None:
    """Who has a sign-in accepts on their own screen."""
    page = screen.page
    page.get_by_label("E-mail").fill(ravi.email)
    page.get_by_label("Name").fill("Whoever")
    page.keyboard.press("F9")
    code = page.locator("#code").inner_text()
    known.be(ravi)
    known.go("/shops")
    expect(known.page.get_by_text("asks you to work there as: Clerk")).to_be_visible()
    known.look("story-invited")
    known.page.get_by_label("Code").fill(code)
    known.page.get_by_role("button", name="Accept").click()
    expect(known.page.get_by_role("link", name=re.compile("Zoya Jewellers"))).to_be_visible()
    page.get_by_role("link", name="All staff").click()
    expect(page.locator("tbody tr").filter(has_text="Ravi")).to_have_count(1)


def test_the_shops_settings_are_changed_by_two_at_once(screen: Watched, cast: Cast, runtime: Runtime) -> None:
    page, ravi = screen.page, cast.ravi
    screen.expected = (REFUSED, "412 (PRECONDITION FAILED)", "409 (CONFLICT)")
    screen.be(ravi)
    screen.go(f"/s/{ravi.shop.slug}/")
    in_menu(page, "Shop", "Settings").click()
    page.get_by_label("GSTIN").fill("27AAACR5055K1Z7")
    save = page.locator("form").filter(has=page.get_by_label("GSTIN")).get_by_role("button", name="Save")
    save.click()
    expect(page.locator("#h-r1-gstin")).to_contain_text("of state 27")
    page.get_by_label("GSTIN").fill("29AAACR5055K1Z3")
    with runtime.router.shop(ravi.shop_id, ravi.actor) as db:
        version = tenants.get_profile(db).version
        tenants.change_shop_profile(db, expected_version=version, changes={"phone": "+91 98200 12345"})
        db.commit()
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("Ravi changed this at")
    expect(page.get_by_label("GSTIN")).to_have_value("29AAACR5055K1Z3")
    screen.look("story-settings-changed-meanwhile")
    save.click()
    expect(page.get_by_role("status")).to_contain_text("registration is saved")
    page.get_by_label("Name in the local script").fill("ರವಿ ಜ್ಯುವೆಲರ್ಸ್")
    page.get_by_label("Name", exact=True).fill("Ravi & Sons")
    profile = page.locator("form").filter(has=page.get_by_label("Legal name", exact=True))
    profile.get_by_role("button", name="Save").click()
    expect(page.locator(".brand-name")).to_have_text("Ravi & Sons")
    page.get_by_text("Another till").click()
    page.locator("input[name=code]").fill("T1")
    page.get_by_label("Name of the new till").fill("Upstairs")
    page.get_by_role("button", name="Add the till").click()
    expect(page.get_by_role("alert")).to_contain_text("has this code")
    page.locator("input[name=code]").fill("u2")
    page.get_by_role("button", name="Add the till").click()
    expect(page.get_by_label("Name of till U2")).to_have_value("Upstairs")
    screen.look("story-settings")


def test_a_password_that_does_not_fit_is_refused_beside_its_field(screen: Watched, cast: Cast) -> None:
    page = screen.page
    screen.expected = (REFUSED,)
    screen.be(cast.ravi)
    screen.go("/me")
    page.get_by_label("Password until now").fill("somebody else's")
    page.get_by_label("New password").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#h-old_password")).to_be_visible()
    expect(page.locator("#f-old_password")).to_have_attribute("aria-invalid", "true")
