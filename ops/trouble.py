"""Owns how a failure that a person can mend is told: one sentence saying what happened and what to do."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path


class Trouble(Exception):
    """A failure with a remedy. The launcher prints it as one sentence and ends with status 1."""

    def __init__(self, what: str, do: str) -> None:
        self.what = what.rstrip(".")
        self.do = do.rstrip(".")
        super().__init__(f"{self.what}: {self.do}.")


_SIGNS = (
    (r"No space left on device|enough free space|ENOSPC|Disk quota exceeded", "disk"),
    (r"[Hh]ash(es)? (Sum )?mismatch|do not match the hash|THESE PACKAGES DO NOT MATCH|EINTEGRITY", "damaged"),
    (
        r"Could not resolve|Temporary failure resolving|dns error|Name or service not known|ENOTFOUND|EAI_AGAIN"
        r"|Connection refused|ECONNREFUSED|ECONNRESET|Unable to connect|Could not connect|Connection failed"
        r"|Failed to connect|error sending request|tunnel error|ProxyError|NewConnectionError|timed out|ETIMEDOUT"
        r"|[Nn]etwork is unreachable|Failed to fetch|could not be fetched|No matching distribution"
        r"|Unable to locate package|[Cc]ertificate|CERT_"
        r"|No solution found|was not found in the package registry",
        "network",
    ),
    (r"Permission denied|EACCES", "permission"),
)


def kind_of_failure(output: str) -> str:
    """What a tool's output tells about why it failed: disk, network, damaged, permission or unknown."""
    for pattern, kind in _SIGNS:
        if re.search(pattern, output):
            return kind
    return "unknown"


def last_line(output: str) -> str:
    """The last line of a tool's output that says something, cut to a readable length."""
    said = (line.strip() for line in output.splitlines())
    lines = [line for line in said if line and "complete log of this run" not in line]
    return lines[-1][:300] if lines else "it printed nothing"


def tool_failed(doing: str, output: str, source: str) -> Trouble:
    """Turns a failed download or installation into the sentence a person needs; `source`: where it came from."""
    kind = kind_of_failure(output)
    if kind == "disk":
        return disk_full(doing)
    if kind == "network":
        return Trouble(
            f"{doing} could not get what it needs from {source}",
            "check the network, the proxy settings and that source's configuration, then run the same command again",
        )
    if kind == "damaged":
        return Trouble(
            f"{doing} got a file from {source} that is not the one pinned in this repository",
            "run the same command again, and if it repeats, suspect a proxy that changes downloads",
        )
    if kind == "permission":
        return Trouble(
            f"{doing} was refused by the file system ({last_line(output)})",
            "make that place writable and run the same command again",
        )
    return Trouble(f"{doing} failed ({last_line(output)})", "mend that and run the same command again")


def disk_full(doing: str) -> Trouble:
    return Trouble(f"{doing} stopped because the disk is full", "free about 3 GB and run the same command again")


def os_trouble(error: OSError) -> Trouble:
    """The sentence for an operating system error nobody expected at its place."""
    where = error.filename or "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(
            f"The disk is full ({where})", f"free about 3 GB ({_free_space()}) and run the same command again"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f"{where} cannot be written by this user",
            "change its owner or use another folder, then run the same command again",
        )
    return Trouble(f"The system refused: {error}", "mend that and run the same command again")


def _free_space() -> str:
    try:
        return f"{shutil.disk_usage(Path.cwd()).free >> 20} MB are free here"
    except OSError:
        return "free space could not be read"
