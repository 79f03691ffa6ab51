"""A shop's logo, from its upload to bills that keep the one that they were issued with."""

import hashlib
import io
import re
import secrets

import pytest
from PIL import Image
from pypdf import PdfReader

from app.kit.objects import read_bytes
from app.kit.ports import Bucket
from tests.support import pictures
from tests.support.counter import Counter, made
from tests.support.jobs import work_off


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


def uploaded(counter, colour, shop_id=None):
    """A square of one colour as this shop's upload, or another's."""
    key = f"{shop_id or counter.who.shop_id}/{secrets.token_hex(8)}"
    body = pictures.encoded(Image.new("RGB", (300, 300), colour), "PNG")
    counter.runtime.store.put(Bucket.INCOMING, key, body, content_type="image/png")
    return key


def colours(pdf):
    """Of the pictures on the first page, the colour of each one's middle."""
    found = [one.image.convert("RGB") for one in PdfReader(io.BytesIO(pdf)).pages[0].images]
    return [picture.getpixel((picture.width // 2, picture.height // 2)) for picture in found]


@pytest.fixture
def set_logo(counter):
    def run(colour):
        version = counter.get("/profile").json["version"]
        key = uploaded(counter, colour) if colour else None
        answer = counter.put("/profile/logo", {"uploadKey": key}, version=version)
        assert answer.status_code == 200, answer.json
        return answer.json["logo"]

    return run


RED, BLUE = (200, 0, 0), (0, 0, 200)


def test_each_bill_keeps_the_logo_that_it_was_issued_with(counter, set_logo, runtime):
    customer = counter.customer()
    bare = made(counter.bill([counter.piece()], customerId=customer["id"]))
    red = set_logo(RED)
    first = made(counter.bill([counter.piece()], customerId=customer["id"]))
    blue = set_logo(BLUE)
    second = made(counter.bill([counter.piece()], customerId=customer["id"]))
    note = made(counter.post(f"/invoices/{first['id']}/credit-notes", {"reason": "came back"}))
    set_logo(None)
    last = made(counter.bill([counter.piece()], customerId=customer["id"]))
    documents = (bare, first, second, note, last)
    assert [one["seller"].get("logo") for one in documents] == [None, red, blue, red, None]
    assert red != blue and made(counter.get(f"/invoices/{first['id']}")) == first
    shown = [counter.get(f"/invoices/{one['id']}/print", paper="a5", language="gu").data for one in documents]
    assert list(map(colours, shown)) == [[], [RED], [BLUE], [RED], []]
    assert colours(counter.get(f"/invoices/{first['id']}/print", paper="roll").data) == []
    work_off(runtime, counter.who.shop_id)
    kept = runtime.store.open(Bucket.INVOICES, f"{counter.who.shop_id}/{first['id'].replace('-', '')}-v1.pdf").read()
    assert colours(kept) == [RED]
    assert counter.books().sound


def test_an_estimate_keeps_its_logo_too(counter, set_logo):
    set_logo(BLUE)
    told = made(counter.post("/estimates", {"lines": [{"itemId": counter.piece()["id"]}]}))
    set_logo(None)
    assert colours(counter.get(f"/estimates/{told['id']}/print", paper="a5").data) == [BLUE]


def test_vouchers_keep_theirs_and_slips_have_todays(counter, set_logo, runtime):
    lata = counter.customer()["id"]
    set_logo(RED)
    receipt = made(counter.post("/receipts", {
        "customerId": lata, "purpose": "advance", "payments": [{"mode": "upi", "paise": 5_000_00}],
    }))  # fmt: skip
    memo = made(counter.post("/memos", {"customerId": lata, "itemIds": [counter.piece()["id"]]}))
    set_logo(BLUE)
    assert colours(counter.get(f"/receipts/{receipt['id']}/print").data) == [RED]
    assert colours(counter.get(f"/memos/{memo['id']}/print", paper="a4").data) == [BLUE]
    assert colours(counter.get(f"/memos/{memo['id']}/print", paper="roll").data) == []
    work_off(runtime, counter.who.shop_id)
    kept = runtime.store.open(Bucket.INVOICES, f"{counter.who.shop_id}/{receipt['id'].replace('-', '')}-v1.pdf").read()
    assert colours(kept) == [RED]


def test_it_is_kept_under_the_hash_of_what_was_made_of_it(counter, set_logo, runtime):
    logo = set_logo(RED)
    png = read_bytes(runtime.store, Bucket.SHOP_LOGOS, f"{counter.who.shop_id}/{logo}.png", most=10**6)
    assert hashlib.sha256(png).hexdigest() == logo
    assert Image.open(io.BytesIO(png)).size == (240, 240)
    assert counter.get("/profile").json["logo"] == logo


def test_a_logo_that_is_gone_or_was_changed_stops_no_bill(counter, set_logo, runtime):
    for colour, harm in ((RED, "gone"), (BLUE, "changed")):
        logo = set_logo(colour)
        key = f"{counter.who.shop_id}/{logo}.png"
        bill = made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
        if harm == "gone":
            runtime.store.delete(Bucket.SHOP_LOGOS, key)
        else:
            runtime.store.put(Bucket.SHOP_LOGOS, key, b"\x89PNG", content_type="image/png")
        pdf = counter.get(f"/invoices/{bill['id']}/print").data
        assert colours(pdf) == [] and bill["number"] in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def test_what_may_not_be_a_logo(counter, cast, flask_app, runtime):
    version = counter.get("/profile").json["version"]
    theirs = counter.put("/profile/logo", {"uploadKey": uploaded(counter, RED, cast.ravi.shop_id)}, version=version)
    assert (theirs.status_code, theirs.json["code"]) == (404, "upload_unknown")
    key = f"{counter.who.shop_id}/{secrets.token_hex(8)}"
    runtime.store.put(Bucket.INCOMING, key, b"GIF89a", content_type="image/png")
    odd = counter.put("/profile/logo", {"uploadKey": key}, version=version)
    assert (odd.status_code, odd.json["code"]) == (422, "picture_unreadable")
    stale = counter.put("/profile/logo", {"uploadKey": uploaded(counter, RED)}, version=version + 1)
    assert (stale.status_code, stale.json["code"]) == (412, "changed_meanwhile")
    clerk = Counter(flask_app, runtime, cast.bina)
    assert clerk.put("/profile/logo", {"uploadKey": None}, version=version).status_code == 403
    assert counter.get("/profile").json["logo"] is None


def test_it_is_sent_from_the_page_of_settings(counter, client):
    slug, profile = counter.who.shop.slug, counter.get("/profile").json
    client.set_cookie("boola_session", counter.who.token)
    page = client.get(f"/s/{slug}/settings").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    form = {"csrf_token": found[1], "version": str(profile["version"]), "idempotency_key": secrets.token_hex(16)}
    where = {"headers": {"Referer": "http://localhost/"}, "content_type": "multipart/form-data"}
    body = pictures.encoded(pictures.ring((200, 100)), "PNG")
    empty = client.post(f"/s/{slug}/settings/logo", data=form, **where)
    assert empty.status_code == 400 and "No picture arrived" in empty.text
    sent = client.post(f"/s/{slug}/settings/logo", data={**form, "file": (io.BytesIO(body), "ring.png")}, **where)
    assert sent.status_code == 303, sent.text
    logo = counter.get("/profile").json["logo"]
    assert f"{counter.who.shop_id}/{logo}.png" in client.get(sent.location).text
    again = {**form, "version": str(profile["version"] + 1), "idempotency_key": secrets.token_hex(16)}
    gone = client.post(f"/s/{slug}/settings/logo/removal", data=again, headers={"Referer": "http://localhost/"})
    assert gone.status_code == 303 and counter.get("/profile").json["logo"] is None
