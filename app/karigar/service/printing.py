"""A challan on paper: what a karigar carries with the metal (CGST Rules, Rule 55), or what was received from them."""

from uuid import UUID

from app.karigar.service.challans import get_challan
from app.karigar.service.jobs import get_job
from app.karigar.service.karigars import get_karigar
from app.karigar.views import Challan, Job, Karigar, Line
from app.kit.money import grouped, rupees
from app.kit.weights import carats, fine_mg, grams, purity_label
from app.metal.service import MIXED
from app.printing.looks import Label
from app.printing.slips import SlipDocument
from app.tenants.service.paper import on_paper
from shard_router import ShopSession

SAID = {
    "issued": Label("Issued"), "finished": Label("Finished work"), "returned": Label("Returned"),
    "wastage": Label("Wastage allowed"), "charged": Label("Wastage charged"), "accepted": Label("Wastage accepted"),
    "set": Label("Set in work"), "broken": Label("Broken or lost"), "difference": Label("Difference in carats"),
}  # fmt: skip
TERMS = (
    Label(
        "The metal and stones remain the shop's. "
        "Job work under section 143 of the CGST Act: to come back within a year."
    ),
    Label("Value for the purpose of this challan only; no sale."),
)


def challan_slip(db: ShopSession, challan_id: UUID) -> SlipDocument:
    """For who may know costs: the paper must name the value. Raises ChallanUnknown."""
    challan = get_challan(db, challan_id)
    job, karigar = get_job(db, challan.job_id), get_karigar(db, challan.karigar_id)
    issue = challan.kind == "issue"
    fine = sum(line.fine for line in challan.lines if line.metal)
    return SlipDocument(
        title=Label("DELIVERY CHALLAN · JOB WORK") if issue else Label("RECEIPT FROM KARIGAR"),
        number=challan.number or job.number,
        issued_at=challan.moved_at.replace(microsecond=0),
        seller=on_paper(challan.sender, challan.moved_on),
        party_label=Label("Sent to") if issue else Label("Received from"),
        party=_party(karigar),
        facts=_facts(challan, job),
        columns=(
            Label("What"), Label("Purity"), Label("Net g"), Label("Fine g"), Label("Stones"), Label("Value ₹"),
        ),
        rows=tuple(_row(line) for line in challan.lines),
        foot=(Label("Total"), "", "", grams(fine_mg(fine)), "", grouped(challan.value_paise)),
        sums=_sums(challan),
        notes=(challan.note or "",),
        terms=TERMS if issue else (),
        signs=(Label("Karigar's signature"), Label(f"For {challan.sender.shop_name}")),
    )  # fmt: skip


def _party(karigar: Karigar) -> tuple[str, ...]:
    tax = f"GSTIN {karigar.gstin}" if karigar.gstin else f"PAN {karigar.pan}" if karigar.pan else Label("Unregistered")
    return tuple(part for part in (karigar.name, karigar.address, karigar.phone, tax) if part)


def _facts(challan: Challan, job: Job) -> tuple[tuple[str, str], ...]:
    found = [(Label("Job"), f"{job.number} · {job.description}"), (Label("Due"), f"{job.due_on:%d-%m-%Y}")]
    found += [(Label("Their no."), challan.reference)] if challan.reference else []
    return tuple(found)


def _row(line: Line) -> tuple[str, ...]:
    what = SAID.get(line.why, line.why)
    value = grouped(line.value_paise) if line.value_paise else ""
    if line.metal is None:
        stones = f"{line.stones} / {carats(line.weight_mct)} ct"
        return (Label(f"{what}: {line.stone_kind}"), "", "", "", stones, value)
    purity = Label("fine") if line.fineness == MIXED else purity_label(line.metal, line.fineness)
    return (Label(f"{what}: {line.metal}"), purity, grams(line.net_mg), grams(line.fine_mg), "", value)


def _sums(challan: Challan) -> tuple[tuple[str, str], ...]:
    labour = sum(line.labour_paise for line in challan.lines)
    return ((Label("Labour"), rupees(labour)),) if labour else ()
