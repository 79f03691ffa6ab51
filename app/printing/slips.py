"""Owns how slips become the strings that their form sets: karigars' challans, orders, memos of repairs."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.kit.clock import ist
from app.printing.bill import seller_data
from app.printing.documents import Seller
from app.printing.fonts import Typeface
from app.printing.logos import logo_svg
from app.printing.looks import Label, fitted

LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class SlipDocument:
    """A paper that goes along with goods, and no bill. `columns` and `rows` are its table, `foot` its sums.

    Title, columns, labels and signs are told in the paper's language; other words of ours are where they are Labels."""

    title: str
    number: str
    issued_at: dt.datetime
    seller: Seller
    party_label: str
    party: tuple[str, ...]  # the name first
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]  # the first is a text, the others figures
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()
    sums: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    signs: tuple[str, str] = ("", "")


def goods_slip(slip: SlipDocument, type_: Typeface) -> dict[str, Any]:
    """The form's data: texts fit to be drawn, empty where there is nothing."""
    say, issued = type_.fit, ist(slip.issued_at)
    name, *address = slip.party or ("",)
    facts = [("No.", slip.number), ("Date", f"{issued:%d-%m-%Y}  {issued:%H:%M}"), *slip.facts]
    noted = partial(type_.fit, most=400)
    first = partial(type_.fit, most=300, longest_word=LONGEST_WORD)
    return {
        "title": say(slip.title),
        "number": say(slip.number),
        "date": [issued.year, issued.month, issued.day],
        "seller": seller_data(slip.seller, say),
        "logo": logo_svg(slip.seller.logo_png),
        "party_label": say(slip.party_label),
        "party": say(name),
        "party_lines": [fitted(one, say) for one in address if one],
        "facts": [[say(label), fitted(value, say)] for label, value in facts if value],
        "head": [Label(say(one)) for one in slip.columns],
        "rows": [[fitted(one, say if at else first) for at, one in enumerate(row)] for row in slip.rows],
        "foot": [fitted(one, say) for one in slip.foot],
        "sums": [[Label(say(label)), say(value)] for label, value in slip.sums],
        "remarks": [fitted(one, noted) for one in slip.notes if one],
        "terms": [fitted(one, noted) for one in slip.terms if one],
        "signs": [say(one) for one in slip.signs],
    }
