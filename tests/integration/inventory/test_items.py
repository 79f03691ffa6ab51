"""Pieces over HTTP: entered, corrected, found, withdrawn, and refused where they contradict themselves."""

import json

import pytest
from sqlalchemy import event, select

from app.inventory import service as inventory
from app.kit.models import AuditEntry
from shard_router import Mode
from tests.support.counter import Counter, all_at_once, made


def test_a_piece_is_kept_as_it_was_entered_and_its_net_weight_reckoned(counter):
    stones = [{"kind": "Diamond", "pieces": 3, "weightMct": 1_500, "basis": "per_carat", "ratePaise": 25_000_00}]
    item = counter.piece(
        tag="b-77/1", name="  Bridal   set ", category="Nose pin", huid="ab12cd", grossMg=20_000, stones=stones,
        wastage={"kind": "percent_of_net", "bp": 500}, making={"kind": "fixed", "paise": 1_500_00}, hallmarkPaise=45_00,
    )  # fmt: skip
    assert (item["tag"], item["huid"], item["name"], item["category"]) == ("B-77/1", "AB12CD", "Bridal set", "nose_pin")
    # 1.500 ct × 0.2 g = 0.300 g
    assert (item["grossMg"], item["stoneMg"], item["netMg"]) == (20_000, 300, 19_700)
    assert item["stones"] == stones
    assert (item["status"], item["hallmarkStatus"], item["version"]) == ("in_stock", "hallmarked", 1)
    answer = counter.get(f"/items/{item['id']}")
    assert answer.json == item
    assert answer.headers["ETag"] == '"1"'


WRONG = {
    "net that is not gross less stones": ({"grossMg": 5_000, "stoneMg": 500, "netMg": 4_600}, "weights_contradict"),
    "stones as heavy as the piece": ({"grossMg": 5_000, "stoneMg": 5_000}, "weights_contradict"),
    "stones heavier than the stone weight": (
        {"stoneMg": 100, "stones": [{"kind": "Ruby", "pieces": 1, "weightMct": 2_000, "basis": "per_carat",
                                     "ratePaise": 1}]},
        "weights_contradict",
    ),
    "no weight": ({"grossMg": 0}, "invalid_input"),
    "a negative weight": ({"grossMg": -3_390}, "invalid_input"),
    "more than a tonne": ({"grossMg": 10**9 + 1}, "invalid_input"),
    "a fraction of a milligram": ({"grossMg": 3_390.5}, "invalid_input"),
    "22 karat by rounding": ({"purity": {"metal": "gold", "fineness": 9167}}, "unknown_purity"),
    "brass": ({"purity": {"metal": "brass", "fineness": 6000}}, "unknown_purity"),
    "an HSN that nobody knows": ({"hsn": "9999"}, "unknown_hsn"),
    "an HSN of letters": ({"hsn": "71l3"}, "unknown_hsn"),
    "a HUID of five": ({"huid": "AB12C"}, "invalid_input"),
    "a HUID with a hyphen": ({"huid": "AB-12C"}, "huid_malformed"),
    "a HUID in Devanagari": ({"huid": "अबकडइफ"}, "huid_malformed"),
    "a HUID and an exemption": ({"huidExempt": "export"}, "exemption_does_not_hold"),
    "an exemption that is none": ({"huid": None, "huidExempt": "because"}, "exemption_does_not_hold"),
    "light by word, heavy by weight": ({"huid": None, "huidExempt": "under_2g"}, "exemption_does_not_hold"),
    "a tag with a space": ({"tag": "R 1"}, "item_facts_wrong"),
    "a tag with a quote": ({"tag": "R'1"}, "item_facts_wrong"),
    "a name of nothing": ({"name": "   "}, "invalid_input"),
    "a category of signs": ({"category": "<ring>"}, "item_facts_wrong"),
    "making in percent and in paise": ({"making": {"kind": "percent", "bp": 100, "paise": 100}}, "number_out_of_range"),
    "making unknown": ({"making": {"kind": "guess", "paise": 1}}, "invalid_input"),
    "wastage without a kind": ({"wastage": {"kind": "none", "bp": 100}}, "number_out_of_range"),
    "stones by the sack": (
        {"stones": [{"kind": "Ruby", "pieces": 1, "weightMct": 1, "basis": "per_sack", "ratePaise": 1}]},
        "invalid_input",
    ),
    "stones of no weight by the carat": (
        {"stones": [{"kind": "Ruby", "pieces": 1, "weightMct": 0, "basis": "per_carat", "ratePaise": 1}]},
        "number_out_of_range",
    ),
    "an unknown field": ({"colour": "yellow"}, "invalid_input"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_piece_that_contradicts_itself_is_refused_and_nothing_is_written(counter, case):
    change, code = WRONG[case]
    whole = {
        "tag": "X-1", "name": "Ring", "category": "ring", "grossMg": 3_390, "huid": "AB12CD",
        "purity": {"metal": "gold", "fineness": 9160}, "making": {"kind": "fixed", "paise": 100_00}, **change,
    }  # fmt: skip
    before = counter.row_counts()
    answer = counter.post("/items", whole)
    assert (answer.status_code, answer.json["code"]) == (422, code), answer.json
    assert counter.row_counts() == before


@pytest.mark.parametrize(("field", "value", "code"), [("tag", "T-1", "tag_taken"), ("huid", "AB12CD", "huid_taken")])
def test_a_tag_and_a_huid_are_worn_by_one_live_piece(counter, field, value, code):
    first = counter.piece(**{field: value})
    answer = counter.post("/items", {**asked(first), "tag": "T-2", "huid": "XY34ZW", field: value.lower()})
    assert (answer.status_code, answer.json["code"], answer.json["fields"]) == (409, code, {field: "taken"})
    made(counter.post(f"/items/{first['id']}/withdrawal", {"reason": "melted"}, **{"If-Match": '"1"'}))
    made(counter.post("/items", {**asked(first), "tag": "T-2", "huid": "XY34ZW", field: value}))  # free again


def asked(item):
    """The body that would enter the same piece again."""
    kept = ("name", "category", "purity", "grossMg", "making")
    return {name: item[name] for name in kept}


def test_another_shop_may_use_the_same_tag_and_huid(counter, ravis_counter):
    pieces = [one.piece(tag="SAME-1", huid="AB12CD") for one in (counter, ravis_counter)]
    assert [(piece["tag"], piece["huid"]) for piece in pieces] == [("SAME-1", "AB12CD")] * 2


def test_one_of_many_gets_the_tag(counter):
    facts = asked({
        "name": "Ring", "category": "ring", "purity": {"metal": "silver", "fineness": 9250}, "grossMg": 5_000,
        "making": {"kind": "fixed", "paise": 1},
    })  # fmt: skip
    answers = all_at_once(8, lambda _: counter.post("/items", {**facts, "tag": "ONE"}))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


PRICED = {
    "grossMg": 3_390,
    "stoneMg": 100,
    "making": {"kind": "fixed", "paise": 1_500_00},
    "wastage": {"kind": "percent_of_net", "bp": 500},
    "hallmarkPaise": 45_00,
    "stones": [{"kind": "Ruby", "pieces": 4, "weightMct": 500, "basis": "per_carat", "ratePaise": 9_000_00}],
}
LOWER = {
    "making taken off": ({"making": {"kind": "fixed", "paise": 0}}, "making.paise"),
    "making a rupee less": ({"making": {"kind": "fixed", "paise": 1_499_00}}, "making.paise"),
    "making in percent instead": ({"making": {"kind": "percent", "bp": 1}}, "making.kind"),
    "less wastage": ({"wastage": {"kind": "percent_of_net", "bp": 499}}, "wastage.bp"),
    "no wastage": ({"wastage": {"kind": "none", "bp": 0}}, "wastage.kind"),
    "hallmarking for nothing": ({"hallmarkPaise": 0}, "hallmarkPaise"),
    "no stones": ({"stones": []}, "stones"),
    "a lighter piece": ({"grossMg": 3_389}, "netMg"),
    "heavier stones": ({"stoneMg": 101}, "netMg"),
    "a lower purity": ({"purity": {"metal": "gold", "fineness": 7500}}, "fineness"),
    "another metal": ({"purity": {"metal": "silver", "fineness": 9990}}, "metal"),
    "stones by the piece, for less": (  # 4 × 1,124 = 4,496, and 0.500 ct × 9,000 = 4,500
        {"stones": [{**PRICED["stones"][0], "basis": "per_piece", "ratePaise": 1_124_00}]}, "stones",
    ),
}  # fmt: skip
NOT_LOWER = {
    "dearer": {"making": {"kind": "fixed", "paise": 1_600_00}, "hallmarkPaise": 53_00},
    "the same by the piece": {"stones": [{**PRICED["stones"][0], "basis": "per_piece", "ratePaise": 1_125_00}]},
    "another name": {"name": "Ruby ring"},
    "heavier": {"grossMg": 3_400},
    "a higher purity": {"purity": {"metal": "gold", "fineness": 9580}},
    "another code of the same rate": {"hsn": "711319"},
}


@pytest.mark.parametrize("case", LOWER)
def test_who_may_give_no_discount_may_not_make_a_piece_cheaper(counter, binas_counter, case):
    change, field = LOWER[case]
    item = counter.piece(**PRICED)
    refused = binas_counter.patch(f"/items/{item['id']}", change, version=1)
    assert (refused.status_code, refused.json["code"]) == (403, "lower_price_not_allowed")
    assert refused.json["fields"] == {field: "lower"}
    assert counter.get(f"/items/{item['id']}").json == item
    made(counter.patch(f"/items/{item['id']}", change, version=1))  # the owner may


@pytest.mark.parametrize("case", NOT_LOWER)
def test_a_clerk_may_correct_a_piece_and_make_it_dearer(counter, binas_counter, case):
    item = counter.piece(**PRICED)
    assert made(binas_counter.patch(f"/items/{item['id']}", NOT_LOWER[case], version=1))["version"] == 2


def test_less_gross_is_cheaper_where_making_goes_by_it(counter, binas_counter):
    by_gross = {"grossMg": 3_390, "stoneMg": 100, "making": {"kind": "per_gram_gross", "paise": 500_00}}
    item = counter.piece(**by_gross)
    refused = binas_counter.patch(f"/items/{item['id']}", {"grossMg": 3_380, "stoneMg": 90}, version=1)
    assert (refused.status_code, refused.json["fields"]) == (403, {"grossMg": "lower"})


def withdrawn(counter, item):
    return made(counter.post(f"/items/{item['id']}/withdrawal", {"reason": "entered wrong"}, **{"If-Match": '"1"'}))


@pytest.mark.parametrize("same", ["huid", "tag"])
def test_withdrawing_and_entering_again_is_no_way_to_make_a_piece_cheaper(counter, binas_counter, same):
    item = counter.piece()
    withdrawn(counter, item)
    again = {**asked(item), "tag": "AGAIN", "huid": "AG41NX", same: item[same]}
    cheap = {**again, "making": {"kind": "percent", "bp": 100}}
    before = counter.row_counts()
    refused = binas_counter.post("/items", cheap)
    assert (refused.status_code, refused.json["code"]) == (403, "lower_price_not_allowed")
    assert refused.json["fields"] == {"making.bp": "lower"}
    assert counter.row_counts() == before
    other = made(binas_counter.post("/items", {**cheap, "tag": "OTHER", "huid": "0TH3RX"}))  # of nothing withdrawn
    renamed = binas_counter.patch(f"/items/{other['id']}", {same: item[same]}, version=1)
    assert (renamed.status_code, renamed.json["code"]) == (403, "marks_not_yours")
    made(binas_counter.post("/items", again))


def test_a_withdrawn_pieces_huid_on_one_that_has_none_is_no_way_either(counter, binas_counter):
    item = counter.piece()
    withdrawn(counter, item)
    bare = made(binas_counter.post("/items", {**asked(item), "tag": "BARE", "making": {"kind": "percent", "bp": 100}}))
    refused = binas_counter.patch(f"/items/{bare['id']}", {"huid": item["huid"]}, version=1)
    assert (refused.status_code, refused.json["code"]) == (403, "lower_price_not_allowed")


def test_a_clerk_frees_no_tag_or_huid_for_another_piece(counter, binas_counter):
    """Ten grams under another name, and five grams under theirs: the old tag would be sold at half its weight."""
    item, before = counter.piece(grossMg=10_000), counter.row_counts()
    path = f"/items/{item['id']}"
    for marks in ({"tag": "Y1-OLD", "huid": "QWERTY"}, {"tag": "Y1-OLD"}, {"huid": "QWERTY"}, {"huid": None}):
        refused = binas_counter.patch(path, marks, version=1)
        assert (refused.status_code, refused.json["code"]) == (403, "marks_not_yours")
        assert refused.json["fields"] == dict.fromkeys(marks, "not yours to change")
    for kind in ("lost", "other"):
        body = {"reason": "entered wrong", "kind": kind}
        assert binas_counter.post(f"{path}/withdrawal", body, **{"If-Match": '"1"'}).status_code == 403
    half = {**asked(item), "grossMg": 5_000}
    assert binas_counter.post("/items", {**half, "tag": item["tag"]}).json["code"] == "tag_taken"
    assert binas_counter.post("/items", {**half, "tag": "H-1", "huid": item["huid"]}).json["code"] == "huid_taken"
    assert counter.get(path).json == item and counter.row_counts() == before
    assert made(counter.patch(path, {"tag": "Y1-NEW", "huid": "QW3RTY"}, version=1))["version"] == 2  # the owner may


def test_a_clerk_gives_a_piece_its_first_huid(counter, binas_counter):
    item = counter.piece(huid=None)
    marked = made(binas_counter.patch(f"/items/{item['id']}", {"huid": "F1RST1"}, version=1))
    assert (item["hallmarkStatus"], marked["hallmarkStatus"]) == ("pending", "hallmarked")


BANGLE = {"category": "bangle", "grossMg": 10_000}


def test_a_bangle_that_is_called_a_coin_must_be_hallmarked_all_the_same(counter, binas_counter):
    """22K is 916 parts in a thousand; what the Order frees as bullion is of 995 or 999."""
    item, coin = counter.piece(**BANGLE), {"category": "coin", "hsn": "7118", "huid": None}
    path = f"/items/{item['id']}"
    assert binas_counter.patch(path, coin, version=1).json["code"] == "marks_not_yours"
    called = made(counter.patch(path, coin, version=1))
    assert (called["huidExempt"], called["hallmarkStatus"]) == (None, "pending")
    counter.set_board()
    refused = counter.bill([called], payments=[])
    assert (refused.status_code, refused.json["code"]) == (422, "huid_missing")


@pytest.mark.parametrize("freed", [
    {"huidExempt": "kundan_polki_jadau"},
    {"category": "coin", "hsn": "7118", "purity": {"metal": "gold", "fineness": 9950}},
])  # fmt: skip
def test_a_clerk_frees_no_piece_of_its_hallmark(counter, binas_counter, freed):
    item = counter.piece(**BANGLE, huid=None)
    refused = binas_counter.patch(f"/items/{item['id']}", freed, version=1)
    assert (refused.status_code, refused.json["code"]) == (403, "exemption_not_yours")
    assert list(refused.json["fields"]) == ["huidExempt"]
    assert made(counter.patch(f"/items/{item['id']}", freed, version=1))["hallmarkStatus"] == "exempt"


def test_who_may_give_discounts_enters_a_withdrawn_piece_as_they_like(counter):
    item = counter.piece()
    withdrawn(counter, item)
    lighter = {**asked(item), "tag": item["tag"], "huid": item["huid"], "grossMg": 2_000}
    again = made(counter.post("/items", lighter))
    assert (again["tag"], again["huid"], again["grossMg"]) == (item["tag"], item["huid"], 2_000)


def test_pieces_without_huid_are_compared_by_tag_alone(counter, binas_counter):
    silver = {"purity": {"metal": "silver", "fineness": 9250}, "huid": None}
    withdrawn(counter, counter.piece(**silver, grossMg=50_000))
    light = made(binas_counter.post("/items", {**asked(counter.piece(**silver)), "tag": "LIGHT"}))
    assert light["grossMg"] < 50_000


MISFIT = {
    "a loose stone's, at a lower tax": {"hsn": "7103"},
    "imitation": {"hsn": "7117"},
    "a coin's, which needs no HUID": {"hsn": "7118"},
    "unwrought gold's": {"hsn": "7108"},
    "silver jewellery's": {"hsn": "711311"},
    "an idol's": {"hsn": "7114"},
    "a ring's on a coin": {"category": "coin"},
    "gold's on a silver bar": {
        "category": "bar", "hsn": "7108", "purity": {"metal": "silver", "fineness": 9990}, "huid": None,
    },
    "a coin's on a word of the shop's own": {"category": "guinea", "hsn": "7118"},
}  # fmt: skip


@pytest.mark.parametrize("case", MISFIT)
def test_an_hsn_fits_category_and_metal(counter, case):
    item = counter.piece()
    before = counter.row_counts()
    entered = counter.post("/items", {**asked(item), "tag": "MISFIT", **MISFIT[case]})
    corrected = counter.patch(f"/items/{item['id']}", MISFIT[case], version=1)
    for refused in (entered, corrected):
        assert (refused.status_code, refused.json["code"]) == (422, "hsn_does_not_fit")
        assert list(refused.json["fields"]) == ["hsn"]
    assert counter.row_counts() == before


@pytest.mark.parametrize(
    ("category", "hsn", "metal", "fineness", "exempt"),
    [
        ("coin", "7118", "gold", 9990, "bullion_coin"), ("bar", "710812", "gold", 9990, "bullion_coin"),
        ("coin", "7118", "gold", 9160, None), ("bar", "7108", "gold", 9950, "bullion_coin"),
        ("bar", "7106", "silver", 9990, None), ("idol", "7114", "gold", 9160, None),
        ("anklet", "711311", "silver", 9250, None), ("bali", "7113", "gold", 9160, None),
    ],
)  # fmt: skip
def test_coins_and_bars_alone_are_exempt_as_such(counter, category, hsn, metal, fineness, exempt):
    item = counter.piece(category=category, hsn=hsn, purity={"metal": metal, "fineness": fineness}, huid=None)
    assert item["huidExempt"] == exempt


def test_a_coin_that_turns_out_to_be_a_ring_needs_its_huid(counter):
    fine = {"metal": "gold", "fineness": 9990}
    coin = counter.piece(category="coin", hsn="7118", huid=None, purity=fine)
    ring = made(counter.patch(f"/items/{coin['id']}", {"category": "ring", "hsn": "7113"}, version=1))
    assert (ring["huidExempt"], ring["hallmarkStatus"]) == (None, "pending")


def test_the_audit_says_what_a_correction_changed_from_and_to(counter):
    item = counter.piece(**PRICED)
    plain = {"name": "Plain", "grossMg": 3_000, "making": {"kind": "fixed", "paise": 1}, "stones": []}
    made(counter.patch(f"/items/{item['id']}", plain, version=1))
    body = counter.read(lambda db: db.scalars(select(AuditEntry.body).where(AuditEntry.action == "item.edited")).one())
    facts = json.loads(body)["facts"]
    assert set(facts["changed"]) == {"name", "gross_mg", "stone_mg", "net_mg", "making_paise", "stones"}
    (ruby,) = facts["before"].pop("stones")
    assert (ruby["kind"], ruby["rate_paise"]) == ("Ruby", 9_000_00)
    assert facts["before"] == {"gross_mg": 3_390, "stone_mg": 100, "net_mg": 3_290, "making_paise": 1_500_00}
    assert facts["after"] == {"gross_mg": 3_000, "stone_mg": 0, "net_mg": 3_000, "making_paise": 1, "stones": []}


def test_a_correction_needs_the_version_that_was_read(counter):
    item = counter.piece()
    path = f"/items/{item['id']}"
    unread = counter.app.test_client().patch(counter.base + path, json={"name": "A"}, headers=counter.who.headers())
    assert (unread.status_code, unread.json["code"]) == (428, "if_match_missing")
    first = counter.patch(path, {"name": "Plain ring"}, version=1)
    assert (first.status_code, first.json["version"], first.headers["ETag"]) == (200, 2, '"2"')
    late = counter.patch(path, {"name": "Old ring"}, version=1)
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")
    assert made(counter.get(path))["name"] == "Plain ring"


def test_of_two_corrections_of_one_version_one_holds(counter):
    item = counter.piece()
    answers = all_at_once(6, lambda n: counter.patch(f"/items/{item['id']}", {"name": f"Ring {n}"}, version=1))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert made(counter.get(f"/items/{item['id']}"))["version"] == 2


def test_a_corrected_weight_is_reckoned_again(counter):
    item = counter.piece(grossMg=5_000, stoneMg=500)
    edited = made(counter.patch(f"/items/{item['id']}", {"grossMg": 6_000}, version=1))
    assert (edited["stoneMg"], edited["netMg"]) == (500, 5_500)
    stones = [{"kind": "Ruby", "pieces": 1, "weightMct": 1_000, "basis": "per_piece", "ratePaise": 5}]
    edited = made(counter.patch(f"/items/{item['id']}", {"stones": stones}, version=2))
    assert (edited["stoneMg"], edited["netMg"], edited["stones"]) == (200, 5_800, stones)  # 1 ct = 0.2 g
    edited = made(counter.patch(f"/items/{item['id']}", {"stones": [], "netMg": 6_000}, version=3))
    assert (edited["stoneMg"], edited["netMg"], edited["stones"]) == (0, 6_000, [])


def test_a_piece_that_grows_past_two_grams_loses_its_exemption(counter):
    item = counter.piece(huid=None, grossMg=1_999)
    assert item["huidExempt"] == "under_2g"
    edited = made(counter.patch(f"/items/{item['id']}", {"grossMg": 2_000}, version=1))
    assert (edited["huidExempt"], edited["hallmarkStatus"]) == (None, "pending")
    edited = made(counter.patch(f"/items/{item['id']}", {"huid": "zz99zz"}, version=2))
    assert (edited["huid"], edited["hallmarkStatus"]) == ("ZZ99ZZ", "hallmarked")


def test_nothing_changes_where_nothing_is_different(counter):
    item = counter.piece()
    before = counter.row_counts()
    same = made(counter.patch(f"/items/{item['id']}", {"name": item["name"]}, version=1))
    assert same["version"] == 1
    assert counter.row_counts() == before


def test_a_withdrawn_piece_no_longer_changes(counter):
    item = counter.piece()
    gone = made(counter.post(f"/items/{item['id']}/withdrawal", {"reason": "melted"}, **{"If-Match": '"1"'}))
    assert (gone["status"], gone["version"]) == ("withdrawn", 2)
    for answer in (
        counter.patch(f"/items/{item['id']}", {"name": "Ring"}, version=2),
        counter.post(f"/items/{item['id']}/withdrawal", {"reason": "again"}, **{"If-Match": '"2"'}),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "item_not_in_stock")


@pytest.mark.parametrize("code", ["SCAN-1", "scan-1", "QR78ST", " qr78st "])
def test_a_scan_finds_the_piece_by_tag_or_huid(counter, code):
    item = counter.piece(tag="SCAN-1", huid="QR78ST")
    assert made(counter.get(f"/items/by-code/{code}"))["id"] == item["id"]


def test_a_scan_prefers_what_is_in_stock(counter):
    old = counter.piece(tag="TWICE", huid="AA11AA")
    made(counter.post(f"/items/{old['id']}/withdrawal", {"reason": "sent back"}, **{"If-Match": '"1"'}))
    assert made(counter.get("/items/by-code/TWICE"))["status"] == "withdrawn"
    new = counter.piece(tag="TWICE", huid="BB22BB")
    assert made(counter.get("/items/by-code/TWICE"))["id"] == new["id"]
    assert made(counter.get("/items/by-code/AA11AA"))["id"] == old["id"]


@pytest.mark.parametrize("code", ["NOTHING", "%", "A" * 200, "%E0%A4%85", "'; DROP TABLE items; --", "..%2F.."])
def test_a_scan_of_nothing_is_404(counter, code):
    assert counter.get(f"/items/by-code/{code}").status_code == 404


@pytest.fixture
def stocked(counter):
    """Five gold rings and three silver chains, one of them withdrawn."""
    rings = [counter.piece(tag=f"RG-{n}", name=f"Ring {n}", grossMg=3_000 + n) for n in range(5)]
    silver = {"purity": {"metal": "silver", "fineness": 9250}, "huid": None, "category": "chain"}
    chains = [counter.piece(tag=f"CH-{n}", name=f"Chain 100% {n}", grossMg=9_000 + n, **silver) for n in range(3)]
    made(counter.post(f"/items/{chains[0]['id']}/withdrawal", {"reason": "lost"}, **{"If-Match": '"1"'}))
    return rings, chains


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ({"category": "chain"}, ["CH-0", "CH-1", "CH-2"]),
        ({"category": "chain", "status": "in_stock"}, ["CH-1", "CH-2"]),
        ({"status": "withdrawn"}, ["CH-0"]),
        ({"metal": "gold"}, ["RG-0", "RG-1", "RG-2", "RG-3", "RG-4"]),
        ({"metal": "gold", "fineness": 7500}, []),
        ({"tag": "rg-"}, ["RG-0", "RG-1", "RG-2", "RG-3", "RG-4"]),
        ({"q": "ring 3"}, ["RG-3"]),
        ({"q": "100%"}, ["CH-0", "CH-1", "CH-2"]),
        ({"q": "%"}, ["CH-0", "CH-1", "CH-2"]),
        ({"q": "_"}, []),
        ({"q": "ch-2"}, ["CH-2"]),
    ],
)
def test_filters_keep_what_they_say(counter, stocked, query, tags):
    assert [one["tag"] for one in made(counter.get("/items", sort="tag", **query))["items"]] == tags


@pytest.mark.parametrize("sort", ["tag", "-tag", "name", "createdAt", "-createdAt", "netMg", "-netMg"])
def test_pages_hold_every_piece_once_in_order(counter, stocked, sort):
    whole = [one["tag"] for one in made(counter.get("/items", sort=sort))["items"]]
    assert len(whole) == 8
    paged, after = [], None
    while True:
        page = made(counter.get("/items", sort=sort, limit=3, **({"after": after} if after else {})))
        paged += [one["tag"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert paged == whole


def test_a_list_takes_as_many_statements_for_eight_as_for_one(counter, stocked):
    router, who = counter.runtime.router, counter.who

    def statements(limit):
        seen = []
        with router.shop(who.shop_id, who.actor, mode=Mode.WRITE) as db:
            engine = db.get_bind()
            listen = lambda *args: seen.append(args[2])  # noqa: E731
            event.listen(engine, "before_cursor_execute", listen)
            try:
                assert len(inventory.list_items(db, limit=limit).items) == limit
            finally:
                event.remove(engine, "before_cursor_execute", listen)
        return len(seen)

    assert statements(8) == statements(1) == 3  # pieces, stones, other metals


def test_other_shops_pieces_are_not_there(counter, ravis_counter, cast):
    theirs = ravis_counter.piece(tag="RAVI-1")
    assert counter.get(f"/items/{theirs['id']}").status_code == 404
    assert counter.patch(f"/items/{theirs['id']}", {"name": "Mine"}, version=1).status_code == 404
    answer = counter.post(f"/items/{theirs['id']}/withdrawal", {"reason": "mine"}, **{"If-Match": '"1"'})
    assert answer.status_code == 404
    assert counter.get("/items/by-code/RAVI-1").status_code == 404
    assert made(counter.get("/items"))["items"] == []
    stranger = Counter(counter.app, counter.runtime, cast.zoya)
    assert stranger.app.test_client().get(f"{counter.base}/items", headers=stranger.who.headers()).status_code == 404
    assert made(ravis_counter.get(f"/items/{theirs['id']}"))["name"] == "Ring"
