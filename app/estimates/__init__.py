"""Owns estimates that become bills, and sheets of the counter that are put aside for a while."""
