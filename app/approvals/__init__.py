"""Owns what an owner allows once: exactly these facts, asked for by whoever lacks the right, spent by one document."""
