"""Pages for the staff of one school or trust, whose address names it."""
