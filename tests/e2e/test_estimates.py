"""What happens to a sheet beside billing it: told as an estimate, made a bill from it, put aside and taken up again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.support.cast import Cast

LOOKS = {
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": PHONE, "is_mobile": True, "has_touch": True},
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_an_estimate_becomes_a_bill_that_waited_for_its_customer(
    open_page: Callable[..., Watched], cast: Cast, stage: Stage, look: str
) -> None:
    screen = open_page(**LOOKS[look])
    page, keys, shop = screen.page, screen.page.keyboard, f"/s/{cast.bina.shop.slug}"
    screen.be(cast.bina)
    tag, word = stage.take("ring").tag, f"Lata {look}"
    screen.go(f"{shop}/bills/new?code={tag}")
    keys.press("F1")
    page.wait_for_url("**/estimates/*made=yes")
    screen.look(f"{look}-estimate")
    told = page.locator(".sums .grand").last.inner_text()
    keys.press("b")
    page.wait_for_url("**/bills/new?estimate=*")
    expect(page.locator("#of-estimate")).to_be_visible()
    expect(page.locator("#total")).to_have_text(told)
    screen.look(f"{look}-counter-of-estimate")
    keys.press("F11")
    keys.type(word)
    keys.press("Enter")
    page.wait_for_url("**/bills/new")
    expect(page.locator("#sheet")).to_have_attribute("data-lines", "0")
    screen.look(f"{look}-counter-held")
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
    screen.look(f"{look}-estimates")
