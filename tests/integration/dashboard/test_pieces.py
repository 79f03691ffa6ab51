"""A piece by its form: every fact the API has goes in and comes back, and what is shown beside it is true."""

import re

import pytest

from app.inventory import service as inventory
from tests.factories.bills import a_bill
from tests.factories.rates import a_board
from tests.factories.stock import a_huid, an_item
from tests.support.pages import Sender

FORM = {
    "tag": "JH-1", "name": "Jhumka", "category": "earrings", "purity": "gold-9160", "gross": "8.120", "stone": "",
    "hsn": "711319", "huid": "", "huid_exempt": "kundan_polki_jadau", "making_kind": "per_gram_net", "making": "650.50",
    "wastage_kind": "percent_of_net", "wastage": "2.5", "hallmark": "45", "stone-0-kind": "Polki",
    "stone-0-pieces": "12", "stone-0-carat": "1.500", "stone-0-basis": "per_carat", "stone-0-rate": "9,000",
    "stone-3-kind": "Pearl", "stone-3-pieces": "6", "stone-3-carat": "", "stone-3-basis": "per_piece",
    "stone-3-rate": "120",
}  # fmt: skip


@pytest.fixture
def asha(flask_app, cast):
    return Sender(flask_app, cast.asha)


@pytest.fixture
def stock(cast):
    return f"/s/{cast.asha.shop.slug}/stock"


def at_work(runtime, cast, work):
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        done = work(db)
        db.commit()
        return done


def fields(page):
    """Name → value of the form's fields, as a browser would send them."""
    inputs = re.findall(r'<input [^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', page)
    chosen = re.findall(r'<select [^>]*?name="([^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    return dict(inputs) | dict(chosen)


def test_every_fact_is_entered_and_shown_again(asha, stock, client, cast):
    reply = asha.once(f"{stock}/new", FORM)
    assert reply.status_code == 303, reply.text
    item_id = re.search(r"stock/([0-9a-f-]{36})", reply.location)[1]
    kept = client.get(f"/api/v1/shops/{cast.asha.shop_id}/items/{item_id}", headers=cast.asha.headers()).json
    # 12 stones of 1.5 carats weigh 0.300 g: net is 8.120 less 0.300
    assert (kept["grossMg"], kept["stoneMg"], kept["netMg"], kept["hsn"]) == (8120, 300, 7820, "711319")
    assert kept["making"] == {"kind": "per_gram_net", "paise": 650_50, "bp": 0}
    assert kept["wastage"] == {"kind": "percent_of_net", "bp": 250}
    assert (kept["huidExempt"], kept["hallmarkStatus"], kept["hallmarkPaise"]) == ("kundan_polki_jadau", "exempt", 4500)
    assert [(one["kind"], one["pieces"], one["weightMct"], one["ratePaise"]) for one in kept["stones"]] == [
        ("Polki", 12, 1500, 9_000_00), ("Pearl", 6, 0, 120_00),
    ]  # fmt: skip
    shown = fields(asha.look(f"{stock}/{item_id}/edit").text)
    assert {name: shown[name] for name in ("making", "wastage", "gross", "stone", "huid_exempt", "stone-1-kind")} == {
        "making": "650.50", "wastage": "2.50", "gross": "8.120", "stone": "", "huid_exempt": "kundan_polki_jadau",
        "stone-1-kind": "Pearl",
    }  # fmt: skip


def test_a_form_sent_as_it_was_shown_changes_nothing(asha, stock, runtime, cast):
    item = at_work(runtime, cast, lambda db: an_item(db, gross_mg=1_500, huid=None, stone_mg=9, category="bali"))
    shown = fields(asha.look(f"{stock}/{item.id}/edit").text)
    assert shown["category"] == "bali"
    assert asha.once(f"{stock}/{item.id}/edit", shown).status_code == 303
    again = at_work(runtime, cast, lambda db: inventory.get_item(db, item.id))
    assert again == item


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stone": "0.100"}, "stone"),
        ({"huid": "AB"}, "huid"),
        ({"huid": "ABCDE1"}, "huid_exempt"),
        ({"hsn": "9999"}, "hsn"),
        ({"stone-3-rate": "much"}, "stone-3-rate"),
        ({"stone-0-carat": ""}, "stone-0-carat"),
        ({"wastage_kind": "none"}, "wastage_kind"),
    ],
)
def test_what_is_wrong_stands_at_its_field(asha, stock, change, field):
    reply = asha.once(f"{stock}/new", {**FORM, **change})
    assert reply.status_code == 422
    assert f'class="wrong" id="h-{field}"' in reply.text


def test_what_is_typed_is_reckoned_and_kept_nowhere(asha, stock, runtime, cast):
    at_work(runtime, cast, lambda db: a_board(db, gold_9160=12_000_00))
    said = asha(f"{stock}/reckoned", {**FORM, "huid_exempt": "", "stone-0-kind": "", "stone-0-carat": "",
                                      "stone-0-pieces": "", "stone-0-rate": ""}).text  # fmt: skip
    # 8.120 g at 916: 7.43792 g fine; at ₹12,000 a gram ₹97,440
    assert "8.120" in said and "7.438" in said and "₹97,440.00" in said and "HUID missing" in said
    assert "lighter than 2 g" in asha(f"{stock}/reckoned", {"purity": "gold-9160", "gross": "1.900"}).text
    assert "leave no metal" in asha(f"{stock}/reckoned", {"purity": "gold-9160", "gross": "1", "stone": "1"}).text
    assert not at_work(runtime, cast, inventory.list_items).items


TWO_TONE = {
    **{name: text for name, text in FORM.items() if not name.startswith("stone-")}, "gross": "10.000",
    "metal-0-purity": "", "metal-0-net": "", "metal-2-purity": "platinum-9500", "metal-2-net": "2.500",
}  # fmt: skip


def test_a_piece_of_two_metals_is_entered_shown_and_priced_by_both(asha, stock, runtime, cast):
    at_work(runtime, cast, lambda db: a_board(db, gold_9160=12_000_00, platinum_9500=5_000_00))
    said = asha(f"{stock}/reckoned", TWO_TONE).text
    # 7.500 g at 916: 6.870 g fine; 2.500 g at 950: 2.375 g; 90,000 + 12,500 of metal
    assert "6.870" in said and "2.375" in said and "₹1,02,500.00" in said
    reply = asha.once(f"{stock}/new", TWO_TONE)
    assert reply.status_code == 303, reply.text
    item_id = re.search(r"stock/([0-9a-f-]{36})", reply.location)[1]
    page = asha.look(f"{stock}/{item_id}").text
    assert "22K 916 + Platinum 950" in page and "₹90,000.00" in page and "₹12,500.00" in page
    shown = fields(asha.look(f"{stock}/{item_id}/edit").text)
    assert (shown["metal-0-purity"], shown["metal-0-net"]) == ("platinum-9500", "2.500")
    assert asha.once(f"{stock}/{item_id}/edit", shown).status_code == 303
    for field, text in (("metal-0-net", "10"), ("metal-0-purity", "")):
        again = fields(asha.look(f"{stock}/{item_id}/edit").text)
        wrong = asha.once(f"{stock}/{item_id}/edit", {**again, field: text})
        assert wrong.status_code == 422 and f'class="wrong" id="h-{field}"' in wrong.text


def test_a_pieces_page_says_its_price_or_why_there_is_none(asha, stock, runtime, cast):
    item = at_work(runtime, cast, lambda db: an_item(db, gross_mg=10_000, making_bp=1000, huid=a_huid()))
    assert "no rate for 22K 916" in asha.look(f"{stock}/{item.id}").text
    at_work(runtime, cast, lambda db: a_board(db, gold_9160=10_000_00))
    # ₹1,00,000 of metal, 10 % making, 3 % tax: 1,10,000 × 1.03
    assert "₹1,13,300.00" in asha.look(f"{stock}/{item.id}").text


def test_a_sold_piece_names_its_bill_and_is_not_corrected(asha, stock, runtime, cast):
    item = at_work(runtime, cast, lambda db: (a_board(db), an_item(db, gross_mg=2_500))[1])
    bill = a_bill(runtime.router, runtime.keyring, shop_id=cast.asha.shop_id, actor=cast.asha.actor, item_ids=[item.id])
    assert bill.number in asha.look(f"{stock}/{item.id}").text
    away = asha.look(f"{stock}/{item.id}/edit")
    assert (away.status_code, away.location) == (303, f"{stock}/{item.id}")
    shown = {**FORM, "tag": item.tag, "version": "2"}
    assert asha.once(f"{stock}/{item.id}/edit", shown).status_code == 409
