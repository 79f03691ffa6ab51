"""Owns the compiler: one per process, its own fonts only, data handed in as strings that it never reads as markup."""

import datetime as dt
import json
import logging
import os
import threading
from collections.abc import Callable
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
from app.printing.looks import USUAL, Look, Paper, in_look
from app.printing.passbook import PassbookDocument, passbook_data
from app.printing.purchase import PurchaseDocument, purchase_data
from app.printing.receipt import VoucherDocument, voucher_data
from app.printing.slips import SlipDocument, goods_slip
from app.printing.tag import TagSheet, tag_data

FORMS = Path(__file__).parent / "forms"
ARCHIVAL: Final = "a-2b"  # PDF/A: fonts inside, no dependence on a viewer; books are kept for years
RENDER_VERSION = 1
"""Raised when a form changes what it shows; the document's record keeps which version its PDF was made with."""

log = logging.getLogger(__name__)

_printed_in: dict[str, int] = {}  # the compiler's threads belong to the process, not to a Press


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

    def render_voucher(self, voucher: VoucherDocument, look: Look = USUAL) -> bytes:
        """A receipt, refund or payment voucher, as a bill is rendered; always A5 across."""

        def data(type_: Typeface) -> dict[str, Any]:
            return in_look(voucher_data(voucher, type_), look)

        return self._set("receipt.typ", data, voucher.issued_at, name=f"voucher {voucher.number}")

    def render_purchase(self, voucher: PurchaseDocument) -> bytes:
        """A voucher of old gold bought, as a bill is rendered."""
        data = partial(purchase_data, voucher)
        return self._set("purchase.typ", data, voucher.issued_at, name=f"purchase {voucher.number}")

    def render_passbook(self, book: PassbookDocument) -> bytes:
        """A scheme's passbook as it stood at its `printed_at`."""
        return self._set("passbook.typ", partial(passbook_data, book), book.printed_at, name=f"passbook {book.number}")

    def render_slip(self, slip: SlipDocument) -> bytes:
        """A paper that goes along with goods, as a bill is rendered."""
        return self._set("slip.typ", partial(goods_slip, slip), slip.issued_at, name=f"{slip.title} {slip.number}")

    def render_tags(self, sheet: TagSheet) -> bytes:
        """Labels of pieces, a page each, in the size of their roll."""
        return self._set(
            "tag.typ",
            lambda type_: tag_data(sheet, type_),
            sheet.at.replace(microsecond=0),
            name=f"{len(sheet.tags)} labels",
        )

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

    def render_day(self, slip: DaySlip) -> bytes:
        """A closed day's slip as PDF/A-2b; the same closing gives the same bytes. Raises FormBroken."""
        moment = ist(slip.closed_at).replace(microsecond=0)
        try:
            return self._compile("day.typ", day_data(slip, self._type), moment)
        except typst.TypstError as error:
            log.warning("the slip of %s is set in Latin only: %s", slip.business_on, error)
        try:
            return self._compile("day.typ", day_data(slip, self._type.latin()), moment)
        except typst.TypstError as error:
            log.exception("the slip of %s could not be set", slip.business_on)
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
