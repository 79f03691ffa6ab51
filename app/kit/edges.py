"""Owns how an edge reaches data: one request is one transaction, opened for its shop, committed here only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

from flask import Response, after_this_request, g, request
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.kit import idempotency, outbox, tokens
from app.kit.access import Scope, scope, shop_scope
from app.kit.errors import BadRequest, PreconditionRequired
from app.kit.idempotency import AlreadySent, Claim, Earlier, KeyTaken
from app.kit.problems import CommitUnclear
from app.kit.runtime import runtime
from app.kit.texts import N_
from shard_router import (
    AmbiguousCommit,
    CausalToken,
    ControlSession,
    Mode,
    ReplicaLost,
    ShardReadOnly,
    ShardUnavailable,
    ShopMoved,
    ShopSession,
)

T = TypeVar("T")
DEADLOCK, LOCK_WAIT = 1213, 1205
DEADLOCK_TRIES = 3
DEMOTED_TRIES = 5
_VERSION = 2**31


class IfMatchMissing(PreconditionRequired):
    """An update needs If-Match with the ETag that was read, so that nobody's change is overwritten unseen."""

    default_message = N_("The If-Match header is missing.")
    default_action = N_("Read the thing first and send its ETag as If-Match.")


class IfMatchMalformed(BadRequest):
    """If-Match is not one ETag as we give them: a number in double quotes."""

    default_message = N_("The If-Match header is not an ETag of ours.")


class Replayed(Exception):
    """Not an error: carries the stored reply of an earlier request past the view that would have made it again."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


# ---------------------------------------------------------------- versions


def expected_version() -> int:
    """The version that the caller read, from If-Match; the service compares it with the row's."""
    text = request.headers.get("If-Match", "").strip()
    if not text:
        raise IfMatchMissing()
    number = text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else ""
    if not (number.isascii() and number.isdigit()) or int(number[:12]) >= _VERSION:
        raise IfMatchMalformed()
    return int(number)


def versioned(view: T) -> T:
    """Declare that this POST needs If-Match, as every PATCH and PUT does: the reference says so."""
    view.versioned = True  # type: ignore[attr-defined]
    return view


def tag(result: Any) -> None:
    """The reply gets an ETag where the result has a version."""
    version = getattr(result, "version", None)
    if type(version) is int:

        @after_this_request
        def add(response: Response) -> Response:
            response.headers["ETag"] = f'"{version}"'
            return response


# ---------------------------------------------------------------- one shop


def shop_read(work: Callable[[ShopSession], T]) -> T:
    """Run `work` in a session that reads this request's shop, from a replica that has all this person has seen."""
    found, shop_id = shop_scope()
    if found.refusal is not None:
        raise found.refusal
    for last in (False, True):
        try:
            with runtime().router.shop(shop_id, found.actor, mode=Mode.READ, token=found.token) as db:
                result = work(db)
        except (ShopMoved, ReplicaLost):  # either way another server is asked now
            if last:
                raise
        else:
            tag(result)
            return result
    raise AssertionError("unreachable")


def shop_write(
    work: Callable[[ShopSession], T],
    *,
    hot: bool = False,
    rebuild: Callable[[ShopSession, UUID], T] | None = None,
) -> T:
    """Run `work` in one transaction of this request's shop and commit it; a keyed POST has its effect once.

    `work` may run again: after ShopMoved once, after a deadlock up to three times. Nothing of an earlier run is left.
    rebuild  makes the reply again from the subject's immutable columns, so that none is stored; needs a result with an
             `id`. Pages need it to answer a form that was sent twice.
    hot      opens a session for packets and leaves the claim to the service, whose first packet begins with
             `idempotency.bind_claim(...)`; needs `rebuild`.
    """
    found, shop_id = shop_scope()
    claim = idempotency.claim_facts()
    write = ShopWrite(found, shop_id, claim, work, hot=hot, rebuild=rebuild)
    if found.refusal is not None:
        return cast(T, write.replay_or(found.refusal))
    result = cast(T, write.run())
    tag(result)
    return result


def shop_beside(work: Callable[[ShopSession], T]) -> T:
    """Run `work` in a transaction of its own, beside this request's, which was refused: what must be kept of a refusal.
    It takes no key, so the request may be sent again with its own."""
    found, shop_id = shop_scope()
    return cast(T, ShopWrite(found, shop_id, None, work, hot=False, rebuild=None).run())


class ShopWrite:
    """One write with its retries and its replay."""

    def __init__(
        self,
        found: Scope,
        shop_id: int,
        claim: Claim | None,
        work: Callable[[ShopSession], Any],
        *,
        hot: bool,
        rebuild: Callable[[ShopSession, UUID], Any] | None,
    ) -> None:
        if hot and (claim is None or rebuild is None):
            raise RuntimeError("a hot write needs a keyed POST and a way to rebuild its reply")
        self.found, self.shop_id, self.claim, self.work, self.hot, self.rebuild = (
            found, shop_id, claim, work, hot, rebuild,
        )  # fmt: skip

    def run(self) -> Any:
        for attempt in patience(self.claim):
            with attempt.watch():
                return self._once()
        raise AssertionError("unreachable")

    def _once(self) -> Any:
        try:
            with runtime().router.shop(self.shop_id, self.found.actor, mode=Mode.WRITE, hot=self.hot) as db:
                if self.hot:
                    result = self._hot(db)
                else:
                    result = self._claimed(db)
                    db.commit()
                if db.token is not None:
                    tokens.remember(self.shop_id, db.token)
                asked = outbox.asked(db)
            if asked:
                runtime().queue.poke(self.shop_id)
            return result
        except KeyTaken:
            return self._replay()

    def _claimed(self, db: ShopSession) -> Any:
        if self.claim is None:
            return self.work(db)
        row = idempotency.claim(db, self.claim)
        result = self.work(db)
        row.subject_id = _subject(result)
        if self.rebuild is None and _is_api():
            row.status, row.reply = idempotency.rendered(result)
        return result

    def _hot(self, db: ShopSession) -> Any:
        """The service may have sent COMMIT with its last packet; then this commit finds nothing to do."""
        try:
            result = self.work(db)
            if db.token is None:
                db.commit()
            return result
        except IntegrityError as error:
            if idempotency.is_taken(error):
                raise KeyTaken() from error
            raise

    def _replay(self) -> Any:
        """On a fresh session of the primary: the earlier request is committed, else the claim would have waited."""
        assert self.claim is not None
        with runtime().router.shop(self.shop_id, self.found.actor, mode=Mode.WRITE) as db:
            earlier = idempotency.find(db, self.claim)
            if earlier is None:
                raise idempotency.busy()
            tokens.remember(self.shop_id, _all_executed(db))
            if earlier.reply is not None:
                _replay_stored(earlier)
            if self.rebuild is None or earlier.subject_id is None:
                raise AlreadySent()
            result = self.rebuild(db, earlier.subject_id)
        _mark_replayed()
        return result

    def replay_or(self, refusal: Exception) -> Any:
        """A plan that ended does not hide what was issued before it did."""
        if self.claim is None:
            raise refusal
        with runtime().router.shop(self.shop_id, self.found.actor, mode=Mode.WRITE) as db:
            known = idempotency.find(db, self.claim) is not None
        if not known:
            raise refusal
        return self._replay()


# ---------------------------------------------------------------- the control plane


def control_read(work: Callable[[ControlSession], T]) -> T:
    """Run `work` on the control plane; nothing is committed."""
    with runtime().router.control() as control:
        result = work(control)
    tag(result)
    return result


def control_write(work: Callable[[ControlSession], T]) -> T:
    """Run `work` in one transaction of the control plane and commit it; a keyed POST has its effect once per person."""
    claim = idempotency.claim_facts() if "scope" in g else None
    for attempt in patience(claim):
        with attempt.watch():
            result = _control_once(work, claim)
            tag(result)
            return result
    raise AssertionError("unreachable")


def _control_once(work: Callable[[ControlSession], T], claim: Claim | None) -> T:
    with runtime().router.control() as control:
        if claim is None:
            return _control_commit(control, work(control))
        person_id = scope().principal.person_id
        try:
            row = idempotency.claim_control(control, claim, person_id=person_id)
        except KeyTaken:
            control.rollback()
            earlier = idempotency.find_control(control, claim, person_id=person_id)
            if earlier is None:
                raise idempotency.busy() from None
            if earlier.reply is None:
                raise AlreadySent() from None
            _replay_stored(earlier)
        result = work(control)
        if _is_api():
            row.status, row.reply = idempotency.rendered(result)
        return _control_commit(control, result)


def _control_commit(control: ControlSession, result: T) -> T:
    control.commit()
    if outbox.asked(control):
        runtime().queue.poke(None)
    return result


# ---------------------------------------------------------------- trying again


class Attempt:
    """One try; `watch` swallows what may be tried again and lets the rest through."""

    def __init__(self, tries: dict[str, int], claim: Claim | None) -> None:
        self.tries = tries
        self.claim = claim
        self.again = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        try:
            yield
        except ShopMoved:
            if not self._again("moved", most=1):
                raise
        except AmbiguousCommit as error:
            # With a key the claim of the next try waits for the lost one, and then tells whether it was committed.
            if self.claim is None:
                raise CommitUnclear() from error
            if not self._again("unclear", most=1):
                raise
        except ShardUnavailable as gone:
            if not (isinstance(gone, (ShardReadOnly, ReplicaLost)) and self._has_successor(gone.shard)):
                if "unclear" in self.tries:  # nobody is left to say what became of the first try's commit
                    raise CommitUnclear(headers={"Retry-After": "1"}) from gone
                raise
        except DBAPIError as error:
            number = idempotency.number_of(error)
            if number == LOCK_WAIT and self.claim is not None:
                raise idempotency.busy() from error
            if number != DEADLOCK or not self._again("deadlock", most=DEADLOCK_TRIES):
                raise
            time.sleep(random.uniform(0.001, 0.01) * self.tries["deadlock"])  # noqa: S311 (not a secret)

    def _has_successor(self, shard: str) -> bool:
        """The server was demoted under our hands, or is a replica already, and committed nothing: the one after it is
        known in a moment."""
        self.again = self._again("demoted", most=DEMOTED_TRIES) and runtime().router.await_primary(shard)
        return self.again

    def _again(self, cause: str, *, most: int) -> bool:
        self.tries[cause] = self.tries.get(cause, 0) + 1
        self.again = self.tries[cause] <= most
        if self.again:
            runtime().metrics.retries.labels(cause).inc()
        return self.again


def patience(claim: Claim | None) -> Iterator[Attempt]:
    """Attempts, for as long as the last one may be followed by another."""
    tries: dict[str, int] = {}
    while True:
        attempt = Attempt(tries, claim)
        yield attempt
        if not attempt.again:
            return


# ---------------------------------------------------------------- replies


def _replay_stored(earlier: Earlier) -> NoReturn:
    """The reply, byte for byte as it was."""
    response = Response(earlier.reply, earlier.status, content_type="application/json")
    response.headers[idempotency.REPLAY_HEADER] = "true"
    raise Replayed(response)


def _all_executed(db: ShopSession) -> CausalToken:
    """A token for a replay: all that the primary has executed by now; one that no replica fits where it is silent."""
    router = runtime().router
    marks = router.health_watch.executed_now(router.shard(db.shard))
    return CausalToken.of_marks(db.shard, db.epoch, marks) if marks else CausalToken(db.shard, 0, "")


def _mark_replayed() -> None:
    @after_this_request
    def add(response: Response) -> Response:
        response.headers[idempotency.REPLAY_HEADER] = "true"
        return response


def _subject(result: Any) -> UUID | None:
    found = getattr(result, "id", None)
    return found if isinstance(found, UUID) else None


def _is_api() -> bool:
    return request.path.startswith("/api/")
