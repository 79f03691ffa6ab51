"""Owns the tables of which a restore takes back nothing: premises that numbers hang on, and what the control plane
said last."""

from app.kit.restoring import Rows
from app.tenants.models import Entitlement, MemberRights, Outlet, Registration, Till

PREMISES = (Rows(Registration), Rows(Outlet), Rows(Till))  # parents first
PROJECTIONS = (Rows(MemberRights), Rows(Entitlement))
