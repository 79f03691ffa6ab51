"""What a shop's restore does not take back of its tenants: a till that was opened since keeps its series of numbers,
and who was dismissed since stays dismissed."""

from app.kit.restoring import add_missing, keep_as_closed
from app.tenants.repository.restores import PREMISES, PROJECTIONS
from shard_router.moves import Restoring


def settle_restore(restoring: Restoring) -> None:
    for rows in PREMISES:
        add_missing(restoring, rows)
    for rows in PROJECTIONS:
        keep_as_closed(restoring, rows)
