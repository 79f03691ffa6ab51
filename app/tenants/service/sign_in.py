"""Owns signing in: throttle, password, second factor, token; every failure answers the same and takes as long.

Three short transactions with the slow hash between them, so no row is locked while a password is checked. What breaks
the promise of the throttle: nothing but losing the control plane, and then nobody signs in at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.kit.audit import record_platform
from app.kit.clock import utc_now
from app.kit.ports import Audience
from app.kit.sealing import Keyring
from app.kit.transactions import write_control
from app.tenants.errors import NewPasswordNeeded, OldPasswordWrong, SignInClosed, SignInRefused
from app.tenants.models import Person
from app.tenants.repository import keys as sessions
from app.tenants.repository import people as repository
from app.tenants.service import gates, invitations, second_factor
from app.tenants.service import passwords as rules
from app.tenants.service.changes import note_person
from app.tenants.service.gates import GatePolicy, Try
from app.tenants.service.passwords import NewPassword, Passwords
from app.tenants.service.people import get_person, normal_email, sign_out_everywhere, view_of
from app.tenants.service.tokens import AccessTokens, Claims, IssuedToken
from app.tenants.service.views import PersonView
from shard_router import ControlSession, Router, RouterError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, with the token; `enrolment` instead of it where the second factor must be set up first."""

    person: PersonView
    token: IssuedToken | None
    enrolment: "Enrolment | None" = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The secret to put into an authenticator app; in force once a code of it came with a sign-in."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Check:
    """What is left to check of a sign-in whose password was right a moment ago."""

    subject: str
    stored: str | None
    tried: Try
    audience: Audience
    code: str
    replacement: NewPassword | None


@dataclass(frozen=True)
class SignIns:
    """The parts that signing in stands on, built once per process."""

    router: Router
    keyring: Keyring
    passwords: Passwords
    tokens: AccessTokens
    policy: GatePolicy = field(default_factory=GatePolicy)

    def sign_in(
        self, *, email: str, password: str, address: str, audience: Audience = "shop", code: str = "",
        new_password: str | None = None,
    ) -> SignedIn:  # fmt: skip
        """Raises SignInRefused, SignInPaused, SignInBusy, SignInClosed, PasswordTooWeak, NewPasswordNeeded."""
        rules.check_length(password)
        subject = normal_email(email)
        tried, stored = self._begin(subject, address)
        if not self.passwords.fits(password, stored):
            raise SignInRefused()
        replacement = self._replacement(new_password, password, subject, stored)
        check = Check(subject, stored, tried, audience, code, replacement)
        found = self._control(lambda control: self._finish(control, check))
        return found if isinstance(found, SignedIn) else self._with_token(found, audience)

    def join(self, *, email: str, code: str, password: str) -> SignedIn:
        """For who was invited and has no sign-in yet; raises InvitationRefused, PasswordTooWeak, SignInClosed."""
        accepted = self.passwords.accept(password, email=normal_email(email))

        def work(control: ControlSession) -> PersonView:
            joined = invitations.join(control, email=email, code=code, password=accepted)
            person = repository.find_by_email(control, joined.email, lock=True)
            assert person is not None  # made a moment ago
            return self._welcome(control, person, "shop", "sign_in.done")

        return self._with_token(self._control(work), "shop")

    def change_password(self, *, person_id: UUID, old: str, new: str, address: str) -> SignedIn:
        """Sets a new password and signs out everywhere else: the token given back is the only one that counts."""
        rules.check_length(old, field="oldPassword")
        email = self._control(lambda control: get_person(control, person_id).email)
        tried, stored = self._begin(email, address)
        if not self.passwords.fits(old, stored):
            raise OldPasswordWrong(fields={"oldPassword": str(OldPasswordWrong.default_message)})
        accepted = self.passwords.accept(new, email=email, field="newPassword")
        changed = self._control(lambda control: self._replace(control, email, stored, tried, accepted))
        return self._with_token(changed, "shop")

    def sign_out(self, claims: Claims) -> None:
        """This one token stops counting, everywhere within a minute."""

        def work(control: ControlSession) -> None:
            sessions.end_session(control, claims.person_id, claims.token_id, claims.expires_at)
            note_person(control, claims.person_id)

        self._control(work)

    def _begin(self, subject: str, address: str) -> tuple[Try, str | None]:
        """The try is counted and the hash is read; what follows is slow and holds no row."""

        def work(control: ControlSession) -> tuple[Try, str | None]:
            tried = gates.count_try(control, subject=subject, address=address, policy=self.policy)
            person = repository.find_by_email(control, subject)
            if tried.shut_a_gate:
                shut = {"person": str(person.id) if person else None}
                record_platform(control, "sign_in.paused", shut, actor_id=None)
            return tried, person.password_hash if person is not None else None

        return self._control(work)

    def _replacement(self, new: str | None, old: str, subject: str, stored: str | None) -> NewPassword | None:
        if new is not None and new != old:
            return self.passwords.accept(new, email=subject, field="newPassword")
        if stored is not None and self.passwords.outdated(stored):
            return self.passwords.renew(old)
        return None

    def _finish(self, control: ControlSession, check: "Check") -> SignedIn | PersonView:
        person = self._still_valid(control, check.subject, check.stored, check.audience)
        self._check_one_time(person, check.replacement)
        if check.audience == "console" and (enrolment := self._second_factor(person, check.code)) is not None:
            control.flush()
            return SignedIn(view_of(person), None, enrolment)
        # At the shops' door nobody is asked for a code, so coming in there must not buy new guesses at one.
        gates.forgive_try(control, check.tried, wholly=check.audience == "console" or not person.is_vendor_admin)
        if check.replacement is not None:
            person.password_hash, person.one_time_until = check.replacement.hash, None
        return self._welcome(control, person, check.audience, "sign_in.done")

    def _replace(
        self, control: ControlSession, subject: str, stored: str | None, tried: Try, accepted: NewPassword
    ) -> PersonView:
        person = self._still_valid(control, subject, stored, "shop")
        gates.forgive_try(control, tried, wholly=not person.is_vendor_admin)
        person.password_hash, person.one_time_until = accepted.hash, None
        sign_out_everywhere(control, person_id=person.id, actor_id=person.id)
        return self._welcome(control, person, "shop", "password.changed")

    def _still_valid(self, control: ControlSession, subject: str, stored: str | None, audience: Audience) -> Person:
        """The person as they are now: a password changed or a person disabled while the hash ran does not slip in."""
        person = repository.find_by_email(control, subject, lock=True)
        if person is None or person.disabled_at is not None or person.password_hash != stored:
            raise SignInRefused()
        if audience == "console" and not person.is_vendor_admin:
            raise SignInRefused()
        return person

    def _check_one_time(self, person: Person, replacement: NewPassword | None) -> None:
        if person.one_time_until is None:
            return
        if person.one_time_until < utc_now():
            raise SignInRefused()
        if replacement is None:
            raise NewPasswordNeeded(fields={"newPassword": str(NewPasswordNeeded.default_action)})

    def _second_factor(self, person: Person, code: str) -> Enrolment | None:
        """None when the code was right; an enrolment when there is none yet and no code came. Raises SignInRefused."""
        if not second_factor.is_enrolled(person) and not code:
            secret = second_factor.ensure_secret(person, self.keyring)
            return Enrolment(secret, second_factor.enrolment_uri(person.email, secret))
        if not second_factor.accept_code(person, code, self.keyring):
            raise SignInRefused()
        return None

    def _welcome(self, control: ControlSession, person: Person, audience: Audience, action: str) -> PersonView:
        person.last_sign_in_at = person.updated_at = utc_now()
        control.flush()
        record_platform(control, action, {"person": str(person.id), "audience": audience}, actor_id=person.id)
        return view_of(person)

    def _with_token(self, person: PersonView, audience: Audience) -> SignedIn:
        """Signed after the commit: nobody waits at the platform's audit for a key to be read."""
        token = self.tokens.issue(
            person_id=person.id, name=person.name, audience=audience, session_version=person.session_version
        )
        return SignedIn(person, token)

    def _control(self, work: Callable[[ControlSession], T]) -> T:
        try:
            return write_control(self.router, work)
        except (RouterError, OperationalError, InterfaceError, PoolTimeout) as down:
            raise SignInClosed(headers={"Retry-After": "30"}) from down
