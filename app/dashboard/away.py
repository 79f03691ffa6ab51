"""Owns the pages of what is away: transfers that are weighed in, memos that come back, melts that are poured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.customers import service as customers
from app.dashboard import codes, forms
from app.dashboard.frame import may, pages, show
from app.dashboard.looks import look_asked, looks
from app.dashboard.lots import KINDS, OF_METAL, typed_lot
from app.dashboard.stock import named, stone_codes
from app.inventory import service as inventory
from app.inventory.lotting import scales_differ_mg
from app.inventory.service import Arrival, Consignment, LotDraft
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read
from app.kit.pages import Refusal, form_key, go_to, text_field, whole_number
from app.kit.texts import N_, _
from app.kit.weights import fine_mg, parse_grams
from app.printing.at_once import printed
from app.printing.looks import SMALL
from app.printing.press import Press
from shard_router import ShopSession

TITLES = {"transfer": N_("Transfers"), "memo": N_("On approval"), "melt": N_("Melts")}
ONE = {"transfer": N_("Transfer"), "memo": N_("Approval memo"), "melt": N_("Melt")}
RIGHTS = {"transfer": "stock.transfer", "memo": "stock.memo", "melt": "stock.melt"}
STATES = (("away", N_("Away")), ("ended", N_("Ended")), ("all", N_("All")))
_AS_TYPED: Mapping[str, str] = {}
OUTCOMES = {
    "received": N_("arrived"), "returned": N_("came back"), "lost": N_("lost"), "melted": N_("melted"),
}  # fmt: skip


@pages.get("/stock/transfers", endpoint="transfers")
@allow("stock.view")
def transfers_list() -> str:
    return _list("transfer")


@pages.get("/stock/memos", endpoint="memos")
@allow("stock.view")
def memos_list() -> str:
    return _list("memo")


@pages.get("/stock/melts", endpoint="melts")
@allow("stock.view")
def melts_list() -> str:
    return _list("melt")


@pages.route("/stock/transfers/new", methods=["GET", "POST"])
@allow("stock.transfer")
def new_transfer() -> str | Response | tuple[str, int]:
    return _new("transfer", lambda db: inventory.send_transfer(
        db, to_outlet_id=codes.id_of("to_outlet_id"), note=forms.line_or_none("note", most=200), **codes.things(db)
    ))  # fmt: skip


@pages.route("/stock/memos/new", methods=["GET", "POST"])
@allow("stock.memo")
def new_memo() -> str | Response | tuple[str, int]:
    def work(db: ShopSession) -> Consignment:
        found, phone = codes.things(db), forms.line("phone", least=1, most=40)
        customer = customers.find_by_phone(db, phone)
        if customer is None:
            forms.refuse("phone", _("No customer has this number. Enter the customer first."))
        if found["lot_ids"]:
            forms.refuse("codes", _("Lots do not go out on approval."))
        assert customer is not None  # refused above
        due = forms.day("due_on") if text_field("due_on") else None
        return inventory.send_memo(
            db, customer_id=customer.id, item_ids=found["item_ids"], due_on=due,
            note=forms.line_or_none("note", most=200),
        )  # fmt: skip

    return _new("memo", work)


@pages.route("/stock/melts/new", methods=["GET", "POST"])
@allow("stock.melt")
def new_melt() -> str | Response | tuple[str, int]:
    return _new("melt", lambda db: inventory.start_melt(
        db, place_id=codes.id_or_none("place_id"), note=forms.line_or_none("note", most=200), **codes.things(db)
    ))  # fmt: skip


@pages.get("/stock/transfers/<id:transfer_id>")
@allow("stock.view")
def transfer(transfer_id: UUID) -> str:
    return _page("transfer", transfer_id)


@pages.get("/stock/memos/<id:memo_id>")
@allow("stock.view")
def memo(memo_id: UUID) -> str:
    return _page("memo", memo_id)


@pages.get("/stock/melts/<id:melt_id>")
@allow("stock.view")
def melt(melt_id: UUID) -> str:
    return _page("melt", melt_id)


@pages.get("/stock/transfers/<id:transfer_id>/print")
@allow("stock.view")
def print_transfer(transfer_id: UUID) -> Response:
    """The note that goes with it."""
    return _printed("transfer", transfer_id)


@pages.get("/stock/memos/<id:memo_id>/print")
@allow("stock.view")
def print_memo(memo_id: UUID) -> Response:
    """The memo that the customer signs."""
    return _printed("memo", memo_id)


@pages.post("/stock/transfers/<id:transfer_id>/receive")
@allow("stock.transfer")
def receive_transfer(transfer_id: UUID) -> Response | tuple[str, int]:
    names: dict[str, str] = {}

    def work(db: ShopSession) -> Consignment:
        sent = inventory.get_consignment(db, transfer_id, kind="transfer")
        arrivals, places = _arrivals(sent), {line.id: line.pos for line in sent.lines}
        names.update({f"arrivals.{at}.gross_mg": f"gross-{places[one.line_id]}" for at, one in enumerate(arrivals)})
        return inventory.receive_transfer(
            db, consignment_id=transfer_id, expected_version=whole_number("version"), arrivals=arrivals,
            accept_differences=request.form.get("accept") == "yes",
        )  # fmt: skip

    return _did("transfer", transfer_id, work, names)


@pages.post("/stock/transfers/<id:transfer_id>/recall")
@allow("stock.transfer")
def recall_transfer(transfer_id: UUID) -> Response | tuple[str, int]:
    return _did("transfer", transfer_id, lambda db: _back(db, "transfer", transfer_id))


@pages.post("/stock/memos/<id:memo_id>/return")
@allow("stock.memo")
def return_memo(memo_id: UUID) -> Response | tuple[str, int]:
    return _did("memo", memo_id, lambda db: _back(db, "memo", memo_id))


@pages.post("/stock/melts/<id:melt_id>/pour")
@allow("stock.melt")
def pour_melt(melt_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Consignment:
        inventory.get_consignment(db, melt_id, kind="melt")
        stones: LotDraft | None = typed_lot("stones-") if text_field("stones-code") else None
        return inventory.finish_melt(
            db, consignment_id=melt_id, expected_version=whole_number("version"), result=typed_lot(), stones=stones
        )

    return _did("melt", melt_id, work)


# ---------------------------------------------------------------- what the three share


def _list(kind: str) -> str:
    state = request.args.get("state", "away")
    page = shop_read(lambda db: inventory.list_consignments(
        db, kind=kind, state=state if state in ("away", "ended") else None, after=request.args.get("after")
    ))  # fmt: skip
    here = f"shop_pages.{kind}s"
    more = url_for(here, state=state, after=page.next_cursor) if page.next_cursor else ""
    known, people = codes.places(), [one.customer_id for one in page.items if one.customer_id]
    names = shop_read(lambda db: customers.names_of(db, people)) if people and may("customer.view") else {}
    return show(
        "consignments.html", "stock", kind=kind, title=_(TITLES[kind]), page=page, state=state, next_url=more,
        states=named(STATES), paged="after" in request.args, known=known, place_name=codes.place_name, names=names,
        right=RIGHTS[kind], today=today_ist(),
    )  # fmt: skip


def _new(kind: str, work: Callable[[ShopSession], Consignment]) -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(kind, None)
    tried = codes.written(work, rebuild=lambda db, one: inventory.get_consignment(db, one, kind=kind))
    if tried.result is not None:
        return go_to(_url(kind, tried.result.id, "new"))
    return _form(kind, tried.refusal), tried.refusal.status if tried.refusal else 422


def _form(kind: str, refusal: Refusal | None) -> str:
    known = codes.places()
    values = forms.typed() if request.method == "POST" else {"codes": request.args.get("codes", "")[:200]}
    return show(
        "consignment_new.html", "stock", kind=kind, title=_(ONE[kind]), refusal=refusal, values=values, key=form_key(),
        outlets=codes.place_choices(known, trays=False, anywhere=_("Choose")),
        place_choices=codes.place_choices(known, anywhere=_("Where I sit")),
    )  # fmt: skip


def _page(kind: str, one: UUID, refusal: Refusal | None = None) -> str:
    found = shop_read(lambda db: inventory.get_consignment(db, one, kind=kind))
    known, customer = codes.places(), None
    poured = shop_read(lambda db: inventory.poured_of(db, found)) if kind == "melt" else None
    if found.customer_id is not None and may("customer.view"):
        asked = found.customer_id
        customer = shop_read(lambda db: customers.get_customer(db, asked))
    return show(
        "consignment.html", "stock", kind=kind, title=_(ONE[kind]), one=found, refusal=refusal, key=form_key(),
        customer=customer, values=forms.typed() if request.method == "POST" else {}, right=RIGHTS[kind],
        from_place=codes.place_name(known, found.from_place_id), to_place=codes.place_name(known, found.to_place_id),
        outcomes={name: _(text) for name, text in OUTCOMES.items()}, saved=request.args.get("saved", ""),
        kinds=named(KINDS), metals=named(OF_METAL), looks=looks(but=SMALL), allowed_mg=scales_differ_mg(today_ist()),
        stone_codes=[("", "—"), *stone_codes()], poured=poured, fine_mg=fine_mg,
    )  # fmt: skip


def _printed(kind: str, one: UUID) -> Response:
    return printed(lambda db: inventory.consignment_slip(db, one, kind=kind), look_asked(SMALL), Press.render_slip)


def _did(
    kind: str, one: UUID, work: Callable[[ShopSession], Any], names: Mapping[str, str] = _AS_TYPED
) -> Response | tuple[str, int]:
    tried = codes.written(work, rebuild=lambda db, _id: inventory.get_consignment(db, one, kind=kind))
    if tried.result is not None:
        return go_to(_url(kind, one, "yes"))
    return _page(kind, one, forms.beside(tried.refusal, names)), tried.refusal.status if tried.refusal else 422


def _url(kind: str, one: UUID, saved: str) -> str:
    names: dict[str, Any] = {f"{kind}_id": one, "saved": saved}
    return url_for(f"shop_pages.{kind}", **names)


def _back(db: ShopSession, kind: str, one: UUID) -> Consignment:
    """The lines that were ticked; none ticked: all that are away."""
    found = inventory.get_consignment(db, one, kind=kind)
    ticked = [line.id for line in found.away if request.form.get(f"line-{line.pos}") == "yes"]
    return inventory.bring_back(
        db, consignment_id=one, expected_version=whole_number("version"), line_ids=ticked or None
    )


def _arrivals(sent: Consignment) -> list[Arrival]:
    """Of each line that is away: what the scale showed, or that it is lost. One that is left empty arrived as sent."""
    found = []
    for line in sent.away:
        what = request.form.get(f"what-{line.pos}", "arrived")
        if what == "later":
            continue
        typed = f"gross-{line.pos}"
        gross = forms.figure(typed, parse_grams) if text_field(typed) and what != "lost" else None
        found.append(Arrival(line.id, gross, lost=what == "lost"))
    return found
