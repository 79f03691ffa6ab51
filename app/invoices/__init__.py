"""Owns pricing, bills, credit notes and payments: issued is final."""
