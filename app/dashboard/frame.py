"""Owns the frame of a shop's pages: whose shop, which menu its person sees, what its plan has to say."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, url_for

from app.approvals.service import count_asked
from app.kit.clock import today_ist
from app.kit.http import page_blueprint, runtime, shop_read, shop_scope
from app.kit.ports import EntitlementState
from app.kit.texts import N_, _
from app.tenants import service as tenants

pages = page_blueprint("shop", "", module=__name__)

NAME_LASTS_S = 120.0
WAITING_LASTS_S = 5.0
WARN_DAYS = 7

MENU = (
    ("", (
        ("home", N_("Home"), "shop_pages.home", "rates.view"),
        ("bill", N_("New bill"), "shop_pages.new_bill", "bill.issue"),
        ("bills", N_("Bills"), "shop_pages.bills", "bill.view"),
        ("stock", N_("Stock"), "shop_pages.stock", "stock.view"),
        ("customers", N_("Customers"), "shop_pages.customers", "customer.view"),
        ("rates", N_("Rates"), "shop_pages.rates", "rates.view"),
        ("approvals", N_("Approvals"), "shop_pages.approvals", "approval.ask"),
    )),
    (N_("Trade"), (
        ("estimates", N_("Estimates"), "shop_pages.estimates", "bill.view"),
        ("old_gold", N_("Old gold"), "shop_pages.old_gold", "oldgold.view"),
        ("schemes", N_("Schemes"), "shop_pages.schemes", "scheme.view"),
        ("orders", N_("Orders"), "shop_pages.orders", "order.view"),
        ("karigars", N_("Karigars"), "shop_pages.karigars", "karigar.view"),
    )),
    (N_("Money"), (
        ("cash", N_("Cash"), "shop_pages.cash", "cash.view"),
        ("day", N_("Day"), "shop_pages.day", "report.view"),
        ("receipts", N_("Receipts"), "shop_pages.receipts", "credit.view"),
        ("exports", N_("Exports"), "shop_pages.exports", "export.run"),
    )),
    (N_("Shop"), (
        ("audit", N_("Audit"), "shop_pages.audit", "audit.view"),
        ("staff", N_("Staff"), "shop_pages.staff", "people.view"),
        ("settings", N_("Settings"), "shop_pages.settings", "settings.view"),
    )),
)  # fmt: skip
"""By group, the first one open: key, text, endpoint, and the right without which an entry is not shown (its page checks
it again). Thirteen entries do not fit a counter's screen."""


MODES = (
    ("cash", N_("Cash")), ("upi", N_("UPI")), ("card", N_("Card")), ("bank", N_("Bank")), ("cheque", N_("Cheque")),
)  # fmt: skip
"""Ways of paying, in the order of the counter."""


def show(template: str, place: str, **context: Any) -> str:
    """A page in the shop's frame; `place` is the menu entry that it belongs to."""
    found, shop_id = shop_scope()
    return render_template(
        f"dashboard/{template}", shop={"slug": g.shop_slug, **shop_facts()}, person=found.principal, place=place,
        menu=_menu(),
        may=may, plan_banner=_plan_banner(shop_id), waiting=waiting_approvals() if may("approval.decide") else None,
        **context,
    )  # fmt: skip


def _menu() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The groups that this person sees something of: their name and entries."""
    shown = (
        (str(_(name)) if name else "", [
            (key, str(_(text)), url_for(endpoint)) for key, text, endpoint, right in entries if may(right)
        ])
        for name, entries in MENU
    )  # fmt: skip
    return [(name, entries) for name, entries in shown if entries]


def waiting_approvals() -> int:
    """How many questions wait for an answer, at most a few seconds ago: it stands on every page."""
    _found, shop_id = shop_scope()
    return runtime().cache.get(shop_id, "approvals.waiting", lambda: shop_read(count_asked), ttl=WAITING_LASTS_S)


def may(right: str) -> bool:
    """Whether this person's role in this shop includes a right: what to offer; the route decides."""
    found, _shop_id = shop_scope()
    return right in found.actor.rights


def mode_names() -> dict[str, str]:
    return {mode: str(_(name)) for mode, name in MODES}


CREDITS = (
    ("advance", N_("Advance")), ("old_gold", N_("Old gold")), ("scheme", N_("Scheme")),
    ("store_credit", N_("Store credit")),
)  # fmt: skip
"""What the shop can owe a customer."""


def credit_names() -> dict[str, str]:
    return {kind: str(_(name)) for kind, name in CREDITS}


def part(template: str, **context: Any) -> str:
    """A piece of a page, for htmx to put in place."""
    found, _shop_id = shop_scope()
    return render_template(f"dashboard/{template}", may=may, person=found.principal, **context)


def shop_facts() -> dict[str, str]:
    """What pages say of the shop itself: its name and its state."""
    _found, shop_id = shop_scope()
    return runtime().cache.get(shop_id, "page.shop", _facts, ttl=NAME_LASTS_S)


def forget_facts() -> None:
    """The shop calls itself something else from now on."""
    _found, shop_id = shop_scope()
    runtime().cache.forget(shop_id)


def _facts() -> dict[str, str]:
    profile = shop_read(tenants.get_profile)
    return {"name": profile.name, "state_code": next((one.state_code for one in profile.outlets), "")}


PLAN_SAYS = {
    EntitlementState.GRACE: N_("The plan ended on %(until)s. Please renew: new bills will stop soon."),
    EntitlementState.READ_ONLY: N_("The plan ended on %(until)s: all can be seen and exported, nothing new issued."),
    EntitlementState.SUSPENDED: N_("The plan ended on %(until)s. Your books are safe and can be exported."),
}
TRIAL_SAYS = N_("The trial ends on %(until)s. Renew in time and nothing stops.")


def _plan_banner(shop_id: int) -> str:
    """Silent while all is well: a trial speaks up in its last week."""
    view = runtime().entitlement.may_trade(shop_id)
    said = PLAN_SAYS.get(view.state, "")
    if view.state is EntitlementState.TRIAL and view.paid_until and (view.paid_until - today_ist()).days < WARN_DAYS:
        said = TRIAL_SAYS
    until = view.paid_until.strftime("%d-%m-%Y") if view.paid_until else "—"
    return str(_(said, until=until)) if said else ""
