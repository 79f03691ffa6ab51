"""Owns the rules of what is written down about an order or a repair."""

import dataclasses
import datetime as dt
import re

from app.kit.money import MAX_PAISE, whole
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.kit.weights import MAX_MG
from app.orders.errors import OrderFactsWrong
from app.orders.views import OrderDraft, RepairDraft, Wanted
from app.rates.purities import check_purity

RATE_BASES = ("today", "locked", "delivery")
ANSWERED_BY = ("in_person", "phone", "message")
MAX_LINES = 50
MAX_PIECES = 10_000
LONGEST = dt.timedelta(days=730)
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,23}")


def settled_order(draft: OrderDraft, on: dt.date) -> OrderDraft:
    """An order that can be taken; raises OrderFactsWrong, UnknownPurity and what is wrong with a figure."""
    if not 1 <= len(draft.lines) <= MAX_LINES:
        raise OrderFactsWrong(_("An order is of at least one piece."), fields={"lines": "none, or too many"})
    if draft.rate_basis not in RATE_BASES:
        raise OrderFactsWrong(
            _("The rate is today's, locked, or that of the delivery."), fields={"rateBasis": "unknown"}
        )
    if draft.rate_basis == "locked" and draft.rate_lock_id is None:
        raise OrderFactsWrong(_("A locked rate is of a lock: say which."), fields={"rateLockId": "missing"})
    check_due(draft.due_on, on)
    lines = tuple(_wanted(line, f"lines.{place}", on) for place, line in enumerate(draft.lines))
    return dataclasses.replace(draft, lines=lines, note=one_line(draft.note, 300, "note"))


def settled_repair(draft: RepairDraft, on: dt.date) -> RepairDraft:
    """A repair that can be taken in."""
    check_purity(draft.metal, draft.fineness, on)
    check_due(draft.due_on, on)
    whole(draft.gross_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossMg")
    whole(draft.pieces, "The number of pieces", least=1, most=MAX_PIECES, field="pieces")
    if draft.estimate_paise is not None:
        whole(draft.estimate_paise, "The estimate in paise", most=MAX_PAISE, field="estimatePaise")
    return dataclasses.replace(
        draft, description=said(draft.description, 200, "description"),
        condition=said(draft.condition, 300, "condition"), work=said(draft.work, 200, "work"),
        note=one_line(draft.note, 300, "note"),
    )  # fmt: skip


def check_due(due_on: dt.date, taken_on: dt.date) -> None:
    if not taken_on <= due_on <= taken_on + LONGEST:
        raise OrderFactsWrong(
            _("The day of delivery lies behind the taking, and within two years."), fields={"dueOn": "out of reach"}
        )


def said(text: str, most: int, field: str) -> str:
    found = one_line(text, most, field)
    if found is None:
        raise OrderFactsWrong(_("Please fill this in."), fields={field: "empty"})
    return found


def one_line(text: str | None, most: int, field: str) -> str | None:
    """One readable line; None where nothing is left."""
    bare = " ".join((text or "").split())
    if len(bare) > most:
        raise OrderFactsWrong(_("At most %(most)s letters fit here.", most=most), fields={field: "too long"})
    if not is_readable(bare):
        raise OrderFactsWrong(_(UNREADABLE), fields={field: "not readable"})
    return bare or None


def _wanted(line: Wanted, path: str, on: dt.date) -> Wanted:
    check_purity(line.metal, line.fineness, on, field=f"{path}.fineness")
    category = line.category.strip().lower().replace(" ", "_")
    if not _CATEGORY.fullmatch(category):
        raise OrderFactsWrong(
            _("A category is a word of at most 24 letters: ring, chain, nose_pin."),
            fields={f"{path}.category": "no word"},
        )
    whole(line.weight_mg, "Weight in mg", least=1, most=MAX_MG, field=f"{path}.weightMg")
    whole(line.pieces, "The number of pieces", least=1, most=MAX_PIECES, field=f"{path}.pieces")
    whole(line.all_mg, "The weight of all pieces in mg", most=MAX_MG, field=f"{path}.weightMg")
    whole(line.estimate_paise, "The estimate in paise", most=MAX_PAISE, field=f"{path}.estimatePaise")
    return dataclasses.replace(line, category=category, description=said(line.description, 200, f"{path}.description"))
