"""Karigars' jobs over HTTP: metal out and in to the fine milligram, wastage settled, stones counted, each job once."""

import datetime as dt
import io
from uuid import UUID

import pytest
from pypdf import PdfReader

from app.inventory import service as inventory
from app.inventory.service.lots import receive_lot
from app.karigar import service as karigars
from app.kit.audit_checking import first_broken
from app.kit.clock import today_ist
from app.metal import service as metal
from tests.integration.karigar.conftest import ring
from tests.support.counter import Counter, all_at_once, made


def agrees(bench):
    """Challans and the metal book say the same of every karigar, and the audit chain holds."""
    return bench.counter.read(lambda db: (karigars.disagreements(db), first_broken(db))) == ([], None)


def test_a_job_goes_out_and_comes_back_within_its_wastage(bench):
    job = bench.issued(10_000, paise=100_000_00)
    assert bench.fine() == 10_000 * 9160
    receipt = made(bench.receive(job, pieces=[ring(4_900), ring(4_950)], closes=True))
    # 9.850 g came back; of the missing 0.150 g 2 % of 9.850 g (0.197 g) are allowed, so all of it is wastage
    assert [(line["why"], line["fine"]) for line in receipt["lines"]] == [
        ("finished", 4_900 * 9160), ("finished", 4_950 * 9160), ("wastage", 150 * 9160),
    ]  # fmt: skip
    # labour at ₹450 a gram: 2,205.00 and 2,227.50
    assert [line["labourPaise"] for line in receipt["lines"][:2]] == [2_205_00, 2_227_50]
    assert (bench.now(job)["state"], bench.fine()) == ("received", 0)
    assert agrees(bench)
    piece = bench.counter.read(lambda db: inventory.get_item(db, UUID(receipt["lines"][0]["itemId"])))
    # metal 4.900 of 10.000 g of ₹1,00,000: 49,000.00, and its labour
    assert (piece.status, piece.cost_paise) == ("in_stock", 49_000_00 + 2_205_00)


def test_a_ring_of_two_golds_brings_back_the_fine_of_both_and_platinum_was_never_issued(bench):
    job = bench.issued(10_000)
    platinum = {"metal": "platinum", "fineness": 9500, "netMg": 2_000}
    white = {"metal": "gold", "fineness": 7500, "netMg": 2_000}
    refused = bench.receive(job, pieces=[ring(9_900, otherMetals=[platinum])])
    assert (refused.status_code, refused.json["code"]) == (422, "other_metal")
    assert list(refused.json["fields"]) == ["pieces.0.otherMetals.0.metal"]
    receipt = made(bench.receive(job, pieces=[ring(9_900, otherMetals=[white])]))
    fine = 7_900 * 9160 + 2_000 * 7500
    assert (receipt["lines"][0]["fine"], bench.fine()) == (fine, 10_000 * 9160 - fine)
    assert agrees(bench)
    assert bench.counter.read(inventory.verify_metal) == []


def test_who_buys_no_stock_reads_a_challan_without_what_its_metal_cost(bench, flask_app, runtime, cast):
    """The value of 10 g out of a lot is its cost; on paper it must stand (Rule 55), so a clerk is given no paper."""
    job = bench.job()
    challan = bench.issue(job, metal=[{"metal": "gold", "fineness": 9160, "netMg": 10_000, "valuePaise": 1_20_000_00}])
    path, clerk = f"/karigar-jobs/challans/{challan['id']}", Counter(flask_app, runtime, cast.bina)
    assert made(bench.counter.get(path))["valuePaise"] == 1_20_000_00
    seen = made(clerk.get(path))
    assert (seen["valuePaise"], [line["valuePaise"] for line in seen["lines"]]) == (None, [None])
    assert [line["netMg"] for line in seen["lines"]] == [10_000]
    refused = clerk.get(f"{path}/print")
    assert (refused.status_code, refused.json["code"]) == (403, "right_missing")
    assert bench.counter.get(f"{path}/print").status_code == 200


def test_the_challan_has_a_number_and_what_comes_back_has_none(bench):
    job = bench.job()
    first = bench.issue(job, metal=[{"metal": "gold", "fineness": 9990, "netMg": 5_000}])
    second = bench.issue(job, metal=[{"metal": "gold", "fineness": 9990, "netMg": 1_000}])
    assert first["number"].startswith("DC") and first["number"].endswith("/00001")
    assert second["number"].endswith("/00002")
    back = made(bench.receive(bench.now(job), metal=[{"metal": "gold", "fineness": 9990, "netMg": 1_000}]))
    assert (back["kind"], back["number"]) == ("receipt", None)
    assert made(bench.counter.get(f"/karigar-jobs/challans/{first['id']}")) == first
    paper = bench.counter.get(f"/karigar-jobs/challans/{first['id']}/print", language="gu")
    assert first["number"] in PdfReader(io.BytesIO(paper.data)).pages[0].extract_text()


@pytest.mark.parametrize(("excess", "left", "owed"), [("carry", 310 * 9160, 0), ("charge", 0, -3_663_08)])
def test_what_is_beyond_the_allowed_is_carried_or_charged(bench, excess, left, owed):
    # 9.500 g of 10 g came back at 2 %: 0.190 g allowed, 0.310 g beyond: 0.283960 g fine at ₹12,900 is 3,663.08
    job = bench.issued(10_000)
    silent = bench.receive(job, pieces=[ring(9_500)], closes=True)
    assert (silent.status_code, silent.json["code"]) == (422, "excess_wastage")
    assert bench.fine() == 10_000 * 9160  # and nothing of it was written
    made(bench.receive(job, pieces=[ring(9_500)], closes=True, excess=excess, fineRatePaise=12_900_00))
    assert bench.fine() == left
    assert made(bench.counter.get(f"/karigars/{bench.karigar['id']}"))["owedPaise"] == owed
    assert agrees(bench)


def test_an_excess_that_is_accepted_is_lost_and_told(bench):
    job = bench.issued(10_000)
    receipt = made(bench.receive(job, pieces=[ring(9_500)], closes=True, excess="accept"))
    assert [line["why"] for line in receipt["lines"]] == ["finished", "wastage", "accepted"]
    assert bench.fine() == 0
    lost = bench.counter.read(lambda db: metal.balances(db, account=metal.Account.LOSS))
    assert sum(one.held.fine for one in lost) == 500 * 9160
    none = bench.receive(bench.issued(1_000), pieces=[ring(1_000)], closes=True, excess="accept")
    assert (none.status_code, none.json["code"]) == (422, "excess_not_excess")


def test_a_karigars_own_metal_is_owed_to_them(bench):
    job = bench.issued(5_000)
    made(bench.receive(job, pieces=[ring(6_000)], closes=True))
    assert bench.fine() == -1_000 * 9160
    assert agrees(bench)


def test_no_more_metal_comes_back_than_lies_on_the_job(bench):
    job = bench.issued(5_000)
    answer = bench.receive(job, metal=[{"metal": "gold", "fineness": 9160, "netMg": 5_001}])
    assert (answer.status_code, answer.json["code"]) == (422, "more_than_issued")


def test_stones_are_counted_back_one_by_one(bench):
    job = bench.job()
    bench.issue(job, metal=[{"metal": "gold", "fineness": 9160, "netMg": 3_000}],
                stones=[{"kind": "Diamond", "stones": 10, "weightMct": 1_000}])  # fmt: skip
    stones = [{"kind": "diamond", "pieces": 7, "weightMct": 690, "basis": "per_piece", "ratePaise": 500_00}]
    piece = ring(3_138, stones=stones)  # 3.000 g of gold and 0.138 g of stones
    short = bench.receive(bench.now(job), pieces=[piece], closes=True)
    assert (short.status_code, short.json["code"]) == (422, "stones_missing")
    assert short.json["fields"] == {"stones": "diamond: 3 missing"}
    back = [
        {"kind": "diamond", "stones": 2, "weightMct": 200},
        {"kind": "diamond", "stones": 1, "weightMct": 100, "why": "broken"},
    ]
    receipt = made(bench.receive(bench.now(job), pieces=[piece], stones=back, closes=True))
    told = [(line["why"], line["stones"], line["weightMct"]) for line in receipt["lines"] if line["stoneKind"]]
    # 690 + 200 + 100 of 1,000: ten thousandths of a carat are the scales' difference
    assert told == [("set", 7, 690), ("returned", 2, 200), ("broken", 1, 100), ("difference", 0, 10)]
    assert bench.counter.read(lambda db: karigars.stones_with(db, UUID(bench.karigar["id"]))) == ()


@pytest.mark.parametrize(
    ("mct", "code", "fifth"),
    [(447, "stones_missing", ("broken", 100)), (553, "more_than_issued", ("returned", 48))],
)
def test_carats_that_no_two_scales_explain_are_not_written_off_in_silence(bench, mct, code, fifth):
    """Five stones of 0.500 ct, counted: 0.053 ct are 10.6 mg, more than the 10 mg by which scales differ. Whoever says
    that one of them is chipped, or takes them for 0.448 ct (10.4 mg, as 10), closes the job."""
    job = bench.job()
    bench.issue(job, stones=[{"kind": "ruby", "stones": 5, "weightMct": 500}])
    for closes in (False, True):
        back = [{"kind": "ruby", "stones": 5, "weightMct": mct}]
        refused = bench.receive(bench.now(job), stones=back, closes=closes)
        assert (refused.status_code, refused.json["code"]) == (422, code)
        assert "0.053 ct" in refused.json["fields"]["stones"]
    whole = {"kind": "ruby", "stones": 4, "weightMct": 400}
    rest = {"kind": "ruby", "stones": 1, "why": fifth[0], "weightMct": fifth[1]}
    made(bench.receive(bench.now(job), stones=[whole, rest], closes=True))


def test_a_job_is_received_once_however_many_receive_it(bench):
    job = bench.issued(10_000)
    answers = all_at_once(6, lambda _: bench.receive(job, pieces=[ring(9_900)], closes=True))
    assert [answer.status_code for answer in answers].count(201) == 1
    assert {answer.json["code"] for answer in answers if answer.status_code != 201} <= {
        "received_meanwhile", "job_closed",
    }  # fmt: skip
    assert bench.fine() == 0
    assert agrees(bench)


def test_nothing_is_issued_on_a_job_that_is_over(bench):
    job = bench.issued(1_000)
    made(bench.receive(job, pieces=[ring(1_000)], closes=True))
    late = bench.counter.post(
        f"/karigar-jobs/{job['id']}/issues", {"metal": [{"metal": "gold", "fineness": 9160, "netMg": 1}]}
    )
    assert (late.status_code, late.json["code"]) == (409, "job_closed")


def test_a_job_is_cancelled_when_all_of_it_is_back(bench):
    job = bench.issued(2_000)
    path = f"/karigar-jobs/{job['id']}/cancellation"
    early = bench.counter.post(path, {"reason": "not wanted"}, **{"If-Match": f'"{job["version"]}"'})
    assert (early.status_code, early.json["code"]) == (409, "job_not_empty")
    made(bench.receive(job, metal=[{"metal": "gold", "fineness": 9160, "netMg": 2_000}]))
    version = bench.now(job)["version"]
    assert made(bench.counter.post(path, {"reason": "not wanted"}, **{"If-Match": f'"{version}"'}))["state"] == (
        "cancelled"
    )
    assert agrees(bench)


def test_the_agreed_wastage_holds_from_its_day(bench):
    path = f"/karigars/{bench.karigar['id']}/wastages"
    today = today_ist()
    for day, bp in ((today - dt.timedelta(days=30), 300), (today + dt.timedelta(days=1), 100)):
        made(bench.counter.post(path, {"work": "filigree", "validFrom": day.isoformat(), "allowedBp": bp}))
    assert bench.job(work="filigree", allowedBp=None)["allowedBp"] == 300
    assert bench.job(work="plain", allowedBp=None)["allowedBp"] == 150  # nothing agreed: the trade's (dated table)
    twice = bench.counter.post(path, {"work": "filigree", "validFrom": today.isoformat(), "allowedBp": 50})
    again = bench.counter.post(path, {"work": "filigree", "validFrom": today.isoformat(), "allowedBp": 60})
    assert (twice.status_code, again.status_code, again.json["code"]) == (201, 422, "karigar_facts_wrong")


def test_overdue_jobs_are_those_that_were_due_before_today(bench):
    late, other = bench.issued(1_000, description="late"), bench.job(description="in time")
    bench.counter.write(lambda db: _due(db, late["id"], today_ist() - dt.timedelta(days=1)))
    found = made(bench.counter.get("/karigar-jobs", overdue="true"))["items"]
    assert [one["id"] for one in found] == [late["id"]] != [other["id"]]
    assert made(bench.counter.get(f"/karigars/{bench.karigar['id']}"))["overdueJobs"] == 1


def _due(db, job_id, day):
    from app.karigar import repository

    row = repository.find_job(db, UUID(job_id), lock=True)
    row.due_on = day
    db.flush()


def test_a_job_for_an_order_names_one_that_there_is(bench):
    answer = bench.counter.post(f"/karigars/{bench.karigar['id']}/jobs", {
        "work": "plain", "description": "x", "metal": "gold", "fineness": 9160, "dueOn": today_ist().isoformat(),
        "orderId": bench.karigar["id"],
    })  # fmt: skip
    assert (answer.status_code, answer.json["fields"]) == (422, {"orderId": "unknown"})


def test_a_list_of_karigars_is_read_in_as_many_statements_as_one(bench, ravis_counter):
    bench.issued(1_000)
    for name in ("Shyam", "Gopal"):
        made(bench.counter.post("/karigars", {"code": name[:4], "name": name}))
    found = made(bench.counter.get("/karigars"))["items"]
    assert [(one["name"], one["openJobs"]) for one in found] == [("Gopal", 0), ("Ram Soni", 1), ("Shyam", 0)]
    assert made(ravis_counter.get("/karigars"))["items"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "R"}, "invalid_input"), ({"code": "R M"}, "karigar_facts_wrong"), ({"pan": "X"}, "malformed_pan"),
        ({"gstin": "27AAACR5055K1Z8"}, "malformed_gstin"), ({"composition": True}, "karigar_facts_wrong"),
        ({"phone": "12"}, "phone_malformed"), ({"code": "RAM"}, "karigar_code_taken"),
    ],
)  # fmt: skip
def test_a_karigar_who_cannot_be_is_refused(bench, change, code):
    answer = bench.counter.post("/karigars", {"code": "NEW1", "name": "Somebody", **change})
    assert answer.json["code"] == code


def test_a_resting_karigar_gets_no_new_work(bench):
    path = f"/karigars/{bench.karigar['id']}"
    made(bench.counter.patch(path, {"active": False}, version=1))
    body = {
        "work": "plain", "description": "x", "metal": "gold", "fineness": 9160, "dueOn": today_ist().isoformat(),
    }  # fmt: skip
    answer = bench.counter.post(f"{path}/jobs", body)
    assert (answer.status_code, answer.json["code"]) == (409, "karigar_resting")


def test_metal_and_stones_come_out_of_lots_and_make_lots_again(bench):
    """10 g of fine gold for ₹1,30,000, 10 diamonds of 1 ct for ₹50,000: 4 g and 5 stones go out, a ring comes back."""
    gold, gems = bench.counter.write(_lots)
    job = bench.job()
    challan = bench.issue(
        job, metal=[{"metal": "gold", "fineness": 9990, "netMg": 4_000, "lotId": str(gold)}],
        stones=[{"kind": "diamond", "stones": 5, "weightMct": 500, "lotId": str(gems)}],
    )  # fmt: skip
    # 4 of 10 g and 500 of 1,000 thousandths of a carat
    assert [line["valuePaise"] for line in challan["lines"]] == [52_000_00, 25_000_00]
    stones = [{"kind": "diamond", "pieces": 3, "weightMct": 300, "basis": "per_piece", "ratePaise": 9_000_00}]
    made(bench.receive(
        bench.now(job), pieces=[ring(3_060, stones=stones, labourPaise=1_000_00)],
        metal=[{"metal": "gold", "fineness": 9990, "netMg": 1_000, "lotCode": "BACK-1"}],
        stones=[{"kind": "diamond", "stones": 2, "weightMct": 200}], closes=True, excess="carry",
    ))  # fmt: skip
    assert agrees(bench)
    assert bench.counter.read(inventory.verify_metal) == []
    lots = bench.counter.read(lambda db: inventory.list_lots(db, sort="code")).items
    left = {lot.code: (lot.left_net_mg, lot.left_stone_mct, lot.left_cost_paise) for lot in lots}
    # the ring took 3 of 5 stones (15,000.00), two came back with 10,000.00; 1 of the 4 g came back with 13,000.00
    assert left["BACK-1"] == (1_000, 0, 13_000_00)
    assert left["FINE-1"] == (6_000, 0, 78_000_00)
    assert sorted(lot.left_cost_paise for lot in lots if lot.kind == "stones") == [10_000_00, 25_000_00]
    assert {lot.hsn for lot in lots if lot.kind == "stones"} == {"7102"}  # what came back is still diamonds


def test_stones_come_back_of_the_code_that_one_of_their_lots_said(bench):
    """A lot of before codes were asked for says none; it went out last."""
    _gold, gems = bench.counter.write(_lots)
    job = bench.job()
    bench.issue(job, stones=[{"kind": "diamond", "stones": 5, "weightMct": 500, "lotId": str(gems)}])
    old = bench.counter.write(_lot_that_says_no_code)
    bench.issue(bench.now(job), stones=[{"kind": "diamond", "stones": 5, "weightMct": 500, "lotId": str(old)}])
    made(bench.receive(bench.now(job), stones=[{"kind": "diamond", "stones": 4, "weightMct": 400}]))
    lots = bench.counter.read(lambda db: inventory.list_lots(db, sort="code")).items
    assert [lot.hsn for lot in lots if lot.left_stone_mct == 400] == ["7102"]


def _lot_that_says_no_code(db):
    draft = inventory.LotDraft(
        code="GEMS-0", name="Diamonds", kind="stones", metal="stone", pieces=10, stone_mct=1_000, cost_paise=50_000_00
    )
    return receive_lot(db, draft=draft, hsn_unsaid=True).id


def _lots(db):
    gold = inventory.receive_lot(db, draft=inventory.LotDraft(
        code="FINE-1", name="Fine gold", kind="bullion", metal="gold", fineness=9990, net_mg=10_000,
        cost_paise=130_000_00,
    ))  # fmt: skip
    gems = inventory.receive_lot(db, draft=inventory.LotDraft(
        code="GEMS-1", name="Diamonds", kind="stones", metal="stone", pieces=10, stone_mct=1_000,
        cost_paise=50_000_00, hsn="7102",
    ))  # fmt: skip
    return gold.id, gems.id
