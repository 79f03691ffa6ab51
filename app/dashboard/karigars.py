"""Owns the pages of the karigars: who they are with what lies with them, their account, what they are owed and paid."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.dashboard.stock import METALS, named
from app.karigar import service as karigars
from app.karigar.service import Job, Karigar
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.locale import parse_day
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, optional, try_form, whole_number
from app.kit.texts import N_, _
from app.orders import service as orders
from app.orders.service import Order
from app.rates import service as rates
from app.tax.states import list_states
from shard_router import ShopSession

LONGEST = {"code": 8, "name": 140, "phone": 40, "pan": 14, "gstin": 20, "address": 300, "state_code": 2}
MODES = (("cash", N_("Cash")), ("upi", N_("UPI")), ("bank", N_("Bank")), ("cheque", N_("Cheque")))
BASES = (("per_gram_net", N_("₹ a gram, net")), ("per_piece", N_("₹ a piece")), ("fixed", N_("₹ for the job")))
WHYS = {
    "issued": N_("Issued"), "finished": N_("Finished work"), "returned": N_("Returned"),
    "wastage": N_("Wastage"), "charged": N_("Wastage charged"), "accepted": N_("Wastage accepted"),
    "set": N_("Set in work"), "broken": N_("Broken or lost"), "difference": N_("Difference in carats"),
}  # fmt: skip
DUES = {
    "bill": N_("Labour bill"), "tds": N_("TDS kept back"), "payment": N_("Paid"), "excess": N_("Excess wastage"),
}  # fmt: skip
FIELDS = {"labourPaise": "labour", "allowedBp": "allowed", "metal": "purity", "fineness": "purity",
          "jobs.0.labourPaise": "bill_labour", "billedOn": "billed_on"}  # fmt: skip


@pages.get("/karigars", endpoint="karigars")
@allow("karigar.view")
def karigar_list() -> str:
    """Everybody with what lies with them; above, the jobs that should have come back."""
    text = request.args.get("q", "").strip()[:60]
    page, late = shop_read(lambda db: (
        karigars.list_karigars(db, text=text or None, after=request.args.get("after"), limit=50),
        karigars.list_jobs(db, overdue=True, limit=20),
    ))  # fmt: skip
    more = url_for("shop_pages.karigars", q=text, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "karigars.html", "karigars", people=page.items, late=late.items, q=text, next_url=more, today=today_ist(),
        paged="after" in request.args, metals=dict(named(METALS)),
        for_order=_order_asked(),
    )  # fmt: skip


@pages.route("/karigars/new", methods=["GET", "POST"])
@allow("karigar.work")
def new_karigar() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _new(None)
    tried = try_form(lambda: shop_write(
        lambda db: karigars.register_karigar(db, draft=karigars.KarigarDraft(**_typed())),
        rebuild=karigars.get_karigar,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.karigar", karigar_id=tried.result.id))
    return _new(forms.beside(tried.refusal, {})), tried.refusal.status if tried.refusal else 422


@pages.get("/karigars/<id:karigar_id>")
@allow("karigar.view")
def karigar(karigar_id: UUID) -> str:
    return _page(karigar_id)


@pages.post("/karigars/<id:karigar_id>")
@allow("karigar.work")
def edit_karigar(karigar_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Karigar:
        changes = {**_typed(), "active": request.form.get("active") == "yes"}
        version = whole_number("version")
        return karigars.edit_karigar(db, karigar_id=karigar_id, expected_version=version, changes=changes)

    tried = try_form(lambda: shop_write(work, rebuild=karigars.get_karigar))
    if tried.result is not None:
        return go_to(url_for("shop_pages.karigar", karigar_id=karigar_id, saved="yes"))
    return _refused(karigar_id, tried.refusal)


@pages.post("/karigars/<id:karigar_id>/jobs")
@allow("karigar.work")
def open_job(karigar_id: UUID) -> Response | tuple[str, int]:
    """Opened empty; metal is issued on its own page, which comes next."""
    tried = try_form(lambda: shop_write(
        lambda db: karigars.open_job(db, karigar_id=karigar_id, draft=_job()), rebuild=karigars.get_job
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.karigar_job", karigar_job_id=tried.result.id))
    return _refused(karigar_id, tried.refusal)


@pages.post("/karigars/<id:karigar_id>/payments")
@allow("karigar.settle")
def pay_karigar(karigar_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: karigars.pay(db, karigar_id=karigar_id, draft=karigars.PaymentDraft(
            mode=forms.one_of("mode", dict(MODES)), paise=forms.figure("paise", parse_rupees),
            reference=forms.line_or_none("reference", most=60),
        )),
        rebuild=karigars.get_payment,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.karigar", karigar_id=karigar_id, saved="paid"))
    return _refused(karigar_id, tried.refusal)


@pages.post("/karigars/<id:karigar_id>/bills")
@allow("karigar.settle")
def note_bill(karigar_id: UUID) -> Response | tuple[str, int]:
    """The ticked jobs, at the labour that was reckoned as their pieces came in, unless another is typed."""
    tried = try_form(lambda: shop_write(lambda db: karigars.note_bill(
        db, karigar_id=karigar_id, draft=_bill(db, karigar_id)
    )))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.karigar", karigar_id=karigar_id, saved="billed"))
    return _refused(karigar_id, tried.refusal)


def purities() -> list[tuple[str, str]]:
    """Of the day's board: gold-9160 and what it is called."""
    return [(f"{one.metal}-{one.fineness}", one.label) for one in rates.list_purities(today_ist())]


def purity(name: str) -> tuple[str, int]:
    metal, _dash, fineness = forms.one_of(name, dict(purities())).partition("-")
    return metal, int(fineness)


def _refused(karigar_id: UUID, refusal: Refusal | None) -> tuple[str, int]:
    return _page(karigar_id, forms.beside(refusal, FIELDS)), refusal.status if refusal else 422


def _page(karigar_id: UUID, refusal: Refusal | None = None) -> str:
    today = today_ist()
    first = parse_day(request.args.get("from", "")) or today.replace(day=1)
    last = parse_day(request.args.get("to", "")) or today
    if not dt.timedelta() <= last - first <= dt.timedelta(days=366):
        first, last = today.replace(day=1), today
    found, jobs, done, wastages = shop_read(lambda db: (
        karigars.statement(db, karigar_id=karigar_id, first=first, last=last),
        karigars.list_jobs(db, karigar_id=karigar_id, state="open", limit=50).items,
        _billable(db, karigar_id), karigars.list_wastages(db, karigar_id),
    ))  # fmt: skip
    works = [(one.work, one.name) for one in karigars.list_works(today)]
    values = {name: request.form.get(name, getattr(found.karigar, name) or "") for name in LONGEST}
    return show(
        "karigar.html", "karigars", karigar=found.karigar, statement=found, jobs=jobs, done=done, wastages=wastages,
        today=today, refusal=refusal, key=form_key(), typed=forms.typed(), values=values, works=works,
        purities=purities(), bases=named(BASES), modes=named(MODES), whys=_said(WHYS), dues=_said(DUES),
        metals=dict(named(METALS)), saved=request.args.get("saved", ""), states=_states(),
        ticked=set(request.form.getlist("job_id")), work_names=dict(works), for_order=_order(),
    )  # fmt: skip


def _new(refusal: Refusal | None) -> str:
    values = {name: request.form.get(name, "") for name in LONGEST}
    return show("karigar_new.html", "karigars", values=values, refusal=refusal, key=form_key(), states=_states())


def _typed() -> dict[str, Any]:
    read: dict[str, Any] = {name: forms.line_or_none(name, most=most) for name, most in LONGEST.items()}
    read["name"] = forms.line("name", least=1, most=LONGEST["name"])
    read["code"] = forms.line("code", least=2, most=LONGEST["code"])
    return {**read, "composition": request.form.get("composition") == "yes"}


def _job() -> karigars.JobDraft:
    metal, fineness = purity("purity")
    allowed = request.form.get("allowed", "").strip()
    return karigars.JobDraft(
        work=forms.line("work", least=1, most=24), description=forms.line("description", least=1, most=200),
        metal=metal, fineness=fineness, due_on=forms.day("due_on"), pieces=forms.figure("pieces", _count, empty=1),
        labour_basis=forms.one_of("labour_basis", dict(BASES)),
        labour_paise=forms.figure("labour", parse_rupees, empty=0),
        allowed_bp=forms.figure("allowed", parse_rupees) if allowed else None,
        order_id=parse_id(asked) if (asked := optional("order_id")) else None,
    )  # fmt: skip


def _bill(db: ShopSession, karigar_id: UUID) -> karigars.BillDraft:
    ticked = set(request.form.getlist("job_id"))
    chosen = [job for job in _billable(db, karigar_id) if str(job.id) in ticked]
    if not chosen:
        forms.refuse("job_id", _("Tick the jobs that stand on the bill."))
    jobs = tuple(
        karigars.BilledJob(job.id, forms.figure(f"labour-{job.id}", parse_rupees, empty=job.so_far.labour_paise))
        for job in chosen
    )
    return karigars.BillDraft(
        number=forms.line("number", least=1, most=16), billed_on=forms.day("billed_on"), jobs=jobs
    )


def _billable(db: ShopSession, karigar_id: UUID) -> list[Job]:
    """Finished jobs that stand on no bill, of the last ones; raises KarigarUnknown."""
    karigars.get_karigar(db, karigar_id)
    done = karigars.list_jobs(db, karigar_id=karigar_id, state="received", sort="-createdAt", limit=50).items
    left = karigars.unbilled(db, [job.id for job in done])
    return [job for job in done if job.id in left]


def _order_asked() -> str | None:
    """The order that work is given out for, where the page was come to from one."""
    return request.values.get("order") or request.values.get("order_id") or None


def _order() -> Order | None:
    asked = _order_asked()
    if asked is None or not may("order.view"):
        return None
    order_id = parse_id(asked)
    return shop_read(lambda db: orders.get_order(db, order_id))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        forms.refuse("pieces", _("A whole number is expected."))
    return int(text)


def _states() -> list[tuple[str, str]]:
    return [("", "—"), *((state.code, f"{state.code} · {state.name}") for state in list_states(today_ist()))]


def _said(names: dict[str, str]) -> dict[str, str]:
    return {key: str(_(text)) for key, text in names.items()}
