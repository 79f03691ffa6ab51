"""Owns how it is told which bills a restore, or the way back from one, leaves behind."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import click

from app.invoices.service import LostDocument
from app.kit.clock import ist
from app.kit.money import rupees
from app.tenants.cli import refuse

SHOWN = 20


def tell_lost(lost: Sequence[LostDocument], list_file: Path | None) -> None:
    """The first of them where all are written to a file."""
    if not lost:
        click.echo("No bill is lost: whatever the shop has issued is there.")
        return
    total = rupees(sum(one.total_paise for one in lost))
    click.echo(f"{len(lost):,} documents, {total} in all, will not be in the books. Keep this list:")
    for line in lost if list_file is None else lost[:SHOWN]:
        click.echo(f"  {line.number:16} {line.kind:12} {ist(line.issued_at):%d %b %Y %H:%M} {rupees(line.total_paise)}")
    if list_file is not None:
        _write(list_file, lost)
        click.echo(f"All of them stand in {list_file}.")


def _write(path: Path, lost: Sequence[LostDocument]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            rows = csv.writer(file)
            rows.writerow(["number", "kind", "issued_at", "total_paise", "id"])
            for one in lost:
                rows.writerow([one.number, one.kind, one.issued_at.isoformat(), one.total_paise, one.id])
    except OSError as failed:
        refuse(f"The list could not be written to {path} ({failed.strerror}): name another file with --keep.")
