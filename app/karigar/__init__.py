"""Owns the goldsmiths who work for the shop: their jobs, what metal and stones lie with them, what they are paid."""
