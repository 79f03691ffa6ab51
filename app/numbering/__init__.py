"""Owns document numbers: their form under Rule 46(b) and the gap-free series they are drawn from."""
