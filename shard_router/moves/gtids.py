"""Owns exact GTID sets: which transactions a stream has shown, as MySQL itself writes and counts them.

Unlike the marks of `gtid_sets.py`, which round up for speed, nothing is rounded here: a gap stays a gap.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from uuid import UUID

from shard_router.errors import RouterError

SOURCE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPAN = re.compile(r"([0-9]+)(?:-([0-9]+))?")
LAST_NUMBER = 2**63 - 2  # the highest that a server gives


class BadGtidSet(RouterError, ValueError):
    """What was given is no GTID set."""


class TaggedGtid(BadGtidSet):
    """The set holds GTIDs with a tag (uuid:tag:n). Their streams are not read here, so their sets are not either."""


class GtidSet:
    """For each source the numbers seen, as sorted intervals of which no two touch."""

    def __init__(self, text: str = "") -> None:
        self._spans: dict[UUID, list[tuple[int, int]]] = {}
        for part in "".join(text.split()).split(","):
            if part:
                self._read(part)

    def _read(self, part: str) -> None:
        source, *spans = part.split(":")
        if not SOURCE.fullmatch(source) or not spans:
            raise BadGtidSet(f"no GTID set: {part[:80]!r}")
        for span in spans:
            if TAG.fullmatch(span):
                raise TaggedGtid(f"a GTID with a tag: {part[:120]}")
            found = SPAN.fullmatch(span)
            if not found:
                raise BadGtidSet(f"no GTID set: {part[:80]!r}")
            self._include(UUID(source), int(found[1]), int(found[2] or found[1]))

    def add(self, source: UUID, number: int) -> None:
        spans = self._spans.get(source)
        if spans and spans[-1][1] == number - 1:  # nearly always: the next of its source
            spans[-1] = (spans[-1][0], number)
        else:
            self._include(source, number, number)

    def _include(self, source: UUID, first: int, last: int) -> None:
        if not 1 <= first <= last <= LAST_NUMBER:
            raise BadGtidSet(f"no interval of GTIDs: {first}-{last}")
        spans = self._spans.setdefault(source, [])
        start = bisect_right(spans, first - 1, key=lambda span: span[1] + 1)  # the first that touches or lies behind
        end = bisect_right(spans, last + 1, key=lambda span: span[0])  # behind the last that touches
        touched = spans[start:end]
        if touched:
            first, last = min(first, touched[0][0]), max(last, touched[-1][1])
        spans[start:end] = [(first, last)]

    def has(self, source: UUID, number: int) -> bool:
        return self._within(source, number, number)

    def covers(self, other: GtidSet) -> bool:
        """Whether all of the other's are here too: GTID_SUBSET(other, self)."""
        return all(self._within(source, *span) for source, spans in other._spans.items() for span in spans)

    def _within(self, source: UUID, first: int, last: int) -> bool:
        spans = self._spans.get(source, [])
        at = bisect_right(spans, first, key=lambda span: span[0]) - 1
        return at >= 0 and last <= spans[at][1]

    def __str__(self) -> str:
        return ",".join(
            f"{source}:{':'.join(_span(*span) for span in spans)}" for source, spans in sorted(self._spans.items())
        )

    def __repr__(self) -> str:
        return f"GtidSet({str(self)!r})"

    # -- as the server's protocol and its binlog files write a set ------------------------------------------------
    def encode(self) -> bytes:
        parts = [struct.pack("<Q", len(self._spans))]
        for source, spans in sorted(self._spans.items()):
            parts.append(source.bytes + struct.pack("<Q", len(spans)))
            parts += [struct.pack("<QQ", first, last + 1) for first, last in spans]
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> GtidSet:
        found = cls()
        try:
            at = found._decode(data)
        except struct.error:
            raise BadGtidSet("an encoded GTID set ends too early") from None
        if at != len(data):
            raise BadGtidSet("an encoded GTID set goes on behind its end")
        return found

    def _decode(self, data: bytes) -> int:
        if data[7:8] not in (b"", b"\0"):  # the format stands in the highest byte of the number of sources; 0: no tags
            raise TaggedGtid("an encoded GTID set with tags")
        (sources,) = struct.unpack_from("<Q", data)
        at = 8
        for _ in range(sources):
            source, spans = struct.unpack_from("<16sQ", data, at)
            at += 24
            for _ in range(spans):
                first, behind = struct.unpack_from("<QQ", data, at)
                at += 16
                self._include(UUID(bytes=source), first, behind - 1)
        return at


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
