"""Good requests of the board, the feed, locked rates, and of what the owner is asked."""

import dataclasses
import datetime as dt

from app.approvals import service as approvals
from app.credits import service as credits
from app.credits.service import CreditKind
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.transactions import write_control
from app.rates import service as rates
from app.rates.models import MetalQuote
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain


def _asking(stage: Stage) -> Ask:
    """A clerk, who may not lower a rate."""
    facts = {"costPaise": 500_00 + next(numbers), "piece": {"tag": "R-1", "netMg": 3_390}}
    body = {"kind": "bill.rate", "right": "bill.lower_rate", "subjectId": None, "facts": facts, "reason": "a regular"}
    return Ask(stage.clerk[2], {}, body)


def _decision(stage: Stage) -> Ask:
    bina = stage.cast.bina
    with stage.runtime.router.shop(bina.shop_id, bina.actor) as db:
        asked = approvals.ask(
            db, kind="bill.rate", right="bill.lower_rate", subject_id=None, facts={"costPaise": next(numbers)}
        )
        db.commit()
    return Ask(stage.asha.token, {"approval_id": asked.id}, {"grant": True, "note": "this once"}, asked.version)


def _rules(stage: Stage) -> Ask:
    with stage.runtime.router.shop(stage.asha.shop_id, stage.asha.actor) as db:
        version = rates.get_rules(db).version
    body = {
        "terms": {"follows": False, "withDuty": True, "autoPublish": False, "autoMostBp": 100, "lockedFromMin": 1200},
        "rules": [{
            "purity": {"metal": "gold", "fineness": 9160}, "premiumBp": 50, "premiumPaisePerG": -1_000,
            "roundToPaise": 100,
        }],
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body, version)


def _suggested(stage: Stage) -> Ask:
    """A feed that moved since the last time, and what it suggests for 24 karat."""
    paise, asha = 12_000_00 + next(numbers) * 100, stage.asha
    with stage.runtime.router.shop(asha.shop_id, asha.actor) as db:
        rates.take(db, [rates.NewRate("gold", paise, "test", utc_now())])
        found = next(one for one in rates.suggested(db) if one.fineness == 9990)
        db.commit()
    rate = {"purity": {"metal": "gold", "fineness": 9990}, "paisePerG": found.paise_per_g}
    return Ask(asha.token, {}, {"rates": [rate], "approvalId": None})


def _held_quote(stage: Stage) -> Ask:
    """Of a leap that nobody confirmed yet, on a day long ago, so that it is nobody's newest rate."""
    quote_id = new_id()
    row = MetalQuote(
        id=quote_id, metal="gold", usd_micros=2_400_000_000, inr_micros=84_250_000, paise_per_g=6_500_88, feed="a test",
        fetched_at=utc_now() - dt.timedelta(days=4000), change_bp=900, state="held",
    )  # fmt: skip
    write_control(stage.runtime.router, lambda control: control.add(row))
    return Ask(stage.cast.om.token, {"quote_id": quote_id}, {"confirm": False})


def _locked_rate(stage: Stage) -> Ask:
    """Ten grams of 22 karat against an advance that covers them whole."""
    asha, customer = stage.asha, stage.customer()
    with stage.runtime.router.shop(asha.shop_id, asha.actor) as db:
        credit = credits.open_credit(
            db, kind=CreditKind.ADVANCE, customer_id=customer.id, source_id=new_id(), paise=5_00_000_00
        )
        rates.set_rate(db, metal="gold", fineness=9160, paise_per_g=12_800_00)
        db.commit()
    body = {
        "customerId": str(customer.id), "creditId": str(credit.id), "purity": {"metal": "gold", "fineness": 9160},
        "mg": 10_000, "paisePerG": 12_900_00, "expiresOn": (today_ist() + dt.timedelta(days=30)).isoformat(),
        "approvalId": None,
    }  # fmt: skip
    return Ask(asha.token, {}, body)


def _own_question(stage: Stage) -> Ask:
    """Whoever asked takes it back."""
    clerk = dataclasses.replace(stage.cast.bina, person_id=stage.clerk[0])
    with stage.runtime.router.shop(clerk.shop_id, clerk.actor) as db:
        facts = {"costPaise": 900_00 + next(numbers)}
        asked = approvals.ask(db, kind="bill.rate", right="bill.lower_rate", subject_id=None, facts=facts)
        db.commit()
    return Ask(stage.clerk[2], {"approval_id": asked.id}, {}, asked.version)


GOOD: dict[str, Make] = {
    "rates.set_rates": plain(
        lambda: {
            "rates": [{"purity": {"metal": "gold", "fineness": 9990}, "paisePerG": 13_900_00}],
            "approvalId": None,
        }
    ),
    "rates.accept_suggested": _suggested,
    "rates.set_rules": _rules,
    "console_feed.decide_quote": _held_quote,
    "ratelocks.lock_rate": _locked_rate,
    "approvals.ask": _asking,
    "approvals.decide": _decision,
}


WITHOUT_BODY: dict[str, Make] = {
    "approvals.withdraw": _own_question,
    "ratelocks.close_lock": lambda stage: Ask(stage.asha.token, {"lock_id": stage.world.things["lock_id"]}, {}, 1),
}
