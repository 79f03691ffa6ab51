"""Owns the cash book: what came into and left each drawer, in which shift of which day, and the day's closing."""
