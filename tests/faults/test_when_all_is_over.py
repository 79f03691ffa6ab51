"""Fault 16, the relay's part, and the end of all fault runs: every bill has its PDF. Named so that it runs last."""

import pytest

from tests.faults.market import AUDITED, Market
from tests.support.stack import Stack


@pytest.mark.fault(16)
def test_the_relay_killed_under_load_and_the_pdf_of_every_bill(stack: Stack, market: Market, measured) -> None:
    """Of this test, and of every fault before it in this run."""
    with market.billing() as load:
        for _ in range(2):
            stack.kill("relay")
            load.go_on(3)
            stack.start("relay")
            load.go_on(2)
    assert market.journal.troubles == []
    market.audit()
    waited = [one.audit_pdfs() for one in AUDITED]
    bills = sum(len(one.journal.sold) for one in AUDITED)
    measured(bills_of_all_fault_runs=bills, their_pdfs_complete_after_s=sum(waited))
