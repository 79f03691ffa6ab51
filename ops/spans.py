"""Owns how long a person says something lasts: 30s, 2m, 500ms."""

from __future__ import annotations

import re

from ops.trouble import Trouble

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """Of a number and a unit; anything else is refused."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text.strip())
    if found is None:
        raise Trouble(f"{text!r} is no length of time", "write it like 30s, 2m or 500ms")
    return float(found[1]) * UNITS[found[2]]
