"""Owns what customers asked for: pieces to be made by a day, and their own pieces taken in to be mended."""
