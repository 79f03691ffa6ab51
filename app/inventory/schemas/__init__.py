"""Owns the JSON of the stock."""
