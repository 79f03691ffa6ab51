"""Owns exact GTID sets: which transactions a server has or a stream has shown, as MySQL itself writes and counts them.

Unlike the marks of `marks.py`, which round up for speed, nothing is rounded here: a gap stays a gap.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from uuid import UUID

from shard_router.errors import RouterError

SERVER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPAN = re.compile(r"([0-9]+)(?:-([0-9]+))?")
LAST_NUMBER = 2**63 - 2  # the highest that a server gives


class BadGtidSet(RouterError, ValueError):
    """What was given is no GTID set."""


class TaggedGtid(BadGtidSet):
    """The set holds GTIDs with a tag (uuid:tag:n), which no stream that is read here may have."""


Source = tuple[UUID, str]  # a server and the tag of its numbers, which run by themselves; "" for those without


class GtidSet:
    """For each source the numbers seen, as sorted intervals of which no two touch."""

    def __init__(self, text: str = "") -> None:
        self._spans: dict[Source, list[tuple[int, int]]] = {}
        for part in "".join(text.split()).split(","):
            if part:
                self._read(part)

    def _read(self, part: str) -> None:
        server, *spans = part.split(":")
        if not SERVER.fullmatch(server) or not spans or TAG.fullmatch(spans[-1]):
            raise BadGtidSet(f"no GTID set: {part[:80]!r}")
        tag = ""
        for span in spans:
            if TAG.fullmatch(span):
                tag = span.lower()
            elif found := SPAN.fullmatch(span):
                self._include((UUID(server), tag), int(found[1]), int(found[2] or found[1]))
            else:
                raise BadGtidSet(f"no GTID set: {part[:80]!r}")

    def add(self, server: UUID, number: int) -> None:
        spans = self._spans.get((server, ""))
        if spans and spans[-1][1] == number - 1:  # nearly always: the next of its source
            spans[-1] = (spans[-1][0], number)
        else:
            self._include((server, ""), number, number)

    def _include(self, source: Source, first: int, last: int) -> None:
        if not 1 <= first <= last <= LAST_NUMBER:
            raise BadGtidSet(f"no interval of GTIDs: {first}-{last}")
        spans = self._spans.setdefault(source, [])
        start = bisect_right(spans, first - 1, key=lambda span: span[1] + 1)  # the first that touches or lies behind
        end = bisect_right(spans, last + 1, key=lambda span: span[0])  # behind the last that touches
        touched = spans[start:end]
        if touched:
            first, last = min(first, touched[0][0]), max(last, touched[-1][1])
        spans[start:end] = [(first, last)]

    def has(self, server: UUID, number: int) -> bool:
        return self._within((server, ""), number, number)

    def covers(self, other: GtidSet) -> bool:
        """Whether all of the other's are here too: GTID_SUBSET(other, self)."""
        return all(self._within(source, *span) for source, spans in other._spans.items() for span in spans)

    def __sub__(self, other: GtidSet) -> GtidSet:
        """What the other lacks: GTID_SUBTRACT(self, other)."""
        left = GtidSet()
        for source, spans in self._spans.items():
            for first, last in spans:
                at = first
                for begin, end in other._spans.get(source, ()):
                    if at <= end and begin <= last:
                        if at < begin:
                            left._include(source, at, begin - 1)
                        at = end + 1
                if at <= last:
                    left._include(source, at, last)
        return left

    def __len__(self) -> int:
        """How many transactions: none is also false."""
        return sum(last - first + 1 for spans in self._spans.values() for first, last in spans)

    def _within(self, source: Source, first: int, last: int) -> bool:
        spans = self._spans.get(source, [])
        at = bisect_right(spans, first, key=lambda span: span[0]) - 1
        return at >= 0 and last <= spans[at][1]

    def __str__(self) -> str:
        return ",".join(
            ":".join([str(server), *([tag] if tag else []), *(_span(*span) for span in spans)])
            for (server, tag), spans in sorted(self._spans.items())
        )

    def __repr__(self) -> str:
        return f"GtidSet({str(self)!r})"

    # -- as the server's protocol and its binlog files write a set ------------------------------------------------
    def encode(self) -> bytes:
        """TaggedGtid where one has a tag: that is another format."""
        if any(tag for _, tag in self._spans):
            raise TaggedGtid(f"a GTID with a tag: {str(self)[:120]}")
        parts = [struct.pack("<Q", len(self._spans))]
        for (server, _), spans in sorted(self._spans.items()):
            parts.append(server.bytes + struct.pack("<Q", len(spans)))
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
            server, spans = struct.unpack_from("<16sQ", data, at)
            at += 24
            for _ in range(spans):
                first, behind = struct.unpack_from("<QQ", data, at)
                at += 16
                self._include((UUID(bytes=server), ""), first, behind - 1)
        return at


def missing(have: str, need: str) -> str:
    """What of one set is not in another."""
    return str(GtidSet(need) - GtidSet(have))


def written_by(server: str, text: str) -> str:
    """The part of a set whose numbers this server gave, tagged ones too."""
    found, whole = GtidSet(), GtidSet(text)
    found._spans = {source: spans for source, spans in whole._spans.items() if source[0] == UUID(server)}
    return str(found)


def size(text: str) -> int:
    """How many transactions a set holds."""
    return len(GtidSet(text))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
