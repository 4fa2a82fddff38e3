"""Pages that stand behind both the school's and the central door: which door this is, and what stands beside it."""

from flask import request


def is_central() -> bool:
    return str(request.blueprint).startswith("central_")


def beside(endpoint: str) -> str:
    """The endpoint of this door for a shared page such as `case.case`."""
    return f"{'central' if is_central() else 'school'}_{endpoint}"
