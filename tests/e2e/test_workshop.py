"""A karigar's job and a repair by hand in the browser: typed, refused beside the field, received, looked at."""

from collections.abc import Callable

import pytest

from app.kit.clock import today_ist
from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage
from tests.e2e.support import Watched
from tests.factories.stock import a_huid
from tests.support.cast import Cast

LOOKS = {
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": PHONE, "is_mobile": True, "has_touch": True},
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_a_job_of_a_karigar(open_page: Callable[..., Watched], cast: Cast, look: str) -> None:
    screen = open_page(**LOOKS[look])
    screen.be(cast.asha)
    screen.expected = ("422 (UNPROCESSABLE ENTITY)",)
    page, shop = screen.page, f"/s/{cast.asha.shop.slug}"
    assert screen.go(f"{shop}/karigars/new") == 200
    screen.look(f"{look}-karigar-new")
    page.get_by_label("Name", exact=True).fill("Ram Soni")
    page.get_by_label("Short name").fill(f"R{look[:3]}")
    page.keyboard.press("F9")
    page.wait_for_url("**/karigars/0*")
    page.get_by_label("What is to be made").fill("Two plain rings")
    page.get_by_label("Due", exact=True).fill(f"{today_ist():%d-%m-%Y}")
    page.get_by_label("Labour", exact=True).fill("450")
    screen.look(f"{look}-karigar")
    page.keyboard.press("F9")
    page.wait_for_url("**/karigar-jobs/**")
    page.locator("#f-out-metal-0-net").fill("10.000")
    page.locator("#f-out-metal-0-lot").select_option("none")
    page.keyboard.press("F8")
    page.wait_for_url("**saved=issue")
    job = page.url
    page.get_by_text("Put off or cancel").click()
    page.get_by_label("Another day").fill("31-02-2027")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.locator("#f-due-due_on").is_visible()  # its panel is open, and one types on where it is wrong
    assert page.evaluate("document.activeElement.id") == "f-due-due_on"
    page.get_by_role("link", name="Ram Soni").first.click()
    page.wait_for_url("**/karigars/0*")
    page.keyboard.press("F9")  # the form for new work is shut while a job is open: the key shows it, and sends nothing
    assert page.evaluate("document.activeElement.id") == "f-job-description"
    page.goto(job)
    for name, value in (("tag", f"W-{look}"), ("name", "Ring"), ("gross", "9.500"), ("huid", a_huid())):
        page.locator(f"#f-in-piece-0-{name}").fill(value)
    page.get_by_label("This is the last of it").check()
    page.keyboard.press("F9")
    page.get_by_role("alert").wait_for()  # 0.500 g are missing, more than is allowed: somebody must say what is done
    assert page.locator("#f-in-excess.is-invalid").count() == 1
    assert page.locator("#f-in-piece-0-gross").input_value() == "9.500"
    screen.look(f"{look}-karigar-job-refused")
    page.locator("#f-in-excess").select_option("carry")
    page.get_by_label("This is the last of it").check()
    page.keyboard.press("F9")
    page.wait_for_url("**saved=receipt")
    screen.look(f"{look}-karigar-job")
    assert screen.go(f"{shop}/karigars") == 200
    screen.look(f"{look}-karigars")


@pytest.mark.parametrize("look", LOOKS)
def test_an_order_and_a_repair(open_page: Callable[..., Watched], cast: Cast, stage: Stage, look: str) -> None:
    screen = open_page(**LOOKS[look])
    screen.be(cast.asha)
    page, shop, phone = screen.page, f"/s/{cast.asha.shop.slug}", stage.people[0].phone or ""
    assert screen.go(f"{shop}/orders/new") == 200
    page.get_by_label("Customer's phone").fill(phone)
    page.get_by_label("Ready by").fill(f"{today_ist():%d-%m-%Y}")
    page.locator("#f-line-0-what").fill("Ring with a flower")
    page.locator("#f-line-0-weight").fill("5")
    page.get_by_label("Advance").fill("1000")
    screen.look(f"{look}-order-new")
    page.keyboard.press("F9")
    page.wait_for_url("**saved=new")
    screen.look(f"{look}-order")
    assert screen.go(f"{shop}/repairs/new") == 200
    screen.look(f"{look}-repair-new")
    for label, value in (
        ("Customer's phone", phone), ("Piece", "Chain"), ("Condition", "torn"), ("What is to be done", "solder"),
        ("Gross weight", "8.250"), ("Ready by", f"{today_ist():%d-%m-%Y}"), ("Estimate without GST", "500"),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    page.keyboard.press("F9")
    page.wait_for_url("**saved=new")
    page.get_by_role("button", name="Agreed").click()
    page.get_by_role("button", name="In work").wait_for()
    screen.look(f"{look}-repair")
    for kind in ("order", "repair"):
        assert screen.go(f"{shop}/orders?kind={kind}") == 200
        screen.look(f"{look}-orders-{kind}")
