"""Owns where the servers' programs come from: installed ones that are new enough, else Debian's, unpacked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ops import debian
from ops.debian import Bundle, Say
from ops.trouble import Trouble

MYSQL = Bundle("mysql", "sid", ("mysql-server-core",))  # no stable Debian has MySQL itself
REDIS = Bundle("redis", "bookworm", ("redis-server",))
OLDEST_MYSQL = (8, 4)
OLDEST_REDIS = (7, 0)


@dataclass(frozen=True)
class Program:
    """A server program: the words that start it, and what it calls its version."""

    command: tuple[str, ...]
    version: str
    installed: bool
    base: Path | None = None  # MySQL's basedir, where it is not the built-in one

    def signature(self) -> str:
        return " ".join((*self.command, self.version))


def version_in(text: str) -> tuple[int, int] | None:
    """The version a server reports of itself; None for MariaDB, which is not MySQL here."""
    if "MariaDB" in text:
        return None
    found = re.search(r"(?:Ver |v=)(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else None


def installed_mysql() -> Program | None:
    """The machine's own mysqld where it is new enough; whether it may run in our folder shows only at its start."""
    return _installed("mysqld", OLDEST_MYSQL)


def unpacked_mysql(say: Say) -> Program:
    """Debian's mysqld with its own loader and libraries."""
    root = debian.unpacked(MYSQL, say)
    command = (*debian.loader(root), str(root / "usr/sbin/mysqld"))
    return Program(command, _says([*command, "--no-defaults", "--version"]), installed=False, base=root / "usr")


def binlog_reader(program: Program) -> tuple[str, ...]:
    """The words that start the mysqlbinlog which came with this mysqld."""
    mysqld = Path(program.command[-1])
    if program.installed:
        found = shutil.which("mysqlbinlog", path=f"{os.environ.get('PATH', '')}:{mysqld.parent}:/usr/local/bin")
        if found is None:
            raise Trouble("mysqlbinlog is missing beside mysqld", "install the client programs of the same MySQL")
        return (found,)
    return (*program.command[:-1], str(mysqld.parent.parent / "bin" / "mysqlbinlog"))


def redis(say: Say) -> Program:
    """The machine's own redis-server where it is new enough, else Debian's."""
    found = _installed("redis-server", OLDEST_REDIS)
    if found is not None:
        return found
    root = debian.unpacked(REDIS, say)
    command = (*debian.loader(root), str(root / "usr/bin/redis-server"))
    return Program(command, _says([*command, "--version"]), installed=False)


def _installed(name: str, oldest: tuple[int, int]) -> Program | None:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        return None
    text = _says([path, "--version"])
    version = version_in(text)
    if version is None or version < oldest:
        return None
    return Program((path,), text, installed=True)


def _says(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
