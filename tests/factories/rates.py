"""Owns rate boards for tests, set through the rates' own service."""

from app.rates import service as rates
from shard_router import ShopSession

BOARD = {("gold", 9160): 12_800_00, ("gold", 7500): 10_480_00, ("silver", 9250): 150_00}


def a_board(db: ShopSession, **paise_per_g: int) -> list[rates.Rate]:
    """Rates in force for 22K, 18K gold and sterling silver; `gold_9160=…` sets another. The caller commits."""
    board = dict(BOARD)
    for name, paise in paise_per_g.items():
        metal, _, fineness = name.rpartition("_")
        board[metal, int(fineness)] = paise
    return rates.set_rates(db, rates=[rates.RateSetting(*purity, paise) for purity, paise in board.items()])
