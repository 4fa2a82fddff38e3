"""Requests from the first click to the closed case, and the dates that bind them.

`rules.py` offers the statutory clock, whose parts live in `clock/`: pure, dated rules that explain themselves.
Must not know the web, notices, or what only another school may see.
"""
