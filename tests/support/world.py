"""Owns one shop with something of everything in it, and a look at all its rows, which others must not touch."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals import service as approvals
from app.cash import service as cash
from app.cash.models import DayClosing
from app.console.moves import mover_of
from app.credits import service as credits
from app.customers import service as customers
from app.estimates import service as estimates
from app.imports import service as imports
from app.imports.columns import map_columns
from app.inventory import service as inventory
from app.invoices.models import InvoicePdf
from app.invoices.service import BillDraft, LineDraft
from app.karigar import service as karigars
from app.kit import audit, outbox
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.ports import Bucket
from app.kit.runtime import Runtime
from app.kit.transactions import write_control
from app.labels import service as labels
from app.orders import service as orders
from app.ratelocks import service as ratelocks
from app.reports import daybook
from app.reports.models import Export, ExportState
from app.stocktake import service as stocktake
from app.tenants import service as tenants
from app.tenants.models import Outlet
from app.vision.models import Picture, PictureState
from migrations.fleet import Target
from migrations.tables import tables_of
from shard_router import ShopSession
from shard_router.moves import Limits
from tests.factories.bills import a_bill
from tests.factories.gold import an_old_chain
from tests.factories.people import a_customer
from tests.factories.rates import a_board
from tests.factories.savings import a_scheme
from tests.factories.stock import a_draft, an_item
from tests.support.cast import Cast, Somebody
from tests.support.cluster import Cluster
from tests.support.shops import open_shop_rows


@dataclass(frozen=True)
class World:
    """Asha's things by the names that addresses give them."""

    things: dict[str, Any]


def furnish(runtime: Runtime, cast: Cast) -> World:
    """A board, two pieces (one sold), a customer, a bill with its PDF, a picture, an export, a waiting job."""
    asha = cast.asha
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        a_board(db)
        stock = _stock(db, asha)
        kept, sold = an_item(db), an_item(db)
        customer = a_customer(db, runtime.keyring)
        stock["memo_id"] = inventory.send_memo(db, customer_id=customer.id, item_ids=[an_item(db).id]).id
        known = _known_of(db, runtime, customer.id)
        picture, export, job = _files_and_jobs(db, asha)
        db.commit()
    bill = a_bill(
        runtime.router,
        runtime.keyring,
        shop_id=asha.shop_id,
        actor=asha.actor,
        item_ids=[sold.id],
        customer_id=customer.id,
    )
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        db.add(_pdf(bill.id, asha.shop_id))
        db.commit()
    locked = _locked_rate(runtime, asha, customer.id)
    return World(
        things={
            "item_id": kept.id, "code": kept.tag, "customer_id": customer.id, "phone": customer.phone,
            "invoice_id": bill.id, "picture_id": picture, "image_id": picture, "export_id": export, "job_id": job,
            "person_id": cast.bina.person_id, "till_id": asha.shop.till_id, "outlet_id": asha.shop.outlet_id,
            "registration_id": asha.shop.registration_id, "number": str(asha.shop_id),
            "note_id": bill.id, "document_id": bill.id, "invitation_id": _invitation(runtime, asha),
            "move_id": _move(runtime), "approval_id": _approval(runtime, cast), "quote_id": new_id(), "lock_id": locked,
            **stock, **_lists(runtime, asha),
            "handover_id": _handover(runtime, cast),
            "name": "limits.json", "section": "records", "place": "0", **known,
            **_gold_and_savings(runtime, asha, customer.id),
            **_with_karigar(runtime, asha, customer.id),
            **_told_and_held(runtime, asha, kept.id),
            "closing_id": _closed_day(runtime, asha),
        }
    )  # fmt: skip


def _closed_day(runtime: Runtime, asha: Somebody) -> UUID:
    """A day on which nothing was, closed."""
    on = dt.date(2020, 1, 1)
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        row = DayClosing(
            business_on=on, id=new_id(), figures=audit.canonical(daybook.figures_of(db, on)), content_hash=bytes(32),
            chain_seq=1, chain_hash=bytes(32), note=None, closed_by=asha.person_id, closed_at=utc_now(),
        )  # fmt: skip
        db.add(row)
        db.commit()
    return row.id


def _lists(runtime: Runtime, asha: Somebody) -> dict[str, UUID]:
    """A closed count that found a ring missing, a list that was looked through, labels that were asked for."""
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        missing = an_item(db)
        count = stocktake.open_stocktake(db)
        stocktake.close_stocktake(db, stocktake_id=count.id, expected_version=1)
        columns = map_columns(imports.CUSTOMERS, ("Name",))
        listed = imports.register_import(
            db, kind=imports.CUSTOMERS, file_name="list.csv", incoming=imports.incoming_key(asha.shop_id),
            sha256=bytes(32), columns=columns, total=1, place_id=None,
        )  # fmt: skip
        imports.checked(db, import_id=listed.id, good=1, bad=0)
        printed = labels.ask_labels(db, item_ids=[missing.id], size="label_50x25")
        db.commit()
    return {"stocktake_id": count.id, "import_id": listed.id, "labels_id": printed.id}


def _locked_rate(runtime: Runtime, asha: Somebody, customer_id: UUID) -> UUID:
    """A gram of 22 karat, against an advance."""
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        advance = credits.open_credit(
            db, kind=credits.CreditKind.ADVANCE, customer_id=customer_id, source_id=new_id(), paise=5_000_00
        )
        locked = ratelocks.lock_rate(
            db, customer_id=customer_id, metal="gold", fineness=9160, mg=1_000, credit_id=advance.id,
            expires_on=today_ist(),
        )  # fmt: skip
        db.commit()
    return locked.id


def _told_and_held(runtime: Runtime, asha: Somebody, item_id: UUID) -> dict[str, UUID]:
    """An estimate of a ring, and a sheet with it that was put aside."""
    draft = BillDraft(lines=(LineDraft(item_id),))
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        told = estimates.make_estimate(db, draft=draft)
        sheet = estimates.hold_sheet(db, draft=draft, label="Lata")
        db.commit()
    return {"estimate_id": told.id, "sheet_id": sheet.id}


def _stock(db: ShopSession, asha: Somebody) -> dict[str, UUID]:
    """A second outlet, a tray, a lot, a supplier with a bill, and one thing each away by transfer, memo and melt."""
    annex = Outlet(
        id=new_id(), registration_id=asha.shop.registration_id, name="Annex", address="2 Zaveri Bazaar",
        city="Mumbai", pin="400002", state_code="27",
    )  # fmt: skip
    db.add(annex)
    db.flush()
    code = f"BARS-{secrets.token_hex(3).upper()}"
    lot = inventory.LotDraft(code=code, name="Bars", kind="bullion", metal="gold", fineness=9950, net_mg=50_000)
    supplier = inventory.register_supplier(db, draft=inventory.SupplierDraft(name="Mehta Bullion"))
    bought = inventory.BoughtLine(taxable_paise=1_000_00, piece=a_draft())
    bill = inventory.PurchaseDraft(supplier_id=supplier.id, bill_no="B/1", bill_on=today_ist(), lines=(bought,))
    return {
        "annex_id": annex.id, "supplier_id": supplier.id,
        "tray_id": inventory.add_tray(
            db, outlet_id=asha.shop.outlet_id, code=f"T-{secrets.token_hex(3).upper()}", name="Front"
        ).id,
        "lot_id": inventory.receive_lot(db, draft=lot).id,
        "purchase_id": inventory.book_purchase(db, draft=bill).id,
        "transfer_id": inventory.send_transfer(db, to_outlet_id=annex.id, item_ids=[an_item(db).id]).id,
        "melt_id": inventory.start_melt(db, item_ids=[an_item(db).id]).id,
    }  # fmt: skip


def _gold_and_savings(runtime: Runtime, asha: Somebody, customer_id: UUID) -> dict[str, UUID]:
    """A voucher of old gold, and a scheme with an instalment."""
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        voucher = an_old_chain(db, runtime.keyring, customer_id=customer_id)
        scheme = a_scheme(db, runtime.keyring, customer_id=customer_id, paid=1)
        db.commit()
    return {"voucher_id": voucher.id, "scheme_id": scheme.id, "plan_id": scheme.plan_id}


def _approval(runtime: Runtime, cast: Cast) -> UUID:
    """Asked by Bina, who may not lower a rate, and still open."""
    with runtime.router.shop(cast.bina.shop_id, cast.bina.actor) as db:
        asked = approvals.ask(
            db, kind="bill.rate", right="bill.lower_rate", subject_id=None, facts={"costPaise": 1_000_00}
        )
        db.commit()
    return asked.id


def _handover(runtime: Runtime, cast: Cast) -> UUID:
    """Asha's empty drawer, given to Bina."""
    till_id, empty = cast.asha.shop.till_id, cash.Count([])
    with runtime.router.shop(cast.asha.shop_id, cast.asha.actor) as db:
        opened = cash.open_shift(db, till_id=till_id, expected_version=0, count=empty)
        made = cash.hand_over(
            db, till_id=till_id, expected_version=opened.version, count=empty, to_whom=cast.bina.person_id
        )
        db.commit()
    return made.id


def _known_of(db: ShopSession, runtime: Runtime, customer_id: UUID) -> dict[str, Any]:
    """An advance with its credit, a family, and a paper with its scan."""
    keyring = runtime.keyring
    receipt = credits.receive(
        db, customer_id=customer_id, purpose="advance", payments=[credits.Payment("upi", 500_00)], keyring=keyring
    )
    credit = credits.find_opened_by(db, receipt.id, "advance")
    customers.join_family(db, customer_id=customer_id, with_id=a_customer(db, keyring).id, relation="son")
    paper = customers.add_paper(
        db, customer_id=customer_id, kind="pan", number="ABCPD1234F", consent="2026-1", keyring=keyring
    )
    _, key, sealed = customers.keep_scan(db, paper_id=paper.id, expected_version=1, plain=b"%PDF-1.7", keyring=keyring)
    runtime.store.put(Bucket.INVOICES, key, sealed, content_type="application/octet-stream")
    assert credit is not None
    return {"receipt_id": receipt.id, "credit_id": credit.id, "paper_id": paper.id}


def _with_karigar(runtime: Runtime, asha: Somebody, customer_id: UUID) -> dict[str, UUID]:
    """A karigar with a job and a challan, and a customer's order."""
    due_on = today_ist() + dt.timedelta(days=7)
    with runtime.router.shop(asha.shop_id, asha.actor) as db:
        ram = karigars.register_karigar(db, draft=karigars.KarigarDraft(code="RAM", name="Ram Soni"))
        job = karigars.open_job(db, karigar_id=ram.id, draft=karigars.JobDraft(
            work="plain", description="Ring", metal="gold", fineness=9160, due_on=due_on,
        ))  # fmt: skip
        metal = (karigars.MetalOut(metal="gold", fineness=9160, net_mg=5_000),)
        challan = karigars.issue(db, job_id=job.id, draft=karigars.IssueDraft(metal=metal))
        order = orders.take_order(db, keyring=runtime.keyring, draft=orders.OrderDraft(
            customer_id=customer_id, due_on=due_on, lines=(orders.Wanted("Ring", "ring", "gold", 9160, 5_000),),
        ))  # fmt: skip
        db.commit()
    return {"karigar_id": ram.id, "karigar_job_id": job.id, "challan_id": challan.id, "order_id": order.id}


def _move(runtime: Runtime) -> UUID:
    """Of a shop of its own, and over."""
    mover = mover_of(runtime.router, Limits(accept_degraded=True))
    move_id = mover.ask(open_shop_rows(runtime.router, "shard-a").shop_id, "shard-b", asked_by="Om")
    mover.abort(move_id, "only to be looked at")
    return move_id


def _invitation(runtime: Runtime, asha: Somebody) -> UUID:
    """To an address that nobody has."""
    return write_control(runtime.router, lambda control: tenants.invite(
        control, shop_id=asha.shop_id, email=f"asked-{asha.shop_id}@example.test", name="Uma", role=tenants.Role.CLERK,
        phone=None, actor_id=asha.person_id,
    )).invitation.id  # fmt: skip


def _files_and_jobs(db: ShopSession, asha: Somebody) -> tuple[UUID, UUID, UUID]:
    now = utc_now()
    picture = Picture(
        id=new_id(),
        state=PictureState.UPLOADED.value,
        incoming_key=f"{asha.shop_id}/incoming",
        sha256=bytes(32),
        created_at=now,
    )
    export = Export(
        id=new_id(), kind="invoices", format="csv", params={"from": "2026-04-01", "to": "2026-04-30"},
        state=ExportState.QUEUED.value, requested_by=asha.person_id, created_at=now,
    )  # fmt: skip
    db.add_all([picture, export])
    job = outbox.enqueue(db, "app.invoices.jobs.render_pdf", params={"invoice_id": str(new_id())})
    db.flush()
    return picture.id, export.id, job


def _pdf(invoice_id: UUID, shop_id: int) -> InvoicePdf:
    return InvoicePdf(
        invoice_id=invoice_id, render_version=1, object_key=f"{shop_id}/{invoice_id}.pdf", sha256=bytes(32),
        size_bytes=1, made_at=utc_now(),
    )  # fmt: skip


def rows_of(cluster: Cluster, shard: str, shop_id: int) -> dict[str, str]:
    """A digest of what each table of both planes holds of the shop, read straight from the primaries."""
    home = next(one for one in cluster.fleet.shards if one.name == shard)
    return {**_digests(cluster, cluster.fleet.control, shop_id), **_digests(cluster, home, shop_id)}


def _digests(cluster: Cluster, target: Target, shop_id: int) -> dict[str, str]:
    digests = {}
    with cluster.raw_connection(target, "app") as connection, connection.cursor() as cursor:
        for table in (one for one in tables_of(target.plane) if "shop_id" in one.columns):
            keys = ", ".join(f"`{column.name}`" for column in table.primary_key.columns)
            cursor.execute(f"SELECT * FROM `{table.name}` WHERE shop_id = %s ORDER BY {keys}", (shop_id,))
            digests[table.name] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return digests
