"""Owns taking over an existing shop's stock and customers from its spreadsheets: looked through whole, then entered."""
