"""Changes a shard's primary by a person's will: looks, says what is true and what would be lost, and only then acts."""

from shard_router.promotion.carrying_out import Promotion
from shard_router.promotion.looking import Administrator, Look
from shard_router.promotion.planning import Plan, PromotionBrokenOff, PromotionRefused, plan

__all__ = ["Administrator", "Look", "Plan", "Promotion", "PromotionBrokenOff", "PromotionRefused", "plan"]
