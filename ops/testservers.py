"""Owns the servers that only tests start, unpacked from Debian: nginx, and Ceph's object gateway as an S3 store."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ops import debian, files
from ops.debian import PRETENDED, Bundle, Say
from ops.places import cache_folder

NGINX = Bundle(
    "nginx",
    "trixie",
    ("nginx",),
    pretended=(*PRETENDED, "iproute2", "iptables", "libcap2-bin", "netbase"),
    keep=("usr/sbin/nginx", "usr/lib*.so*", "lib*.so*", "usr/share/doc/nginx*/copyright"),
)
GATEWAY = Bundle(
    "gateway",
    "trixie",  # as ops/gateway/Dockerfile has it
    ("radosgw",),
    keep=("usr/bin/radosgw", "usr/bin/radosgw-admin", "usr/lib*.so*", "lib*.so*", "usr/share/doc/radosgw/copyright"),
)


def nginx(say: Say) -> Path:
    """A small script that starts nginx."""
    root = debian.unpacked(NGINX, say)
    return _program(NGINX, "nginx", [*debian.loader(root), str(root / "usr/sbin/nginx")])


def gateway(say: Say) -> Path:
    """A folder to be first in PATH: radosgw and radosgw-admin."""
    root = debian.unpacked(GATEWAY, say)
    *words, libraries = debian.loader(root)
    own = root / "usr/lib" / debian.triplet() / "ceph"  # where no loader looks
    for name in ("radosgw", "radosgw-admin"):
        found = _program(GATEWAY, name, [*words, f"{libraries}:{own}", str(root / "usr/bin" / name)])
    return found.parent


def _program(bundle: Bundle, name: str, words: Sequence[str]) -> Path:
    path = cache_folder() / "bin" / f"{bundle.name}-{bundle.signature()}" / name
    wanted = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    if files.read(path) != wanted:
        files.write(path, wanted, mode=0o755)
    return path
