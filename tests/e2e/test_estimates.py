"""What happens to a sheet beside billing it: told as an estimate, made a bill from it, put aside and taken up again."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import COUNTER_PC, PHONE
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.support.cast import Cast


def both(screen: Watched, name: str) -> None:
    """Looked at on the counter's PC, and as narrow as a phone."""
    screen.look(f"dark-{name}")
    screen.page.set_viewport_size(PHONE)
    screen.look(f"dark-{name}-narrow")
    screen.page.set_viewport_size(COUNTER_PC)


def test_an_estimate_becomes_a_bill_that_waited_for_its_customer(
    open_page: Callable[..., Watched], cast: Cast, stage: Stage
) -> None:
    screen = open_page(color_scheme="dark")
    page, keys, shop = screen.page, screen.page.keyboard, f"/s/{cast.bina.shop.slug}"
    screen.be(cast.bina)
    tag, word = stage.take("ring").tag, "Lata’s mother"
    screen.go(f"{shop}/bills/new?code={tag}")
    keys.press("F1")
    page.wait_for_url("**/estimates/*made=yes")
    both(screen, "estimate")
    told = page.locator(".sums .grand").last.inner_text()
    keys.press("b")
    page.wait_for_url("**/bills/new?estimate=*")
    expect(page.locator("#of-estimate")).to_be_visible()
    expect(page.locator("#total")).to_have_text(told)
    screen.look("dark-counter-of-estimate")
    keys.press("F11")
    keys.type(word)
    keys.press("Enter")
    page.wait_for_url("**/bills/new")
    expect(page.locator("#sheet")).to_have_attribute("data-lines", "0")
    both(screen, "counter-held")
    page.get_by_role("button", name=f"Take up {word}").click()
    expect(page.locator("#of-estimate")).to_be_visible()
    expect(page.get_by_role("button", name=f"Take up {word}")).to_have_count(0)
    keys.press("F4")
    keys.type((stage.people[0].phone or "").removeprefix("+91"))
    keys.press("Enter")
    expect(page.get_by_text("Lata Deshpande")).to_be_visible()
    expect(page.locator("#total")).to_have_text(told)
    keys.press("F7")
    expect(page.locator(".left")).to_contain_text("Paid in full")
    keys.press("F9")
    page.wait_for_url("**/bills/*?issued=yes")
    assert screen.go(f"{shop}/estimates") == 200
    expect(page.get_by_text("Billed").last).to_be_visible()
    both(screen, "estimates")
