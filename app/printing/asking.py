"""Owns how a look is asked for by an address's query."""

from collections.abc import Mapping

from app.kit.schemas import OneOf, QueryArgs
from app.printing.looks import USUAL, Language, Look, Paper


class PrintArgs(QueryArgs):
    """`paper`: a4, a5 or roll (80 mm), left out the usual one. Labels are in the language; figures and words stay."""

    paper = OneOf(Paper, load_default=None)
    language = OneOf(Language, load_default=Language.ENGLISH.value)


def asked(args: Mapping[str, str | None], usual: Look = USUAL) -> Look:
    """The look of arguments that PrintArgs has read."""
    return Look(Paper(args["paper"] or usual.paper), Language(args["language"] or usual.language))
