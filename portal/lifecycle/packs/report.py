"""What loading found: things created, and things a person changed, which stay as they are."""

from dataclasses import dataclass, field


@dataclass
class LoadReport:
    """Lines for the operator. `kept` says where pack and database differ; the database wins."""

    created: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [*(f"created {line}" for line in self.created), *(f"kept    {line}" for line in self.kept)]
