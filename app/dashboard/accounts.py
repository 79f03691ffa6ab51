"""Owns the pages of what is owed: a customer's account with their credits, and who owes the shop for how long."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.credits import service as credits
from app.customers import service as customers
from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read, shop_write
from app.kit.locale import parse_day
from app.kit.pages import form_key, go_to, try_form
from app.kit.texts import N_, _
from app.ledger import service as ledger
from app.ledger.service import Entry, Outstanding
from app.reports import service as reports
from shard_router import ShopSession

KINDS = {
    "invoice": N_("Bill"), "bill_of_supply": N_("Bill of supply"), "credit_note": N_("Credit note"),
    "debit_note": N_("Debit note"), "receipt_voucher.advance": N_("Advance taken"),
    "receipt_voucher.on_account": N_("Paid on account"), "receipt_voucher.scheme": N_("Scheme instalment"),
    "refund_voucher.advance": N_("Advance taken back"), "refund_voucher.on_account": N_("Payment taken back"),
    "refund_voucher.scheme": N_("Instalment taken back"), "refund_voucher.pay_out": N_("Paid out"),
    "payment_voucher.pay_out": N_("Paid out"), "advance": N_("Advance"), "old_gold": N_("Old gold taken in"),
    "scheme": N_("Scheme matured"), "store_credit": N_("Store credit"), "spent": N_("Used"),
    "released": N_("Came back"), "paid_out": N_("Paid out"), "closed": N_("Closed"),
}  # fmt: skip
CREDITS = {
    "advance": N_("Advance"), "old_gold": N_("Old gold"), "scheme": N_("Scheme"), "store_credit": N_("Store credit"),
}  # fmt: skip
BILLS = frozenset({"invoice", "bill_of_supply", "credit_note", "debit_note"})
AGES = (N_("up to 30 days"), N_("31 to 60 days"), N_("61 to 90 days"), N_("older"))
COLOURS = ("good", "gold", "warn", "bad")
CHART = 1000  # the width of the drawing; the page stretches it


@pages.get("/customers/<id:customer_id>/account", endpoint="customer_account")
@allow("ledger.view")
def account(customer_id: UUID) -> str:
    """Every document with both balances after it, since a day if one is chosen, and the credits that are left."""
    first, last = parse_day(request.args.get("from", "")), parse_day(request.args.get("to", ""))

    def read(db: ShopSession) -> tuple[Any, ...]:
        person = customers.get_customer(db, customer_id)
        living = person.merged_into or customer_id
        family = customers.family_of(db, living)
        members = family.members if family else ()
        balances = ledger.balances_of(db, [one.customer_id for one in members])
        return (
            person, ledger.ledger_of(db, customer_id, first=first, last=last), credits.open_credits(db, living),
            [(one, balances[one.customer_id]) for one in members],
        )  # fmt: skip

    person, found, owned, family = shop_read(read)
    return show(
        "customer_account.html", "customers", customer=person, account=found, credits=owned, family=family,
        kinds=_texts(KINDS), credit_kinds=_texts(CREDITS), link_of=_link_of, filters=request.args,
        periods=forms.periods(today_ist()), tabs=tabs_of(person.id, "account"),
    )  # fmt: skip


@pages.get("/outstanding", endpoint="outstanding")
@allow("ledger.view")
def outstanding_page() -> str:
    sort = request.args.get("sort", "")
    found = shop_read(lambda db: ledger.outstanding(
        db, sort=sort if sort in ("-owesPaise", "-oldPaise") else None, after=request.args.get("after"), limit=50
    ))  # fmt: skip
    following = found.debtors.next_cursor
    return show(
        "outstanding.html", "customers", found=found, ages=[str(_(name)) for name in AGES], colours=COLOURS,
        bars=_bars(found), sort=sort, paged="after" in request.args, today=today_ist(), key=form_key(),
        next_url=url_for("shop_pages.outstanding", sort=sort or None, after=following) if following else "",
    )  # fmt: skip


@pages.post("/outstanding/file")
@allow("export.run")
def outstanding_file() -> Response | tuple[str, int]:
    """Who owes what since when, as a file: written by a job, fetched from the exports."""
    today = today_ist()
    tried = try_form(lambda: shop_write(
        lambda db: reports.ask_export(
            db, kind=reports.OUTSTANDING, format=forms.one_of("format", reports.FORMATS), issued_from=today,
            issued_to=today,
        ),
        rebuild=reports.get_export,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.exports", job=tried.result.job_id))
    return go_to(url_for("shop_pages.outstanding"))


def tabs_of(customer_id: UUID, here: str) -> list[tuple[str, str, bool]]:
    """Text, address and whether it is this page, of the pages of a customer that this person may see."""
    places = (
        ("details", _("Details"), "shop_pages.customer", "customer.view"),
        ("account", _("Account"), "shop_pages.customer_account", "ledger.view"),
        ("family", _("Family and days"), "shop_pages.customer_family", "customer.view"),
        ("papers", _("Papers"), "shop_pages.customer_papers", "customer.kyc"),
    )
    return [
        (text, url_for(endpoint, customer_id=customer_id), key == here)
        for key, text, endpoint, right in places
        if may(right)
    ]


def _bars(found: Outstanding) -> list[tuple[int, int]]:
    """Where each age's part of the bar begins and how wide it is, in thousandths of the whole."""
    bars, begun = [], 0
    for paise in found.ages_paise:
        ends = begun + paise
        start = CHART * begun // max(found.owes_paise, 1)
        bars.append((start, CHART * ends // max(found.owes_paise, 1) - start))
        begun = ends
    return bars


def _link_of(entry: Entry) -> str:
    """Where the document is looked at; other rooms' documents have no page here."""
    if entry.kind in BILLS and may("bill.view"):
        return url_for("shop_pages.bill", invoice_id=entry.id)
    if "_voucher." in entry.kind and may("credit.view"):
        return url_for("shop_pages.receipt", receipt_id=entry.id)
    return ""


def _texts(names: dict[str, Any]) -> dict[str, str]:
    return {key: str(_(name)) for key, name in names.items()}
