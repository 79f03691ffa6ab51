"""Owns the choice of method: an allowed model whose file is there and whole, else the classical hybrid.

Every answer names its method and how sure it is. rembg is never asked for its default model (a licence fee) nor for one
that sends pictures elsewhere, and it never downloads anything.
"""

import hashlib
import threading
from pathlib import Path

import numpy as np
import structlog

from app.adapters.cut_out.classical import classical
from app.adapters.cut_out.model import Model
from app.kit.ports import CutOut, Pixels

log = structlog.get_logger(__name__)

ALLOWED = {
    "u2net": "60024c5c889badc19c04ad937298a77b",
    "u2netp": "8e83ca70e441ab06c318d82300c84806",
}
"""Models that may run, best first, with their files' published MD5; rembg checks no file that is already there."""


class CutOuts:
    """Loads its method at the first picture, since a model costs seconds and 235 MB."""

    def __init__(self, home: Path | None, *, allowed: dict[str, str] | None = None) -> None:
        self._home = home
        self._allowed = ALLOWED if allowed is None else allowed
        self._lock = threading.Lock()
        self._looked = False
        self._model: Model | None = None

    def cut(self, picture: Pixels) -> CutOut:
        """The piece's alpha over RGB pixels; the whole picture where this host has nothing to cut with."""
        model = self._find()
        if model is not None:
            return model.cut(picture)
        try:
            return classical(picture)
        except ImportError:
            log.warning("OpenCV is not installed here; pictures are not cut out")
            return CutOut(alpha=np.full(picture.shape[:2], 255, np.uint8), by="none", sure_bp=0)

    def _find(self) -> Model | None:
        with self._lock:
            if not self._looked:
                self._looked = True
                self._model = self._open()
        return self._model

    def _open(self) -> Model | None:
        for name, path in self._files():
            if _md5(path) != self._allowed[name]:
                log.error(
                    "the cut-out model's file is not what it should be; it is not used", model=name, file=str(path)
                )
                continue
            return Model(name, path)
        log.warning("no cut-out model's file is there; pictures are cut out by the classical method")
        return None

    def _files(self) -> list[tuple[str, Path]]:
        if self._home is None:
            return []
        places = [
            (name, path)
            for name in self._allowed
            for path in (self._home / "models" / name / f"{name}.onnx", self._home / f"{name}.onnx")
        ]
        return [(name, path) for name, path in places if path.is_file()]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
