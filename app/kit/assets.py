"""Owns the browser's files: hashed names from the build's manifest, served to be kept for a year."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from flask import Flask, Response, send_from_directory, url_for

from app.kit.access import public
from app.kit.errors import NotFound
from app.kit.limits import unlimited
from app.kit.texts import N_

YEAR = "public, max-age=31536000, immutable"
MANIFEST = "manifest.json"


class AssetsMissing(Exception):
    """The browser's files were not built; only a page needs them."""


class AssetUnknown(NotFound):
    """There is no such browser file in this version."""

    default_message = N_("There is nothing at this address.")


class Assets:
    """The manifest maps plain names to hashed ones and is read again when it changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._read_at = -1.0
        self._names: dict[str, str] = {}

    def hashed(self, name: str) -> str:
        """shop.js → shop.1a2b3c4d5e.js; raises AssetsMissing."""
        path = self.folder / MANIFEST
        try:
            changed_at = path.stat().st_mtime
        except OSError:
            raise AssetsMissing(f"{path} is not there: build the browser's files by ./dev assets") from None
        with self._lock:
            if changed_at != self._read_at:
                self._names = json.loads(path.read_text(encoding="utf-8"))
                self._read_at = changed_at
        try:
            return self._names[name]
        except KeyError:
            raise AssetsMissing(f"{name} is not in {path}: is it in app/assets, and was ./dev assets run?") from None


def install(app: Flask, assets: Assets) -> None:
    @app.get("/assets/<path:name>")
    @unlimited
    @public
    def asset_file(name: str) -> Response:
        if name == MANIFEST:
            raise AssetUnknown()
        response = send_from_directory(assets.folder.resolve(), name)
        response.headers["Cache-Control"] = YEAR
        return response

    def asset(name: str) -> str:
        return url_for("asset_file", name=assets.hashed(name))

    app.jinja_env.globals["asset"] = asset
