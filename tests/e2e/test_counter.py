"""The counter as a clerk works at it: by keyboard, with a scanner, on a slow line, and with scripts switched off."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from app.approvals import service as approvals
from app.invoices import service as invoices
from app.kit.runtime import Runtime
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.factories.people import a_phone
from tests.support.cast import Cast

REFUSED = "422 (UNPROCESSABLE ENTITY)"


def tags(stage: Stage, *categories: str) -> list[str]:
    return [stage.take(wanted).tag for wanted in categories]


def total(page: Page) -> str:
    return page.locator("#total").inner_text()


def test_a_bill_from_sign_in_to_its_pdf_by_keyboard(screen: Watched, cast: Cast, stage: Stage) -> None:
    """No mouse: sign in, scan two pieces, find the customer by phone, split the payment, issue, see the print."""
    page, keys = screen.page, screen.page.keyboard
    screen.sign_in(cast.bina)
    keys.press("n")
    page.wait_for_url("**/bills/new")
    for tag in tags(stage, "ring", "anklet"):
        keys.press("F2")
        keys.type(tag.lower())
        keys.press("Enter")
        expect(page.get_by_text(tag)).to_be_visible()
    keys.press("F4")
    keys.type(stage.people[0].phone.removeprefix("+91"))
    keys.press("Enter")
    expect(page.get_by_text("Lata Deshpande")).to_be_visible()
    page.get_by_label("Cash", exact=True).focus()
    keys.type("10000")
    keys.press("F7")
    expect(page.locator(".left")).to_contain_text("Paid in full")
    shown = total(page)
    assert page.get_by_label("Cash", exact=True).input_value() == "10,000.00"
    keys.press("F9")
    page.wait_for_url("**/bills/*?issued=yes")
    expect(page.locator("h1")).to_contain_text("T1/")
    expect(page.locator(".sums .grand").last).to_have_text(shown)
    frame = page.locator("iframe.pdf-frame")
    expect(frame).to_be_visible(timeout=30_000)
    reply = page.request.get(frame.get_attribute("src").partition("#")[0])
    assert reply.ok and reply.headers["content-type"] == "application/pdf" and reply.body().startswith(b"%PDF-")
    assert reply.headers["content-disposition"].startswith("inline")
    screen.look("story-bill", whole=False)


def test_a_scanner_is_faster_than_the_server(screen: Watched, cast: Cast, stage: Stage) -> None:
    """Codes that come while a step is under way wait their turn, and no piece is lost or doubled."""
    screen.be(cast.bina)
    screen.go(f"/s/{cast.bina.shop.slug}/bills/new")
    page = screen.page
    page.locator("#code").focus()
    wanted = tags(stage, "ring", "earrings", "chain", "pendant", "anklet")
    for tag in [*wanted, wanted[0]]:
        page.keyboard.type(tag)
        page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_have_attribute("data-lines", str(len(wanted)))
    found = page.locator(".sheet-lines tbody strong").all_inner_texts()
    assert [text for text in found if text in wanted] == wanted
    assert page.locator("#code").input_value() == ""


def test_what_is_typed_while_a_step_runs_is_kept(screen: Watched, cast: Cast, stage: Stage) -> None:
    screen.be(cast.bina)
    screen.go(f"/s/{cast.bina.shop.slug}/bills/new?code={tags(stage, 'ring')[0]}")
    page = screen.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/bills/sheet", hold)
    page.locator("#pay_cash").fill("1000")
    page.locator("#pay_upi").focus()
    page.wait_for_function("document.getElementById('bill').classList.contains('busy')")
    page.keyboard.type("2500")
    held[0].continue_()
    page.unroute("**/bills/sheet")
    expect(page.locator("#pay_cash")).to_have_value("1,000.00")
    expect(page.locator("#pay_upi")).to_have_value("2500")
    expect(page.locator("#pay_upi")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#pay_upi")).to_have_value("2,500.00")


def test_a_customer_registered_at_the_counter(screen: Watched, cast: Cast, stage: Stage) -> None:
    """The limits warn before the issue and are gone once what they ask for was entered."""
    page, keys = screen.page, screen.page.keyboard
    screen.be(cast.bina)
    screen.go(f"/s/{cast.bina.shop.slug}/bills/new?code={tags(stage, 'necklace')[0]}")
    expect(page.get_by_role("alert").filter(has_text="PAN")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="name, address and state")).to_be_visible()
    keys.press("F4")
    keys.type(a_phone())
    keys.press("Enter")
    expect(page.locator("#f-new_name")).to_be_focused()
    screen.look("story-register")
    page.locator("#f-new_name").fill("Sunita Kulkarni")
    page.locator("#f-new_address").fill("12 Prabhat Road")
    page.locator("#f-new_city").fill("Pune")
    page.locator("#f-new_state").select_option("27")
    page.locator("#f-new_pan").fill("ABCPK1234F")
    keys.press("Enter")
    expect(page.get_by_text("Sunita Kulkarni")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    keys.press("F8")
    expect(page.get_by_role("alert").filter(has_text="cash")).to_be_visible()
    page.locator("#pay_cash").fill("")
    keys.press("F7")
    expect(page.get_by_role("alert")).to_have_count(0)
    keys.press("F9")
    page.wait_for_url("**/bills/*?issued=yes")
    expect(page.get_by_role("link", name="Sunita Kulkarni")).to_be_visible()


def test_slips_are_said_where_they_happened(screen: Watched, cast: Cast, stage: Stage) -> None:
    screen.expected = (REFUSED, "404 (NOT FOUND)")
    page, keys = screen.page, screen.page.keyboard
    screen.be(cast.asha)
    screen.go(f"/s/{cast.asha.shop.slug}/bills/new?code={tags(stage, 'ring')[0]}")
    page.locator("#code").fill("NO-SUCH")
    keys.press("Enter")
    expect(page.locator("#refusal")).to_contain_text("NO-SUCH")
    page.locator("#pay_cash").fill("12,00")
    page.locator("#pay_upi").focus()
    expect(page.locator("#pay_cash")).to_have_class(re.compile("is-invalid"))
    expect(page.locator("#pay_cash")).to_have_value("12,00")
    page.locator("#pay_cash").fill("")
    page.locator("#pay_upi").focus()
    expect(page.locator("#refusal")).to_have_count(0)
    page.locator("input[name^=discount-]").fill("5%")
    keys.press("Enter")
    expect(page.locator("input[name^=discount-]")).to_have_value("5%")
    keys.press("F9")
    expect(page.locator("#refusal")).to_contain_text("is not paid")
    screen.look("story-refused")


def test_a_piece_sold_meanwhile_is_not_sold_again(
    open_page: Callable[..., Watched], cast: Cast, stage: Stage, runtime: Runtime
) -> None:
    first, second = open_page(), open_page()
    second.expected = ("409 (CONFLICT)",)
    tag = tags(stage, "anklet")[0]
    for screen, who in ((first, cast.bina), (second, cast.asha)):
        screen.be(who)
        screen.go(f"/s/{cast.asha.shop.slug}/bills/new?code={tag}")
        screen.page.keyboard.press("F8")
        expect(screen.page.locator(".left-good")).to_be_visible()
    first.page.keyboard.press("F9")
    first.page.wait_for_url("**/bills/*?issued=yes")
    second.page.keyboard.press("F9")
    expect(second.page.locator("#refusal")).to_contain_text("No longer in stock")
    expect(second.page.locator("#pay_cash")).not_to_have_value("")
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        bills = invoices.list_invoices(db, limit=200).items
        sold = [line for bill in bills for line in invoices.get_invoice(db, bill.id, keyring=runtime.keyring).lines]
    assert [line.tag for line in sold].count(tag) == 1


def test_without_scripts(open_page: Callable[..., Watched], cast: Cast, stage: Stage) -> None:
    """Slower by a page at each step, and the same bill."""
    screen = open_page(java_script_enabled=False)
    page = screen.page
    screen.sign_in(cast.bina)
    page.get_by_role("link", name="New bill").first.click()
    page.get_by_label("Tag, HUID or lot").fill(tags(stage, "ring")[0])
    page.keyboard.press("Enter")
    expect(page.locator("input[name=item_id]")).to_have_count(1)
    page.get_by_label("Tag, HUID or lot").fill(tags(stage, "anklet")[0])
    page.keyboard.press("Enter")
    expect(page.locator("input[name=item_id]")).to_have_count(2)
    page.get_by_label("Phone of the customer").fill(stage.people[1].phone)
    page.get_by_role("button", name=re.compile("^Find")).click()
    expect(page.get_by_text("Farida Contractor")).to_be_visible()
    page.locator("#rest-card").click()
    page.locator("#issue").click()
    expect(page.locator("h1")).to_contain_text("T1/")


def test_a_clerk_waits_for_the_owners_yes_without_leaving_the_sheet(
    screen: Watched, cast: Cast, stage: Stage, runtime: Runtime
) -> None:
    """A repair beside a ring, a lower rate asked for by keyboard, allowed on another screen, then issued."""
    screen.expected = ("403 (FORBIDDEN)",)
    page, keys = screen.page, screen.page.keyboard
    screen.be(cast.bina)
    screen.go(f"/s/{cast.bina.shop.slug}/bills/new?code={tags(stage, 'kada')[0]}")
    keys.press("F3")
    page.locator("#f-ware_price").fill("500")
    keys.press("Enter")
    expect(page.locator("#sheet")).to_have_attribute("data-lines", "2")
    keys.press("F4")
    keys.type(stage.people[0].phone.removeprefix("+91"))
    keys.press("Enter")
    expect(page.get_by_text("Lata Deshpande")).to_be_visible()
    row, card = page.locator(".payment").first.bounding_box(), page.locator(".pay").bounding_box()  # her old gold
    assert card["x"] <= row["x"] and row["x"] + row["width"] <= card["x"] + card["width"]
    page.locator(".why summary").first.click()
    page.locator("input[name^=rate-]").fill("12000")
    keys.press("Enter")
    expect(page.locator(".need")).to_contain_text("A rate below the board")
    screen.look("story-need")
    keys.press("F10")
    expect(page.locator(".asked")).to_contain_text("waits")
    keys.press("F9")  # too early
    expect(page.locator("#refusal")).to_contain_text("The approval was not answered yet.")
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        waiting = approvals.list_open(db).items[0]
        approvals.decide(db, approval_id=waiting.id, expected_version=waiting.version, grant=True)
        db.commit()
    expect(page.locator(".asked")).to_contain_text("Allowed for exactly this", timeout=10_000)
    expect(page.locator("#refusal")).to_have_count(0)  # it is answered now, and the page doesn't deny it
    keys.press("F8")
    page.locator("#tendered").fill("3,00,000")
    screen.look("story-allowed")
    page.locator("#pay_cash").fill("")
    keys.press("Tab")
    expect(page.locator("#tendered")).to_have_count(0)
    keys.press("F7")
    expect(page.locator("#pay_upi")).not_to_have_value("")
    keys.press("F9")
    page.wait_for_url("**/bills/*?issued=yes")
    expect(page.locator("iframe.pdf-frame")).to_be_visible(timeout=30_000)  # the page loads anew when it is there
    page.locator(".why summary").first.click()
    screen.look("story-explained")
