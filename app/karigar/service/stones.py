"""Owns the reckoning of a job's stones: every one that was issued is set, returned, or said to be broken or lost."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.karigar.errors import JobFactsWrong, MoreThanIssued, StonesMissing
from app.karigar.models import Why
from app.karigar.views import Finished, JobStones, Stones
from app.kit.money import MAX_PAISE, whole
from app.kit.texts import _
from app.kit.weights import MAX_MCT, carats, stone_mg

MAX_STONES = 100_000
BACK = (Why.RETURNED.value, Why.BROKEN.value)


def checked(stones: Stones, field: str) -> Stones:
    """Stones that can be counted and weighed; raises JobFactsWrong."""
    kind = kind_of(stones.kind)
    if not 1 <= len(kind) <= 40:
        raise JobFactsWrong(
            _("A kind of stone has from 1 to 40 letters."), fields={f"{field}.kind": "too short or long"}
        )
    whole(stones.stones, "The number of stones", least=1, most=MAX_STONES, field=f"{field}.stones")
    whole(stones.weight_mct, "Stones in thousandths of a carat", most=MAX_MCT, field=f"{field}.weightMct")
    whole(stones.value_paise, "Value in paise", most=MAX_PAISE, field=f"{field}.valuePaise")
    if stones.why not in BACK:
        raise JobFactsWrong(
            _("Stones come back as they were, or are broken or lost."), fields={f"{field}.why": "unknown"}
        )
    return dataclasses.replace(stones, kind=kind)


def kind_of(text: str) -> str:
    """A kind of stone as it is counted: Diamond and diamond are one."""
    return " ".join(text.split()).lower()


def settle_stones(
    on_job: Sequence[JobStones], finished: Iterable[Finished], back: Iterable[Stones], *, closes: bool, scales_mg: int
) -> list[Stones]:
    """What is written of the stones on a receipt. Stones in a finished piece of a kind that was issued are ours, set;
    of another kind they are the karigar's own.

    Raises MoreThanIssued, and StonesMissing where the receipt closes the job and some are not accounted for. Carats by
    which the counted stones differ from what was issued are written down as a difference, as far as two scales differ:
    beyond `scales_mg` some were chipped or lost, which is said of one of them, or others came back. With the last of a
    kind it can still be said; so it is then that they are looked at.
    """
    issued = {one.kind: one for one in on_job}
    found = [*_set_in(finished, issued), *back]
    left = {kind: [one.left, one.left_mct] for kind, one in issued.items()}
    for one in found:
        if one.kind not in left:
            message = _("No %(kind)s was issued on this job.", kind=one.kind)
            raise MoreThanIssued(message, fields={"stones": f"{one.kind}: none issued"})
        left[one.kind][0] -= one.stones
        left[one.kind][1] -= one.weight_mct
    for kind, (count, _mct) in left.items():
        if count < 0:
            message = _("More %(kind)s would come back than were issued: %(over)s too many.", kind=kind, over=-count)
            raise MoreThanIssued(message, fields={"stones": f"{kind}: {-count} too many"})
    for kind in dict.fromkeys(one.kind for one in found):
        _check_carats(kind, *left[kind], scales_mg=scales_mg)
    return [*found, *_differences(left)] if closes else found


def _check_carats(kind: str, count: int, mct: int, *, scales_mg: int) -> None:
    """`count` and `mct` are what would still lie on the job."""
    if count or stone_mg(abs(mct)) <= scales_mg:
        return
    refuse, said = (StonesMissing, "missing") if mct > 0 else (MoreThanIssued, "too many")
    message = _(
        "All %(kind)s would be counted back, but differ by %(mct)s ct from what was issued.", kind=kind,
        mct=carats(abs(mct)),
    )  # fmt: skip
    raise refuse(message, fields={"stones": f"{kind}: {carats(abs(mct))} ct {said}"})


def _differences(left: dict[str, list[int]]) -> list[Stones]:
    for kind, (count, mct) in left.items():
        if count:
            message = _(
                "%(count)s %(kind)s of %(mct)s ct are not accounted for.", count=count, kind=kind, mct=carats(mct)
            )
            raise StonesMissing(message, fields={"stones": f"{kind}: {count} missing"})
    return [Stones(kind, 0, mct, 0, Why.DIFFERENCE.value) for kind, (_count, mct) in left.items() if mct]


def _set_in(finished: Iterable[Finished], issued: dict[str, JobStones]) -> list[Stones]:
    """Stones of the finished pieces, by kind, where that kind was issued."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for piece in finished:
        for stone in piece.item.stones:
            kind = kind_of(stone.kind)
            if kind in issued:
                sums[kind][0] += stone.pieces
                sums[kind][1] += stone.weight_mct
    return [Stones(kind, count, mct, 0, Why.SET.value) for kind, (count, mct) in sums.items()]
