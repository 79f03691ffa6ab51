"""Owns the dated tables of the law and the trade: packaged files, each corrected without a release.

A table is a JSON file of a room's `data/` folder and is known by its file's name. What counts is, in this order: what
the console decided last (`decide`), a file of the same name in the operator's corrections folder, the packaged file.
Rooms read through a function that is `remembered`: worked out once, and again as soon as a table was decided anew.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

ROOMS = Path(__file__).parent.parent

_corrections: list[Path | None] = [None]
_decided: dict[str, str] = {}
_generation = [0]
_tried: ContextVar[Mapping[str, str] | None] = ContextVar("tables_on_trial", default=None)
_readers: list[Callable[[], object]] = []
_turn = threading.Lock()


class BrokenTable(ValueError):
    """A table that its readers cannot use: the operator's mistake, never told to a shopkeeper."""


def correct_from(folder: Path | None) -> None:
    """Called by the factory before anything is read; a folder that is not there is a mistake, not an empty one."""
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"the folder of corrected tables is not there: {folder}")
    _corrections[0] = folder
    _forget()


def decide(tables: Mapping[str, str]) -> None:
    """These texts count from now on in this process, and no other decided ones. Raises BrokenTable and changes nothing
    where a reader cannot use them."""
    with _turn:
        if tables == _decided:
            return
        try_out(tables)
        _decided.clear()
        _decided.update(tables)
        _forget()


def try_out(tables: Mapping[str, str]) -> None:
    """Lets every reader read as if these texts were decided; raises BrokenTable with what the first one says."""
    with _on_trial(tables):
        for reader in _readers:
            try:
                reader()
            except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
                raise BrokenTable(str(error) or type(error).__name__) from error


def read_table(packaged: Path) -> Any:
    """The JSON of the table that counts."""
    return json.loads(read_text(packaged))


def read_text(packaged: Path) -> str:
    tried = _tried.get()
    decided = (_decided if tried is None else tried).get(packaged.name)
    return corrected_text(packaged) if decided is None else decided


def corrected_text(packaged: Path) -> str:
    """The operator's file of this name, else the packaged one: what counts where the console decided nothing."""
    folder = _corrections[0]
    corrected = folder / packaged.name if folder is not None else packaged
    return (corrected if corrected.is_file() else packaged).read_text(encoding="utf-8")


def remembered(reader: Callable[[], T]) -> Callable[[], T]:
    """Like functools.cache for a function that reads tables, until one of them is decided anew."""
    kept: list[tuple[int, T]] = []

    @wraps(reader)
    def read() -> T:
        if _tried.get() is not None:
            return reader()
        if not kept or kept[0][0] != _generation[0]:
            now = _generation[0]
            kept[:] = [(now, reader())]
        return kept[0][1]

    _readers.append(read)
    return read


def packaged_tables() -> dict[str, Path]:
    """Every table that comes with the product, by its file's name; two rooms never use one name (a test holds that)."""
    return {path.name: path for path in sorted(ROOMS.glob("*/data/*.json"))}


def _forget() -> None:
    _generation[0] += 1


@contextmanager
def _on_trial(tables: Mapping[str, str]) -> Iterator[None]:
    token = _tried.set(tables)
    try:
        yield
    finally:
        _tried.reset(token)
