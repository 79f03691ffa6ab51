"""By hand: a customer's old gold is tested, photographed and bought; a saver joins, pays, and looks at the passbook."""

import re

from tests.e2e.stage import photo
from tests.factories.people import a_phone


def test_old_gold_is_bought_at_the_counter(screen, cast, stage):
    """12.000 g of 91.6 % with 1 % loss at the board's ₹13,980 for 999, less 2 %: 10.882 g fine at ₹13,714.11."""
    seller = stage.people[0]
    screen.be(cast.asha)
    screen.go(f"/s/{cast.asha.shop.slug}/old-gold/new")
    page = screen.page
    page.get_by_label("Phone of the seller").fill(seller.phone)
    page.keyboard.press("F4")
    page.get_by_role("button", name="Find").click()
    page.get_by_text(seller.name).wait_for()
    page.get_by_label("Identity", exact=True).select_option("voter")
    page.get_by_label("Its number").fill("ABC1234567")
    page.get_by_role("textbox", name="What it is").fill("Old bangle")
    page.get_by_label("Gross").fill("12.000")
    page.get_by_label("Purity as tested").fill("91.6")
    with page.expect_response(re.compile("old-gold/sheet")):
        page.get_by_label("Photograph", exact=True).set_input_files(
            {"name": "bangle.jpg", "mimeType": "image/jpeg", "buffer": photo()}
        )
    page.get_by_text("Photograph kept").wait_for()
    assert page.locator("#og-value").inner_text() == "₹1,49,236.95"  # 10.882 × 13,714.11 = 149,236.94…
    screen.look("light-old-gold-sheet")
    page.get_by_label("Cash", exact=True).fill("5000")
    page.keyboard.press("F9")
    page.get_by_text("The old gold is bought and in stock.").wait_for()
    screen.look("light-old-gold-bought")
    assert "₹1,44,236.95" in page.content()
    link = page.get_by_role("link", name="Print").get_attribute("href")
    paper = page.request.get(link)
    assert paper.body().startswith(b"%PDF-")
    begun = page.get_by_role("link", name="Use it on a bill").get_attribute("href")
    assert begun and "customer=" in begun  # the counter has the credit of whom it knows
    page.goto(f"/s/{cast.asha.shop.slug}/old-gold/lots")
    page.get_by_label("Old bangle").check()
    page.get_by_role("button", name="Melt the chosen").click()
    page.get_by_text("The lots are in the pot.").wait_for()
    page.get_by_label("Weight of the bar").fill("11.000")
    page.get_by_label("Assay").fill("99.9")
    screen.look("light-old-gold-pot")
    page.get_by_role("button", name="Into stock").click()
    page.get_by_text("The bar is in stock").wait_for()


def test_what_was_typed_stays_beside_the_refusal(screen, cast, stage):
    """An Aadhaar number of eleven digits."""
    screen.be(cast.asha)
    screen.expected = ("422 (UNPROCESSABLE ENTITY)",)
    screen.go(f"/s/{cast.asha.shop.slug}/old-gold/new?customer={stage.people[1].id}")
    page = screen.page
    page.get_by_label("Identity", exact=True).select_option("aadhaar")
    page.get_by_label("Its number").fill("23456789012")
    page.get_by_role("textbox", name="What it is").fill("Old ring")
    page.get_by_label("Gross").fill("2.000")
    page.get_by_label("Purity as tested").fill("75")
    page.keyboard.press("F7")
    page.get_by_text("fine", exact=False).last.wait_for()
    page.get_by_role("button", name="Buy it").click()
    wrong = page.locator("#h-identity_number")
    wrong.wait_for()
    assert "Aadhaar" in wrong.inner_text()
    assert page.get_by_label("Its number").input_value() == "23456789012"
    assert page.get_by_label("Gross").input_value() == "2.000"


def test_a_saver_joins_and_pays_at_the_counter(screen, cast):
    screen.be(cast.asha)
    page, phone = screen.page, a_phone()
    screen.go(f"/s/{cast.asha.shop.slug}/schemes/plans")
    page.get_by_label("Code").fill("SUVARNA")
    page.get_by_label("Name").fill("Suvarna 11+1")
    page.get_by_label("At least").fill("1000")
    page.get_by_label("In steps of").fill("500")
    page.keyboard.press("F9")
    page.get_by_text("The plan is offered.").wait_for()
    screen.look("light-scheme-plans")
    screen.go(f"/s/{cast.asha.shop.slug}/schemes/new")
    page.get_by_label("Phone").fill(phone)
    page.get_by_label("Name").fill("Meena Pawar")
    page.get_by_label("Instalment a month").fill("2500")
    page.get_by_label("Nominee").fill("Ravi Pawar")
    page.get_by_label("Relation").fill("son")
    page.keyboard.press("F9")
    page.get_by_text("The scheme has begun").wait_for()
    screen.go(f"/s/{cast.asha.shop.slug}/schemes/collect?phone={phone}")
    page.get_by_label("Amount").fill("5000")
    page.get_by_label("Paid by").select_option("upi")
    screen.look("light-scheme-collect")
    page.get_by_role("button", name="Take it").click()
    page.get_by_text("The instalment is taken").wait_for()
    assert page.get_by_text("2/11").count() == 1
    screen.look("light-scheme-paid")
    paper = page.request.get(page.get_by_role("link", name="Print").get_attribute("href"))
    assert paper.body().startswith(b"%PDF-")
