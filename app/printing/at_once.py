"""Owns papers that are made when they are asked for: set in some 20 ms, with no transaction open, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from flask import Response

from app.kit.http import runtime, shop_read, shop_scope
from app.kit.texts import _
from app.printing.errors import FontsMissing
from app.printing.logos import D, with_logo
from app.printing.looks import Look
from app.printing.press import Press
from shard_router import ShopSession


def pdf(render: Callable[[Press], bytes], number: str) -> Response:
    """The paper, to be looked at in the browser; raises FontsMissing."""
    folder = runtime().font_dir
    if folder is None:
        raise FontsMissing(_("No folder of fonts is named, so nothing can be printed."))
    answer = Response(render(_press(folder)), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{number.replace("/", "-")}.pdf"'
    return answer


def printed(read: Callable[[ShopSession], D], look: Look, render: Callable[[Press, D, Look], bytes]) -> Response:
    """The paper that is read, with its shop's logo where it names one; raises what `read`, `pdf` and `with_logo` do.

    render  of the press: Press.render_slip
    """
    paper = with_logo(shop_read(read), runtime().store, shop_scope()[1])
    return pdf(lambda press: render(press, paper, look), paper.number)


@cache
def _press(folder: Path) -> Press:
    """One for this process: its compiler is started by the first paper."""
    return Press(folder)
