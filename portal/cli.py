"""The `portal` command, put together from one file a noun."""

import click

from portal.commands.errors import PortalGroup
from portal.core import logs

COMMANDS = {
    "audit": "audit:audit",
    "bench": "bench_inbox:bench",
    "cases": "cases:cases",
    "clock": "clock:clock",
    "code": "code:code",
    "directory": "directory:directory",
    "drill": "drill:drill",
    "init": "init:init",
    "library": "library:library",
    "mail": "mail:mail",
    "merge": "merge:merge",
    "notice": "notice:notice",
    "person": "person:person",
    "release": "release:release",
    "school": "school:school",
    "schools": "schools:schools",
    "secrets": "secrets:secrets",
    "serve": "serve:serve",
    "settings": "settings:settings",
    "worker": "serve:worker",
}


@click.group(
    cls=PortalGroup,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="portal")
def main() -> None:
    """A privacy portal for schools: notices that stay shared, requests with a clock that explains itself.

    Settings come from the environment; `portal settings` lists them.
    """
    logs.configure()
