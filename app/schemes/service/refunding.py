"""Paying back what was saved: never with a bonus, and by the limits on cash that the credits' room holds."""

from collections.abc import Sequence
from uuid import UUID

from app.credits import service as credits
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.schemes import repository
from app.schemes.errors import SchemeEmpty, SchemeEnded, SchemeUnknown
from app.schemes.models import SchemeState
from app.schemes.service.ending import close_early
from app.schemes.service.views import Scheme, scheme_view
from shard_router import ShopSession


def refund(
    db: ShopSession,
    *,
    scheme_id: UUID,
    payments: Sequence[credits.Payment],
    reason: str,
    keyring: Keyring,
    till_id: UUID | None = None,
) -> Scheme:
    """Pay back what was saved; a scheme that still runs ends by it. One that matured is used on a bill instead.

    Raises SchemeUnknown, SchemeEmpty, SchemeEnded for a matured one, SchemeNotRipe for one that may mature, and what
    the credits' `pay_out` raises (CreditSpent, CreditShort, CashPayOutTooLarge, …)."""
    row = repository.find_scheme(db, scheme_id)
    if row is None:
        raise SchemeUnknown()
    if row.state == SchemeState.MATURED.value:
        raise SchemeEnded(
            _("%(number)s has matured.", number=row.number), action=_("Use it on a bill, with its bonus.")
        )
    scheme = scheme_view(row)
    if row.state == SchemeState.OPEN.value:
        scheme = close_early(db, scheme_id=scheme_id, reason=reason)
    if scheme.credit_id is None:
        raise SchemeEmpty()
    credits.pay_out(
        db, credit_id=scheme.credit_id, payments=tuple(payments), till_id=till_id, keyring=keyring, reason=reason
    )
    return scheme
