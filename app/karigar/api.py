"""The karigars' API: who they are, their jobs, what goes to them and comes back, their labour and their account."""

from typing import Any
from uuid import UUID

from flask import Response

from app.karigar import service
from app.karigar.account_schemas import (
    KarigarDueOut,
    KarigarPaymentIn,
    KarigarStatementArgs,
    KarigarStatementOut,
    LabourBillArgs,
    LabourBillIn,
    LabourBillOut,
    LabourBillPage,
    bill_of,
)  # fmt: skip
from app.karigar.schemas import (
    ChallanOut,
    KarigarArgs,
    KarigarCancellationIn,
    KarigarEdit,
    KarigarIn,
    KarigarIssueIn,
    KarigarJobArgs,
    KarigarJobEdit,
    KarigarJobIn,
    KarigarJobOut,
    KarigarJobPage,
    KarigarOut,
    KarigarPage,
    KarigarReceiptIn,
    KarigarWastageIn,
    KarigarWastageList,
    KarigarWastageOut,
    issue_of,
    receipt_of,
)  # fmt: skip
from app.karigar.service import Bill, Challan, Due, Job, Karigar, Statement, Wastage
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page
from app.printing.asking import PrintArgs, asked
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press

karigars = api_blueprint("karigars", "/karigars", description="Goldsmiths who work for the shop, and their accounts.")
jobs = api_blueprint("karigar_jobs", "/karigar-jobs", description="Work given to karigars: issued, received, settled.")


@karigars.get("")
@allow("karigar.view")
@karigars.arguments(KarigarArgs, location="query")
@karigars.response(200, KarigarPage)
def list_karigars(args: dict[str, Any], shop_id: int) -> Page[Karigar]:
    """A page of karigars with what lies with them and what they are owed."""
    return shop_read(lambda db: service.list_karigars(db, **args))


@karigars.post("")
@allow("karigar.work")
@karigars.arguments(KarigarIn)
@karigars.response(201, KarigarOut)
def register_karigar(body: dict[str, Any], shop_id: int) -> Karigar:
    """Enter a karigar."""
    draft = service.KarigarDraft(**body)
    return shop_write(
        lambda db: service.register_karigar(db, draft=draft),
        rebuild=service.get_karigar,  # so that no PAN is stored with a key
    )


@karigars.get("/<id:karigar_id>")
@allow("karigar.view")
@karigars.response(200, KarigarOut)
def get_karigar(shop_id: int, karigar_id: UUID) -> Karigar:
    """One karigar."""
    return shop_read(lambda db: service.get_karigar(db, karigar_id))


@karigars.patch("/<id:karigar_id>")
@allow("karigar.work")
@karigars.arguments(KarigarEdit)
@karigars.response(200, KarigarOut)
def edit_karigar(body: dict[str, Any], shop_id: int, karigar_id: UUID) -> Karigar:
    """Correct a karigar, or let them rest; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.edit_karigar(db, karigar_id=karigar_id, expected_version=version, changes=body)
    )


@karigars.get("/<id:karigar_id>/wastages")
@allow("karigar.view")
@karigars.response(200, KarigarWastageList)
def list_wastages(shop_id: int, karigar_id: UUID) -> dict[str, list[Wastage]]:
    """What wastage was agreed with a karigar, by work, the latest first."""

    def read(db: Any) -> list[Wastage]:
        service.get_karigar(db, karigar_id)
        return service.list_wastages(db, karigar_id)

    return {"items": shop_read(read)}


@karigars.post("/<id:karigar_id>/wastages")
@allow("karigar.settle")
@karigars.arguments(KarigarWastageIn)
@karigars.response(201, KarigarWastageOut)
def set_wastage(body: dict[str, Any], shop_id: int, karigar_id: UUID) -> Wastage:
    """Allow a karigar so much at a kind of work from a day on."""
    return shop_write(lambda db: service.set_wastage(db, karigar_id=karigar_id, **body))


@karigars.get("/<id:karigar_id>/statement")
@allow("karigar.view")
@karigars.arguments(KarigarStatementArgs, location="query")
@karigars.response(200, KarigarStatementOut)
def statement(args: dict[str, Any], shop_id: int, karigar_id: UUID) -> Statement:
    """A karigar's account in a period of at most a year, in fine metal and in rupees."""
    return shop_read(lambda db: service.statement(db, karigar_id=karigar_id, **args))


@karigars.post("/<id:karigar_id>/jobs")
@allow("karigar.work")
@karigars.arguments(KarigarJobIn)
@karigars.response(201, KarigarJobOut)
def open_job(body: dict[str, Any], shop_id: int, karigar_id: UUID) -> Job:
    """Give a karigar work; metal and stones are issued on it."""
    draft = service.JobDraft(**body)
    return shop_write(
        lambda db: service.open_job(db, karigar_id=karigar_id, draft=draft),
        rebuild=service.get_job,  # so that no name is stored with a key
    )


@karigars.get("/labour-bills")
@allow("karigar.view")
@karigars.arguments(LabourBillArgs, location="query")
@karigars.response(200, LabourBillPage)
def list_bills(args: dict[str, Any], shop_id: int) -> Page[Bill]:
    """A page of karigars' bills."""
    return shop_read(lambda db: service.list_bills(db, **args))


@karigars.post("/<id:karigar_id>/labour-bills")
@allow("karigar.settle")
@karigars.arguments(LabourBillIn)
@karigars.response(201, LabourBillOut)
def note_bill(body: dict[str, Any], shop_id: int, karigar_id: UUID) -> Bill:
    """Note a karigar's bill for finished jobs, with the GST on it and the TDS kept back."""
    draft = bill_of(body)
    return shop_write(lambda db: service.note_bill(db, karigar_id=karigar_id, draft=draft))


@karigars.post("/<id:karigar_id>/payments")
@allow("karigar.settle")
@karigars.arguments(KarigarPaymentIn)
@karigars.response(201, KarigarDueOut)
def pay(body: dict[str, Any], shop_id: int, karigar_id: UUID) -> Due:
    """Pay a karigar what is owed, or a part of it."""
    draft = service.PaymentDraft(**body)
    return shop_write(lambda db: service.pay(db, karigar_id=karigar_id, draft=draft))


@jobs.get("")
@allow("karigar.view")
@jobs.arguments(KarigarJobArgs, location="query")
@jobs.response(200, KarigarJobPage)
def list_jobs(args: dict[str, Any], shop_id: int) -> Page[Job]:
    """A page of jobs, what is due first at its top."""
    return shop_read(lambda db: service.list_jobs(db, **args))


@jobs.get("/<id:karigar_job_id>")
@allow("karigar.view")
@jobs.response(200, KarigarJobOut)
def get_job(shop_id: int, karigar_job_id: UUID) -> Job:
    """One job with what became of its metal."""
    return shop_read(lambda db: service.get_job(db, karigar_job_id))


@jobs.patch("/<id:karigar_job_id>")
@allow("karigar.work")
@jobs.arguments(KarigarJobEdit)
@jobs.response(200, KarigarJobOut)
def put_off(body: dict[str, Any], shop_id: int, karigar_job_id: UUID) -> Job:
    """Agree on another day; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.put_off(db, job_id=karigar_job_id, expected_version=version, due_on=body["due_on"])
    )


@jobs.post("/<id:karigar_job_id>/issues")
@allow("karigar.work")
@jobs.arguments(KarigarIssueIn)
@jobs.response(201, ChallanOut)
def issue(body: dict[str, Any], shop_id: int, karigar_job_id: UUID) -> Challan:
    """Issue metal and stones on a job, under a numbered delivery challan."""
    draft = issue_of(body)
    return shop_write(lambda db: service.issue(db, job_id=karigar_job_id, draft=draft))


@jobs.post("/<id:karigar_job_id>/receipts")
@allow("karigar.work")
@versioned
@jobs.arguments(KarigarReceiptIn)
@jobs.response(201, ChallanOut)
def receive(body: dict[str, Any], shop_id: int, karigar_job_id: UUID) -> Challan:
    """Receive finished pieces, metal and stones; needs If-Match, so that nothing is received twice."""
    version, draft = expected_version(), receipt_of(body)
    return shop_write(
        lambda db: service.receive(db, job_id=karigar_job_id, expected_version=version, draft=draft)
    )  # fmt: skip


@jobs.post("/<id:karigar_job_id>/cancellation")
@allow("karigar.work")
@versioned
@jobs.arguments(KarigarCancellationIn)
@jobs.response(200, KarigarJobOut)
def cancel_job(body: dict[str, Any], shop_id: int, karigar_job_id: UUID) -> Job:
    """Nothing was made and all came back; needs If-Match."""
    version = expected_version()
    return shop_write(
        lambda db: service.cancel_job(db, job_id=karigar_job_id, expected_version=version, reason=body["reason"]),
        rebuild=service.get_job,
    )


@jobs.get("/challans/<id:challan_id>")
@allow("karigar.view")
@jobs.response(200, ChallanOut)
def get_challan(shop_id: int, challan_id: UUID) -> Challan:
    """One challan or receipt."""
    return shop_read(lambda db: service.get_challan(db, challan_id))


@jobs.get("/challans/<id:challan_id>/print")
@allow("stock.buy")  # the paper names the value, which a clerk may not know
@jobs.arguments(PrintArgs, location="query")
@jobs.response(200, content_type="application/pdf")
def print_challan(args: dict[str, str | None], shop_id: int, challan_id: UUID) -> Response:
    """The challan's slip, made now; usually on A5."""
    return printed(lambda db: service.challan_slip(db, challan_id), asked(args, SMALL), Press.render_slip)
