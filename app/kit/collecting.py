"""Owns what Python's garbage collector looks at: not at what a process has loaded for good.

A full collection walks every object there is, and all threads of the process wait for it. Of a web process these are
200,000 and a tenth of a second, nearly all of them classes, routes and mappers that live as long as the process.
"""

import gc

from sqlalchemy.orm import configure_mappers


def leave_out_what_is_loaded() -> None:
    """At the end of a process's start, before its first request or job."""
    configure_mappers()  # else the first request makes them
    gc.collect()
    gc.freeze()
