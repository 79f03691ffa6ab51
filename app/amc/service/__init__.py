"""What the AMC room does for edges and for the rooms above: one import, gathered from verb-named modules."""

from app.amc.models import ContractState
from app.amc.service.contracts import (
    ContractView,
    EventView,
    Figures,
    activate_contract,
    end_contract,
    extend_contract,
    get_contract,
    list_contracts,
    list_dates,
    list_due,
    list_events,
    read_figures,
    renew_dates,
    start_trial,
)  # fmt: skip
from app.amc.service.entitlement import ShopEntitlements
from app.amc.service.opening import open_shop
from app.amc.service.terms import anniversary, last_day_of_trial, last_day_of_year, mrr_paise, standing

__all__ = [
    "ContractState", "ContractView", "EventView", "Figures", "ShopEntitlements", "activate_contract", "anniversary",
    "end_contract", "extend_contract", "get_contract", "last_day_of_trial", "last_day_of_year", "list_contracts",
    "list_dates",
    "list_due", "list_events", "mrr_paise", "open_shop", "read_figures", "renew_dates", "standing", "start_trial",
]  # fmt: skip
