"""Owns what a shop's pages show of the feed and do with it: its age, what it suggests, accepting that, the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from app.approvals.service import ApprovalNeeded
from app.dashboard import forms
from app.dashboard.board import board_page, field_of
from app.dashboard.frame import pages, show
from app.kit.clock import today_ist
from app.kit.errors import Unprocessable
from app.kit.http import allow, rate_limit, runtime, shop_read, shop_write
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.rates import service as rates
from app.rates.service import RateSetting, Rule, RuleDraft, Rules, Suggestion, Terms
from shard_router import ShopSession

STEPS = [(str(step), "₹" + grouped(step).removesuffix(".00")) for step in rates.ROUNDINGS]
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")


class TimeUnreadable(Unprocessable):
    """A text is no time of the day."""

    default_action = N_("Write it like 20:30.")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One purity of the rules' form: the names of its fields begin with `of`."""

    of: str
    label: str
    paise_now: int | None


@pages.post("/rates/feed")
@allow("rates.set")
@rate_limit("6/minute")
def ask_feed() -> Response | tuple[str, int]:
    """Asks for the newest rate; the page shows it as soon as it is there."""
    tried = try_form(lambda: shop_write(rates.ask_fresh))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rates", asked="feed"))
    return board_page(tried.refusal), tried.refusal.status


@pages.post("/rates/suggested")
@allow("rates.set")
def accept_suggested() -> Response | tuple[str, int]:
    """All that was suggested when the page was shown, as it was shown."""
    cache, wanted = runtime().cache, dict[str, Any]()

    def work(db: ShopSession) -> list[rates.Rate]:
        try:
            return rates.accept(db, rates=_seen(), cache=cache)
        except ApprovalNeeded as refused:
            wanted.update(refused.members["approval"])
            raise

    tried = try_form(lambda: shop_write(work))
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rates", saved="yes"))
    return board_page(tried.refusal, wanted=wanted), tried.refusal.status


def _seen() -> list[RateSetting]:
    seen = [
        RateSetting(purity.metal, purity.fineness, whole_number(f"seen-{field_of(purity)}"))
        for purity in rates.list_purities(today_ist())
        if f"seen-{field_of(purity)}" in request.form
    ]
    if not seen:
        raise forms.TypedWrongly(_("No rate was suggested."))
    return seen


# ---------------------------------------------------------------- rules


@pages.get("/rates/rules", endpoint="rate_rules")
@allow("rates.rules")
def rules_page() -> str:
    return _rules_page(None)


@pages.post("/rates/rules")
@allow("rates.rules")
def set_rules() -> Response | tuple[str, int]:
    """All rules as the form shows them: a row without its tick has none."""
    rows = {f"rules.{place}": f"{name}-" for place, name in enumerate(_ticked())}
    tried = try_form(lambda: shop_write(lambda db: rates.set_rules(
        db, terms=_terms_typed(), rules=_rules_typed(), expected_version=whole_number("version")
    )))  # fmt: skip
    if tried.refusal is None or tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.rate_rules", saved="yes"))
    paths = {f"{path}.{end}": f"{name}{field}" for path, name in rows.items() for end, field in FIELDS.items()}
    names = {"terms.autoMostBp": "auto_most", "terms.lockedFromMin": "locked_from", "terms.autoPublish": "auto_publish"}
    return _rules_page(forms.beside(tried.refusal, {**paths, **names})), tried.refusal.status


FIELDS = {"premiumBp": "bp", "premiumPaisePerG": "paise", "roundToPaise": "step", "purity": "on"}


def _ticked() -> list[str]:
    return [f"rule-{name}" for name in map(_name, _purities()) if f"rule-{name}-on" in request.form]


def _terms_typed() -> Terms:
    locked = text_field("locked_from")
    return Terms(
        follows="follows" in request.form, with_duty="with_duty" in request.form,
        auto_publish="auto_publish" in request.form, auto_most_bp=forms.figure("auto_most", parse_rupees, empty=100),
        locked_from_min=forms.at_field("locked_from", lambda: _minute(locked)) if locked else None,
    )  # fmt: skip


def _rules_typed() -> list[RuleDraft]:
    return [
        RuleDraft(purity.metal, purity.fineness, Rule(
            premium_bp=forms.figure(f"rule-{_name(purity)}-bp", _signed(parse_rupees), empty=0),
            premium_paise_per_g=forms.figure(f"rule-{_name(purity)}-paise", _signed(parse_rupees), empty=0),
            round_to_paise=int(forms.one_of(f"rule-{_name(purity)}-step", dict(STEPS))),
        ))
        for purity in _purities()
        if f"rule-{_name(purity)}-on" in request.form
    ]  # fmt: skip


def _signed(parse: Callable[[str], int]) -> Callable[[str], int]:
    """A minus before the figure makes a discount of it."""

    def read(text: str) -> int:
        bare = text.replace("−", "-").strip()
        return -parse(bare[1:]) if bare.startswith("-") else parse(bare.removeprefix("+"))

    return read


def _minute(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise TimeUnreadable(_("“%(text)s” is no time of the day.", text=text[:10]))
    return int(found[1]) * 60 + int(found[2])


def _rules_page(refusal: Refusal | None) -> str:
    rules, suggested = shop_read(lambda db: (rates.get_rules(db), rates.suggested(db)))
    values = forms.typed() if refusal is not None else _values(rules)
    return show(
        "rate_rules.html", "rates", rows=_rows(suggested), values=values, refusal=refusal, key=form_key(),
        version=rules.version, saved=request.args.get("saved") == "yes", steps=STEPS,
    )  # fmt: skip


def _rows(suggested: list[Suggestion]) -> list[RuleRow]:
    now = {(one.metal, one.fineness): one.paise_per_g for one in suggested}
    return [
        RuleRow(f"rule-{_name(one)}", one.label, now.get((one.metal, one.fineness))) for one in _purities()
    ]  # fmt: skip


def _values(rules: Rules) -> Mapping[str, str]:
    """What the form shows of the rules as they are; a tick is there or it is not."""
    terms = rules.terms
    values = {
        "auto_most": grouped(terms.auto_most_bp).removesuffix(".00"),
        "locked_from": ""
        if terms.locked_from_min is None
        else "{:02d}:{:02d}".format(*divmod(terms.locked_from_min, 60)),
        **{name: "yes" for name in ("follows", "with_duty", "auto_publish") if getattr(terms, name)},
    }
    for (metal, fineness), rule in rules.rules.items():
        of = f"rule-{metal}-{fineness}"
        values |= {
            f"{of}-on": "yes", f"{of}-bp": _shown(rule.premium_bp), f"{of}-paise": _shown(rule.premium_paise_per_g),
            f"{of}-step": str(rule.round_to_paise),
        }  # fmt: skip
    return values


def _shown(figure: int) -> str:
    return "" if figure == 0 else grouped(figure).removesuffix(".00")


def _name(purity: Any) -> str:
    return f"{purity.metal}-{purity.fineness}"


def _purities() -> list[rates.Purity]:
    return [one for one in rates.list_purities(today_ist()) if one.metal in rates.SYMBOLS]
