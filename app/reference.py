"""Owns the generated reference pages: `python -m app.reference` writes docs/settings.md and docs/errors.md anew."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import app
from app.factory import ROOT
from app.factory import settings_reference as settings_page
from app.kit.openapi import errors_reference


def pages() -> dict[Path, str]:
    """Each page's path and what it must hold."""
    _import_errors()
    return {ROOT / "docs/settings.md": settings_page(), ROOT / "docs/errors.md": errors_reference()}


def _import_errors() -> None:
    """Error classes are found once their modules are imported; all modules that may hold one, in every domain."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
