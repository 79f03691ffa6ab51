"""Owns the browser's files: libraries from the npm lock file and our bundles by esbuild, all under hashed names."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ops import files, tools
from ops.bootstrap import uv_environment
from ops.debian import Say
from ops.places import ROOT
from ops.trouble import Trouble, last_line, tool_failed

SOURCES = ROOT / "app" / "assets"
BUILD = ROOT / "app" / "static" / "build"
MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"

# Served as their makers built them, each under its own name, so that a change of ours does not send them again.
LIBRARIES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
}
# Files a bundle may refer to; they are copied beside it under hashed names.
_LOADED = ("svg", "png", "webp", "woff2", "ico")


def build(say: Say) -> Path:
    """Builds whatever changed; returns the folder with manifest.json, which maps plain names to hashed ones."""
    with files.locked(
        ROOT / ".local" / "assets.lock", wait=lambda: say("another ./dev builds the assets, waiting for it")
    ):
        stamp = _stamp()
        if files.read(BUILD / ".stamp") == stamp:
            return BUILD
        node = tools.node(say)
        _install(node, say)
        say("bundling the browser's files")
        with files.published(BUILD) as scratch:
            manifest = {name: _copied(MODULES / path, name, scratch) for name, path in LIBRARIES.items()}
            manifest |= {path.name: _copied(path, path.name, scratch) for path in drawings()}
            manifest |= _bundled(node, entries(), scratch)
            files.write(scratch / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True) + "\n")
            files.write(scratch / ".stamp", stamp)
    return BUILD


def entries() -> list[Path]:
    """Every .js and .css lying directly in app/assets is a bundle of its own; what they import lies deeper."""
    return sorted(path for path in SOURCES.glob("*") if path.suffix in (".js", ".css"))


def drawings() -> list[Path]:
    """Every .svg lying directly in app/assets is served as it is."""
    return sorted(SOURCES.glob("*.svg"))


def _stamp() -> str:
    """Changes with anything that the result depends on."""
    found = hashlib.sha256()
    for path in sorted([LOCK, Path(__file__), *(path for path in SOURCES.rglob("*") if path.is_file())]):
        found.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _install(node: tools.Node, say: Say) -> None:
    """`npm ci`, unless the lock file's packages are there already; the stamp is written last."""
    stamp = MODULES / ".boola-stamp"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if files.read(stamp) == wanted:
        return
    say("fetching the browser's libraries")
    words = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=_npm_environment(node))
    if done.returncode:
        raise tool_failed(
            "Fetching the browser's libraries", done.stdout + done.stderr, "the npm registry of this machine"
        )
    files.write(stamp, wanted)


def _npm_environment(node: tools.Node) -> dict[str, str]:
    """npm starts `node` by name and must find the one chosen; it trusts what Python's tools are told to trust."""
    path = f"{Path(node.node[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    certificates = uv_environment().get("SSL_CERT_FILE")
    if certificates:
        found.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    return found


def _copied(source: Path, name: str, folder: Path) -> str:
    """Copies a file under a name that carries its hash."""
    body = source.read_bytes()
    stem, suffix = name.rsplit(".", 1)
    hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{suffix}"
    (folder / hashed).write_bytes(body)
    return hashed


def _bundled(node: tools.Node, sources: list[Path], folder: Path) -> dict[str, str]:
    if not sources:
        return {}
    # Outside the result, which holds nothing that is not served.
    with tempfile.TemporaryDirectory(prefix="boola-esbuild-") as scratch:
        meta = Path(scratch) / "meta.json"
        words = [
            *(*node.node, str(MODULES / "esbuild" / "bin" / "esbuild")),
            *(str(path.relative_to(ROOT)) for path in sources),
            *(
                "--bundle",
                "--minify",
                "--target=es2022,chrome110,firefox110,safari16",
                "--log-level=error",
                "--color=false",
            ),
            *("--entry-names=[name].[hash]", "--asset-names=[name].[hash]", "--legal-comments=linked"),
            *(f"--loader:.{suffix}=file" for suffix in _LOADED),
            *(f"--outdir={folder}", f"--metafile={meta}"),
        ]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            problem = last_line("\n".join(reversed(done.stderr.splitlines())))
            raise Trouble(f"The browser's files could not be bundled ({problem})", "mend that source under app/assets")
        return manifest_of(json.loads(meta.read_text()), (path.relative_to(ROOT).as_posix() for path in sources))


def manifest_of(meta: dict[str, dict[str, dict[str, object]]], sources: Iterable[str]) -> dict[str, str]:
    """Plain name → hashed name, from what esbuild tells about its outputs."""
    wanted = set(sources)
    found = {
        Path(str(output["entryPoint"])).name: Path(name).name
        for name, output in meta["outputs"].items()
        if output.get("entryPoint") in wanted
    }
    missing = wanted - {str(output.get("entryPoint")) for output in meta["outputs"].values()}
    if missing:
        raise Trouble(f"esbuild built nothing from {', '.join(sorted(missing))}", "mend that source under app/assets")
    return found
