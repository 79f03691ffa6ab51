"""Owns the statements on the stock: its pieces, and what moves them."""
