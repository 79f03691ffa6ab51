"""Owns pieces: what they weigh, cost to make, where they are and that each is sold once."""
