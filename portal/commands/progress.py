"""How far long work has come: a bar on a terminal, a line every few seconds where the output goes elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

import click

SECONDS_BETWEEN_LINES = 3.0
T = TypeVar("T")


@contextmanager
def progress(things: Sequence[T], label: str) -> Iterator[Iterator[T]]:
    if sys.stderr.isatty():
        with click.progressbar(things, label=label, file=sys.stderr) as bar:
            yield iter(bar)
    else:
        yield _told(things, label)


def _told(things: Sequence[T], label: str) -> Iterator[T]:
    last = monotonic() - SECONDS_BETWEEN_LINES
    for done, thing in enumerate(things):
        if monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = monotonic()
            click.echo(f"{label}: {done} of {len(things)}", err=True)
        yield thing
    click.echo(f"{label}: {len(things)} of {len(things)}", err=True)
