"""A shop's own lists: every bad row is told, good ones are entered once, and an import that is killed goes on."""

import pytest

from app.imports import service as imports
from app.inventory import service as inventory
from app.metal import service as metal
from app.metal.service import Account
from tests.support.counter import made
from tests.support.jobs import work_off

HEAD = "Tag,Item,Category,Metal,Purity,Gross Wt,HUID,Making %,Cost,Tray\n"


def rows(count, *, begin=1):
    """Silver rings of 10.001 g, 10.002 g, …; silver below its mandate needs no HUID."""
    return "".join(
        f"S-{at},Ring,Anguthi,Silver,925,{10 + at / 1000:.3f},,10,100,\n" for at in range(begin, begin + count)
    )


def looked_at(counter, answer):
    """The import after its job looked it through."""
    assert answer.status_code == 202, answer.json
    work_off(counter.runtime, counter.who.shop_id)
    return made(counter.get(f"/imports/{answer.json['id']}"))


def problems(counter, found):
    return made(counter.get(f"/imports/{found['id']}/problems"))["items"]


def started(counter, found, *, whole=False):
    version = {"If-Match": f'"{found["version"]}"'}
    return counter.post(f"/imports/{found['id']}/start", {"onlyIfAllGood": whole}, **version)


def stock(counter):
    """Tags and gross weights, and what the metal book holds: pieces and gross."""
    page = made(counter.get("/items", limit=200))["items"]
    held = counter.read(lambda db: metal.balances(db, account=Account.STOCK))
    return sorted((one["tag"], one["grossMg"]) for one in page), sum(one.held.pieces for one in held), sum(
        one.held.gross_mg for one in held
    )  # fmt: skip


def test_every_bad_row_is_told_and_nothing_is_entered_unasked(counter, send):
    taken = counter.piece(tag="R-77", huid="AB12CE")
    text = HEAD + rows(2) + (
        "R-77,Ring,Ring,Gold,22K,3.390,AB12CD,16,,\n"
        "R-2,Ring,Ring,Gold,22K,3.390,ab12ce,16,,\n"
        "R-3,Ring,Ring,Copper,22K,x,AB12CF,16,,Attic\n"
        "S-1,Ring,Ring,Silver,925,10,,,,\n"
    )  # fmt: skip
    found = looked_at(counter, send(text))
    assert (found["state"], found["total"], found["good"], found["bad"]) == ("checked", 6, 2, 4)
    assert [(one["row"], one["column"], one["code"]) for one in problems(counter, found)] == [
        (4, "Tag", "tag_taken"), (5, "HUID", "huid_taken"), (6, "Metal", "cell_unreadable"),
        (6, "Gross Wt", "weight_unreadable"), (6, "Tray", "cell_unreadable"), (7, "Tag", "doubled_in_file"),
    ]  # fmt: skip
    assert [one["value"] for one in problems(counter, found)][:2] == ["R-77", "AB12CE"]
    assert stock(counter)[0] == [("R-77", taken["grossMg"])]
    refused = started(counter, found, whole=True)
    assert (refused.status_code, refused.json["code"]) == (409, "rows_are_wrong")


def test_the_good_rows_come_into_the_stock_and_the_book_once(counter, send):
    found = looked_at(counter, send(HEAD + rows(3) + "bad,Ring,Ring,Silver,925,,,,,\n"))
    assert started(counter, found).status_code == 202
    again = started(counter, found)
    assert (again.status_code, again.json["code"]) == (409, "import_not_ready")
    work_off(counter.runtime, counter.who.shop_id)
    done = made(counter.get(f"/imports/{found['id']}"))
    assert (done["state"], done["entered"], done["uptoRow"]) == ("done", 3, 4)
    # 10.001 + 10.002 + 10.003 g
    assert stock(counter) == ([("S-1", 10_001), ("S-2", 10_002), ("S-3", 10_003)], 3, 30_006)
    assert counter.read(inventory.verify_metal) == []
    piece = made(counter.get("/items/by-code/S-2"))
    assert (piece["making"], piece["costPaise"], piece["placeId"]) == (
        {"kind": "percent", "paise": 0, "bp": 1000}, 100_00, str(counter.who.shop.outlet_id),
    )  # fmt: skip


def test_an_import_killed_in_the_middle_goes_on_and_enters_no_row_twice(counter, send, monkeypatch):
    """Chunks of 20: the job dies after its second; what the second wrote and how far it was are one transaction."""
    import dataclasses

    from app.imports import jobs

    small = dataclasses.replace(jobs.bounds_on(jobs.today_ist()), chunk=20)
    monkeypatch.setattr(jobs, "bounds_on", lambda _day: small)
    found = looked_at(counter, send(HEAD + rows(50)))
    assert started(counter, found, whole=True).status_code == 202
    real, left = jobs._chunk, [2]

    def dies(*args):
        if not left[0]:
            raise SystemExit
        left[0] -= 1
        return real(*args)

    monkeypatch.setattr(jobs, "_chunk", dies)
    with pytest.raises(SystemExit):
        work_off(counter.runtime, counter.who.shop_id)
    half = made(counter.get(f"/imports/{found['id']}"))
    assert (half["state"], half["entered"], half["uptoRow"]) == ("running", 40, 41)
    counter.piece(tag="S-45")  # a till takes one of the tags meanwhile
    monkeypatch.setattr(jobs, "_chunk", real)
    rerun(counter, found)
    done = made(counter.get(f"/imports/{found['id']}"))
    assert (done["state"], done["entered"]) == ("done", 49)
    assert [(one["row"], one["code"]) for one in done["overtaken"]] == [(46, "tag_taken")]
    assert stock(counter)[1] == 50
    assert counter.read(inventory.verify_metal) == []


def rerun(counter, found):
    """What the relay does once the lease has run out: a job of the same parameters, taken anew."""
    from app.kit import outbox

    counter.write(lambda db: outbox.enqueue(db, imports.RUN, params={"import_id": found["id"]}))
    work_off(counter.runtime, counter.who.shop_id)


def test_customers_come_with_phones_and_keys_and_doubles_are_named(counter, send):
    made(counter.post("/customers", {"name": "Lata", "phone": "9820012345"}))
    text = "ग्राहक का नाम,मोबाइल,राज्य\nआशा,98200 12346,Maharashtra\nLata D,9820012345,\nUma,98200-12346,Gujarat\n"
    found = looked_at(counter, send(text, kind="customers"))
    assert [(one["row"], one["column"], one["code"]) for one in problems(counter, found)] == [
        (3, "मोबाइल", "phone_taken"), (4, "मोबाइल", "doubled_in_file"),
    ]  # fmt: skip
    assert started(counter, found).status_code == 202
    work_off(counter.runtime, counter.who.shop_id)
    asha = made(counter.get("/customers/by-phone/9820012346"))
    assert (asha["name"], asha["stateCode"]) == ("आशा", "27")
    counter.set_board()
    bill = counter.bill([counter.piece(grossMg=1_000)], customerId=asha["id"])  # sealed under the key made with her
    assert bill.status_code == 201, bill.json


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"%PDF-1.7", 422, "no_spreadsheet"),
        (b"Tag,Name\nR-1,Ring\n", 422, "headings_unfit"),
        (b"", 422, "nothing_in_file"),
        (b"x" * 9_000_000, 413, "import_file_too_large"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_once_and_leaves_nothing(counter, send, body, status, code):
    before = counter.row_counts()
    answer = send(body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert counter.row_counts() == before


def test_another_shops_import_is_not_there(counter, ravis_counter, send):
    found = looked_at(counter, send(HEAD + rows(1)))
    assert ravis_counter.get(f"/imports/{found['id']}").status_code == 404
    assert ravis_counter.get(f"/imports/{found['id']}/problems").status_code == 404
    assert started(ravis_counter, found).status_code == 404
    key = made(counter.post("/imports/uploads", {"length": 10}))["uploadKey"]
    answer = ravis_counter.post("/imports", {"uploadKey": key, "kind": "stock"})
    assert (answer.status_code, answer.json["code"]) == (404, "import_file_unknown")


def test_the_page_takes_a_list_shows_what_is_wrong_and_enters_the_rest(flask_app, counter, cast):
    import io

    from tests.support.pages import Sender

    asha, base = Sender(flask_app, cast.asha), f"/s/{cast.asha.shop.slug}/imports"
    template = asha.look(f"{base}/template.csv?kind=stock")
    assert template.text.startswith("\ufeffTag,Name,Category,Metal,Purity,Gross weight,")
    refused = asha.once(base, {"kind": "stock"})
    assert refused.status_code == 400 and 'id="refusal"' in refused.text
    text = HEAD + rows(1) + "R-9,Ring,Ring,Copper,22K,3.390,AB12CF,16,,\n"
    sent = asha.once(base, {"kind": "stock", "file": (io.BytesIO(text.encode()), "old.csv")})
    assert sent.status_code == 303, sent.text
    work_off(counter.runtime, counter.who.shop_id)
    path = sent.location.partition("?")[0]
    page = asha.look(path)
    assert "Copper" in page.text and "Enter 1 good rows" in page.text
    assert 'Copper,"Metals are gold' in asha.look(f"{path}/problems.csv").text
    assert asha(f"{path}/start", {"version": "2", "rows": "good"}).status_code == 303
    work_off(counter.runtime, counter.who.shop_id)
    assert "Look at what was entered" in asha.look(path).text
