"""What touches several rooms at once: setting up, tenant packs, the demo. Has no tables of its own.

`schema.py` migrates and raises the walls, `packs.py` loads `tenants/`, `demo.py` makes the demonstration.
"""
