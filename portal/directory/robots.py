"""A site's rules for visiting programs (RFC 9309), read and asked without ever taking long."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_MOST_RULES: Final = 5000
_LONGEST_DELAY: Final = 10.0


@dataclass(frozen=True, slots=True)
class Robots:
    """`rules` are (pattern, may visit) pairs for us; `delay` the seconds the site asks between visits."""

    rules: tuple[tuple[str, bool], ...] = ()
    delay: float = 0

    def allows(self, resource: str) -> bool:
        """The longest matching pattern decides; of two as long, the one that allows."""
        path = unquote(resource)
        matching = [(len(pattern), may) for pattern, may in self.rules if _matches(pattern, path)]
        return max(matching, default=(0, True))[1]


def read_robots(text: str, agent: str) -> Robots:
    """The rules for the program `agent` (its bare name), or those for everybody where it has none of its own."""
    groups: dict[str, list[tuple[str, str]]] = {}
    names: list[str] = []
    is_naming = False
    for line in text.splitlines()[:_MOST_RULES]:
        name, separator, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not separator:
            continue
        if name == "user-agent":
            names = [*names, value.lower()] if is_naming else [value.lower()]
            groups.setdefault(value.lower(), [])
            is_naming = True
        elif name in {"allow", "disallow", "crawl-delay"}:
            is_naming = False
            for one in names:
                groups[one].append((name, value))
    ours = groups.get(agent.lower(), groups.get("*", []))
    rules = tuple((unquote(value), name == "allow") for name, value in ours if name != "crawl-delay" and value)
    return Robots(rules, max((_seconds(value) for name, value in ours if name == "crawl-delay"), default=0.0))


def _matches(pattern: str, path: str) -> bool:
    """`*` stands for anything, `$` at the end for the end; pieces are searched one after another, so time is linear."""
    is_anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    for piece in rest[:-1] if is_anchored else rest:
        place = path.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    if not is_anchored:
        return True
    return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= place if rest else place == len(path)


def _seconds(value: str) -> float:
    try:
        return min(max(float(value), 0.0), _LONGEST_DELAY)
    except ValueError:
        return 0.0
