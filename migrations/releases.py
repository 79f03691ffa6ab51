"""Owns which release came before this one: while a release rolls out, both run side by side on one schema.

Changed when a release is made: then the one that was being written becomes the previous one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """A version and the commit that it is."""

    version: str
    commit: str


PREVIOUS = Release("0.1.0", "66677074d9e5daf50b4a59b2c871e51fbcddcb0a")
