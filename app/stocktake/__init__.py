"""Owns counting the stock by scanning: what was expected, what was found, and what the owner made of the difference."""
