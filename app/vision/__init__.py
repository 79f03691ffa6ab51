"""Pictures of pieces: taken in, checked, made into sizes for the web, cut out of their background."""
