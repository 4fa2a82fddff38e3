"""People, memberships, sign-in and the one permission table.

`permissions.py` is the table an auditor reads; `throttle.py` slows guessing. Must not know notices or requests.
"""
