"""Owns what the application is given of a restore: the shop's rows on each server, by its own prepared statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shard_router import packets
from shard_router.moves.lines import Line
from shard_router.packets import Bound, PacketResult


@dataclass(frozen=True, slots=True)
class Side:
    """The shop's rows on one server. Every statement names its shop, or it is refused."""

    line: Line
    shop_id: int

    def run(self, bound: Bound) -> PacketResult:
        return packets.run_alone(self.line.raw, bound, self.shop_id, self.line.send)


@dataclass(frozen=True, slots=True)
class Restoring:
    """`closed`: the rows that the shop had; None where its shard is dead, and then up to `unknown` of its transactions
    were acknowledged and are not among the restored ones. `target` has the restored rows, and takes what is to stay."""

    move_id: str
    restored: Side
    closed: Side | None
    target: Side
    unknown: int


Settle = Callable[[Restoring], None]
"""Called in the transaction that switches: what it writes on the target is there if and only if the shop is."""


def settle_nothing(restoring: Restoring) -> None:
    """For rows that may all be taken back."""
