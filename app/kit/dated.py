"""Owns where dated tables of the law and the trade are read from: packaged files, each replaceable by an operator's.

A figure that changed before a release is corrected without one: a file of the same name in the corrections folder
replaces the packaged one as a whole, when the process starts.
"""

import json
from pathlib import Path
from typing import Any

_corrections: list[Path | None] = [None]


def correct_from(folder: Path | None) -> None:
    """Called by the factory before anything is read; a folder that is not there is a mistake, not an empty one."""
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"the folder of corrected tables is not there: {folder}")
    _corrections[0] = folder


def read_table(packaged: Path) -> Any:
    """The JSON of the operator's file of this name, else of the packaged one."""
    folder = _corrections[0]
    corrected = folder / packaged.name if folder is not None else packaged
    return json.loads((corrected if corrected.is_file() else packaged).read_text(encoding="utf-8"))
