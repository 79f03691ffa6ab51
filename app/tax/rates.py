"""Owns the rate lookup: which rate of tax lies on an HSN or SAC on a day."""

import datetime as dt

from app.kit.texts import _
from app.tax.errors import UnknownHsn
from app.tax.tables import TaxRate, current_tables, holds_on


def first_day() -> dt.date:
    """The first day of which any rate is known: that of the tax itself."""
    return min(rate.valid_from for rate in current_tables().rates)


def tax_rate(hsn: str, on: dt.date, *, use: str = "") -> TaxRate:
    """The rate of the longest code in the table that the given 4, 6 or 8 digits begin with; raises UnknownHsn.

    `use` is needed where one code bears several rates: 7102 is `rough` or `polished`, 9988 `registered_owner` or
    `customers_own_gold`.
    """
    if not (isinstance(hsn, str) and hsn.isascii() and hsn.isdigit() and len(hsn) in (4, 6, 8)):
        raise UnknownHsn(_("An HSN or SAC has 4, 6 or 8 digits."), fields={"hsn": "not 4, 6 or 8 digits"})
    near = [rate for rate in current_tables().rates if hsn.startswith(rate.hsn) and holds_on(rate, on)]
    fitting = [rate for rate in near if rate.use == use]
    if fitting:
        return max(fitting, key=lambda rate: len(rate.hsn))
    uses = sorted({rate.use for rate in near if rate.use})
    if uses:
        raise UnknownHsn(
            _("HSN %(hsn)s has several rates: say which of %(uses)s.", hsn=hsn, uses=", ".join(uses)),
            fields={"use": "not said"},
        )
    raise UnknownHsn(
        _("No rate of tax is known for HSN %(hsn)s on %(on)s.", hsn=hsn, on=f"{on:%d-%m-%Y}"), fields={"hsn": "unknown"}
    )
