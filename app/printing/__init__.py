"""Owns paper: what a bill shows, its typst form, the fonts, and the one compiler of a process."""
