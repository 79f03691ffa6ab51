"""The PDF: asked for by the bill, made by a job, kept in the private bucket, reached by a link that expires."""

import hashlib
import io
from uuid import UUID

import pypdf
import pytest
from sqlalchemy import select

from app.invoices import jobs
from app.kit.jobkinds import kind_of
from app.kit.jobruns import run_job
from app.kit.models import OutboxJob, OutboxState
from app.kit.ports import Bucket
from tests.support.counter import made
from tests.support.pages import Sender

JOB = "app.invoices.jobs.render_pdf"


@pytest.fixture
def bill(counter):
    return made(counter.bill([counter.piece(tag="PDF-1")], customerId=counter.customer()["id"]))


def release(counter, job_id: UUID) -> int:
    """What the relay does before it hands a job to a worker."""

    def step(db):
        row = db.scalars(select(OutboxJob).where(OutboxJob.id == job_id)).one()
        row.state = OutboxState.RELEASED.value
        row.attempts += 1
        return row.attempts

    return counter.write(step)


def run(counter, job_id: str) -> None:
    attempts = release(counter, UUID(job_id))
    run_job(counter.runtime, shop_id=counter.who.shop_id, job_id=UUID(job_id), attempts=attempts)


def test_the_job_that_bills_name_exists():
    from app.invoices import service

    assert kind_of(service.PDF_JOB).run is jobs.render_pdf
    assert kind_of(service.PDF_JOB).queue == "bills"


def test_a_bill_becomes_a_pdf_once(counter, bill):
    path = f"/invoices/{bill['id']}/pdf"
    waiting = counter.get(path)
    assert waiting.status_code == 202
    assert (waiting.json["status"], waiting.json["jobState"]) == ("making", "waiting")
    assert counter.get(path).json["jobId"] == waiting.json["jobId"]  # asked for once, by the bill itself
    run(counter, waiting.json["jobId"])
    ready = counter.get(path)
    assert (ready.status_code, ready.json["status"]) == (200, "ready")
    assert ready.json["url"].startswith("http://side.test/")
    key = f"{counter.who.shop_id}/{bill['id'].replace('-', '')}-v1.pdf"
    with counter.runtime.store.open(Bucket.INVOICES, key) as stored:
        pdf = stored.read()
    assert hashlib.sha256(pdf).hexdigest() == ready.json["sha256"]
    assert len(pdf) == ready.json["sizeBytes"]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    for said in (bill["number"], "PDF-1", bill["lines"][0]["huid"], "51,845.00", "Lata Deshpande", "7113"):
        assert said in text
    assert counter.books().sound


def test_a_job_run_twice_leaves_one_row(counter, bill):
    job_id = counter.get(f"/invoices/{bill['id']}/pdf").json["jobId"]
    run(counter, job_id)
    before = counter.row_counts()
    from app.invoices import service

    counter.write(lambda db: service.record_pdf(
        db, invoice_id=UUID(bill["id"]), key="1/other.pdf", sha256=bytes(32), size_bytes=1
    ))  # fmt: skip
    assert counter.row_counts() == before


def test_a_credit_note_is_printed_against_its_bill(counter, bill):
    note = made(counter.post(f"/invoices/{bill['id']}/credit-notes", {"reason": "the clasp broke"}))
    run(counter, counter.get(f"/invoices/{note['id']}/pdf").json["jobId"])
    key = f"{counter.who.shop_id}/{note['id'].replace('-', '')}-v1.pdf"
    with counter.runtime.store.open(Bucket.INVOICES, key) as stored:
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(stored.read())).pages)
    assert "CREDIT NOTE" in text
    assert bill["number"] in text
    assert "the clasp broke" in text


@pytest.fixture
def failed(counter, bill):
    """The address of a PDF whose making was given up."""
    path = f"/invoices/{bill['id']}/pdf"
    first = counter.get(path).json["jobId"]

    def fail(db):
        row = db.scalars(select(OutboxJob).where(OutboxJob.id == UUID(first))).one()
        row.state, row.key = OutboxState.FAILED.value, None

    counter.write(fail)
    return path


def test_looking_for_a_pdf_never_asks_for_one(counter, bill, failed):
    before = counter.row_counts()
    looked = counter.get(failed)
    assert (looked.status_code, looked.json["code"]) == (404, "pdf_missing")
    page = Sender(counter.app, counter.who).look(f"/s/{counter.who.shop.slug}/bills/{bill['id']}")
    assert (page.status_code, "Make the PDF again" in page.text) == (200, True)
    assert counter.row_counts() == before


def test_a_pdf_whose_making_failed_is_asked_for_by_a_post(counter, failed):
    asked = counter.post(failed, None)
    assert (asked.status_code, asked.json["status"]) == (202, "making")
    assert counter.post(failed, None).json["jobId"] == asked.json["jobId"]
    run(counter, asked.json["jobId"])
    done = counter.post(failed, None)
    assert (done.status_code, done.json["status"]) == (200, "ready")


def test_the_page_asks_for_it_by_a_button(counter, bill, failed):
    page = f"/s/{counter.who.shop.slug}/bills/{bill['id']}"
    asha = Sender(counter.app, counter.who)
    sent = asha(f"{page}/pdf", {})
    assert (sent.status_code, sent.headers["Location"]) == (303, page)
    assert "data-job-url" in asha.look(page).text
