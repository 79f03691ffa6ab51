"""Owns the people and firms a shop sells to."""
