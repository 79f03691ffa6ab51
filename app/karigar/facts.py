"""Owns the rules of what is written down about a karigar and a job."""

import dataclasses
import datetime as dt
import re

from app.customers.facts import dialled
from app.karigar.errors import JobFactsWrong, KarigarFactsWrong
from app.karigar.views import JobDraft, KarigarDraft
from app.kit.money import BASIS_POINTS, MAX_PAISE, whole
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.rates.purities import check_purity
from app.tax.gstin import parse_gstin, parse_pan
from app.tax.states import state_of

LABOUR_BASES = ("per_gram_net", "per_piece", "fixed")
MAX_PIECES = 10_000
_CODE = re.compile(r"[A-Z0-9]{2,8}")
_WORK = re.compile(r"[a-z][a-z0-9_]{0,23}")
LONGEST_JOB = dt.timedelta(days=730)


def settled(draft: KarigarDraft, on: dt.date) -> KarigarDraft:
    """The draft in the forms that are kept; a GSTIN brings its PAN and state."""
    gstin = parse_gstin(draft.gstin, on) if draft.gstin else None
    pan = parse_pan(draft.pan) if draft.pan else None
    if gstin is not None and pan not in (None, gstin.pan):
        raise KarigarFactsWrong(_("The PAN is not the one inside the GSTIN."), fields={"pan": "not the GSTIN's"})
    if draft.composition and gstin is None:
        message = _("Only who is registered can be in the composition scheme.")
        raise KarigarFactsWrong(message, fields={"composition": "without a GSTIN"})
    state = (gstin.state_code if gstin else draft.state_code) or None
    if state is not None:
        state_of(state, on)
    return dataclasses.replace(
        draft,
        code=_code(draft.code),
        name=line(draft.name, 140, "name") or _refuse("name", _("A karigar has a name.")),
        phone=dialled(draft.phone) if draft.phone else None,
        pan=gstin.pan if gstin else pan,
        gstin=gstin.text if gstin else None,
        address=line(draft.address, 300, "address"),
        state_code=state,
    )


def settled_job(draft: JobDraft, on: dt.date) -> JobDraft:
    """A job that can be given; raises JobFactsWrong, UnknownPurity and what is wrong with a figure."""
    check_purity(draft.metal, draft.fineness, on)
    whole(draft.pieces, "The number of pieces", least=1, most=MAX_PIECES, field="pieces")
    whole(draft.labour_paise, "Labour in paise", most=MAX_PAISE, field="labourPaise")
    if draft.allowed_bp is not None:
        whole(draft.allowed_bp, "Allowed wastage in basis points", most=BASIS_POINTS, field="allowedBp")
    if draft.labour_basis not in LABOUR_BASES:
        raise JobFactsWrong(
            _("Labour is per gram net, per piece, or fixed for the job."), fields={"labourBasis": "unknown"}
        )
    check_due(draft.due_on, on)
    text = line(draft.description, 200, "description")
    if text is None:
        raise JobFactsWrong(_("Say what is to be made."), fields={"description": "empty"})
    return dataclasses.replace(draft, work=work_name(draft.work), description=text)


def check_due(due_on: dt.date, opened_on: dt.date) -> None:
    if not opened_on <= due_on <= opened_on + LONGEST_JOB:
        raise JobFactsWrong(
            _("A job comes back on its first day at the earliest, and within two years."),
            fields={"dueOn": "out of reach"},
        )


def work_name(text: str) -> str:
    """stone setting → stone_setting; raises JobFactsWrong."""
    bare = text.strip().lower().replace(" ", "_")
    if not _WORK.fullmatch(bare):
        raise JobFactsWrong(
            _("A kind of work is a word of at most 24 letters: plain, stone_setting."), fields={"work": "not a word"}
        )
    return bare


def line(text: str | None, most: int, field: str) -> str | None:
    """One readable line; None where nothing is left."""
    bare = " ".join((text or "").split())
    if len(bare) > most:
        _refuse(field, _("At most %(most)s letters fit here.", most=most))
    if not is_readable(bare):
        _refuse(field, _(UNREADABLE))
    return bare or None


def _code(text: str) -> str:
    bare = text.strip().upper()
    if not _CODE.fullmatch(bare):
        _refuse("code", _("A short name has from 2 to 8 letters and digits: RAM, SURAT2."))
    return bare


def _refuse(field: str, message: str) -> str:
    raise KarigarFactsWrong(message, fields={field: message})
