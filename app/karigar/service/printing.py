"""A challan on paper: what a karigar carries with the metal (CGST Rules, Rule 55), or what was received from them."""

from uuid import UUID

from app.karigar.service.challans import get_challan
from app.karigar.service.jobs import get_job
from app.karigar.service.karigars import get_karigar
from app.karigar.views import Challan, Job, Karigar, Line
from app.kit.money import grouped, rupees
from app.kit.weights import carats, fine_mg, grams, purity_label
from app.metal.service import MIXED
from app.printing.slips import SlipDocument
from app.tenants.service.paper import on_paper
from shard_router import ShopSession

SAID = {
    "issued": "Issued", "finished": "Finished work", "returned": "Returned", "wastage": "Wastage allowed",
    "charged": "Wastage charged", "accepted": "Wastage accepted", "set": "Set in work", "broken": "Broken or lost",
    "difference": "Difference in carats",
}  # fmt: skip
TERMS = (
    "The metal and stones remain the shop's. Job work under section 143 of the CGST Act: to come back within a year.",
    "Value for the purpose of this challan only; no sale.",
)


def challan_slip(db: ShopSession, challan_id: UUID) -> SlipDocument:
    """Raises ChallanUnknown."""
    challan = get_challan(db, challan_id)
    job, karigar = get_job(db, challan.job_id), get_karigar(db, challan.karigar_id)
    issue = challan.kind == "issue"
    fine = sum(line.fine for line in challan.lines if line.metal)
    return SlipDocument(
        title="DELIVERY CHALLAN · JOB WORK" if issue else "RECEIPT FROM KARIGAR",
        number=challan.number or job.number,
        issued_at=challan.moved_at.replace(microsecond=0),
        seller=on_paper(challan.sender, challan.moved_on),
        party_label="Sent to" if issue else "Received from",
        party=_party(karigar),
        facts=_facts(challan, job),
        columns=("What", "Purity", "Net g", "Fine g", "Stones", "Value ₹"),
        rows=tuple(_row(line) for line in challan.lines),
        foot=("Total", "", "", grams(fine_mg(fine)), "", grouped(challan.value_paise)),
        sums=_sums(challan),
        notes=(challan.note or "",),
        terms=TERMS if issue else (),
        signs=("Karigar's signature", f"For {challan.sender.shop_name}"),
    )


def _party(karigar: Karigar) -> tuple[str, ...]:
    tax = f"GSTIN {karigar.gstin}" if karigar.gstin else f"PAN {karigar.pan}" if karigar.pan else "Unregistered"
    return tuple(part for part in (karigar.name, karigar.address, karigar.phone, tax) if part)


def _facts(challan: Challan, job: Job) -> tuple[tuple[str, str], ...]:
    found = [("Job", f"{job.number} · {job.description}"), ("Due", f"{job.due_on:%d-%m-%Y}")]
    found += [("Their no.", challan.reference)] if challan.reference else []
    return tuple(found)


def _row(line: Line) -> tuple[str, ...]:
    what = SAID.get(line.why, line.why)
    if line.metal is None:
        stones = f"{line.stones} / {carats(line.weight_mct)} ct"
        return (f"{what}: {line.stone_kind}", "", "", "", stones, grouped(line.value_paise) if line.value_paise else "")
    purity = "fine" if line.fineness == MIXED else purity_label(line.metal, line.fineness)
    value = grouped(line.value_paise) if line.value_paise else ""
    return (f"{what}: {line.metal}", purity, grams(line.net_mg), grams(line.fine_mg), "", value)


def _sums(challan: Challan) -> tuple[tuple[str, str], ...]:
    labour = sum(line.labour_paise for line in challan.lines)
    return (("Labour", rupees(labour)),) if labour else ()
