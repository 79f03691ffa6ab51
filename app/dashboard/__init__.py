"""Owns the shops' web pages: sign-in, home, counter, bills, stock, customers; on the same services as the API."""
