"""Owns Debian packages unpacked into a private folder: fetched by apt with its signatures checked, never installed.

Uses the standard library only, since the launcher needs it before any package is there."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ops import files
from ops.places import cache_folder
from ops.trouble import Trouble, tool_failed

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
Say = Callable[[str], None]

# Helpers of maintainer scripts, which an unpacked program never runs; perl alone would be 10 MB.
PRETENDED = (
    *("perl", "perl-base", "adduser", "passwd", "debconf", "sysvinit-utils", "lsb-base"),
    *("mysql-common", "init-system-helpers", "ucf", "libpam-modules"),
)


@dataclass(frozen=True)
class Bundle:
    """Packages of one suite, unpacked together with all they depend on."""

    name: str
    suite: str
    packages: tuple[str, ...]
    pretended: tuple[str, ...] = PRETENDED
    keep: tuple[str, ...] = ()  # file patterns to keep; everything when empty

    def signature(self) -> str:
        text = json.dumps([self.suite, self.packages, self.pretended, self.keep, architecture()])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def mirror_in(texts: Iterable[str]) -> str | None:
    """The first Debian mirror named in the text of apt's source files, in either of their two forms."""
    for text in texts:
        for line in text.splitlines():
            found = re.match(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S*/debian)/?(?:\s|$)", line.strip())
            if found:
                return found.group(1)
    return None


def mirror() -> str:
    """The Debian mirror this machine already uses."""
    folder = Path("/etc/apt")
    sources = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found = mirror_in(files.read(path) for path in sources if os.access(path, os.R_OK))
    if found is None:
        raise Trouble(
            "This machine's apt configuration names no Debian mirror",
            "install MySQL 8.4 or newer and Redis 7, or describe your servers in a file and name it in BOOLA_CLUSTER",
        )
    return found


def architecture() -> str:
    """Debian's name of this machine's processor."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def triplet() -> str:
    """The folder name Debian uses for this processor's libraries."""
    return f"{os.uname().machine}-linux-gnu"


def folder_of(bundle: Bundle) -> Path:
    """Where the bundle lies once it is unpacked."""
    return cache_folder() / "debian" / f"{bundle.name}-{bundle.signature()}"


def unpacked(bundle: Bundle, say: Say) -> Path:
    """The root folder of the unpacked bundle; fetches it when it is not there yet."""
    target = folder_of(bundle)
    if target.exists():
        return target
    with files.locked(
        target.parent / f"{bundle.name}.lock",
        wait=lambda: say(f"another ./dev is fetching {bundle.name}, waiting for it"),
    ):
        if not target.exists():
            with files.published(target) as scratch:
                _fetch(bundle, scratch, say)
    return target


def _fetch(bundle: Bundle, scratch: Path, say: Say) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Trouble(
                f"{tool} is missing, which fetches {bundle.name}",
                f"install {', '.join(bundle.packages)} yourself and run again",
            )
    work = scratch / ".apt"
    options = _apt_options(bundle, work)
    say(f"fetching {bundle.name} and what it depends on")
    for words in (["update"], ["install", "-y", "--download-only", *bundle.packages]):
        done = subprocess.run(
            ["apt-get", "-q", *options, *words], capture_output=True, text=True, check=False, env=_environment()
        )
        if done.returncode:
            raise tool_failed(
                f"Fetching {bundle.name}",
                done.stdout + done.stderr,
                "the Debian mirror of this machine's apt configuration",
            )
    packages = sorted((work / "archives").glob("*.deb"))
    say(f"unpacking {bundle.name}: {len(packages)} packages, {sum(p.stat().st_size for p in packages) >> 20} MB")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda package: _unpack(bundle, package, scratch), packages))
    shutil.rmtree(work)
    if bundle.keep:
        _drop_others(scratch, bundle.keep)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _unpack(bundle: Bundle, package: Path, scratch: Path) -> None:
    done = subprocess.run(["dpkg-deb", "-x", str(package), str(scratch)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise tool_failed(f"Unpacking {bundle.name}", done.stderr, "the Debian mirror")


def _apt_options(bundle: Bundle, work: Path) -> list[str]:
    if not KEYRING.exists():
        raise Trouble(
            f"Debian's archive keys are missing ({KEYRING.name})",
            "install the package debian-archive-keyring and run again",
        )
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {bundle.suite} main\n")
    (work / "status").write_text("".join(_pretended(name) for name in bundle.pretended))
    values = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::State::extended_states": work / "extended",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Log": work,
        "APT::Architecture": architecture(),
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",  # no other user may enter the private folder
        "APT::Update::Error-Mode": "any",  # else a list that failed to download is only a warning
        "APT::Get::AllowUnauthenticated": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
        "Debug::NoLocking": "true",
        "Dpkg::Use-Pty": "0",
    }
    return [word for key, value in values.items() for word in ("-o", f"{key}={value}")]


def _pretended(name: str) -> str:
    fields = {
        "Package": name,
        "Status": "install ok installed",
        "Priority": "optional",
        "Section": "misc",
        "Maintainer": "nobody <nobody@localhost>",
        "Architecture": architecture(),
        "Multi-Arch": "allowed",
        "Version": "99:9",
        "Description": "counts as installed",
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items()) + "\n"


def _drop_others(folder: Path, keep: tuple[str, ...]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        inside = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not any(fnmatch.fnmatch(inside, pattern) for pattern in keep):
            path.unlink()


def loader(root: Path, *private: str) -> list[str]:
    """Words that start an unpacked program with its own C library, so that the machine's one need not fit.

    `private` are folders inside `root` in which the program keeps libraries of its own."""
    places = (root / "usr/lib64", root / "lib64", root / "usr/lib" / triplet(), root / "lib" / triplet(), root / "lib")
    found = [path for place in places for path in sorted(place.glob("ld-linux-*.so.*"))]
    if not found:
        raise Trouble(f"The unpacked tools in {root} are damaged", "delete that folder and run the same command again")
    libraries = (f"usr/lib/{triplet()}", f"lib/{triplet()}", "lib/systemd", f"usr/lib/{triplet()}/systemd", *private)
    return [str(found[0]), "--library-path", ":".join(str(root / inside) for inside in libraries)]
