"""Owns the Python environment: makes .venv, puts the pinned packages in, and hands over to the launcher proper.

Standard library only: nothing else is there yet when this runs. Whatever is cut short is finished by the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import util
from pathlib import Path

from ops import debian, files
from ops.places import ROOT, cache_folder
from ops.trouble import Trouble, kind_of_failure, os_trouble, tool_failed

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".boola-unfinished"  # there while packages are written, and after that was cut short
REQUIREMENTS = ROOT / "requirements"
INDEX = "the Python package index of this machine's configuration"

# What each layer installs; a verb names the layers it needs.
LAYERS = {"run": ("run.txt", "vision.txt"), "test": ("test.txt",)}
NEEDS_TEST = ("test", "check", "lint", "faults", "bench", "lock")
SPACE_NEEDED_MB = 1500


def main(arguments: Sequence[str]) -> None:
    """Prepares the environment, then becomes `python -m ops` inside it."""
    try:
        ensure(("run", "test") if arguments and arguments[0] in NEEDS_TEST else ("run",))
        os.chdir(ROOT)
        # Some machines forbid Python to keep what it compiled: each of a dozen processes would compile it all again.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execv(PYTHON, [str(PYTHON), "-m", "ops", *arguments])  # noqa: S606 no shell is meant
    except Trouble as trouble:
        sys.exit(f"./dev: {trouble}")
    except OSError as error:
        sys.exit(f"./dev: {os_trouble(error)}")
    except KeyboardInterrupt:
        sys.exit("./dev: stopped; run it again to go on.")


def ensure(layers: Sequence[str]) -> None:
    """Brings .venv to the pinned packages of these layers; a warm call reads a few small files and returns."""
    if all(_is_current(layer) for layer in layers):
        return
    with files.locked(ROOT / ".local" / "venv.lock", wait=lambda: _say("another ./dev sets up Python, waiting for it")):
        waiting = [layer for layer in layers if not _is_current(layer)]
        if not waiting:
            return
        _check_space()
        _make_venv()
        _install_uv()
        for layer in waiting:
            _install(layer)


def _say(text: str) -> None:
    print(f"  · {text}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------- stamps


def stamp_of(names: Sequence[str], folder: Path = REQUIREMENTS, root: Path = ROOT) -> str:
    """Changes with the pinned packages, the Python that runs them, and the place: scripts in .venv carry its path."""
    found = hashlib.sha256(f"{root}\0{sys.version_info[:2]}\0".encode())
    for name in ("uv.txt", *names):
        found.update(name.encode() + b"\0" + (folder / name).read_bytes())
    return found.hexdigest()


def _is_current(layer: str) -> bool:
    return files.read(VENV / f".boola-{layer}") == stamp_of(LAYERS[layer]) and PYTHON.exists()


# ---------------------------------------------------------------- the environment itself


def _make_venv() -> None:
    if _works(PYTHON):
        return
    _say("making a Python environment in .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode or not _works(PYTHON):
        shutil.rmtree(VENV, ignore_errors=True)
        raise tool_failed("Making the Python environment", done.stdout + done.stderr, "this machine")


def _works(python: Path) -> bool:
    """Whether the environment's Python starts, is the version that runs now, and believes to live here."""
    question = "import sys; print(sys.version_info[:2], sys.prefix)"
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", question], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == f"{sys.version_info[:2]} {VENV}"


def _check_space() -> None:
    free = shutil.disk_usage(ROOT).free >> 20
    if free < SPACE_NEEDED_MB:
        raise Trouble(
            f"The disk is nearly full: {free} MB are left",
            f"free at least {SPACE_NEEDED_MB} MB and run the same command again",
        )


# ---------------------------------------------------------------- uv, by any pip there is


def _install_uv() -> None:
    wanted = hashlib.sha256((REQUIREMENTS / "uv.txt").read_bytes()).hexdigest()
    if files.read(VENV / ".boola-uv") == wanted:
        return
    _say("fetching uv, which installs the rest")
    words = [
        *_pip(),
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--ignore-installed",
    ]
    pinned = ["--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS / "uv.txt")]
    done = subprocess.run([*words, *pinned], capture_output=True, text=True, check=False)
    if done.returncode:
        raise tool_failed("Fetching uv", done.stdout + done.stderr, INDEX)
    files.write(VENV / ".boola-uv", wanted)


def _pip() -> list[str]:
    """Words that run some pip on .venv: Python's own wheel of it, the machine's, or Debian's wheel unpacked for us."""
    wheel = _wheel_in(_own_wheel_folders())
    if wheel is None and _machine_has_pip():
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if wheel is None:
        wheel = _wheel_in([_debian_wheels()])
    if wheel is None:
        raise Trouble("No pip could be found or fetched", "install the package python3-pip and run again")
    return [str(PYTHON), f"{wheel}/pip"]


def _own_wheel_folders() -> list[Path]:
    found = [Path("/usr/share/python-wheels")]
    spec = util.find_spec("ensurepip")
    if spec is not None and spec.origin:
        found.insert(0, Path(spec.origin).parent / "_bundled")
    return found


def _wheel_in(folders: Sequence[Path]) -> Path | None:
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))), None)


def _machine_has_pip() -> bool:
    done = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    version = done.stdout.split()[1:2]
    return (
        done.returncode == 0
        and bool(version)
        and version[0].split(".")[0].isdigit()
        and int(version[0].split(".")[0]) >= 23
    )


def _debian_wheels() -> Path:
    """Debian's wheel of pip, fetched by the machine's own apt without installing anything."""
    target = cache_folder() / "pip-wheel"
    with files.locked(target.parent / "pip-wheel.lock"):
        if not target.exists():
            _say("fetching pip's wheel from Debian")
            bundle = debian.Bundle("pip", "bookworm", ("python3-pip-whl",), keep=("usr/share/python-wheels/pip-*.whl",))
            root = debian.unpacked(bundle, _say)
            with files.published(target) as scratch:
                for wheel in (root / "usr/share/python-wheels").glob("pip-*.whl"):
                    shutil.copy(wheel, scratch)
    return target


# ---------------------------------------------------------------- the packages


def _install(layer: str) -> None:
    names = LAYERS[layer]
    _say(f"installing Python packages ({', '.join(name.removesuffix('.txt') for name in names)})")
    began = time.monotonic()
    words = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON), "--require-hashes", "--no-progress"]
    if UNFINISHED.exists():
        words.append("--reinstall")  # a package of which half was written looks installed
    files.write(UNFINISHED, layer)
    pinned = [word for name in names for word in ("-r", str(REQUIREMENTS / name))]
    done = subprocess.run([*words, *pinned], capture_output=True, text=True, check=False, env=uv_environment())
    if done.returncode:
        log = ROOT / ".local" / "bootstrap.log"
        if kind_of_failure(done.stderr) != "disk":
            files.write(log, done.stdout + done.stderr)
        raise tool_failed("Installing the Python packages", done.stderr, INDEX)
    UNFINISHED.unlink()
    files.write(VENV / f".boola-{layer}", stamp_of(names))
    _say(f"Python packages are in place ({time.monotonic() - began:.0f} s)")


def uv_environment() -> dict[str, str]:
    """uv reads none of pip's settings, so the machine's choice of index and certificates is handed to it."""
    environment = {
        **os.environ,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_MANAGED_PYTHON": "1",
        "UV_LINK_MODE": os.environ.get("UV_LINK_MODE") or _link_mode(),
    }
    done = subprocess.run([*_pip(), "config", "list"], capture_output=True, text=True, check=False)
    for name, value in uv_settings(done.stdout).items():
        environment.setdefault(name, value)
    return environment


def _link_mode() -> str:
    """Hard links where uv's cache is on the same disk, else copies; uv would warn and copy anyway."""
    with tempfile.TemporaryDirectory(dir=VENV) as here:
        cache = Path(os.environ.get("UV_CACHE_DIR") or cache_folder().parent / "uv")
        try:
            return "hardlink" if cache.stat().st_dev == Path(here).stat().st_dev else "copy"
        except OSError:
            return "hardlink"


def uv_settings(pip_config: str) -> dict[str, str]:
    """What `pip config list` tells, in uv's words. Hashes are pinned, so any index may serve any package."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "cert": "SSL_CERT_FILE",
        "proxy": "ALL_PROXY",
    }
    found: dict[str, str] = {}
    for line in pip_config.splitlines():
        key, _, value = line.partition("=")
        name = names.get(key.rsplit(".", 1)[-1])
        if name is not None:
            found[name] = value.strip("'\"").replace("\\n", " ")
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found
