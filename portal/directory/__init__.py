"""Councils with education duties, their links, names over time and successors; schools in the register; postcodes.

Files beside the usual ones: `succession.py` checks an order and plans it; `extracts.py` reads the public registers' CSV
files within bounds; `gias.py` and `gias_plan.py` read the school register and plan an import; `postcodes.py`,
`postcode_file.py` and `postcode_pack.py` know a postcode's shape, the statistics office's file and its packed form;
`addresses.py`, `fetch.py`, `robots.py`, `page_text.py` and `links.py` check a link politely and only on the public
internet. Must not know notices or cases, and must never store or log the postcode a parent types.
"""
