"""Owns every statement on the tables of shops and people."""
