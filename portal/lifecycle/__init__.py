"""What touches several rooms at once: set-up, tenant packs, the demo, councils and schools. Has no tables of its own.

`schema.py` migrates and raises the walls, `packs/` loads `tenants/`, `demo*.py` make the demonstration.
Councils: `order_text.py` reads an order, `succession.py` plans and makes it, `link_checks.py` looks at links by the
clock, `postcodes.py` loads postcodes. Schools: `register_import.py` reads the register, `register_apply.py` changes
schools and `trusts.py` their trusts, `register_rows.py` and `register_records.py` keep what it said,
`register_uploads.py` does it for an uploaded file, `closures.py` asks who took over a closed school; `onboarding.py`
takes one on, `school_setup.py` and `branding.py` hold what a school arranges for itself, `controllers.py` who decides
by law, `packages.py` what a school bought, `leaving.py` its export and closing.
"""
