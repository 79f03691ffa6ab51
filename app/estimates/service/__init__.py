"""Estimates made from a draft and priced as of now, that become bills; sheets put aside and taken up again."""

from app.estimates.repository import BILLED, LAPSED, OPEN, STATES, shop_sums
from app.estimates.service.billing import TheEstimates
from app.estimates.service.holding import OLD_SHEETS, get_held, hold_sheet, list_held, recall
from app.estimates.service.making import NUMBERED, follow_merge, make_estimate
from app.estimates.service.printing import get_paper
from app.estimates.service.reading import find_of_bill, get_estimate, list_estimates
from app.estimates.terms import EstimateTerms, estimate_terms
from app.estimates.views import Estimate, EstimateSummary, Held, HeldSummary

__all__ = [
    "BILLED", "LAPSED", "NUMBERED", "OLD_SHEETS", "OPEN", "STATES", "Estimate", "EstimateSummary", "EstimateTerms",
    "Held", "HeldSummary", "TheEstimates", "estimate_terms", "find_of_bill", "follow_merge", "get_estimate", "get_held",
    "get_paper", "hold_sheet", "list_estimates", "list_held", "make_estimate", "recall", "shop_sums",
]  # fmt: skip
