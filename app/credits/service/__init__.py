"""Credits and receipts: what the shop owes a customer, and the money that it took outside a bill."""

from app.credits.models import CreditKind, CreditState
from app.credits.repository import shop_sums
from app.credits.service.credits import (
    Credit,
    Taken,
    Use,
    bind_takes,
    bind_uses,
    drifted,
    find_opened_by,
    get_credit,
    list_credits,
    open_credit,
    open_credits,
    read_taken,
    release,
    use_credits,
)

__all__ = [
    "Credit",
    "CreditKind",
    "CreditState",
    "Taken",
    "Use",
    "bind_takes",
    "bind_uses",
    "drifted",
    "find_opened_by",
    "get_credit",
    "list_credits",
    "open_credit",
    "open_credits",
    "read_taken",
    "release",
    "shop_sums",
    "use_credits",
]
