"""A whole month of Asha's and Zoya's shops, one of which moves to another shard in the middle: every ledger reconciles.

All is done over HTTP, and added up beside it by the story's own books (tests/support/month), which know what was sent
and none of what the product reckons. The days lie ahead of today: keys and trials are made on their way.
"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import time_machine
from sqlalchemy import select

from app.amc import service as amc
from app.console.moves import mover_of
from app.kit import ids, leases
from app.kit.clock import today_ist
from app.kit.jobruns import run_job
from app.kit.leases import Candidate
from app.kit.models import ControlJob, OutboxState
from app.kit.transactions import write_control
from app.tenants.models import Role
from shard_router.moves import Limits, MoveState
from tests.support.cast import ensure_signing_key, join, make_cast, signed_in
from tests.support.month.playing import Player, player
from tests.support.month.reckoning import reconcile
from tests.support.month.shop import noon

DAYS, MOVES_ON = 30, 15


@pytest.mark.parametrize(
    ("acts", "seed"), [(1, 20_261_201), pytest.param(25, 7, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_a_month_of_two_shops_reconciles_to_the_paisa_and_the_milligram(flask_app, runtime, monkeypatch, acts, seed):
    monkeypatch.setattr(ids, "_latest", ids._latest)  # ids rise with time: those of other tests are of today again
    first = today_ist() + dt.timedelta(days=1)
    ensure_signing_key(runtime)  # made today, so that it signs for other tests too
    with time_machine.travel(noon(first, 9)):
        cast = make_cast(runtime)
        clerk = join(runtime, "Devi", cast.tag, Role.CLERK, cast.zoya.shop)
        devi = signed_in(runtime, "Devi", cast.tag, clerk, Role.CLERK, cast.zoya.shop)
        asha = player(flask_app, runtime, cast.asha, cast.bina, seed=seed, state="27", other_state="29")
        zoya = player(flask_app, runtime, cast.zoya, devi, seed=seed + 1, state="33", other_state="27")
        for one in (asha, zoya):
            pays(runtime, one, first)
            one.settle(first)
    for number in range(1, DAYS + 1):
        on = first + dt.timedelta(days=number - 1)
        for one in (asha, zoya):
            moves = partial(move, runtime, one) if one is asha and number == MOVES_ON else None
            with time_machine.travel(noon(on)):
                one.day(number, on, acts=acts, meanwhile=moves)
    with time_machine.travel(noon(first + dt.timedelta(days=DAYS - 1), 20)):
        for one in (asha, zoya):
            one.shop.sign_in()
            reconcile(one.shop)
            assert one.shop.done["closing"] == DAYS + 11, one.shop.done
            print(one.shop.name, dict(one.shop.done), one.shop.waited)  # noqa: T201 (what was played)


def pays(runtime, one: Player, on: dt.date) -> None:
    """The shop's year is paid for: a trial would end within the month."""
    shop_id = one.shop.counter.who.shop_id
    write_control(runtime.router, lambda control: amc.activate_contract(
        control, shop_id=shop_id, starts_on=on, reason="paid by cheque", actor_id=None
    ))  # fmt: skip
    with runtime.router.control() as control:
        waiting = select(ControlJob).where(ControlJob.shop_id == shop_id, ControlJob.state == OutboxState.WAITING.value)
        jobs = control.scalars(waiting).all()
    for row in jobs:  # as relay and worker would
        with runtime.router.control() as control:
            assert leases.release(control, ControlJob, Candidate(row.id, row.job, row.attempts, row.params))
            control.commit()
        assert run_job(runtime, shop_id=None, job_id=row.id, attempts=row.attempts)


def move(runtime, one: Player) -> None:
    """To the other shard, while bills are issued without a pause."""
    shop_id, mover = one.shop.counter.who.shop_id, mover_of(runtime.router, Limits(accept_degraded=True))
    move_id = mover.ask(shop_id, "shard-b", asked_by="Om", max_pause_ms=1000)
    sold, dice = 0, one.shop.dice.getstate()
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(mover.run, move_id)
        while not moving.done():
            one.shop.act(one.selling.walk_in) or one.must(one.selling.wares)
            sold += 1
        assert moving.result().state is MoveState.SWITCHED, moving.result().reason
    one.shop.dice.setstate(dice)  # how often they were thrown meanwhile was the machine's
    assert sold > 1, "the shop moved while nobody sold anything"
    assert runtime.router.directory.lookup(shop_id).shard == "shard-b"
