"""Owns shops, people, memberships and rights, sign-in, and a shop's settings."""
