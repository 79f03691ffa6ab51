"""Owns what a plan promises: which instalments it takes, and which bonus a full scheme ends with. Pure; whole paise."""

from dataclasses import dataclass
from enum import StrEnum

from app.kit.money import BASIS_POINTS, percent_of, ratio, round_half_up, rupees, whole
from app.kit.texts import _
from app.kit.weights import MG_PER_GRAM
from app.schemes.errors import InstalmentAmountWrong, InstalmentsFull, PlanFactsWrong, PlanTooLong
from app.schemes.term import Term, longest_in_days

MAX_INSTALMENT = 10**9
"""₹1 crore a month: what lies above is a typing slip."""


class InstalmentKind(StrEnum):
    FIXED = "fixed"  # the agreed amount each month; several months may be paid at once
    FROM = "from"  # at least the agreed amount; each payment is one month's


class BonusKind(StrEnum):
    NONE = "none"
    INSTALMENT = "instalment"  # one average instalment
    PERCENT = "percent"  # basis points of what was paid in
    MAKING = "making"  # basis points of the making charge, of the bill it is used on


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A plan's rules. `most_late` None: the bonus stays, however late instalments came."""

    instalment: InstalmentKind
    least_paise: int
    step_paise: int
    months: int
    bonus: BonusKind
    bonus_bp: int
    grace_days: int
    most_late: int | None
    metal: str | None  # of a plan that shows grams
    fineness: int | None


@dataclass(frozen=True, slots=True)
class Promise:
    """A bonus: an amount off the bill before tax, or basis points off its making charge. Neither: none."""

    paise: int = 0
    making_bp: int = 0

    def __bool__(self) -> bool:
        return bool(self.paise or self.making_bp)


NO_BONUS = Promise()


def check_terms(terms: PlanTerms, term: Term) -> None:
    """Raises PlanTooLong, PlanFactsWrong and what is out of bounds; `term` is the law's on the plan's first day."""
    whole(terms.least_paise, "The instalment in paise", least=1, most=MAX_INSTALMENT, field="leastPaise")
    whole(terms.step_paise, "The step in paise", least=1, most=MAX_INSTALMENT, field="stepPaise")
    whole(terms.months, "The number of instalments", least=1, most=60, field="months")
    whole(terms.bonus_bp, "The bonus in basis points", most=BASIS_POINTS, field="bonusBp")
    whole(terms.grace_days, "The days of grace", most=31, field="graceDays")
    if terms.most_late is not None:
        whole(terms.most_late, "The number of late instalments", most=terms.months, field="mostLate")
    if longest_in_days(terms.months) > term.longest_days:
        message = _(
            "%(months)s instalments can take %(days)s days; a scheme must have ended after %(longest)s.",
            months=terms.months, days=longest_in_days(terms.months), longest=term.longest_days,
        )  # fmt: skip
        raise PlanTooLong(message, fields={"months": "too many"})
    if bool(terms.bonus_bp) != (terms.bonus in (BonusKind.PERCENT, BonusKind.MAKING)):
        message = _("A bonus in percent has a figure, and no other bonus has one.")
        raise PlanFactsWrong(message, fields={"bonusBp": "does not fit the bonus"})
    if (terms.metal is None) != (terms.fineness is None):
        raise PlanFactsWrong(_("Grams are shown of one purity."), fields={"purity": "half of it is missing"})


def check_agreed(terms: PlanTerms, paise: int) -> int:
    """The instalment that a saver agrees to; raises InstalmentAmountWrong."""
    whole(paise, "The instalment in paise", least=1, most=MAX_INSTALMENT, field="instalmentPaise")
    if paise < terms.least_paise or (paise - terms.least_paise) % terms.step_paise:
        message = _(
            "An instalment of this plan is %(least)s or more, in steps of %(step)s.",
            least=rupees(terms.least_paise), step=rupees(terms.step_paise),
        )  # fmt: skip
        raise InstalmentAmountWrong(message, fields={"instalmentPaise": "not by the plan"})
    return paise


def parted(terms: PlanTerms, *, agreed_paise: int, paid: int, paise: int) -> tuple[int, ...]:
    """The instalments that a payment makes, in their order; raises InstalmentsFull, InstalmentAmountWrong."""
    whole(paise, "The payment in paise", least=1, most=MAX_INSTALMENT, field="paise")
    left = terms.months - paid
    if left <= 0:
        raise InstalmentsFull()
    if terms.instalment is InstalmentKind.FROM:
        if paise < agreed_paise:
            message = _("At least %(least)s is paid each month.", least=rupees(agreed_paise))
            raise InstalmentAmountWrong(message, fields={"paise": "too little"})
        return (paise,)
    count, rest = divmod(paise, agreed_paise)
    if rest or not count:
        message = _(
            "%(instalment)s is paid each month; this is no whole number of it.", instalment=rupees(agreed_paise)
        )
        raise InstalmentAmountWrong(message, fields={"paise": "not whole instalments"})
    if count > left:
        message = _("Only %(left)s instalments are left to pay.", left=left)
        raise InstalmentAmountWrong(message, fields={"paise": "too much"})
    return (agreed_paise,) * count


def bonus_of(terms: PlanTerms, *, paid_paise: int, late: int) -> Promise:
    """What a full scheme ends with; nothing where more instalments came late than the plan bears."""
    if terms.most_late is not None and late > terms.most_late:
        return NO_BONUS
    match terms.bonus:
        case BonusKind.INSTALMENT:
            return Promise(paise=round_half_up(ratio(paid_paise, terms.months)))
        case BonusKind.PERCENT:
            return Promise(paise=percent_of(paid_paise, terms.bonus_bp))
        case BonusKind.MAKING:
            return Promise(making_bp=terms.bonus_bp)
        case BonusKind.NONE:
            return NO_BONUS


def grams_bought(paise: int, rate_paise_per_g: int) -> int:
    """Milligrams that an instalment would buy at a rate; shown in the passbook, owed in rupees."""
    whole(rate_paise_per_g, "A rate in paise per gram", least=1)
    return round_half_up(ratio(paise * MG_PER_GRAM, rate_paise_per_g))
