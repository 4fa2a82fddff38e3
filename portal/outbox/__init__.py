"""Letters, written in the same transaction as what they tell, and sent later by the worker.

`delivery.py` sends (SMTP, or a folder in development). Must not know what a letter is about.
"""
