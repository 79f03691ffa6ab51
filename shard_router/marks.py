"""Owns marks: of each server how far its transactions reach, and whether a token is within that.

They are asked with every read, so they are one number a server; sets with their gaps are in `gtid_sets.py`."""

from __future__ import annotations

from collections.abc import Mapping

Marks = Mapping[str, int]  # server uuid -> n: everything from 1 to n of that server


def last_marks(text: str) -> dict[str, int]:
    """The highest number of each server in `@@gtid_executed`, or in the one GTID of an OK packet.

    A server commits its own transactions in order, so n stands for 1 to n. Tagged GTIDs (uuid:tag:n) are left out:
    nothing of ours makes them.
    """
    return {uuid: max(last for _, last in spans) for uuid, spans in _spans(text).items()}


def solid_marks(text: str) -> dict[str, int]:
    """How far each server's numbers reach from 1 without a gap: what a replica is known to have."""
    return {uuid: _reach(spans) for uuid, spans in _spans(text).items()}


def covers(have: Marks, need: Marks) -> bool:
    return all(have.get(uuid, 0) >= n for uuid, n in need.items())


def merged(one: Marks, other: Marks) -> dict[str, int]:
    both = dict(one)
    for uuid, n in other.items():
        if n > both.get(uuid, 0):
            both[uuid] = n
    return both


def as_text(marks: Marks) -> str:
    return ",".join(f"{uuid}:1-{n}" for uuid, n in sorted(marks.items()))


def from_text(text: str) -> dict[str, int]:
    """The reverse of `as_text`; ValueError for anything else."""
    marks: dict[str, int] = {}
    if not text:
        return marks
    for part in text.split(","):
        uuid, _, span = part.partition(":1-")
        if len(uuid) != 36 or not span.isascii() or not span.isdigit():
            raise ValueError(f"not a token's GTID set: {text[:80]!r}")
        marks[uuid] = int(span)
    return marks


def _spans(text: str) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for part in text.replace("\n", "").replace(" ", "").split(","):
        uuid, *spans = part.split(":")
        for span in spans:
            first, _, last = span.partition("-")
            if not first.isdigit():
                break  # a tag: its numbers are a sequence of their own
            found.setdefault(uuid.lower(), []).append((int(first), int(last or first)))
    return found


def _reach(spans: list[tuple[int, int]]) -> int:
    reach = 0
    for first, last in sorted(spans):
        if first > reach + 1:
            break
        reach = max(reach, last)
    return reach
