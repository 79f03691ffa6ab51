"""Owns exports of a shop's books to files."""
