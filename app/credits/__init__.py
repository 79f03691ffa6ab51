"""Owns what the shop owes its customers (advances, old gold, schemes, store credit) and money taken outside a bill."""
