"""Schools, trusts and the service as tenants, their facts, and the scope that hides one tenant's rows from another.

`scope.py` watches every session; `walls.py` raises the same walls inside PostgreSQL. Must not know people or notices.
"""
