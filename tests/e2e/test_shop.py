"""An owner's day in the browser: rates, pieces with pictures, customers, a piece that comes back, a file."""

import csv
import io
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from app.inventory import service as inventory
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from app.reports.models import Export, ExportState
from tests.e2e.stage import Stage, photo, set_up
from tests.e2e.support import Watched
from tests.factories.stock import a_huid
from tests.support.cast import Cast

REFUSED = "422 (UNPROCESSABLE ENTITY)"


def test_the_owner_sets_the_board_and_sees_it(screen: Watched, cast: Cast) -> None:
    """A shop's first morning: an empty board, a slip of a digit, then rates that the home page shows at once."""
    page, ravi = screen.page, cast.ravi
    screen.expected = (REFUSED,)
    screen.sign_in(ravi)
    expect(page.get_by_text("The rate board is empty")).to_be_visible()
    screen.look("story-first-morning")
    page.get_by_role("link", name="Set today's rates").click()
    page.get_by_label("22K 916").fill("1,28,00,000")
    page.get_by_label("24K 999").fill("13980")
    page.keyboard.press("F9")
    expect(page.get_by_role("alert")).to_contain_text("cannot be right")
    expect(page.get_by_label("22K 916")).to_have_value("1,28,00,000")
    expect(page.get_by_label("22K 916")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("24K 999")).to_have_value("13980")
    page.get_by_label("22K 916").fill("12800.50")
    page.keyboard.press("F9")
    expect(page.get_by_role("status")).to_contain_text("The board is set")
    expect(page.get_by_role("table").last).to_contain_text("₹12,800.50")
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_label("Purity", exact=True).select_option("gold-9990")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#history-list tbody tr")).to_have_count(1)
    expect(page.locator("#history-list")).to_contain_text("₹13,980.00")
    screen.look("story-rates-chart")
    page.get_by_role("link", name="Home").click()
    expect(page.locator(".tile").filter(has_text="22K 916")).to_contain_text("₹12,800.50")
    expect(page.locator(".tile").filter(has_text="24K 999")).to_contain_text("₹13,980.00")


def test_home_shows_the_day_in_rupees_and_grams(screen: Watched, cast: Cast, runtime: Runtime) -> None:
    page = screen.page
    today = page.locator("section").filter(has=page.get_by_role("heading", name="Sold today"))

    def shown() -> tuple[int, int]:
        """Paise, and mg of gold: other stories may have sold in this shop today."""
        screen.go(f"/s/{cast.zoya.shop.slug}/")
        paise = int(re.sub(r"\D", "", today.locator(".figure-big").inner_text()) or "0")
        gold = re.search(r"([\d,]+\.\d{3})", today.inner_text().replace(today.locator(".figure-big").inner_text(), ""))
        return paise, int(re.sub(r"\D", "", gold[1])) if gold else 0

    screen.be(cast.zoya)
    before = shown()
    stage = set_up(runtime, cast.zoya, bills=3)
    # three more were entered late: of earlier days by the law, of today by the drawer; a ring each, case 1 of the table
    sold = sum(one.total_paise for one in stage.bills) + 3 * 51_845_00
    grams = 3 * 3_390 + sum(line.net_mg for one in stage.bills for line in one.lines if line.metal == "gold")
    after = shown()
    assert (after[0] - before[0], after[1] - before[1]) == (sold, grams)
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.locator("#chart-text tbody tr", has_text=f"{today_ist():%d-%m-%Y}")).to_have_count(1)


def test_a_piece_is_entered_pictured_and_withdrawn(screen: Watched, cast: Cast, tmp_path: Path) -> None:
    page, bina = screen.page, cast.bina
    screen.expected = (REFUSED,)
    screen.be(bina)
    screen.go(f"/s/{bina.shop.slug}/stock/new")
    page.get_by_label("Tag", exact=True).fill("br-7")
    page.get_by_label("Name on the bill").fill("Bracelet of leaves")
    page.get_by_label("Gross weight").fill("-4")
    page.get_by_label("HUID", exact=True).fill(a_huid())
    page.keyboard.press("F9")
    expect(page.locator("#h-gross")).to_contain_text("-4")
    expect(page.get_by_label("Gross weight")).to_be_focused()
    expect(page.get_by_label("Name on the bill")).to_have_value("Bracelet of leaves")
    screen.look("story-piece-refused")
    page.get_by_label("Gross weight").fill("8.255")
    expect(page.locator("#net")).to_contain_text("8.255")
    expect(page.get_by_text("HUID missing")).to_have_count(0)
    page.get_by_label("How much making").fill("12.5")
    page.keyboard.press("F9")
    expect(page.get_by_role("heading", name=re.compile("BR-7"))).to_be_visible()
    expect(page.get_by_text("12.5")).to_be_visible()
    text = tmp_path / "not-a-picture.jpg"
    text.write_text("This is no picture.")
    page.locator("#f-file").set_input_files(text)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("not a picture")
    page.locator("#f-file").set_input_files({"name": "ring.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.get_by_role("button", name="Send").click()
    shown = page.locator("img.picture-large")
    expect(shown).to_be_visible(timeout=60_000)
    page.wait_for_function("document.querySelector('img.picture-large').naturalWidth > 100")
    screen.look("story-piece")
    page.get_by_role("link", name="Stock").click()
    expect(page.locator("tr").filter(has_text="BR-7").locator("img")).to_be_visible()
    screen.look("story-stock")
    page.get_by_role("link", name="BR-7").click()
    expect(page.get_by_role("heading", name=re.compile("BR-7"))).to_be_visible()
    expect(page.get_by_text("Withdraw from stock")).to_have_count(0)  # a clerk could enter it again, and lighter
    its_page = urlsplit(page.url).path
    screen.be(cast.asha)
    screen.go(its_page)
    page.get_by_text("Withdraw from stock").click()
    page.get_by_label("Reason").fill("Sent back to the maker")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn").first).to_be_visible()


def test_a_piece_is_corrected_while_a_colleague_does_the_same(
    screen: Watched, cast: Cast, runtime: Runtime, stage: Stage
) -> None:
    """Weights are reckoned while typing, stones get rows, and nobody's correction is lost unseen."""
    page, asha, item = screen.page, cast.asha, stage.take("kada")
    screen.expected = ("412 (PRECONDITION FAILED)",)
    screen.be(asha)
    screen.go(f"/s/{asha.shop.slug}/stock/{item.id}")
    expect(page.locator("#price-now")).to_contain_text("₹")
    page.keyboard.press("e")
    page.get_by_label("Gross weight").fill("21.000")
    for row, (kind, carat) in enumerate((("Diamond", "0.500"), ("Ruby", "1"), ("Emerald", "2"))):
        if row == 2:
            page.get_by_role("button", name="More kinds of stones").click()
        page.locator(f"#f-stone-{row}-kind").fill(kind)
        page.locator(f"#f-stone-{row}-carat").fill(carat)
    expect(page.locator("#net")).to_contain_text("20.300")  # 21 g less 3.5 carats of 0.2 g
    page.get_by_label("HUID", exact=True).fill("")
    expect(page.locator("#hallmark-says")).to_contain_text("HUID missing")
    page.get_by_label("HUID", exact=True).fill(str(item.huid))
    expect(page.locator("#hallmark-says")).to_contain_text("Hallmarked")
    screen.look("story-piece-reckoned")
    with runtime.router.shop(asha.shop_id, cast.bina.actor) as db:
        inventory.edit_item(db, item_id=item.id, expected_version=item.version, changes={"name": "Kada with lion"})
        db.commit()
    page.keyboard.press("F9")
    expect(page.get_by_role("alert")).to_contain_text("Bina changed this at")
    expect(page.locator("#h-name")).to_contain_text("Now it says: Kada with lion")
    expect(page.get_by_label("Gross weight")).to_have_value("21.000")
    expect(page.locator("#f-stone-2-kind")).to_have_value("Emerald")
    screen.look("story-piece-changed-meanwhile")
    page.get_by_label("Name on the bill").fill("Kada with lion")
    page.keyboard.press("F9")
    expect(page.get_by_role("status").first).to_contain_text("corrections are saved")
    expect(page.get_by_role("heading", name=re.compile("Kada with lion"))).to_be_visible()
    expect(page.get_by_text("20.300")).to_be_visible()


def test_a_customer_is_entered_and_corrected(screen: Watched, cast: Cast, stage: Stage) -> None:
    page, asha = screen.page, cast.asha
    screen.expected = (REFUSED, "409 (CONFLICT)")
    screen.be(asha)
    screen.go(f"/s/{asha.shop.slug}/customers/new")
    page.get_by_label("Name").fill("Meenal Joshi")
    page.get_by_label("Phone").fill(stage.people[0].phone)
    page.get_by_label("GSTIN").fill("27AAACR5055K1Z8")
    page.keyboard.press("F9")
    expect(page.locator("#f-gstin")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("GSTIN").fill("")
    page.keyboard.press("F9")
    expect(page.locator("#h-phone")).to_contain_text("phone")
    page.get_by_label("Phone").fill("98201 55512")
    page.keyboard.press("F9")
    expect(page.get_by_role("status")).to_contain_text("entered")
    page.get_by_label("Town").fill("Nashik")
    page.keyboard.press("F9")
    expect(page.get_by_role("status")).to_contain_text("saved")
    screen.go(f"/s/{asha.shop.slug}/customers?q=9820155512")
    page.get_by_role("link", name="Meenal Joshi").click()
    expect(page.get_by_label("Town")).to_have_value("Nashik")


def test_a_piece_comes_back(screen: Watched, cast: Cast, stage: Stage) -> None:
    """The credit note reverses the line, gives the money back and has a print of its own."""
    page, asha, bill = screen.page, cast.asha, stage.take_bill()
    screen.expected = (REFUSED,)
    screen.be(asha)
    screen.go(f"/s/{asha.shop.slug}/bills/{bill.id}")
    page.get_by_text("Credit note: a piece comes back").click()
    page.locator("#credit").get_by_label("Reason").fill("Piece brought back")
    page.get_by_role("button", name="Issue the credit note").click()
    expect(page.get_by_text("Tick the pieces that come back.")).to_be_visible()
    expect(page.locator("#credit").get_by_label("Reason")).to_have_value("Piece brought back")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Money goes back by").select_option("upi")
    page.get_by_role("button", name="Issue the credit note").click()
    page.wait_for_url("**/bills/*?issued=yes")
    expect(page.get_by_role("heading", name="Credit note")).to_be_visible()
    expect(page.locator("iframe.pdf-frame")).to_be_visible(timeout=30_000)
    screen.look("story-note")
    page.get_by_role("link", name="the bill").click()
    expect(page.get_by_text("came back")).to_be_visible()
    expect(page.get_by_text("Notes on this bill")).to_be_visible()
    screen.go(f"/s/{asha.shop.slug}/bills?kind=credit_note")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_an_export_is_asked_for_and_fetched(screen: Watched, cast: Cast, stage: Stage) -> None:
    page, meera = screen.page, cast.meera
    screen.expected = (REFUSED,)
    screen.be(meera)
    screen.go(f"/s/{cast.asha.shop.slug}/exports")
    page.get_by_label("From").fill("01-01-2027")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_role("alert")).to_contain_text("ends before it begins")
    screen.go(f"/s/{cast.asha.shop.slug}/exports")
    page.get_by_label("As").select_option("csv")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=30_000)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    body = Path(str(coming.value.path())).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    numbers = {one.number for one in stage.bills}
    assert numbers <= {cell for row in rows for cell in row}


def test_a_file_that_failed_is_asked_for_again(screen: Watched, cast: Cast, runtime: Runtime) -> None:
    page, asha, day = screen.page, cast.asha, {"from": "2026-04-01", "to": "2026-04-30"}
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        db.add(Export(
            id=new_id(), kind="invoices", format="xlsx", params=day, state=ExportState.FAILED.value,
            requested_by=asha.person_id, created_at=utc_now(),
        ))  # fmt: skip
        db.commit()
    screen.be(asha)
    screen.go(f"/s/{asha.shop.slug}/exports")
    row = page.locator("tbody tr").filter(has_text="01-04-2026")
    expect(row).to_contain_text("failed")
    screen.look("story-export-failed")
    row.get_by_role("button", name="Try again").click()
    expect(row.get_by_role("link", name="Download")).to_be_visible(timeout=30_000)


def test_another_shops_pages_are_not_there(screen: Watched, cast: Cast, stage: Stage) -> None:
    """Nor another shop's things under one's own address."""
    screen.expected = ("404 (NOT FOUND)",)
    screen.be(cast.ravi)
    theirs, own, thing = cast.asha.shop.slug, cast.ravi.shop.slug, stage.items[0].id
    for path in (
        f"/s/{theirs}/", f"/s/{theirs}/bills", f"/s/{theirs}/stock/{thing}", "/s/nobodys-shop/",
        f"/s/{own}/stock/{thing}", f"/s/{own}/bills/{stage.bills[0].id}", f"/s/{own}/customers/{stage.people[0].id}",
    ):  # fmt: skip
        assert screen.go(path) == 404, path
    screen.look("story-not-found")


def test_who_is_not_signed_in_comes_back_to_the_page(screen: Watched, cast: Cast) -> None:
    screen.go(f"/s/{cast.asha.shop.slug}/stock")
    page = screen.page
    expect(page.get_by_role("heading", name="Sign in to your shop")).to_be_visible()
    page.get_by_label("E-mail").fill(cast.asha.email)
    page.get_by_label("Password").fill("Saffron-temple-77-bells")
    page.keyboard.press("Enter")
    page.wait_for_url("**/stock")
    page.locator("summary").filter(has_text="Asha").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    screen.go(f"/s/{cast.asha.shop.slug}/stock")
    assert "/sign-in" in page.url


def test_light_and_dark_by_hand(screen: Watched, cast: Cast) -> None:
    """The choice stays in this browser."""
    screen.be(cast.asha)
    screen.go(f"/s/{cast.asha.shop.slug}/")
    page = screen.page
    before = page.locator("html").get_attribute("data-bs-theme")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert {before, page.locator("html").get_attribute("data-bs-theme")} == {"light", "dark"}
