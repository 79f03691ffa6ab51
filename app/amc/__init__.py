"""Owns trials, plans and AMC contracts: what a shop has paid for and until when."""
