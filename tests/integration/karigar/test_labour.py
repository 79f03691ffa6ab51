"""Karigars' bills and payments: tax and TDS by the law, no job billed twice, no more paid than is owed."""

import datetime as dt
from uuid import UUID

from sqlalchemy import select

from app.cash.models import CashEntry
from app.console.cli.auditing import audit as commands
from app.karigar import service as karigars
from app.kit.clock import today_ist
from tests.integration.karigar.conftest import ring
from tests.support.counter import all_at_once, made
from tests.support.jobs import work_off
from tests.support.pages import Sender


def done(bench, labour_paise):
    """A finished job with so much labour."""
    job = bench.issued(5_000)
    made(bench.receive(job, pieces=[ring(5_000, labourPaise=labour_paise)], closes=True))
    return job["id"]


def bill(bench, number, *jobs, on=None):
    body = {
        "number": number, "billedOn": (on or today_ist()).isoformat(),
        "jobs": [{"jobId": job, "labourPaise": paise} for job, paise in jobs],
    }  # fmt: skip
    return bench.counter.post(f"/karigars/{bench.karigar['id']}/labour-bills", body)


def pay(bench, paise, mode="cash"):
    return bench.counter.post(f"/karigars/{bench.karigar['id']}/payments", {"mode": mode, "paise": paise})


def owed(bench):
    return made(bench.counter.get(f"/karigars/{bench.karigar['id']}"))["owedPaise"]


def test_an_unregistered_karigars_bill_bears_no_gst_and_his_tds(bench):
    noted = made(bill(bench, "R-1", (done(bench, 40_000_00), 40_000_00)))
    # above ₹30,000 in one bill: 1 % of 40,000 (PAN of a person)
    assert (noted["cgstPaise"], noted["igstPaise"], noted["totalPaise"]) == (0, 0, 40_000_00)
    assert (noted["tdsBp"], noted["tdsPaise"], noted["payablePaise"]) == (100, 400_00, 39_600_00)
    assert owed(bench) == 39_600_00


def test_a_registered_karigar_charges_five_percent(bench):
    made(bench.counter.patch(f"/karigars/{bench.karigar['id']}", {
        "pan": None, "gstin": "27AAACH2702H1Z0",
    }, version=bench.counter.get(f"/karigars/{bench.karigar['id']}").json["version"]))  # fmt: skip
    noted = made(bill(bench, "INV/7", (done(bench, 20_000_00), 20_000_00)))
    # 5 % of 20,000: 500 + 500; below the limits no TDS
    assert (noted["cgstPaise"], noted["sgstPaise"], noted["totalPaise"], noted["tdsPaise"]) == (
        500_00, 500_00, 21_000_00, 0,
    )  # fmt: skip


def test_a_job_is_billed_once_and_a_bill_noted_once(bench):
    first, second = done(bench, 1_000_00), done(bench, 2_000_00)
    answers = all_at_once(4, lambda n: bill(bench, f"R-{n}", (first, 1_000_00)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"labour_billed"}
    made(bill(bench, "R-9", (second, 2_000_00)))
    assert owed(bench) == 3_000_00
    third = done(bench, 500_00)
    assert bill(bench, "R-9", (third, 500_00)).json["code"] == "labour_billed"


def test_only_finished_jobs_are_billed(bench):
    answer = bill(bench, "R-1", (bench.issued(1_000)["id"], 100_00))
    assert (answer.status_code, answer.json["code"]) == (422, "labour_bill_wrong")


def test_no_more_is_paid_than_is_owed_however_many_pay(bench):
    made(bill(bench, "R-1", (done(bench, 1_000_00), 1_000_00)))
    bench.counter.float(5_000_00)
    answers = all_at_once(4, lambda _: pay(bench, 400_00))
    # two of ₹400 fit into ₹1,000
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
    assert {one.json["code"] for one in answers if one.status_code == 422} == {"payment_too_large"}
    assert owed(bench) == 200_00
    made(pay(bench, 200_00, "upi"))
    booked = bench.counter.read(lambda db: [entry.paise for entry in db.scalars(select(CashEntry)) if entry.paise < 0])
    assert booked == [-400_00, -400_00]  # what was paid by UPI never was in the drawer


def test_payments_are_a_series_of_their_own_and_leave_no_gap_in_another(bench):
    """Payment vouchers are the credits' room's, which knows nothing of karigars."""
    made(bill(bench, "R-1", (done(bench, 1_000_00), 1_000_00)))
    paid = [made(pay(bench, 100_00, "upi"))["number"] for _ in range(2)]
    assert [int(number.rpartition("/")[2]) for number in paid] == [1, 2]
    assert bench.counter.books().sound


def test_a_payment_that_is_gone_leaves_a_gap_that_is_found(bench, cluster):
    made(bill(bench, "R-1", (done(bench, 1_000_00), 1_000_00)))
    due = [made(pay(bench, 100_00, "upi"))["id"] for _ in range(3)][1]
    who = bench.counter.who
    target = next(one for one in cluster.fleet.targets if one.name == who.shop.shard)
    link = cluster.raw_connection(target, "admin")
    with link, link.cursor() as cursor:
        facts = (who.shop_id, UUID(due).bytes)
        assert cursor.execute("DELETE FROM karigar_dues WHERE shop_id = %s AND id = %s", facts) == 1
        link.commit()
    (gap,) = bench.counter.books().gaps
    assert gap.startswith("karigar_payment ") and gap.endswith("2 from 1 to 3, last given 3")
    told = bench.counter.app.test_cli_runner().invoke(commands, ["verify", "--shop", str(who.shop_id)])
    assert (told.exit_code, "numbers are missing: karigar_payment " in told.output) == (1, True)
    asked = bench.counter.post("/audit/verify", {}).json["id"]
    work_off(bench.counter.runtime, who.shop_id)
    page = Sender(bench.counter.app, who).look(f"/s/{who.shop.slug}/audit?job={asked}").text
    assert "Numbers are missing:" in page and gap in page


def test_a_statement_adds_up_in_metal_and_in_rupees(bench):
    job = bench.issued(10_000)
    made(bench.receive(job, pieces=[ring(9_500)], closes=True, excess="carry"))
    made(bill(bench, "R-1", (job["id"], 4_275_00)))
    made(pay(bench, 4_000_00, "upi"))
    today = today_ist().isoformat()
    found = made(bench.counter.get(f"/karigars/{bench.karigar['id']}/statement", **{"from": today, "to": today}))
    assert [(one["why"], one["fine"], one["balance"]) for one in found["metal"]] == [
        ("issued", 91_600_000, 91_600_000), ("finished", -87_020_000, 4_580_000), ("wastage", -1_740_400, 2_839_600),
    ]  # fmt: skip
    assert (found["opening"], [one["fine"] for one in found["closing"]]) == ([], [310 * 9160])
    assert [(one["due"]["kind"], one["balancePaise"]) for one in found["money"]] == [
        ("bill", 4_275_00), ("payment", 275_00),
    ]  # fmt: skip
    tomorrow = (today_ist() + dt.timedelta(days=1)).isoformat()
    later = made(bench.counter.get(f"/karigars/{bench.karigar['id']}/statement", **{"from": tomorrow, "to": tomorrow}))
    assert (later["opening"], later["openingPaise"]) == (found["closing"], 275_00)
    upside_down = bench.counter.get(f"/karigars/{bench.karigar['id']}/statement", **{"from": tomorrow, "to": today})
    assert upside_down.status_code == 422
    assert bench.counter.read(lambda db: karigars.get_karigar(db, UUID(bench.karigar["id"]))).overdue_jobs == 0
