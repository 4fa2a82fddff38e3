"""The doors: one blueprint and one guard for each audience. The only place that knows Flask; it knows no SQL."""
