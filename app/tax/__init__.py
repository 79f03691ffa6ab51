"""Owns what the tax law says and no domain decides: GSTINs, states, places of supply, rates, splits, limits."""
