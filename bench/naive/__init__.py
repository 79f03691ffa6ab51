"""Owns the yardstick: the same bill as an ordinary Flask application writes it, one database, no guarantees."""
