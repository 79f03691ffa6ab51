"""Owns the labels of pieces: which sizes there are, and printing them for one piece or many."""
