"""Owns what goes wrong with a move, as somebody who asked for it has to hear it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from shard_router.errors import RouterError


class MoveError(RouterError):
    """The root of everything that a move raises on purpose."""


class Reason(str):
    """Why a move cannot be, as a sentence for people; `code` is for programs and never changes once released."""

    code: str

    def __new__(cls, code: str, text: str) -> Self:
        made = super().__new__(cls, text)
        made.code = code
        return made


class MoveRefused(MoveError):
    """Nothing was begun. Every reason is named at once; what only a restore looks at has the code `unfit`."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = [one if isinstance(one, Reason) else Reason("unfit", one) for one in reasons]


class UnknownMove(MoveError):
    """No such move was ever asked for."""

    def __init__(self, move_id: UUID) -> None:
        super().__init__(f"no such move: {move_id}")
        self.move_id = move_id


class MoveBusy(MoveError):
    """Another process carries this move out; it has not been heard of for less than the lease."""

    def __init__(self, move_id: UUID, runner: str, until: str) -> None:
        super().__init__(f"move {move_id} is carried out by {runner}; if that process is gone, run it after {until}")
        self.move_id = move_id


class MoveInterrupted(MoveError):
    """The move stands where it is, one owner holds the shop, and `run` goes on with it."""


class MoveEnded(MoveError):
    """The move cannot go on as it is: it is undone, and this is why."""
