"""Owns how vouchers, passbooks and slips stand on an 80 mm roll: one under the other what a sheet has side by side."""

from collections.abc import Sequence
from typing import Any

Data = dict[str, Any]
Pair = list[str]
Entry = dict[str, Any]
"""What a sheet has as a row: a `name`, small `notes` under it, and `pairs` of labels and figures."""


def voucher_strip(told: Data) -> Data:
    """Of a voucher's data in its language."""
    labels = told["labels"]
    return _strip(
        told, party={"label": told["party_label"], **told["payer"]},
        entries=[_entry(told["towards"], notes=[told["note"]])], sums=told["payments"],
        grand=[labels["Total"], told["total"]], after=told["state"],
    )  # fmt: skip


def purchase_strip(told: Data) -> Data:
    """Of an old gold voucher's data in its language: each article with its weights under it."""
    labels, heads = told["labels"], told["head"][1:]
    return _strip(
        told, party={"label": labels["Bought from"], **told["customer"]},
        entries=[_entry(row["name"], notes=[row["test"]], pairs=_beside(heads, row["cells"])) for row in told["rows"]],
        grand=told["totals"][-1], after=told["settled"], remarks=[told["pledge"]],
        qr_caption=labels["Number, date, value and fingerprint"],
        signs=[labels["Seller's signature or thumb"], _for_the_shop(told)],
    )  # fmt: skip


def passbook_strip(told: Data) -> Data:
    """Of a passbook's data in its language: a month a line or two."""
    return _strip(
        told, party={"label": told["labels"]["Saver"], **told["saver"]},
        entries=[_month(row, told) for row in told["rows"]], sums=told["foot"], remarks=[told["as_of"]],
        signs=[_for_the_shop(told)],
    )  # fmt: skip


def slip_strip(told: Data) -> Data:
    """Of a slip's data in its language."""
    heads = told["head"][1:]
    party = {
        "label": told["party_label"],
        "name": told["party"],
        "address": ", ".join(told["party_lines"]),
        "marks": [],
    }
    return _strip(
        told, party=party, entries=[_entry(row[0], pairs=_beside(heads, row[1:])) for row in told["rows"]],
        sums=[*_beside(heads, told["foot"][1:]), *told["sums"]], remarks=told["remarks"],
    )  # fmt: skip


def _strip(told: Data, **own: Any) -> Data:
    """All that the form asks for, empty where a kind of paper has none of it."""
    shared = ("title", "number", "date", "seller", "facts", "words", "qr", "qr_caption", "terms", "signs")
    none = {"words": "", "qr": "", "qr_caption": "", "terms": [], "sums": [], "grand": [], "after": [], "remarks": []}
    return none | {name: told[name] for name in shared if name in told} | own


def _entry(name: str, *, notes: Sequence[str] = (), pairs: Sequence[Pair] = ()) -> Entry:
    return {"name": name, "notes": [note for note in notes if note], "pairs": list(pairs)}


def _beside(heads: Sequence[str], cells: Sequence[str]) -> list[Pair]:
    """A row's figures beside their headings; a cell with nothing in it has no line. A slip may have no foot at all."""
    return [[head, cell] for head, cell in zip(heads, cells, strict=False) if cell]


def _month(row: Entry, told: Data) -> Entry:
    """When it is due, and what came: amount and grams."""
    number, due_on, paid_on, receipt, *figures = row["cells"]
    labels = told["labels"]
    name = f"{number}. {labels['Due on']} {due_on}"
    if not paid_on:
        return _entry(name)
    paid = f"{labels['Paid on']} {paid_on} · {receipt}" + (f" ({labels['late']})" if row["late"] else "")
    return _entry(name, notes=[paid], pairs=_beside(["₹", told["grams_head"]], figures))


def _for_the_shop(told: Data) -> str:
    return f"{told['labels']['For']} {told['seller']['name']} · {told['labels']['Authorised signatory']}"
