"""Owns nothing of its own: the one import of an edge, gathered from the modules that do the work."""

from app.kit.access import (
    LooksOnly,
    PlanDoesNotTrade,
    RightMissing,
    Scope,
    ShopUnknown,
    allow,
    public,
    scope,
    shop_scope,
    signed_in,
    vendor_admin,
)
from app.kit.blueprints import (
    ApiBlueprint,
    api_blueprint,
    console_blueprint,
    page_blueprint,
    platform_blueprint,
)
from app.kit.bodies import takes_upload
from app.kit.edges import (
    control_read,
    control_write,
    expected_version,
    shop_beside,
    shop_read,
    shop_write,
    tag,
    versioned,
)
from app.kit.idempotency import claim_facts
from app.kit.limits import rate_limit
from app.kit.runtime import runtime
from app.kit.security import csp_nonce

__all__ = [
    "ApiBlueprint",
    "LooksOnly",
    "PlanDoesNotTrade",
    "RightMissing",
    "Scope",
    "ShopUnknown",
    "allow",
    "api_blueprint",
    "claim_facts",
    "console_blueprint",
    "control_read",
    "control_write",
    "csp_nonce",
    "expected_version",
    "page_blueprint",
    "platform_blueprint",
    "public",
    "rate_limit",
    "runtime",
    "scope",
    "shop_beside",
    "shop_read",
    "shop_scope",
    "shop_write",
    "signed_in",
    "tag",
    "takes_upload",
    "vendor_admin",
    "versioned",
]
