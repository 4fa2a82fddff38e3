"""`portal audit`: prove the trail whole, and sign its heads for keeping elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from portal.audit.queries import chains, verify
from portal.audit.sealing import check_heads, seal_heads
from portal.commands.house import current_settings, print_json, reading, writing
from portal.core import clock
from portal.core.errors import Invalid
from portal.core.secrets import Keys


@click.group()
def audit() -> None:
    """The record of who did what."""


@audit.command("verify")
@click.option(
    "--heads", "document", type=click.Path(path_type=Path), help="Compare with a signed document of heads too."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_trail(*, document: Path | None, as_json: bool) -> None:
    """Walk every chain and name the first broken link of each. Exit status 1 when any is broken."""
    with reading("verifying the audit trail") as session:
        found = [(slug, verify(session, tenant_id)) for slug, tenant_id in chains(session)]
        faults = check_heads(session, _read(document), _keys()) if document else []
    lines = [
        {"tenant": slug, "entries": one.entries, "head": one.head, "broken_at": one.broken_at, "reason": one.reason}
        for slug, one in found
    ]
    rewritten = [{"tenant": fault.slug, "sequence": fault.sequence} for fault in faults]
    whole = not rewritten and all(line["broken_at"] is None for line in lines)
    if as_json:
        print_json({"whole": whole, "tenants": lines, "differs_from_heads": rewritten})
    else:
        _say(lines, rewritten)
    if not whole:
        raise click.exceptions.Exit(1)


@audit.command("seal")
def seal() -> None:
    """Print the signed heads of all chains, to be kept where this installation cannot write."""
    with writing("signing the audit heads") as session:
        click.echo(seal_heads(session, _keys(), now=clock.now()))


def _say(lines: Sequence[Mapping[str, object]], rewritten: Sequence[Mapping[str, object]]) -> None:
    for line in lines:
        state = f"broken at {line['broken_at']}: {line['reason']}" if line["broken_at"] else "whole"
        click.echo(f"{line['tenant']:40} {line['entries']:8} entries  {state}")
    for line in rewritten:
        click.echo(f"{line['tenant']:40} differs from the signed head at {line['sequence']}")


def _keys() -> Keys:
    return Keys(current_settings().secret_keys)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
