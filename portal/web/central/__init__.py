"""Pages for the central team, over all schools."""
