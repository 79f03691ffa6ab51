"""Owns the page of the rate board: today's rates beside what the feed suggests, set at once, and what they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.approvals import service as approvals
from app.approvals.service import Approval, ApprovalNeeded, ApprovalState
from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.kit.clock import today_ist, utc_now
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form
from app.kit.texts import _
from app.rates import service as rates
from app.rates.service import RateSetting
from app.tenants import service as tenants
from shard_router import ShopSession

DRAWN_FIRST = ("gold", 9160)
MOST_DRAWN = 200
LOWER = "rates.lower"
USUAL = frozenset((("gold", 9990), ("gold", 9160), ("gold", 7500), ("silver", 9990), ("silver", 9250)))
"""Purities that a board shows first, beside those that have a rate; the others are a click away."""


@pages.get("/rates", endpoint="rates")
@allow("rates.view")
def rates_page() -> str:
    return board_page(None)


@pages.post("/rates")
@allow("rates.set")
def set_rates() -> Response | tuple[str, int]:
    """Only the fields that were filled in and say something new; all of them or none."""
    cache, wanted = runtime().cache, dict[str, Any]()

    def work(db: ShopSession) -> list[rates.Rate]:
        try:
            return rates.set_rates(db, rates=_settings(db), cache=cache, approval_id=_id_of(text_field("approval_id")))
        except ApprovalNeeded as refused:
            wanted.update(refused.members["approval"])
            raise

    tried = try_form(lambda: shop_write(work))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rates", saved="yes"))
    paths = {f"rates.{place}.paisePerG": name for place, name in enumerate(_filled())}
    return board_page(forms.beside(tried.refusal, paths), wanted=wanted), tried.refusal.status


def _settings(db: ShopSession) -> list[RateSetting]:
    filled = set(_filled())
    settings = [
        RateSetting(purity.metal, purity.fineness, forms.figure(field_of(purity), parse_rupees))
        for purity in rates.list_purities(today_ist())
        if field_of(purity) in filled
    ]
    if not settings:
        raise forms.TypedWrongly(_("No rate was filled in."))
    board = rates.read_board(db)
    changed = [one for one in settings if board.get((one.metal, one.fineness)) != one.paise_per_g]
    return changed or settings


def _filled() -> list[str]:
    return [name for name in map(field_of, rates.list_purities(today_ist())) if text_field(name)]


def field_of(purity: Any) -> str:
    return f"rate-{purity.metal}-{purity.fineness}"


def board_page(refusal: Refusal | None, *, wanted: Mapping[str, Any] | None = None) -> str:
    """The board; `wanted` is what a refusal offers to ask the owner for."""
    asked = next((one for one in _purities() if _key(one) == request.args.get("of")), None)
    of = {"metal": asked.metal, "fineness": asked.fineness} if asked else {}
    board, changes, people = shop_read(lambda db: (
        rates.get_board(db), rates.list_history(db, after=request.args.get("after"), limit=30, **of),
        {member.person_id: member.name for member in tenants.list_kept_members(db)},
    ))  # fmt: skip
    drawn = asked or _first_drawn(board)
    known = {(rate.metal, rate.fineness): rate for rate in board}
    rows = [(purity, field_of(purity), known.get((purity.metal, purity.fineness))) for purity in _purities()]
    usual = [row for row in rows if row[2] is not None or (row[0].metal, row[0].fineness) in USUAL]
    others = [row for row in rows if row not in usual]
    allowed = _allowed()
    values = {name: grouped(rate.paise_per_g) if rate else "" for _purity, name, rate in rows}
    values |= _lowered(allowed) | forms.typed()
    kept: dict[str, Any] = {"of": _key(asked)} if asked else {}
    more = url_for("shop_pages.rates", after=changes.next_cursor, **kept) if changes.next_cursor else ""
    return show(
        "rates.html", "rates", usual=usual, others=others, others_open=any(text_field(row[1]) for row in others),
        values=values, changes=changes, people=people, refusal=refusal, allowed=allowed, wanted=wanted or None,
        labels={(purity.metal, purity.fineness): purity.label for purity in _purities()}, next_url=more,
        paged="after" in request.args, key=form_key(), saved=request.args.get("saved") == "yes",
        asked=_key(asked) if asked else "", drawn=drawn, choices=_choices(), chart=_chart(drawn) if drawn else None,
        back=url_for("shop_pages.rates"), **_feed_shown(),
    )  # fmt: skip


def _feed_shown() -> dict[str, Any]:
    """The feed with its age, what it suggests by purity, and whether the day's board is locked."""
    feed, rules, suggested = shop_read(lambda db: (rates.read_feed(db), rates.get_rules(db), rates.suggested(db)))
    now = utc_now()
    return {
        "feed": [(one, _age(one.minutes_old(now))) for one in feed], "terms": rules.terms, "locked": rules.locked(now),
        "suggested": {(one.metal, one.fineness): one for one in suggested},
        "accepts": [(field_of(one), one) for one in suggested if one.followed and one.differs and not one.stale],
        "fetching": request.args.get("asked") == "feed", "moved": _moved,
    }  # fmt: skip


def _moved(bp: int) -> str:
    """+1.25 %"""
    return f"{'−' if bp < 0 else '+'}{grouped(abs(bp))} %"


def _age(minutes: int) -> str:
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%(minutes)s min ago", minutes=minutes)
    hours, rest = divmod(minutes, 60)
    return _("%(hours)s h %(rest)s min ago", hours=hours, rest=rest) if hours < 48 else _(
        "%(days)s days ago", days=hours // 24
    )  # fmt: skip


def _allowed() -> Approval | None:
    """The owner's answer that the page was opened with, where it can be used."""
    approval_id = _id_of(request.values.get("approval_id") or request.args.get("approval", ""))
    if approval_id is None or not may("approval.ask"):
        return None
    found = try_form(lambda: shop_read(lambda db: approvals.get_approval(db, approval_id))).result
    return found if found is not None and found.state == ApprovalState.GRANTED and found.right == LOWER else None


def _lowered(allowed: Approval | None) -> dict[str, str]:
    """The rates that were allowed, in the form's fields."""
    listed = allowed.facts.get("rates", []) if allowed is not None else []
    return {f"rate-{one['metal']}-{one['fineness']}": grouped(one["toPaisePerG"]) for one in listed}


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _choices() -> list[tuple[str, str]]:
    return [("", _("All purities")), *((_key(purity), purity.label) for purity in _purities())]


def _key(purity: Any) -> str:
    return f"{purity.metal}-{purity.fineness}"


def _first_drawn(board: list[rates.Rate]) -> Any:
    """22 karat where the shop has it, else the first on its board."""
    on_board = {(rate.metal, rate.fineness) for rate in board}
    known = [one for one in _purities() if (one.metal, one.fineness) in on_board]
    return next((one for one in known if (one.metal, one.fineness) == DRAWN_FIRST), known[0] if known else None)


def _chart(purity: Any) -> list[list[int]] | None:
    """Moments (seconds since 1970) and paise, the oldest first; the last one holds until now. None: too few to draw."""
    found = shop_read(lambda db: rates.list_history(db, metal=purity.metal, fineness=purity.fineness, limit=MOST_DRAWN))
    points = [(int(one.set_at.timestamp()), one.paise_per_g) for one in reversed(found.items)]
    if not points:
        return None
    points.append((int(utc_now().timestamp()), points[-1][1]))
    return [[at for at, _paise in points], [paise for _at, paise in points]]


def _purities() -> tuple[Any, ...]:
    return rates.list_purities(today_ist())
