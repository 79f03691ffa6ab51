"""Owns what the limits at the counter say to a bill: before it is issued, with the rule named."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.customers.service import Buyer
from app.invoices.errors import AddressRequired, CashLimitReached, PanRequired
from app.invoices.service.drafts import BillDraft
from app.kit.dated import read_table, remembered
from app.kit.errors import Unprocessable
from app.tax.limits import CounterFacts, Finding, check_counter

DATA = Path(__file__).parent.parent / "data" / "linked_cash.json"
BLOCKS: dict[str, type[Unprocessable]] = {
    "pan": PanRequired, "cash": CashLimitReached, "address": AddressRequired,
}  # fmt: skip
FIELDS = {"cash": "payments", "pan": "customerId", "address": "customerId"}
"""Where a bill has what each rule looks at."""


class LimitReached(Unprocessable):
    """A rule at the counter blocks this sale."""


@dataclass(frozen=True, slots=True)
class CashBefore:
    """What the buyer paid in cash before this bill, in paise: this day, for this occasion, in the days that the law may
    take for linked, and for this bill alone, by credits that it uses, whatever day each was paid in; the last of these
    by store credits, whose cash the day and the occasion of the returned bill have."""

    day_paise: int = 0
    occasion_paise: int = 0
    linked_paise: int = 0
    credits_paise: int = 0
    returned_paise: int = 0

    def at_once(self, cash_paise: int) -> int:
        """The largest of a day, of one transaction and of an occasion, with so much cash now. What a credit brought is
        in the day's sum where it came today, and was held against it when it came."""
        of_day = cash_paise + self.day_paise if cash_paise else 0
        anew = cash_paise + self.credits_paise
        return max(of_day, anew + self.occasion_paise if anew else 0, anew + self.returned_paise)

    def linked(self, cash_paise: int) -> int:
        """Of the month, with so much cash now; nothing where the sale has no cash in it."""
        return cash_paise + self.linked_paise if cash_paise or self.credits_paise else 0


NO_CASH = CashBefore()


@remembered
def _records() -> tuple[dict[str, Any], ...]:
    return tuple(read_table(DATA)["records"])


def linked_since(on: dt.date) -> dt.date:
    """The first day of the cash that counts as linked with that of `on`."""
    for record in _records():
        until = record["valid_to"]
        if record["valid_from"] <= on.isoformat() and (until is None or on.isoformat() <= until):
            return on - dt.timedelta(days=record["days"])
    return on


def findings_of(
    draft: BillDraft, *, total_paise: int, buyer: Buyer | None, before: CashBefore, on: dt.date
) -> tuple[Finding, ...]:
    """What the limits at the counter want of this sale, the buyer's earlier cash included."""
    cash = draft.cash_paise
    return check_counter(
        CounterFacts(
            value_paise=total_paise,
            cash_paise=before.at_once(cash),
            linked_cash_paise=before.linked(cash),
            buyer_registered=buyer is not None and buyer.registered,
            pan_given=draft.pan_declared or (buyer is not None and buyer.pan is not None),
            address_given=buyer is not None and buyer.full_address,
        ),
        on,
    )


def cash_findings(cash_paise: int, before: CashBefore, on: dt.date) -> tuple[Finding, ...]:
    """What the limits say to cash by itself, that of a debit note."""
    facts = CounterFacts(
        value_paise=0, cash_paise=before.at_once(cash_paise), linked_cash_paise=before.linked(cash_paise)
    )
    return check_counter(facts, on)


def newly_blocked(
    before_paise: int, after_paise: int, buyer: Buyer | None, on: dt.date
) -> tuple[Finding, ...]:  # fmt: skip
    """What a sale of a higher value wants that it did not want at the lower: of the bill alone it was asked then."""

    def wanted(value_paise: int) -> tuple[Finding, ...]:
        return check_counter(
            CounterFacts(
                value_paise=value_paise, cash_paise=0, buyer_registered=buyer is not None and buyer.registered,
                pan_given=buyer is not None and buyer.pan is not None,
                address_given=buyer is not None and buyer.full_address,
            ),
            on,
        )  # fmt: skip

    known = {finding.rule for finding in wanted(before_paise) if finding.blocks}
    return tuple(finding for finding in wanted(after_paise) if finding.rule not in known)


def refuse_blocked(findings: tuple[Finding, ...], fields: Mapping[str, str] = FIELDS) -> None:
    """Raises for the first finding that blocks, in the words of its rule; `fields`: where the body has it."""
    for finding in findings:
        if finding.blocks:
            raise BLOCKS.get(finding.rule, LimitReached)(
                f"{finding.message} ({finding.name})", fields={fields.get(finding.rule, "payments"): finding.rule}
            )
