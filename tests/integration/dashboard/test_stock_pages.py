"""The pages of the stock as they are used: a bill, a lot, a tray, a transfer, a memo, a melt, and the book of all."""

import html
import re

import pytest

from app.inventory import service as inventory
from app.kit.clock import today_ist
from app.tenants.models import Outlet
from tests.factories.people import a_customer
from tests.factories.stock import an_item
from tests.support.floor import diamonds
from tests.support.pages import Sender


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


def id_in(reply, what):
    assert reply.status_code == 303, wrongs(reply)
    return re.search(rf"{what}/([0-9a-f-]{{36}})", reply.location)[1]


def wrongs(reply):
    return reply.status_code, [html.unescape(one) for one in re.findall(r'class="wrong"[^>]*>([^<]+)', reply.text)]


def poured(page):
    """The rows of what came of a melt, without what it cost."""
    table = page.partition('id="poured-title"')[2].partition("<tbody>")[2].partition("</table>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)[:3] for row in table.split("<tr>")[1:]]
    return [[" ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in row] for row in rows]


def annex(runtime, cast):
    from app.kit.ids import new_id

    outlet_id, shop = new_id(), cast.asha.shop
    at_work(runtime, cast, lambda db: db.add(Outlet(
        id=outlet_id, registration_id=shop.registration_id, name="Annex", address="2 Zaveri Bazaar", city="Mumbai",
        pin="400002", state_code="27",
    )))  # fmt: skip
    return outlet_id


BILL = {
    "bill_no": "B/12", "bill_on": "20-11-2026", "rows": "4", "total": "61,800",
    "0-what": "piece", "0-code": "NK-9", "0-name": "Necklace", "0-category": "necklace", "0-metal": "silver",
    "0-fineness": "925", "0-net": "12.000", "0-value": "10,000.00",
    "2-what": "bullion", "2-code": "BAR-9", "2-name": "Silver bar", "2-metal": "silver", "2-fineness": "999.0",
    "2-net": "400.000", "2-value": "50,000.33", "2-category": "ring",
}  # fmt: skip


def test_a_bill_is_entered_refused_at_its_field_corrected_paid_and_a_line_sent_back(asha, stock):
    supplier = id_in(asha.once(f"{stock}/suppliers/new", {"name": "Mehta", "gstin": "27AAACR5055K1Z7"}), "suppliers")
    wrong = asha.once(
        f"{stock}/purchases/new", {**BILL, "supplier_id": supplier, "0-code": "N K", "2-fineness": "9990"}
    )
    assert wrong.status_code == 422
    assert 'value="Silver bar"' in wrong.text  # nothing typed is lost
    assert wrongs(wrong)[1] == ["Parts per thousand with one decimal: 916 or 999.5."]
    again = asha.once(f"{stock}/purchases/new", {**BILL, "supplier_id": supplier, "0-code": "N K"})
    assert re.search(r'id="f-0-code"[^>]*aria-invalid', again.text, re.DOTALL), wrongs(again)
    bill = id_in(asha.once(f"{stock}/purchases/new", {**BILL, "supplier_id": supplier}), "purchases")
    page = asha.look(f"{stock}/purchases/{bill}").text
    assert "61,800.00" in page and "NK-9" in page and "-₹0.33" in page
    assert "₹61,800.00 owed" in asha.look(f"{stock}/suppliers/{supplier}").text
    paid = asha.once(f"{stock}/suppliers/{supplier}/pay", {"amount": "800", "mode": "upi"})
    assert paid.status_code == 303
    id_in(asha.once(f"{stock}/purchases/{bill}/return", {"line-1": "yes", "reason": "broken clasp"}), "purchases")
    # 61,800 − 800 − 10,300
    assert "₹50,700.00 owed" in asha.look(f"{stock}/suppliers/{supplier}").text
    more = asha(f"{stock}/purchases/new", {**BILL, "supplier_id": supplier, "more": "yes"})
    assert more.status_code == 200 and 'name="9-code"' in more.text and 'value="NK-9"' in more.text


def test_a_lot_is_received_tagged_split_weighed_and_written_off(asha, stock):
    facts = {"code": "f-1", "name": "Rings", "kind": "pieces", "metal": "silver", "fineness": "925", "net": "50",
             "pieces": "5", "cost": "5,000"}  # fmt: skip
    wrong = asha.once(f"{stock}/lots/new", {**facts, "net": "x"})
    assert wrongs(wrong)[1] and 'value="Rings"' in wrong.text
    lot = id_in(asha.once(f"{stock}/lots/new", facts), "lots")
    assert "F-1" in asha.look(f"{stock}/lots").text
    stones = {"code": "d-1", "name": "Diamonds", "kind": "stones", "metal": "stone", "carat": "5"}
    unsaid = asha.once(f"{stock}/lots/new", stones)
    assert unsaid.status_code == 422 and "Say which HSN it is" in unsaid.text and 'value="Diamonds"' in unsaid.text
    id_in(asha.once(f"{stock}/lots/new", {**stones, "hsn": "7102"}), "lots")
    tag = {"version": "1", "tag": "RG-1", "name": "Ring", "category": "ring", "gross": "10", "making_kind": "fixed",
           "making": "100"}  # fmt: skip
    too_much = asha.once(f"{stock}/lots/{lot}/tag", {**tag, "gross": "51"})
    assert too_much.status_code == 409 and 'value="RG-1"' in too_much.text
    item = id_in(asha.once(f"{stock}/lots/{lot}/tag", tag), "stock")
    assert "₹1,000.00" in asha.look(f"{stock}/{item}").text  # its share of the cost
    part = {"version": "2", "code": "F-2", "net": "10", "pieces": "1"}
    other = id_in(asha.once(f"{stock}/lots/{lot}/split", part), "lots")
    assert asha.once(f"{stock}/lots/{other}/weigh", {"version": "1", "net": "9.990", "pieces": "1", "reason": "dust"}
                     ).status_code == 303  # fmt: skip
    assert asha.once(f"{stock}/lots/{lot}/merge", {"codes": "F-2"}).status_code == 303
    drawn = asha.once(f"{stock}/lots/{lot}/draw", {"version": "4", "kind": "lost", "net": "39.990", "pieces": "4",
                                                   "reason": "stolen"})  # fmt: skip
    assert drawn.status_code == 303, wrongs(drawn)
    assert "Used up" in asha.look(f"{stock}/lots/{lot}").text


def test_stock_is_laid_into_a_tray_sent_weighed_in_and_called_off(asha, stock, runtime, cast):
    outlet, item = annex(runtime, cast), at_work(runtime, cast, an_item)
    asha.once(f"{stock}/places", {"outlet_id": cast.asha.shop.outlet_id, "code": "t1", "name": "Front tray"})
    page = asha.look(f"{stock}/places").text
    tray = re.search(r'action="[^"]*/places/([0-9a-f-]{36})"', page)[1]
    unknown = asha.once(f"{stock}/places/shift", {"to_place_id": tray, "codes": f"{item.tag} NOBODY-1"})
    assert wrongs(unknown) == (404, ["Nothing in stock is called NOBODY-1."])
    assert asha.once(f"{stock}/places/shift", {"to_place_id": tray, "codes": item.tag.lower()}).status_code == 303
    assert "T1 Front tray" in asha.look(f"{stock}?place={cast.asha.shop.outlet_id}").text
    send = {"to_outlet_id": outlet, "codes": item.huid, "note": "for the wedding"}
    sent = id_in(asha.once(f"{stock}/transfers/new", send), "transfers")
    there = {"version": "1", "gross-1": "3.300", "what-1": "arrived"}
    differs = asha.once(f"{stock}/transfers/{sent}/receive", there)
    assert differs.status_code == 409 and 'value="3.300"' in differs.text
    assert wrongs(differs)[1] == [f"Other than sent: {item.tag} -0.090 g."]
    assert asha.once(f"{stock}/transfers/{sent}/receive", {**there, "accept": "yes"}).status_code == 303
    assert "3.300" in asha.look(f"{stock}/{item.id}").text
    back = id_in(asha.once(f"{stock}/transfers/new", {**send, "to_outlet_id": cast.asha.shop.outlet_id}), "transfers")
    assert asha.once(f"{stock}/transfers/{back}/recall", {"version": "1"}).status_code == 303
    assert at_work(runtime, cast, inventory.verify_metal) == []


def test_pieces_go_out_on_approval_come_back_and_are_melted(asha, stock, runtime, cast):
    items = at_work(runtime, cast, lambda db: [an_item(db), an_item(db)])
    customer = at_work(runtime, cast, lambda db: a_customer(db, runtime.keyring))
    scanned = "\n".join(item.tag for item in items)
    nobody = asha.once(f"{stock}/memos/new", {"phone": "9000000000", "codes": scanned})
    assert wrongs(nobody)[1] == ["No customer has this number. Enter the customer first."]
    memo = id_in(
        asha.once(
            f"{stock}/memos/new", {"phone": customer.phone, "codes": scanned, "due_on": f"{today_ist():%d-%m-%Y}"}
        ),
        "memos",
    )
    assert customer.name in asha.look(f"{stock}/memos").text
    scan = {"step": "add", "code": items[0].tag}
    assert (
        f"No longer in stock: {items[0].tag} (out on approval: take it back first)."
        in asha(stock.replace("/stock", "/bills/sheet"), scan).text
    )
    assert asha.once(f"{stock}/memos/{memo}/return", {"version": "1", "line-2": "yes"}).status_code == 303
    assert asha.once(f"{stock}/memos/{memo}/return", {"version": "2"}).status_code == 303
    kept = re.findall(r'href="([^"]*/bills/new[^"]*)"', asha.look(f"{stock}/memos/{memo}").text.replace("&amp;", "&"))
    sheet = asha.look(next(link for link in kept if items[1].tag in link)).text
    assert customer.name in sheet and items[1].tag in sheet  # the counter begins with the customer and what they keep
    melt = id_in(asha.once(f"{stock}/melts/new", {"codes": scanned}), "melts")
    pour = {"version": "1", "kind": "bullion", "metal": "gold", "code": "POUR", "name": "Bar", "fineness": "995",
            "net": "6.300"}  # fmt: skip
    finer = asha.once(f"{stock}/melts/{melt}/pour", pour)  # 6.780 × 0.916 = 6.21048 g fine; 6.3 × 0.995 = 6.2685
    assert finer.status_code == 422 and "6.210 g fine" in finer.text and 'value="POUR"' in finer.text
    assert asha.once(f"{stock}/melts/{melt}/pour", {**pour, "net": "6.200"}).status_code == 303
    # 6.2 × 0.995 = 6.169 fine; of 6.780 net and 6.21048 fine that went in, 0.580 and 0.04148 are lost
    assert poured(asha.look(f"{stock}/melts/{melt}").text) == [
        ["POUR · Bar 24K 995", "6.200", "6.169"], ["Loss", "0.580", "0.041"], ["Fine in the pot", "", "6.210"],
    ]  # fmt: skip
    book = asha.look(f"{stock}/book").text
    assert "6.200" in book and "Melting loss" in book and "Loss" in book
    assert asha.look(f"{stock}/book?on=01-01-2020&account=sold").status_code == 200
    assert at_work(runtime, cast, inventory.verify_metal) == []


def test_stones_that_were_picked_out_of_a_melt_say_their_code_on_the_page(asha, stock, runtime, cast):
    item = at_work(runtime, cast, lambda db: an_item(db, gross_mg=5_200, stones=diamonds(1_000)))
    melt = id_in(asha.once(f"{stock}/melts/new", {"codes": item.tag}), "melts")
    assert re.search(r'name="stones-hsn".*?value="7102"', asha.look(f"{stock}/melts/{melt}").text, re.DOTALL)
    pour = {"version": "1", "kind": "bullion", "metal": "gold", "code": "POUR", "name": "Bar", "fineness": "900",
            "net": "3.000", "stones-kind": "stones", "stones-metal": "stone", "stones-code": "PICKED",
            "stones-name": "Diamonds", "stones-carat": "0.9", "stones-pieces": "2"}  # fmt: skip
    unsaid = asha.once(f"{stock}/melts/{melt}/pour", pour)
    assert unsaid.status_code == 422 and re.search(r'id="h-stones-hsn">Say which HSN', unsaid.text), wrongs(unsaid)
    assert asha.once(f"{stock}/melts/{melt}/pour", {**pour, "stones-hsn": "7102"}).status_code == 303
    (picked,) = at_work(runtime, cast, lambda db: inventory.list_lots(db, text="PICKED")).items
    assert (picked.hsn, picked.left_stone_mct) == ("7102", 900)
    assert poured(asha.look(f"{stock}/melts/{melt}").text)[1][:2] == ["PICKED · Diamonds Stone", "0.900 ct"]
    assert at_work(runtime, cast, inventory.verify_metal) == []


def test_a_clerk_sees_no_cost_and_no_purchases(flask_app, cast, runtime, stock):
    bina = Sender(flask_app, cast.bina)
    item = at_work(runtime, cast, lambda db: an_item(db, cost_paise=31_234_00))
    assert "31,234.00" not in bina.look(f"{stock}/{item.id}").text
    assert "31,234.00" not in bina.look(f"{stock}/book").text
    assert bina.look(f"{stock}/purchases").status_code == 403
    assert "/purchases" not in bina.look(stock).text
    api = f"/api/v1/shops/{cast.asha.shop_id}"
    for path in (f"/items/{item.id}", "/metal/balances", "/metal/entries"):
        assert "3123400" not in flask_app.test_client().get(api + path, headers=cast.bina.headers()).text
        assert "3123400" in flask_app.test_client().get(api + path, headers=cast.asha.headers()).text
