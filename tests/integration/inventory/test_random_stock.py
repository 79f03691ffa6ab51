"""Random acts on real servers: book and stock agree to the milligram and the paisa, whatever was done and when."""

import pytest

from app.inventory import service as inventory
from app.metal import service as metal
from app.metal.service import Quantities
from tests.support.stock_play import Play

SHORT, LONG, EACH = 120, 10_000, 500


def test_random_acts_leave_no_drift(floor, runtime):
    play = Play(floor, runtime.keyring, seed=20_261_120)
    play.run(SHORT)
    assert floor.drifts() == []
    assert len(play.done) > 15, f"a play of few acts shows little: {play.done}"
    everything = floor.read(metal.balances)
    assert not sum((one.held for one in everything), Quantities())


@pytest.mark.long
def test_ten_thousand_random_acts_leave_no_drift(floor, runtime):
    play = Play(floor, runtime.keyring, seed=1)
    for _ in range(LONG // EACH):
        play.run(EACH)
        assert floor.read(inventory.verify_metal) == [], play.done
    assert floor.drifts() == []
    print(play.done)  # noqa: T201 (what was played)
