"""Owns customers for tests, registered through the customers' own service."""

import secrets
import string
from typing import Any

from app.customers import service as customers
from app.kit.sealing import Keyring
from shard_router import ShopSession


def a_customer(db: ShopSession, keyring: Keyring, **changes: Any) -> customers.Customer:
    """An unregistered buyer in Mumbai with a telephone of their own. The caller commits."""
    facts: dict[str, Any] = {
        "name": "Lata Deshpande", "phone": a_phone(), "address": "4 Laxmi Road", "city": "Mumbai", "pin": "400004",
        "state_code": "27",
    }  # fmt: skip
    return customers.register_customer(db, draft=customers.CustomerDraft(**{**facts, **changes}), keyring=keyring)


def a_pan() -> str:
    """The PAN of a person (its fourth letter is P), of nobody else in the tests."""
    letters = "".join(secrets.choice(string.ascii_uppercase) for _ in range(5))
    return f"{letters[:3]}P{letters[3]}{secrets.randbelow(10**4):04d}{letters[4]}"


def a_phone() -> str:
    """An Indian mobile number."""
    return f"+9198{secrets.randbelow(10**8):08d}"
