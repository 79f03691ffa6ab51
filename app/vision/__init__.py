"""Owns pictures of pieces: uploads, sizes, cut-outs."""
