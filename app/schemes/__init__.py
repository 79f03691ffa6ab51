"""Owns monthly saving schemes: plans, who saves by them, what was paid in, and the bonus that a full one ends with."""
