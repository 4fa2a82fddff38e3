"""The append-only, hash-chained record of who did what; must hold ids, kinds and digests, never contents."""
