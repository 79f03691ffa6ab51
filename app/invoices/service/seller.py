"""Owns nothing of its own: bills say of their seller what every document says."""

from app.tenants.service.seller import Seller, choose, read_seller, seller_of

__all__ = ["Seller", "choose", "read_seller", "seller_of"]
