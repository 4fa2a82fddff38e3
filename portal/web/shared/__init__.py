"""Pages and views used by more than one door: signing in, the inbox, what every page needs."""
