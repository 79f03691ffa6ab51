"""What the roles may do at the counter, in the vault, with karigars, schemes and the cash book.

ALGORITHM/LOCK: rows are added to a small table, nothing is altered.

Revision: 0004
"""

import datetime as dt

from migrations.steps import Steps

revision = "0004"
down_revision = "0003"

RIGHTS_FROM = dt.date(2026, 4, 1)

# Directional rights (a clerk may ask for what is missing; docs/decisions/0040) stand beside the coarse ones.
CLERK = (
    "approval.ask", "bill.raise_rate", "estimate.issue", "credit.view", "receipt.issue", "oldgold.view", "oldgold.buy",
    "scheme.view", "scheme.enroll", "scheme.collect", "order.view", "order.take", "order.work", "karigar.view",
    "stock.count", "cash.view", "cash.handle", "ledger.view",
)
MANAGER = (
    *CLERK, "approval.decide", "bill.lower_rate", "bill.wastage", "bill.below_cost", "bill.cancel", "rates.lower",
    "rates.rules", "stock.buy", "stock.transfer", "stock.memo", "stock.melt", "stock.adjust", "stock.import",
    "credit.pay_out", "scheme.edit", "karigar.work", "karigar.settle", "customer.kyc", "customer.merge", "day.close",
    "audit.view",
)
ACCOUNTANT = (
    "credit.view", "oldgold.view", "scheme.view", "order.view", "karigar.view", "cash.view", "ledger.view", "stock.buy",
    "day.close", "audit.view",
)


def upgrade(op: Steps) -> None:
    op.seed("role_rights", [
        {"role": role, "right": right, "valid_from": RIGHTS_FROM, "valid_to": None}
        for role, rights in (("owner", MANAGER), ("manager", MANAGER), ("clerk", CLERK), ("accountant", ACCOUNTANT))
        for right in rights
    ])
