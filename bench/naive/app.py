"""The yardstick: a shop's bill as it is ordinarily written. One database, ORM, JSON, a signed-in clerk.

What it leaves out is what the product is for: no key against doubles, no audit chain, no fence, no outbox, no sealed
buyer, no hash over the document, no rights per shop, no limits at the counter, no consistency token.
"""

import datetime as dt
import os
import ssl
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from sqlalchemy import BigInteger, ForeignKey, Index, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    huid: Mapped[str] = mapped_column(String(6))
    fineness: Mapped[int]
    net_mg: Mapped[int] = mapped_column(BigInteger)
    making_bp: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), index=True)


class Rate(Base):
    __tablename__ = "rates"
    fineness: Mapped[int] = mapped_column(primary_key=True)
    paise_per_g: Mapped[int] = mapped_column(BigInteger)


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(140))
    phone: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(300))


class Series(Base):
    __tablename__ = "series"
    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    last_no: Mapped[int]


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    clerk: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[dt.datetime]
    taxable_paise: Mapped[int] = mapped_column(BigInteger)
    cgst_paise: Mapped[int] = mapped_column(BigInteger)
    sgst_paise: Mapped[int] = mapped_column(BigInteger)
    round_off_paise: Mapped[int]
    total_paise: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list["Line"]] = relationship()
    payments: Mapped[list["Payment"]] = relationship()
    __table_args__ = (Index("ix_issued", "issued_at"),)


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    description: Mapped[str] = mapped_column(String(120))
    hsn: Mapped[str] = mapped_column(String(8))
    huid: Mapped[str] = mapped_column(String(6))
    net_mg: Mapped[int] = mapped_column(BigInteger)
    rate_paise: Mapped[int] = mapped_column(BigInteger)
    making_paise: Mapped[int] = mapped_column(BigInteger)
    taxable_paise: Mapped[int] = mapped_column(BigInteger)
    cgst_paise: Mapped[int] = mapped_column(BigInteger)
    sgst_paise: Mapped[int] = mapped_column(BigInteger)


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    mode: Mapped[str] = mapped_column(String(12))
    paise: Mapped[int] = mapped_column(BigInteger)


def paise(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def priced(item: Item, rate: int) -> Line:
    metal = paise(Decimal(item.net_mg) * rate / 1000)
    making = paise(Decimal(metal) * item.making_bp / 10_000)
    tax = paise(Decimal(metal + making) * 150 / 10_000)
    return Line(
        item_id=item.id, description=item.name, hsn="7113", huid=item.huid, net_mg=item.net_mg, rate_paise=rate,
        making_paise=making, taxable_paise=metal + making, cgst_paise=tax, sgst_paise=tax,
    )  # fmt: skip


def as_json(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = os.environ["NAIVE_SECRET"]
    JWTManager(app)
    tls = ssl.create_default_context(cafile=os.environ["NAIVE_TLS_CA"])
    tls.check_hostname = False
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    engine = create_engine(
        os.environ["NAIVE_DATABASE"], pool_size=16, connect_args={"ssl": tls}, isolation_level="READ COMMITTED"
    )

    @app.post("/invoices")
    @jwt_required()  # type: ignore[untyped-decorator]
    def issue() -> tuple[Response, int]:
        body = request.get_json()
        with Session(engine, expire_on_commit=False) as session:
            customer = session.get_one(Customer, body["customer_id"])
            items = session.scalars(select(Item).where(Item.id.in_([line["item_id"] for line in body["lines"]]))).all()
            rates = {rate.fineness: rate.paise_per_g for rate in session.scalars(select(Rate))}
            if len(items) != len(body["lines"]) or any(item.status != "in_stock" for item in items):
                return jsonify(error="a piece is not in stock"), 409
            lines = [priced(item, rates[item.fineness]) for item in items]
            for item in items:
                item.status = "sold"
            taxable, tax = sum(line.taxable_paise for line in lines), sum(line.cgst_paise for line in lines)
            total = (taxable + 2 * tax + 50) // 100 * 100
            series = session.scalars(select(Series).where(Series.name == "T1").with_for_update()).one()
            series.last_no += 1
            invoice = Invoice(
                number=f"T1/26-27/{series.last_no:05d}", customer_id=customer.id, clerk=get_jwt_identity(),
                issued_at=dt.datetime.now(dt.UTC), taxable_paise=taxable, cgst_paise=tax, sgst_paise=tax,
                round_off_paise=total - taxable - 2 * tax, total_paise=total, lines=lines,
                payments=[Payment(mode=paid["mode"], paise=paid["paise"]) for paid in body["payments"]],
            )  # fmt: skip
            session.add(invoice)
            session.commit()
            reply = as_json(invoice)
            reply["lines"] = [as_json(line) for line in invoice.lines]
            reply["payments"] = [as_json(payment) for payment in invoice.payments]
            return jsonify(reply), 201

    return app
