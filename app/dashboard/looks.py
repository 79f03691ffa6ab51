"""Owns the choice of paper and language that pages offer for a print, and what was chosen."""

from __future__ import annotations

from flask import request

from app.kit.texts import N_, _
from app.printing.looks import USUAL, Language, Look, Paper, look_of

PAPERS = ((Paper.A4, "A4"), (Paper.A5, "A5"), (Paper.ROLL, N_("80 mm")))
LANGUAGES = ((Language.ENGLISH, "English"), (Language.HINDI, "हिन्दी"), (Language.GUJARATI, "ગુજરાતી"))


def looks(*, but: Look) -> list[tuple[str, str, str, str]]:
    """Each look but the usual one, which has a button of its own: paper and language as asked for, and their names."""
    return [
        (paper.value, str(_(name)), language.value, words)
        for paper, name in PAPERS for language, words in LANGUAGES if Look(paper, language) != but
    ]  # fmt: skip


def look_asked(usual: Look = USUAL) -> Look:
    """Of this request's address; the usual one for what there is not."""
    try:
        return look_of(request.args.get("paper"), request.args.get("language"), usual)
    except ValueError:
        return usual
