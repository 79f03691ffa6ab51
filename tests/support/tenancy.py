"""Owns what tests of people, shops and contracts share: the real identity, and shops opened the real way."""

import base64
import datetime as dt
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select

import app.amc.jobs
import app.tenants.jobs
from app.adapters.inline_queue import InlineQueue
from app.adapters.redis_cache import RedisCache
from app.amc import service as amc
from app.kit import leases
from app.kit.cache import Breaker, ShopCache
from app.kit.clock import utc_now
from app.kit.jobruns import run_job
from app.kit.leases import Candidate
from app.kit.models import ControlJob, OutboxState
from app.kit.outbox import enqueue_control
from app.kit.ports import CacheStore
from app.kit.runtime import Runtime
from app.kit.sealing import Keyring
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.service import NewPassword, NewShop, OpenedShop, PersonView, SignInPolicy, TenantIdentity
from app.tenants.service.changes import REMEMBERERS
from shard_router import Router
from tests.support.settings import key

ROUNDS = 4  # bcrypt's fewest: the tests' passwords guard nothing
PASSWORD = "monsoon over Zaveri Bazaar"
GSTIN_27 = "27AAACR5055K1Z7"  # published, of domain.md
MASTER_KEY = base64.b64decode(key("master_key"))  # as the product has it here: both read the same signing keys
JOBS = (app.amc.jobs, app.tenants.jobs)


@dataclass
class Tenancy:
    """One process as far as people and shops go; `another()` is a second one beside it."""

    router: Router
    store: CacheStore
    prefix: str
    keyring: Keyring = field(default_factory=lambda: Keyring(MASTER_KEY))
    elsewhere: bool = False  # as if in another process: commits of this one tell it nothing

    @cached_property
    def identity(self) -> TenantIdentity:
        policy = SignInPolicy(bcrypt_rounds=ROUNDS)
        built = tenants.build_identity(
            router=self.router, cache_store=self.store, keyring=self.keyring, policy=policy, prefix=self.prefix
        )
        if self.elsewhere:
            REMEMBERERS.discard(built)
        return built

    @cached_property
    def cache(self) -> ShopCache:
        return ShopCache(self.store, prefix=self.prefix)

    @cached_property
    def runtime(self) -> Runtime:
        parts: dict[str, Any] = {
            "router": self.router, "cache": self.cache, "cache_store": self.store, "identity": self.identity,
            "keyring": self.keyring, "queue": InlineQueue(),
        }  # fmt: skip
        return cast(Runtime, SimpleNamespace(**parts))

    @cached_property
    def entitlement(self) -> amc.ShopEntitlements:
        return amc.ShopEntitlements(router=self.router, cache=self.cache)

    def another(self, **changes: Any) -> "Tenancy":
        """Another process: the same servers and Redis, none of this one's memory."""
        same = {"router": self.router, "store": self.store, "prefix": self.prefix, "elsewhere": True}
        return Tenancy(**{**same, **changes})

    def password(self, plain: str = PASSWORD) -> NewPassword:
        return self.identity.sign_ins.passwords.accept(plain, email="")

    def person(self, *, email: str = "", name: str = "Asha", **more: Any) -> PersonView:
        address = email or fresh_email()
        return write_control(
            self.router,
            lambda c: tenants.create_person(c, email=address, name=name, password=self.password(), **more),
        )

    def ask_to_open(
        self, *, owner_email: str = "", shard: str | None = "shard-a", on: dt.date | None = None, **changes: Any
    ) -> OpenedShop:
        """In the control plane only: its preparing waits for `run_jobs` or `prepare`."""
        new = NewShop(**{**NEW_SHOP, "owner_email": owner_email or fresh_email(), "shard": shard, **changes})
        one_time = self.identity.sign_ins.passwords.one_time()
        opened = write_control(
            self.router, lambda c: amc.open_shop(c, self.router, new=new, one_time=one_time, actor_id=None, on=on)
        )
        tenants.announce(self.router, opened)
        return opened

    def open(self, **given: Any) -> OpenedShop:
        """A shop that may trade."""
        opened = self.ask_to_open(**given)
        tenants.prepare_shop(self.router, opened.shop.shop_id)
        return opened

    def waiting_jobs(self, shop_id: int) -> list[str]:
        with self.router.control() as control:
            wanted = select(ControlJob.job).where(
                ControlJob.shop_id == shop_id, ControlJob.state != OutboxState.DONE.value
            )
            return sorted(control.scalars(wanted))

    def run_jobs(self, shop_id: int) -> int:
        """Every due job of this shop in the control plane's outbox, until none is left; others' are left alone."""
        done = 0
        while due := self._due(ControlJob.shop_id == shop_id):
            done += sum(self.run_job(job_id) for job_id in due)
        return done

    def run_job(self, job_id: UUID) -> bool:
        """One job of the control plane, as relay and worker would."""
        with self.router.control() as control:
            row = control.get_one(ControlJob, job_id)
            candidate = Candidate(row.id, row.job, row.attempts, row.params)
            leases.release(control, ControlJob, candidate)
            control.commit()
        return run_job(self.runtime, shop_id=None, job_id=job_id, attempts=candidate.attempts)

    def ask(self, job: str, **params: Any) -> UUID:
        return write_control(self.router, lambda c: enqueue_control(c, job, params=params))

    def _due(self, which: ColumnElement[bool]) -> list[UUID]:
        waiting = ControlJob.state == OutboxState.WAITING.value
        with self.router.control() as control:
            wanted = select(ControlJob.id).where(which, waiting, ControlJob.available_at <= utc_now())
            return list(control.scalars(wanted.order_by(ControlJob.id)))

    def token(self, person: PersonView, audience: str = "shop", version: int | None = None) -> str:
        return self.identity.sign_ins.tokens.issue(
            person_id=person.id, name=person.name, audience=audience,  # type: ignore[arg-type]
            session_version=version or person.session_version,
        ).text  # fmt: skip


NEW_SHOP: dict[str, Any] = {
    "name": "Shree Ganesh Jewellers", "legal_name": "Shree Ganesh Jewellers LLP", "state_code": "27",
    "gstin": GSTIN_27, "address": "12 Zaveri Bazaar", "city": "Mumbai", "pin": "400002", "owner_name": "Asha Shah",
    "phone": "98200 12345", "name_local": "श्री गणेश ज्वेलर्स",
}  # fmt: skip


def fresh_email() -> str:
    return f"p{secrets.token_hex(6)}@example.test"


def redis_store(url: str, prefix: str) -> CacheStore:
    return Breaker(RedisCache(url, prefix=prefix, seconds=1.0))


def person_id_of(opened: OpenedShop) -> UUID:
    return opened.owner.id
