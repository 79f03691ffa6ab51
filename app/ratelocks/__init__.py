"""Owns rates that were promised: so many grams of a purity, at a rate, until a day, against an advance."""
