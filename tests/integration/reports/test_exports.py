"""Exports from asking to the file in hand: real bills, read from the replica, written by the job, fetched by a link."""

import csv
import datetime as dt
import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from pypdf import PdfReader

from app.factory import create_side_app
from app.invoices import service as invoices
from app.kit.clock import today_ist, utc_now
from app.kit.ports import Bucket
from app.kit.runtime import Runtime
from app.reports import jobs, service
from app.reports.models import Export
from app.reports.writing import guarded
from app.settings import Settings
from shard_router import Mode
from tests.support.cast import Cast
from tests.support.counter import Counter, made
from tests.support.jobs import run_control, work_off

TODAY = today_ist().isoformat()


@pytest.fixture(scope="module")
def side(settings: Settings, runtime: Runtime) -> Flask:
    return create_side_app(settings, parts=runtime)


@pytest.fixture
def counter(flask_app: Flask, runtime: Runtime, cast: Cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


def ask(counter: Counter, **changes: Any) -> dict[str, Any]:
    reply = counter.post("/exports", {"from": TODAY, "to": TODAY, "format": "csv", **changes})
    assert reply.status_code == 202, reply.text
    found: dict[str, Any] = reply.json
    return found


def fetched(counter: Counter, side: Flask, export_id: str) -> Any:
    url = counter.get(f"/exports/{export_id}").json["downloadUrl"]
    return side.test_client().get(url.removeprefix("http://side.test"))


def test_a_period_as_csv(counter: Counter, side: Flask, runtime: Runtime) -> None:
    """Two bills, one to a registered buyer whose name would be a formula."""
    firm = counter.customer(name="=cmd|calc", gstin="27AAACH2702H1Z0", pan=None)
    first = made(counter.bill([counter.piece(grossMg=1000)]))
    second = made(counter.bill([counter.piece(grossMg=1000)], customerId=firm["id"]))
    asked = ask(counter)
    assert asked["state"] == "queued"
    assert UUID(asked["jobId"]) in work_off(runtime, counter.who.shop_id)
    export = counter.get(f"/exports/{asked['id']}").json
    assert (export["state"], export["rows"]) == ("ready", 2)
    file = fetched(counter, side, asked["id"])
    assert file.headers["Content-Disposition"] == f'attachment; filename="invoices-{TODAY}-to-{TODAY}.csv"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert len(file.data) == export["sizeBytes"]
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert [row["Number"] for row in rows] == [first["number"], second["number"]]
    assert rows[1]["Customer"] == "'=cmd|calc"
    assert rows[1]["GSTIN"] == "27AAACH2702H1Z0"
    paise = [int(row["Total"].replace(".", "")) for row in rows]
    assert paise == [first["totalPaise"], second["totalPaise"]]


def test_who_owes_what_since_when_as_a_file(counter: Counter, side: Flask, runtime: Runtime) -> None:
    """A bill of ₹51,845 today of which ₹50,000 are paid, and one of which ₹51,000 are: 1,845 and 845 are owed."""
    lata, ravi = counter.customer(name="Lata Deshpande"), counter.customer(name="-Ravi")
    made(counter.bill([counter.piece()], customerId=lata["id"], paid=50_000_00))
    made(counter.bill([counter.piece()], customerId=ravi["id"], paid=51_000_00))
    day = today_ist()
    asked = ask(counter, kind="outstanding")
    pdf = ask(counter, kind="outstanding", format="pdf")
    work_off(runtime, counter.who.shop_id)
    rows = list(csv.DictReader(io.StringIO(fetched(counter, side, asked["id"]).data.decode("utf-8-sig"))))
    assert [list(row.values()) for row in rows] == [
        ["Lata Deshpande", guarded(lata["phone"]), f"{day}", "1845.00", "0.00", "0.00", "0.00", "1845.00"],
        ["'-Ravi", guarded(ravi["phone"]), f"{day}", "845.00", "0.00", "0.00", "0.00", "845.00"],
    ]
    assert counter.get(f"/exports/{asked['id']}").json["rows"] == 2
    text = PdfReader(io.BytesIO(fetched(counter, side, pdf["id"]).data)).pages[0].extract_text()
    for figure in ("OUTSTANDING", "Lata Deshpande", "1,845.00", f"{day:%d-%m-%Y}", "₹2,690.00"):
        assert figure in text, figure
    month = day.replace(day=1) - dt.timedelta(days=1)
    past = counter.post("/exports", {"kind": "outstanding", "from": TODAY, "to": f"{month}", "format": "csv"})
    assert (past.status_code, past.json["code"]) == (422, "period_backwards")
    past = counter.post("/exports", {"kind": "outstanding", "from": f"{month}", "to": f"{month}", "format": "csv"})
    assert (past.status_code, past.json["code"], past.json["fields"]) == (422, "only_today", {"to": "not today"})


def test_a_period_as_a_workbook(counter: Counter, side: Flask, runtime: Runtime) -> None:
    made(counter.bill([counter.piece(grossMg=1000)]))
    asked = ask(counter, format="xlsx")
    work_off(runtime, counter.who.shop_id)
    assert fetched(counter, side, asked["id"]).data.startswith(b"PK\x03\x04")


def test_chunks_follow_each_other_without_gap_or_double(
    counter: Counter, side: Flask, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 2)
    numbers = [made(counter.bill([counter.piece(grossMg=1000)]))["number"] for _ in range(5)]
    asked = ask(counter)
    work_off(runtime, counter.who.shop_id)
    rows = csv.DictReader(io.StringIO(fetched(counter, side, asked["id"]).data.decode("utf-8-sig")))
    assert [row["Number"] for row in rows] == numbers


def test_a_period_without_bills_is_a_file_with_headings(counter: Counter, side: Flask, runtime: Runtime) -> None:
    asked = ask(counter, **{"from": "2025-04-01", "to": "2025-04-30"})
    work_off(runtime, counter.who.shop_id)
    assert fetched(counter, side, asked["id"]).data.decode("utf-8-sig").count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from": "2026-05-02", "to": "2026-05-01"}, "period_backwards"),
        ({"from": "2020-01-01", "to": "2026-05-01"}, "period_too_long"),
        ({"from": "yesterday"}, "invalid_input"),
        ({"format": "pdf"}, "format_unfit"),
        ({"format": "docx"}, "invalid_input"),
        ({"kind": "customers"}, "invalid_input"),
        ({"to": None}, "invalid_input"),
    ],
)
def test_periods_and_formats_that_make_no_sense(counter: Counter, changes: dict[str, Any], code: str) -> None:
    reply = counter.post("/exports", {"from": TODAY, "to": TODAY, "format": "csv", **changes})
    assert (reply.status_code, reply.json["code"]) == (422, code)


def test_who_may_take_data_out(flask_app: Flask, runtime: Runtime, cast: Cast) -> None:
    body = {"from": TODAY, "to": TODAY, "format": "csv"}
    url = f"/api/v1/shops/{cast.asha.shop_id}/exports"
    answers = {
        who.name: flask_app.test_client().post(url, json=body, headers=who.writing()).status_code
        for who in (cast.asha, cast.bina, cast.meera, cast.ravi)
    }
    assert answers == {"Asha": 202, "Bina": 403, "Meera": 202, "Ravi": 404}


def test_a_link_is_good_for_this_file_only_and_not_after_its_time(
    counter: Counter, side: Flask, runtime: Runtime
) -> None:
    first, second = ask(counter), ask(counter)
    work_off(runtime, counter.who.shop_id)
    urls = [counter.get(f"/exports/{one['id']}").json["downloadUrl"] for one in (first, second)]
    (path, query), (other, _) = (url.removeprefix("http://side.test").split("?") for url in urls)
    visitor = side.test_client()
    assert visitor.get(f"{path}?{query}").status_code == 200
    assert visitor.get(f"{other}?{query}").status_code == 403
    assert visitor.get(path).status_code == 403
    assert visitor.get(f"{path}?{query.replace('d=attachment', 'd=inline')}").status_code == 403
    assert visitor.put(f"{path}?{query}", data=b"x", headers={"Content-Type": "image/png"}).status_code == 403


def test_files_go_after_seven_days_and_the_row_stays(
    counter: Counter, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(counter)
    work_off(runtime, counter.who.shop_id)
    run_control(runtime, "app.reports.jobs.expire_exports", on=TODAY)
    assert len(list(runtime.store.list(Bucket.EXPORTS, f"{counter.who.shop_id}/"))) == 1
    later = utc_now() + dt.timedelta(days=7, seconds=1)
    monkeypatch.setattr(jobs, "utc_now", lambda: later)
    run_control(runtime, "app.reports.jobs.expire_exports", on=TODAY)
    assert list(runtime.store.list(Bucket.EXPORTS, f"{counter.who.shop_id}/")) == []
    monkeypatch.setattr(service, "utc_now", lambda: later)
    export = counter.get(f"/exports/{asked['id']}").json
    assert (export["state"], export["downloadUrl"]) == ("ready", None)


def test_an_export_that_cannot_be_written_fails_for_its_shop_too(
    counter: Counter, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise invoices_gone()

    def invoices_gone() -> Exception:
        from app.kit.jobs import GiveUp

        return GiveUp("A bill can't be read.")

    asked = ask(counter)
    monkeypatch.setattr(invoices, "list_export_rows", breaks)
    work_off(runtime, counter.who.shop_id)
    assert counter.get(f"/exports/{asked['id']}").json["state"] == "failed"
    job = counter.get(f"/jobs/{asked['jobId']}").json
    assert (job["state"], job["error"]) == ("failed", "A bill can't be read.")


def test_a_job_run_again_after_its_worker_died_writes_the_same_file(counter: Counter, runtime: Runtime) -> None:
    """Between the file and DONE lies a moment in which a worker may die; the second run replaces the file."""
    made(counter.bill([counter.piece(grossMg=1000)]))
    asked = ask(counter)
    key = f"{counter.who.shop_id}/{UUID(asked['jobId']).hex}.csv"
    runtime.store.put(Bucket.EXPORTS, key, b"half of", content_type="text/csv")
    work_off(runtime, counter.who.shop_id)
    assert [one.key for one in runtime.store.list(Bucket.EXPORTS, f"{counter.who.shop_id}/")] == [key]
    with runtime.router.shop(counter.who.shop_id, counter.who.actor, mode=Mode.WRITE) as db:
        assert db.get_one(Export, (counter.who.shop_id, UUID(asked["id"]))).rows == 1


def test_a_list_of_exports(counter: Counter) -> None:
    first, second = ask(counter), ask(counter, format="xlsx")
    listed = counter.get("/exports", limit=1).json
    assert [one["id"] for one in listed["items"]] == [second["id"]]
    following = counter.get("/exports", limit=1, after=listed["next"]).json
    assert [one["id"] for one in following["items"]] == [first["id"]]
