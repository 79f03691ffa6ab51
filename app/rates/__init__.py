"""Owns board rates per metal and purity, with their history."""
