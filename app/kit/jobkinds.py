"""Owns what a job is: a function under its dotted name, its queue, how often it is tried, how long it may take.

A job may run more than once (a worker dies, a network breaks); its effect on the database happens once, because
`job.finish` writes it together with the row's DONE. What it does elsewhere (files, mail) must bear repetition.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

from app.kit.queueing import QUEUES

if TYPE_CHECKING:
    from uuid import UUID

    from shard_router import ControlSession, ShopSession

ATTEMPTS = 6
TIME_LIMIT = 120
OWNERS = "settings.edit"
"""The right to ask again for what nobody in particular asked for."""

Work = TypeVar("Work", bound=Callable[..., None])


class GiveUp(Exception):
    """Trying again would not help; the text is shown to the shop and kept in the job's row."""


class LeaseLost(Exception):
    """Another worker has this job by now: whatever this one still meant to write is dropped."""


class UnknownJob(LookupError):
    """A row names a job that this version of the code does not have; it waits for one that does."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A registered job. `gave_up` runs in the transaction that marks the row FAILED.

    again  asks for the same once more after a failure, in the domain's own way: gives the new job's id, None where
           nothing is left to do. Without it a job of the same parameters is asked for.
    right  that a person needs for it
    """

    name: str
    run: Callable[..., None]
    control: bool
    queue: str
    attempts: int
    time_limit: int
    gave_up: Callable[..., None] | None
    again: "Callable[[ShopSession, dict[str, Any]], UUID | None] | None" = None
    right: str = OWNERS


_KINDS: dict[str, JobKind] = {}


@overload
def shop_job(work: Work) -> Work: ...
@overload
def shop_job(
    *,
    queue: str = ...,
    attempts: int = ...,
    time_limit: int = ...,
    gave_up: "Callable[[ShopSession, dict[str, Any]], None] | None" = ...,
    again: "Callable[[ShopSession, dict[str, Any]], UUID | None] | None" = ...,
    right: str = ...,
) -> Callable[[Work], Work]: ...
def shop_job(
    work: Work | None = None,
    *,
    queue: str = "default",
    attempts: int = ATTEMPTS,
    time_limit: int = TIME_LIMIT,
    gave_up: "Callable[[ShopSession, dict[str, Any]], None] | None" = None,
    again: "Callable[[ShopSession, dict[str, Any]], UUID | None] | None" = None,
    right: str = OWNERS,
) -> Any:
    """Register `work(job: ShopJob, **params)` by its dotted name; `gave_up(db, params)` tells the domain of the end."""
    return _decorator(
        work, control=False, queue=queue, attempts=attempts, time_limit=time_limit, gave_up=gave_up, again=again,
        right=right,
    )  # fmt: skip


@overload
def control_job(work: Work) -> Work: ...
@overload
def control_job(
    *,
    queue: str = ...,
    attempts: int = ...,
    time_limit: int = ...,
    gave_up: "Callable[[ControlSession, dict[str, Any]], None] | None" = ...,
) -> Callable[[Work], Work]: ...
def control_job(
    work: Work | None = None,
    *,
    queue: str = "default",
    attempts: int = ATTEMPTS,
    time_limit: int = TIME_LIMIT,
    gave_up: "Callable[[ControlSession, dict[str, Any]], None] | None" = None,
) -> Any:
    """The same for `work(job: ControlJobRun, **params)` of the control plane's outbox."""
    return _decorator(work, control=True, queue=queue, attempts=attempts, time_limit=time_limit, gave_up=gave_up)


def kind_of(name: str) -> JobKind:
    """Raises UnknownJob."""
    try:
        return _KINDS[name]
    except KeyError:
        raise UnknownJob(name) from None


def kinds() -> Iterable[JobKind]:
    return tuple(_KINDS.values())


def _decorator(
    work: Work | None,
    *,
    control: bool,
    queue: str,
    attempts: int,
    time_limit: int,
    gave_up: Callable[..., None] | None,
    again: "Callable[[ShopSession, dict[str, Any]], UUID | None] | None" = None,
    right: str = OWNERS,
) -> Any:
    if queue not in QUEUES:
        raise ValueError(f"no such queue: {queue}")

    def register(function: Work) -> Work:
        name = f"{function.__module__}.{function.__qualname__}"
        _KINDS[name] = JobKind(name, function, control, queue, attempts, time_limit, gave_up, again, right)
        return function

    return register if work is None else register(work)
