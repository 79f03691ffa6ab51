"""Owns what is done about metal beyond the allowed wastage: carried, charged or accepted, and somebody says which."""

from app.karigar.errors import ExcessNotExcess, ExcessWastage, JobFactsWrong
from app.karigar.models import KarigarJob
from app.karigar.views import JobMetal
from app.karigar.wastage import Settlement, settle
from app.kit.money import grouped
from app.kit.texts import _
from app.kit.weights import fine_mg, grams

CARRY, CHARGE, ACCEPT = "carry", "charge", "accept"
EXCESS = (CARRY, CHARGE, ACCEPT)


def settlement(job: KarigarJob, now: JobMetal) -> Settlement:
    """How the job's metal is accounted for if all its work has come back by now."""
    return settle(
        issued=now.issued, returned=now.returned, finished=now.finished, written_off=now.written_off,
        allowed_bp=job.allowed_bp,
    )  # fmt: skip


def check_said(job: KarigarJob, found: Settlement, excess: str | None) -> None:
    """What is done about an excess is said, and only where there is one."""
    if excess is not None and excess not in EXCESS:
        raise JobFactsWrong(_("An excess is carried, charged or accepted."), fields={"excess": "unknown"})
    if found.excess and excess is None:
        beyond, percent = grams(fine_mg(found.excess)), grouped(job.allowed_bp).removesuffix(".00")
        message = _(
            "%(number)s: %(beyond)s g fine were used up beyond the allowed %(percent)s %%.",
            number=job.number, beyond=beyond, percent=percent,
        )  # fmt: skip
        raise ExcessWastage(message, fields={"excess": f"{beyond} g fine"})
    if not found.excess and excess in (CHARGE, ACCEPT):
        message = _("No more was used up on %(number)s than is allowed.", number=job.number)
        raise ExcessNotExcess(message, fields={"excess": "none"})
