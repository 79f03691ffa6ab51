"""Owns who sees what things cost the shop: whoever buys stock. Others learn it nowhere (docs/decisions/0060)."""

from typing import Any

from marshmallow import fields

from app.kit.access import shop_scope

BUYS = "stock.buy"


class Cost(fields.Integer):
    """Paise that something cost the shop, in replies: null for who may not buy stock."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, metadata={"description": "Null for who may not buy stock."})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        found, _shop_id = shop_scope()
        return super()._serialize(value if BUYS in found.actor.rights else None, attr, obj, **kwargs)
