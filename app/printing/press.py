"""Owns the compiler: one per process, its own fonts only, data handed in as strings that it never reads as markup."""

import datetime as dt
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import typst

from app.kit.clock import ist
from app.printing.bill import bill_data
from app.printing.day import DaySlip, day_data
from app.printing.documents import BillDocument
from app.printing.errors import ForkedPress, FormBroken
from app.printing.fonts import Typeface
from app.printing.looks import SMALL, USUAL, Look, Paper, in_look
from app.printing.passbook import PassbookDocument, passbook_data
from app.printing.purchase import PurchaseDocument, purchase_data
from app.printing.receipt import VoucherDocument, voucher_data
from app.printing.slips import SlipDocument, goods_slip
from app.printing.strip import passbook_strip, purchase_strip, slip_strip, voucher_strip
from app.printing.tag import TagSheet, tag_data

FORMS = Path(__file__).parent / "forms"
ARCHIVAL: Final = "a-2b"  # PDF/A: fonts inside, no dependence on a viewer; books are kept for years
RENDER_VERSION = 1
"""Raised when a form changes what it shows; the document's record keeps which version its PDF was made with."""

log = logging.getLogger(__name__)

_printed_in: dict[str, int] = {}  # the compiler's threads belong to the process, not to a Press


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of paper is set: its form for sheets, what of it stands on a strip, and its data."""

    sheet: str
    strip: Callable[[dict[str, Any]], dict[str, Any]]
    data: Callable[[Typeface], dict[str, Any]]


class Press:
    """Made once by the factory or the worker with the font folder; safe for threads.

    The compiler's threads do not survive a fork, and a child that compiles after its parent did would wait for them
    for ever. So the compiler is started by the first bill and not by the constructor: a worker that forks for each job
    hands the press down unused. A child of a process that has printed is refused at once.
    """

    def __init__(self, font_dir: Path) -> None:
        self._type = Typeface(font_dir)
        self._lock = threading.Lock()
        self._compiler: typst.Compiler | None = None

    def render_bill(self, bill: BillDocument, look: Look = USUAL) -> bytes:
        """The bill as PDF/A-2b; the same bill gives the same bytes. Raises FormBroken, and then it is our fault."""
        form = "roll.typ" if look.paper is Paper.ROLL else "bill.typ"

        def data(type_: Typeface) -> dict[str, Any]:
            return in_look(bill_data(bill, type_), look)

        return self._set(form, data, bill.issued_at, name=f"bill {bill.number}")

    def render_voucher(self, voucher: VoucherDocument, look: Look = SMALL) -> bytes:
        """A receipt, refund or payment voucher, as a bill is rendered; usually A5 across."""
        form = _Form("receipt.typ", voucher_strip, partial(voucher_data, voucher))
        return self._in_look(form, look, voucher.issued_at, name=f"voucher {voucher.number}")

    def render_purchase(self, voucher: PurchaseDocument, look: Look = USUAL) -> bytes:
        """A voucher of old gold bought, as a bill is rendered."""
        form = _Form("purchase.typ", purchase_strip, partial(purchase_data, voucher))
        return self._in_look(form, look, voucher.issued_at, name=f"purchase {voucher.number}")

    def render_passbook(self, book: PassbookDocument, look: Look = SMALL) -> bytes:
        """A scheme's passbook as it stood at its `printed_at`."""
        form = _Form("passbook.typ", passbook_strip, partial(passbook_data, book))
        return self._in_look(form, look, book.printed_at, name=f"passbook {book.number}")

    def render_slip(self, slip: SlipDocument, look: Look = SMALL) -> bytes:
        """A paper that goes along with goods, as a bill is rendered."""
        form = _Form("slip.typ", slip_strip, partial(goods_slip, slip))
        return self._in_look(form, look, slip.issued_at, name=f"{slip.title} {slip.number}")

    def render_day(self, slip: DaySlip, look: Look = USUAL) -> bytes:
        """A closed day's slip as PDF/A-2b; the same closing gives the same bytes. Raises FormBroken."""

        def data(type_: Typeface) -> dict[str, Any]:
            return in_look(day_data(slip, type_, sides=1 if look.paper is Paper.ROLL else 2), look)

        return self._set("day.typ", data, slip.closed_at.replace(microsecond=0), name=f"slip of {slip.business_on}")

    def render_tags(self, sheet: TagSheet) -> bytes:
        """Labels of pieces, a page each, in the size of their roll."""
        return self._set(
            "tag.typ",
            lambda type_: tag_data(sheet, type_),
            sheet.at.replace(microsecond=0),
            name=f"{len(sheet.tags)} labels",
        )

    def _in_look(self, form: "_Form", look: Look, at: dt.datetime, *, name: str) -> bytes:
        """On a sheet by its own form; on the roll by the strip that all of them share."""

        def data(type_: Typeface) -> dict[str, Any]:
            told = in_look(form.data(type_), look)
            return form.strip(told) if look.paper is Paper.ROLL else told

        return self._set("strip.typ" if look.paper is Paper.ROLL else form.sheet, data, at, name=name)

    def _set(self, form: str, data: Callable[[Typeface], dict[str, Any]], at: dt.datetime, *, name: str) -> bytes:
        """In every script that there are fonts of, else in Latin."""
        moment = ist(at)
        try:
            return self._compile(form, data(self._type), moment)
        except typst.TypstError as error:
            log.warning("%s is set in Latin only: %s", name, error)
        try:
            return self._compile(form, data(self._type.latin()), moment)
        except typst.TypstError as error:
            log.exception("%s could not be set", name)
            raise FormBroken from error

    def _compile(self, form: str, data: dict[str, Any], moment: dt.datetime) -> bytes:
        with self._lock:
            pdf = self._here().compile(
                input=str(FORMS / form),
                format="pdf",
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                pdf_standards=ARCHIVAL,
                timestamp=moment,
            )
        if not isinstance(pdf, bytes):
            raise FormBroken
        return pdf

    def _here(self) -> typst.Compiler:
        if _printed_in.setdefault("pid", os.getpid()) != os.getpid():
            raise ForkedPress
        if self._compiler is None:
            self._compiler = typst.Compiler(
                root=str(FORMS), font_paths=[str(self._type.folder)], ignore_system_fonts=True
            )
        return self._compiler
