"""How a request gets its dates: dated law, and one file for each way of counting.

Offered through `portal.casework.rules`. Must not read the real clock, a database or a file.
"""
