"""Owns how the parts of signing in are put together; the factory hands in what settings say."""

from dataclasses import dataclass, field

from app.kit.ports import CacheStore
from app.kit.sealing import Keyring
from app.tenants.service.gates import GatePolicy
from app.tenants.service.identity import TenantIdentity
from app.tenants.service.keys import SigningKeys
from app.tenants.service.passwords import ROUNDS, Passwords
from app.tenants.service.reaching import ControlLine
from app.tenants.service.sign_in import SignIns
from app.tenants.service.tokens import AccessTokens
from shard_router import Router


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    """What settings say of signing in."""

    bcrypt_rounds: int = ROUNDS
    hashes_at_once: int = 2
    gates: GatePolicy = field(default_factory=GatePolicy)


def build_identity(
    *, router: Router, cache_store: CacheStore, keyring: Keyring, policy: SignInPolicy | None = None,
    prefix: str = "boola:",
) -> TenantIdentity:  # fmt: skip
    """The kit's `Identity`; `.sign_ins` holds passwords, tokens and throttle for the edges that sign people in.

    `prefix` stands before every key in Redis.
    """
    chosen = policy or SignInPolicy()
    line = ControlLine(router)
    tokens = AccessTokens(SigningKeys(router, line, keyring))
    passwords = Passwords(rounds=chosen.bcrypt_rounds, at_once=chosen.hashes_at_once)
    sign_ins = SignIns(router=router, keyring=keyring, passwords=passwords, tokens=tokens, policy=chosen.gates)
    return TenantIdentity(router=router, line=line, cache_store=cache_store, sign_ins=sign_ins, prefix=prefix)
